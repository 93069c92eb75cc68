package journal

import (
	"encoding/hex"
	"fmt"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
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

// told is what the control entries of the system journal say.
type told struct {
	journals map[string]*frame.JournalID // by name, the newest
	files    map[string]bool             // what recovery has set aside, below the store
	timeline layout.Timeline

	certificate *seal.Endorsed // the newest after certificate 0
	successor   bool           // the journal is one of a damaged one
}

// readTold reads the control entries of the system journal.
func readTold(fsys vfs.FS, system *log) (told, error) {
	t := told{journals: map[string]*frame.JournalID{}, files: map[string]bool{}}
	err := eachControl(fsys, system, func(e *entry.Entry) {
		t.timeline.Learn(e)
		switch layout.Text(e, layout.Control) {
		case layout.JournalCreated:
			id, err := hex.DecodeString(layout.Text(e, layout.JournalIDOf))
			if err == nil && len(id) == len(frame.JournalID{}) {
				journalID := frame.JournalID(id)
				t.journals[layout.Text(e, layout.JournalName)] = &journalID
			}
		case layout.JournalDamaged, layout.TailSetAside, layout.Successor:
			t.files[layout.Text(e, layout.File)] = true
			t.successor = t.successor || layout.Text(e, layout.Control) == layout.Successor
		case layout.CertificateMade:
			if g, err := seal.ParseEndorsed(layout.Text(e, layout.CertificateText)); err == nil {
				t.certificate = &g
			}
		}
	})
	return t, err
}

// eachControl calls visit for every control entry of a journal, in order. What holds none is not read.
func eachControl(fsys vfs.FS, l *log, visit func(*entry.Entry)) error {
	spans, err := listSpans(fsys, l.dir)
	if err != nil {
		return err
	}
	decoder := frame.NewDecoder()
	for _, s := range spans {
		if s.kept {
			err = controlsOfKept(fsys, l, s.first, visit)
		} else if s.segment {
			err = controlsOfSegmentAt(fsys, l, s.first, visit)
		} else {
			err = controlsOfHeadAt(fsys, l, s.first, decoder, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func controlsOfKept(fsys vfs.FS, l *log, first uint64, visit func(*entry.Entry)) error {
	k, err := openKept(fsys, l.dir, l.desc, first)
	if err != nil {
		return err
	}
	var names entry.Decoder
	var e entry.Entry
	for _, row := range k.rows {
		if err := names.Decode(row.body, &e); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if e.Kind == entry.Control {
			visit(&e)
		}
	}
	return nil
}

func controlsOfHeadAt(fsys vfs.FS, l *log, first uint64, decoder *frame.Decoder, visit func(*entry.Entry)) error {
	h, err := openHead(l.dir, l.desc, first, fsys.Open)
	if err != nil {
		return err
	}
	if err := controlsOfHead(h, l.desc.NonceKey, decoder, visit); err != nil {
		h.file.Close()
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return h.file.Close()
}

func controlsOfSegmentAt(fsys vfs.FS, l *log, first uint64, visit func(*entry.Entry)) error {
	s, err := openSegmentAt(fsys, l.dir, l.desc, first)
	if err != nil {
		return err
	}
	defer s.file.Close()
	if err := controlsOfSegment(s.Segment, visit); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// controlsOfSegment decodes only the entries that can be control entries.
func controlsOfSegment(s *segment.Segment, visit func(*entry.Entry)) error {
	if s.Kinds()&(1<<entry.Control) == 0 {
		return nil
	}
	var e entry.Entry
	r, groups := s.NewReader(), s.Groups()
	for n, x := range s.Spans() {
		numbers, err := r.GroupNumbers(n)
		if err != nil {
			return err
		}
		for i, g := range numbers {
			if shape := groups[g].Shape; shape != nil && shape.Kind != entry.Control {
				continue
			}
			if err := r.Entry(s.First()+uint64(x.From+i), &e); err != nil {
				return err
			}
			if e.Kind == entry.Control {
				visit(&e)
			}
		}
	}
	return nil
}

func controlsOfHead(h *head, key entry.NonceKey, decoder *frame.Decoder, visit func(*entry.Entry)) error {
	var names entry.Decoder
	var e entry.Entry
	for x, err := range frame.Scan(h.file, key, frame.HeadHeaderSize, h.size) {
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
