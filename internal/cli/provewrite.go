package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"constat/entry"
	"constat/evidence"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// storeWriter seals the store and writes the exported entry: through the daemon, by itself, or, where neither can be,
// not at all.
type storeWriter struct {
	app    *app
	daemon bool
	writer *journal.Writer
	begun  bool // this process has promised to go on sealing
}

// proofWriter finds out how the store can be written to.
func (a *app) proofWriter() (w storeWriter, err error) {
	w.app = a
	socket, err := a.daemonSocket()
	if err != nil {
		return w, err
	}
	if socket != "" {
		w.daemon = true
		return w, nil
	}
	dir, err := a.storeDir()
	if err != nil {
		return w, err
	}
	if _, err := vfs.OS().Stat(layout.KeysDir(dir)); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return w, nil // a copy, or a store of somebody else
	}
	w.writer, err = a.openWriter()
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	return w, err
}

// canWrite says whether what is exported is logged. If not, that is told.
func (w *storeWriter) canWrite() bool {
	if w.daemon || w.writer != nil {
		return true
	}
	w.app.say("constat: the store cannot be written to: the evidence is not logged in it")
	return false
}

// seal seals the store.
func (w *storeWriter) seal() error {
	switch {
	case w.daemon:
		return w.throughDaemon(native.Request{Op: "seal"}, nil)
	case w.writer == nil:
		return nil
	}
	w.begun = true
	_, err := w.writer.Seal(seal.Boot)
	return hint(err)
}

// log writes an entry of kind control and seals the store. It is the last thing that is written.
func (w *storeWriter) log(e *entry.Entry) error {
	switch {
	case w.daemon:
		return w.throughDaemon(native.Request{Op: "exported"}, e)
	case w.writer == nil:
		return nil
	}
	if _, err := w.writer.Append(layout.System, []entry.Entry{*e}); err != nil {
		return hint(err)
	}
	return w.stop()
}

// stop ends the promise to go on sealing.
func (w *storeWriter) stop() error {
	if !w.begun {
		return nil
	}
	w.begun = false
	_, err := w.writer.Seal(seal.Stop)
	return hint(err)
}

func (w *storeWriter) throughDaemon(r native.Request, e *entry.Entry) error {
	_, done, err := w.app.request(r, func(c *native.Client) error {
		if e == nil {
			return nil
		}
		claims := *e
		claims.Fields = nil
		for _, f := range e.Fields {
			if f.Name != layout.Control && f.Name != layout.Message { // what the daemon says itself
				f.Provenance = entry.Claimed
				claims.Fields = append(claims.Fields, f)
			}
		}
		return c.Log(&claims)
	})
	if err == nil && !done {
		err = errors.New("the daemon has ended; try again")
	}
	return err
}

func (w *storeWriter) close() error {
	if w.writer == nil {
		return nil
	}
	return errors.Join(w.stop(), w.writer.Close())
}

// export writes the exported entry and returns its index; nil: it cannot be written.
func (p *proving) export(d *evidence.Draft) (*uint64, error) {
	if !p.logged {
		return nil, nil
	}
	e := d.Exported()
	if err := p.writer.log(&e); err != nil {
		return nil, fmt.Errorf("log the export: %w", err)
	}
	l, err := p.openLog(layout.System)
	if err != nil {
		return nil, err
	}
	defer l.view.Close()
	all := journal.Range{To: l.size, Reverse: true, Skip: lacks(entry.Control)}
	for item, err := range l.view.Entries(all) {
		if err != nil {
			return nil, err
		}
		if d.Matches(item.Entry) {
			return &item.Index, nil
		}
	}
	return nil, errors.New("log the export: the entry is not in the store")
}

// finish proves a draft by the journals as they are by now.
func (p *proving) finish(d *evidence.Draft, at *uint64) ([]byte, error) {
	proof := evidence.Proof{Exported: at}
	system, err := p.openLog(layout.System)
	if err != nil {
		return nil, err
	}
	for _, name := range d.Journals() {
		if name == layout.System {
			continue
		}
		l, err := p.openLog(name)
		if err != nil {
			return nil, err
		}
		defer l.view.Close()
		proof.Logs = append(proof.Logs, l)
	}
	if system != nil {
		defer system.view.Close()
		if err := p.fromSystem(d, system, &proof); err != nil {
			return nil, err
		}
		if at != nil || len(proof.Generations) > 0 || d.Asks(layout.System) || len(proof.Support) > 0 || slices.ContainsFunc(proof.Witnessed, ofSystem) || len(proof.Stamped) > 0 {
			proof.Logs = append(proof.Logs, system)
		}
	}
	return d.Finish(proof)
}

func ofSystem(w evidence.Witnessed) bool { return w.Journal == layout.System }

// fromSystem adds what the journal of the store itself holds: seals, certificates, and what others have said.
func (p *proving) fromSystem(d *evidence.Draft, system *signedLog, proof *evidence.Proof) error {
	seals, err := p.sealsFor(d, system)
	if err != nil {
		return err
	}
	for _, s := range seals {
		proof.Seals = append(proof.Seals, s.Seal)
	}
	a := newAnchors(d, seals)
	low, err := a.begin(d, system)
	if err != nil {
		return err
	}
	proof.Seals = append(proof.Seals, low...)
	if err := a.read(system); err != nil {
		return err
	}
	a.recall(d)
	proof.Generations, proof.Support = a.generations, a.support()
	logs := append([]evidence.Log{system}, proof.Logs...)
	if proof.Witnessed, err = p.witnessed(a, logs); err != nil {
		return err
	}
	proof.Stamped, err = p.stamped(a, logs)
	return err
}

// loggedSeal is a seal and the index of its entry in the journal of the store itself.
type loggedSeal struct {
	seal.Seal
	index uint64
}

// sealsFor finds the seals at the ends of the windows, and the newest one.
func (p *proving) sealsFor(d *evidence.Draft, system *signedLog) ([]loggedSeal, error) {
	wanted := d.SealCounters()
	var list []loggedSeal
	newest := true
	for item, err := range system.view.Entries(journal.Range{To: system.size, Reverse: true, Skip: lacks(entry.Seal)}) {
		if err != nil {
			return nil, err
		}
		if item.Entry.Kind != entry.Seal {
			continue
		}
		record, _ := item.Entry.Get(layout.SealField)
		s, err := seal.ParseSeal(record)
		if err != nil {
			return nil, fmt.Errorf("journal %s: entry %d: %w", layout.System, item.Index, err)
		}
		if newest || wanted[s.Counter] {
			list = append(list, loggedSeal{s, item.Index})
		}
		newest = false
		delete(wanted, s.Counter)
		if len(wanted) == 0 {
			break
		}
	}
	if len(wanted) > 0 {
		return nil, errors.New("a seal at an end of the window is not in the store any more; see 'constat verify'")
	}
	return list, nil
}
