package journal

import (
	"errors"
	"math"
	"path/filepath"
	"strings"

	"constat/entry"
	"constat/internal/durable"
	"constat/journal/layout"
)

// tell appends what happened to the system journal, and makes it durable.
func (r *recovery) tell() error {
	w := r.w
	for _, l := range w.logs {
		if epoch, received, ok := l.newest(); ok {
			w.clock.resume(epoch, received)
		}
	}
	if err := r.tellSystem(); err != nil {
		return err
	}
	for _, b := range r.begun {
		if b.damaged != nil && b.log.desc.Name != layout.System {
			r.controls = append(r.controls, *b.damaged)
		}
	}
	for _, c := range r.controls {
		w.notices = append(w.notices, layout.Text(&c, layout.Message))
		if err := w.control(c); err != nil {
			return err
		}
	}
	for _, l := range w.sortedLogs() {
		if !l.listed {
			if err := w.announce(l); err != nil {
				return err
			}
		}
	}
	return errors.Join(r.tellSuccessors(), w.syncLocked())
}

// tellSystem writes entry 0 of the system journal: why the store begins, or whose successor the journal is. What
// happened to its predecessor stands in the same frame, so that the one is never there without the other.
func (r *recovery) tellSystem() error {
	system := r.w.logs[layout.System]
	for _, b := range r.begun {
		if b.log != system {
			continue
		}
		lead := []entry.Entry{b.first}
		if b.damaged != nil {
			lead = append(lead, *b.damaged)
			r.w.notices = append(r.w.notices, layout.Text(b.damaged, layout.Message))
		}
		if _, err := r.w.receivedLocked(lead...); err != nil {
			return err
		}
	}
	if system.frontier.Size() == 0 {
		if err := r.tellCreated(); err != nil {
			return err
		}
	}
	return r.rememberTorn()
}

// tellCreated writes that the store was created, and in the same frame, so that it holds for this entry too, its floor.
func (r *recovery) tellCreated() error {
	created := layout.NewControl(layout.StoreCreated, "store created", layout.CodeOf, r.w.store.Certificate.Code().String())
	floor, ok := r.w.floorOf(layout.System)
	if !ok {
		r.controls = append([]entry.Entry{created}, r.controls...)
		return nil
	}
	r.w.notices = append(r.w.notices, layout.Text(&created, layout.Message))
	_, err := r.w.receivedLocked(created, floor)
	return err
}

// tellSuccessors writes entry 0 of the other successors, which the system journal lists by now.
func (r *recovery) tellSuccessors() error {
	for _, b := range r.begun {
		if b.log.desc.Name == layout.System {
			continue
		}
		received, err := r.w.receivedLocked()
		if err != nil {
			return err
		}
		if _, err := r.w.appendFrame(b.log, []entry.Entry{b.first}, received); err != nil {
			return err
		}
	}
	return nil
}

// rememberTorn speaks of what an earlier start has set aside without living long enough to say so.
func (r *recovery) rememberTorn() error {
	for _, l := range r.w.sortedLogs() {
		entries, err := r.w.fsys.ReadDir(l.dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			file := filepath.Join(l.desc.Name, e.Name())
			if !layout.IsTorn(e.Name()) || strings.HasSuffix(e.Name(), ".tmp") || r.told.files[file] || r.noted[file] {
				continue
			}
			data, err := durable.ReadFile(r.w.fsys, filepath.Join(l.dir, e.Name()), math.MaxInt64)
			if err != nil {
				return err
			}
			r.noteFile(l, file, data, "were set aside by an earlier start", nil)
		}
	}
	return nil
}
