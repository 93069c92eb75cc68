package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"constat/entry"
	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// damage is why a journal cannot go on under its checkpoint.
type damage struct {
	reason     string
	journalID  *frame.JournalID // nil if unknown
	checkpoint []byte           // last known, nil if none
	setAside   string           // directory it was moved to, "" if there was none
}

// recovery opens the journals of a store. What it has to tell is appended to the system journal at the end.
type recovery struct {
	w        *Writer
	at       time.Time
	controls []entry.Entry   // for the system journal
	listed   map[string]bool // names of journals that the system journal lists as they are
	begun    []begun         // successors, with their entry 0
}

// begun is a successor whose first entry is still to be written, once the clock is known.
type begun struct {
	log   *log
	first entry.Entry
}

// recover opens every journal of the store, sets aside what a crash left torn, and begins successors of damaged ones.
func (w *Writer) recover() error {
	r := &recovery{w: w, at: time.UnixMicro(w.clock.read().Wall)}
	if err := errors.Join(w.fsys.SyncDir(w.dir), w.fsys.SyncDir(layout.KeysDir(w.dir))); err != nil {
		return err
	}
	if err := r.open(layout.System, nil); err != nil {
		return err
	}
	ids, err := r.list()
	if err != nil {
		return err
	}
	for name, id := range ids {
		if name != layout.System {
			if err := r.open(name, id); err != nil {
				return err
			}
		}
	}
	return r.tell()
}

// open recovers one journal; a damaged one is set aside and gets a successor.
func (r *recovery) open(name string, id *frame.JournalID) error {
	l, d, err := r.openLog(name)
	if err != nil {
		return err
	}
	if d == nil && id != nil && l.desc.ID != *id {
		d = &damage{reason: "another journal stands in its place"}
		err = l.close()
	}
	if d != nil && err == nil {
		if d.journalID == nil {
			d.journalID = id
		}
		l, err = r.succeed(name, d)
	}
	if err != nil {
		return err
	}
	r.w.logs[name] = l
	return nil
}

// list returns the names of all journals: those that the system journal lists, with their ids, and those that have a
// directory. It notes which ones the system journal has to be told of.
func (r *recovery) list() (map[string]*frame.JournalID, error) {
	ids, err := listedJournals(r.w.fsys, r.w.logs[layout.System])
	if err != nil {
		return nil, err
	}
	r.listed = map[string]bool{}
	for name := range ids {
		r.listed[name] = true
	}
	names, err := journalDirs(r.w.fsys, r.w.dir)
	for _, name := range names {
		if !r.listed[name] {
			ids[name] = nil
		}
	}
	return ids, err
}

// tell appends what happened to the system journal, and makes it durable.
func (r *recovery) tell() error {
	w := r.w
	for _, l := range w.logs {
		epoch, received, ok := l.newest()
		if ok {
			w.clock.resume(epoch, received)
		}
	}
	if w.logs[layout.System].frontier.Size() == 0 {
		code := w.store.Certificate.Code().String()
		r.controls = append([]entry.Entry{layout.NewControl(layout.StoreCreated, "store created", layout.CodeOf, code)}, r.controls...)
	}
	for _, c := range r.controls {
		w.notices = append(w.notices, layout.Text(&c, layout.Message))
		if err := w.control(c); err != nil {
			return err
		}
	}
	for _, l := range w.sortedLogs() {
		if !r.listed[l.desc.Name] {
			if err := w.announce(l, layout.NewControl(layout.JournalCreated, "journal "+l.desc.Name+" created")); err != nil {
				return err
			}
		}
	}
	for _, b := range r.begun {
		received, err := w.receivedLocked()
		if err != nil {
			return err
		}
		if _, err := w.appendFrame(b.log, []entry.Entry{b.first}, received); err != nil {
			return err
		}
	}
	return w.syncLocked()
}

// succeed keeps a damaged journal under another name and begins its successor.
func (r *recovery) succeed(name string, d *damage) (*log, error) {
	w := r.w
	dir := filepath.Join(w.dir, name)
	if _, err := w.fsys.Stat(dir); err == nil {
		d.setAside, err = vacantName(w.fsys, filepath.Join(w.dir, layout.DamagedName(name, r.at)))
		if err == nil {
			err = durable.Rename(w.fsys, dir, d.setAside)
		}
		if err != nil {
			return nil, err
		}
	} else if !isNotExist(err) {
		return nil, err
	}
	origin := fmt.Sprintf("%s/%s.%s", w.store.Certificate.Origin, name, r.at.UTC().Format("20060102T150405Z"))
	desc := newJournal(name, origin)
	desc.Predecessor = d.journalID
	l, err := w.createLog(desc)
	if err != nil {
		return nil, err
	}
	first := d.control(layout.Successor, fmt.Sprintf("successor of journal %s, which was found damaged: %s", name, d.reason), name)
	r.begun = append(r.begun, begun{log: l, first: first})
	r.controls = append(r.controls, d.control(layout.JournalDamaged, fmt.Sprintf("journal %s is damaged: %s", name, d.reason), name))
	delete(r.listed, name)
	return l, nil
}

func (d *damage) control(what, message, name string) entry.Entry {
	c := layout.NewControl(what, message, layout.JournalName, name, layout.Reason, d.reason)
	if d.journalID != nil {
		c.AddString(layout.Predecessor, fmt.Sprintf("%x", d.journalID[:]), entry.Observed)
	}
	if d.checkpoint != nil {
		c.Add(layout.Checkpoint, d.checkpoint, entry.Observed)
	}
	if d.setAside != "" {
		c.AddString(layout.File, filepath.Base(d.setAside), entry.Observed)
	}
	return c
}

// createLog makes a journal on disk and opens it.
func (w *Writer) createLog(d layout.Journal) (*log, error) {
	dir, err := createJournal(w.fsys, w.dir, d, w.identity)
	if err != nil {
		return nil, err
	}
	l := &log{desc: d, dir: dir, nonces: entry.NewNonces(d.NonceKey)}
	if l.tree, err = w.fsys.OpenWrite(filepath.Join(dir, layout.TreeFile)); err != nil {
		return nil, err
	}
	if err := l.newHead(w.fsys); err != nil {
		return nil, errors.Join(err, l.close())
	}
	w.logs[d.Name] = l
	return l, nil
}

// readCheckpoint reads the newest checkpoint of a journal. signed is what the file holds, sound or not.
func readCheckpoint(w *Writer, dir, origin string) (c seal.Checkpoint, signed []byte, err error) {
	name := filepath.Join(dir, layout.CheckpointFile)
	signed, err = durable.ReadFile(w.fsys, name, seal.MaxCheckpoint)
	if err != nil {
		return c, nil, err
	}
	c, err = seal.OpenCheckpoint(signed, origin, w.store.Certificate.Identity)
	return c, signed, err
}
