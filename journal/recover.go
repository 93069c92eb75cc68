package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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

// inItsPlace is the reason when the journal is sound, but not the one that the system journal lists.
const inItsPlace = "another journal stands in its place"

// recovery opens the journals of a store. What it has to tell is appended to the system journal at the end.
type recovery struct {
	w        *Writer
	at       time.Time
	told     told            // what the system journal says already
	controls []entry.Entry   // for the system journal
	begun    []begun         // successors, with their entry 0
	noted    map[string]bool // files that controls speak of
}

// begun is a successor whose first entry is still to be written, once the clock is known.
type begun struct {
	log     *log
	first   entry.Entry
	damaged *entry.Entry // for the system journal; nil if it has been told
}

// recover opens every journal of the store, sets aside what a crash left torn, and begins successors of damaged ones.
func (w *Writer) recover() error {
	r := &recovery{w: w, at: time.UnixMicro(w.clock.read().Wall)}
	if err := errors.Join(w.fsys.SyncDir(w.dir), w.fsys.SyncDir(layout.KeysDir(w.dir))); err != nil {
		return err
	}
	if err := r.openSystem(); err != nil {
		return err
	}
	names, err := r.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.open(name, r.told.journals[name]); err != nil {
			return err
		}
	}
	w.found = w.Sizes()
	if err := r.tell(); err != nil {
		return err
	}
	if err := w.recoverPrivate(); err != nil {
		return err
	}
	return w.resumeSeals()
}

// openSystem recovers the system journal. One whose control entries cannot be read is as damaged as one whose entries
// are missing.
func (r *recovery) openSystem() error {
	if err := r.open(layout.System, nil); err != nil {
		return err
	}
	l := r.w.logs[layout.System]
	var err error
	if r.told, err = readTold(r.w.fsys, l); err == nil {
		r.w.timeline = r.told.timeline
		id := r.told.journals[layout.System]
		l.listed = id != nil && *id == l.desc.ID
		err = r.readSeals(l)
	}
	if !isLost(err) {
		return err
	}
	d := &damage{reason: err.Error(), journalID: &l.desc.ID}
	if _, d.checkpoint, err = readCheckpoint(r.w, l.dir, l.desc.Origin); err != nil {
		return err
	}
	if err := l.close(); err != nil {
		return err
	}
	r.controls = nil // they spoke of what is set aside now as a whole
	r.told = told{}
	return r.succeed(layout.System, d)
}

// names returns the names of all other journals, sorted: those that the system journal lists, and those that have a
// directory.
func (r *recovery) names() ([]string, error) {
	names, err := journalDirs(r.w.fsys, r.w.dir)
	for name := range r.told.journals {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == layout.System }), err
}

// open recovers one journal; a damaged one is set aside and gets a successor. id is what the system journal lists.
func (r *recovery) open(name string, id *frame.JournalID) error {
	l, d, err := r.openLog(name)
	if err != nil {
		return err
	}
	if d != nil {
		if d.journalID == nil {
			d.journalID = id
		}
		return r.replace(name, id, d)
	}
	before := l.desc.Predecessor
	owed := before != nil && l.frontier.Size() == 0 // a start that was cut short made it
	if owed && (id == nil || *id == *before || *id == l.desc.ID) {
		r.w.logs[name], l.listed = l, id != nil && *id == l.desc.ID
		r.owe(l, r.orphan(name, before, true))
		return nil
	}
	if id != nil && l.desc.ID != *id {
		if err := l.close(); err != nil {
			return err
		}
		return r.succeed(name, &damage{reason: inItsPlace, journalID: id})
	}
	r.w.logs[name], l.listed = l, id != nil
	return nil
}

// replace begins a journal in the place of one that cannot go on. One that a crash cut short while it was being made
// held nothing, and is made again.
func (r *recovery) replace(name string, id *frame.JournalID, d *damage) error {
	unmade, err := r.isUnmade(name)
	if err != nil {
		return err
	}
	if !unmade {
		return r.succeed(name, d)
	}
	if kept := r.orphan(name, id, false); kept != nil {
		return r.begin(name, kept)
	}
	if id != nil || name == layout.System {
		return r.succeed(name, d)
	}
	_, err = r.w.createLog(newJournal(name, r.w.store.Certificate.Origin+"/"+name))
	return err
}

// isUnmade reports whether there is no more of a journal than a crash can leave of one that is being made.
func (r *recovery) isUnmade(name string) (bool, error) {
	dir := filepath.Join(r.w.dir, name)
	if _, err := r.w.fsys.Stat(filepath.Join(dir, layout.CheckpointFile)); !isNotExist(err) {
		return false, err
	}
	spans, err := listSpans(r.w.fsys, dir)
	if isNotExist(err) {
		return true, nil
	}
	return len(spans) == 0, err
}

// orphan finds the damaged journal whose succession an earlier start did not finish: the newest directory that holds
// the journal with that id, or that the system journal does not speak of unless told is true. Nil if there is none.
func (r *recovery) orphan(name string, id *frame.JournalID, told bool) *damage {
	entries, err := r.w.fsys.ReadDir(r.w.dir)
	if err != nil {
		return nil // whoever needs the store next will say so
	}
	for _, e := range slices.Backward(entries) {
		if of, ok := layout.DamagedOf(e.Name()); !ok || of != name || !e.IsDir() {
			continue
		}
		d := r.examine(name, e.Name())
		if !told && r.told.files[e.Name()] && (id == nil || d.journalID == nil || *d.journalID != *id) {
			continue
		}
		if id != nil && d.journalID != nil && *d.journalID != *id {
			d.reason, d.checkpoint = inItsPlace, nil
		}
		if id != nil {
			d.journalID = id
		}
		return d
	}
	return nil
}

// succeed keeps a damaged journal under another name and begins its successor.
func (r *recovery) succeed(name string, d *damage) error {
	fsys, dir := r.w.fsys, filepath.Join(r.w.dir, name)
	if _, err := fsys.Stat(dir); err == nil {
		d.setAside, err = vacantName(fsys, filepath.Join(r.w.dir, layout.DamagedName(name, r.at)))
		if err == nil {
			err = durable.Rename(fsys, dir, d.setAside)
		}
		if err != nil {
			return err
		}
	} else if !isNotExist(err) {
		return err
	}
	return r.begin(name, d)
}

// begin makes the successor of a journal that is set aside.
func (r *recovery) begin(name string, d *damage) error {
	desc := newJournal(name, "")
	desc.Origin = fmt.Sprintf("%s/%s.%x", r.w.store.Certificate.Origin, name, desc.ID[:])
	desc.Predecessor = d.journalID
	l, err := r.w.createLog(desc)
	if err != nil {
		return err
	}
	r.owe(l, d)
	return nil
}

// owe notes what is to be said of a successor, in its entry 0 and in the system journal.
func (r *recovery) owe(l *log, d *damage) {
	name := l.desc.Name
	if d == nil {
		d = &damage{reason: "found by an earlier start, which was cut short", journalID: l.desc.Predecessor}
	}
	b := begun{log: l}
	b.first = d.control(layout.Successor, fmt.Sprintf("successor of journal %s, which was found damaged: %s", name, d.reason), name)
	if d.setAside == "" || !r.told.files[filepath.Base(d.setAside)] {
		c := d.control(layout.JournalDamaged, fmt.Sprintf("journal %s is damaged: %s", name, d.reason), name)
		b.damaged = &c
	}
	r.begun = append(r.begun, b)
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
