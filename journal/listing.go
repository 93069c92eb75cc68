package journal

import (
	"encoding/hex"
	"fmt"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// journalDirs returns the names of the directories of a store that can be journals.
func journalDirs(fsys vfs.FS, store string) ([]string, error) {
	names, err := fsys.ReadDir(store)
	var dirs []string
	for _, n := range names {
		if n.IsDir() && layout.ValidJournalName(n.Name()) == nil {
			dirs = append(dirs, n.Name())
		}
	}
	return dirs, err
}

// listedJournals reads from the control entries of the system journal which journals there are, and under which id.
func listedJournals(fsys vfs.FS, system *log) (map[string]*frame.JournalID, error) {
	ids := map[string]*frame.JournalID{}
	err := eachControl(fsys, system, func(e *entry.Entry) {
		name := layout.Text(e, layout.JournalName)
		id, err := hex.DecodeString(layout.Text(e, layout.JournalIDOf))
		if layout.Text(e, layout.Control) == layout.JournalCreated && err == nil && len(id) == len(frame.JournalID{}) {
			journalID := frame.JournalID(id)
			ids[name] = &journalID
		}
	})
	return ids, err
}

// eachControl calls visit for every control entry of a journal, in order. Frames without one are not read.
func eachControl(fsys vfs.FS, l *log, visit func(*entry.Entry)) error {
	firsts, err := listHeads(fsys, l.dir)
	if err != nil {
		return err
	}
	decoder, err := frame.NewDecoder()
	if err != nil {
		return err
	}
	for _, first := range firsts {
		h, err := openHead(l.dir, l.desc, first, fsys.Open)
		if err != nil {
			return err
		}
		if err := controlsOfHead(h, decoder, visit); err != nil {
			h.file.Close()
			return fmt.Errorf("%s: %w", h.name, err)
		}
		if err := h.file.Close(); err != nil {
			return err
		}
	}
	return nil
}

func controlsOfHead(h *head, decoder *frame.Decoder, visit func(*entry.Entry)) error {
	var names entry.Decoder
	var e entry.Entry
	for x, err := range frame.Scan(h.file, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return err
		}
		if x.Gap || x.Header.Kinds&(1<<entry.Control) == 0 {
			continue
		}
		payload, err := decoder.Payload(nil, h.file, x.Offset, x.Header)
		if err != nil {
			return err
		}
		bodies, err := frame.Bodies(nil, payload, x.Header.Count)
		if err != nil {
			return err
		}
		for _, body := range bodies {
			if err := names.Decode(body, &e); err != nil {
				return err
			}
			if e.Kind == entry.Control {
				visit(&e)
			}
		}
	}
	return nil
}
