package journal

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// settleWithin bounds how far the times of the entries under a seal may be from that of the seal: a sync that takes
// longer is done again, and the last one while nobody appends.
const (
	settleWithin = time.Second
	settleTries  = 3
)

// Seal makes everything appended before durable, seals it and signs checkpoints over it. Entries may be appended
// meanwhile: they are for the next seal. The order of writes is: entries, sync; the seal, sync; the next seed over the
// one that was used; checkpoints. A seal that is durable is never taken back, and its counter never used again.
//
// The reason is made what it must be: the first seal, one after another start of the machine and one after a stop seal
// are of reason boot; one that comes later than was promised, because the process did not run, is of reason resume, and so is one after a suspend seal.
//
// On an error nothing is lost: if the seal is durable, the next call finishes what is left to do. A full disk leaves the
// writer usable. The keys are made from the seed by the first call, which takes about half a second and holds up nobody.
func (w *Writer) Seal(reason seal.Reason) (seal.Seal, error) {
	s := &w.sealer
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := w.usable(); err != nil {
		return seal.Seal{}, err
	}
	if err := s.load(w); err != nil {
		return seal.Seal{}, fmt.Errorf("seal: %w", err)
	}
	w.signing.Lock()
	defer w.signing.Unlock()
	if err := w.usable(); err != nil {
		return seal.Seal{}, err // nobody knows whether a seal that is owed is durable
	}
	if err := s.finish(); err != nil {
		return seal.Seal{}, fmt.Errorf("seal: %w", err)
	}
	if err := s.renew(w); err != nil {
		return seal.Seal{}, fmt.Errorf("seal: %w", err)
	}
	made, err := w.seal(reason)
	if err == nil {
		s.prepare(w)
	}
	return made, err
}

// usable reports why the writer must be opened again, if it must.
func (w *Writer) usable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// SealAlone seals for a process that does nothing else: with a boot seal, and a stop seal that ends its promise to go on
// sealing. Where the last seal leaves a promise of another process open, the boot seal says so.
func (w *Writer) SealAlone() (seal.Seal, error) {
	if _, err := w.Seal(seal.Boot); err != nil {
		return seal.Seal{}, err
	}
	return w.Seal(seal.Stop)
}

// seal makes a seal with a key that is there.
func (w *Writer) seal(reason seal.Reason) (seal.Seal, error) {
	list, since, err := w.settle()
	if err != nil {
		return seal.Seal{}, err
	}
	made, list, err := w.appendSeal(reason, list)
	if err == nil {
		err = w.publish(list)
	}
	if err != nil {
		w.waitsSince(since)
	}
	return made, err
}

// publish makes a seal durable, advances to the next key and signs checkpoints, in that order.
func (w *Writer) publish(list []extent) error {
	if err := w.syncBeside(list); err != nil {
		return err
	}
	if err := w.sealer.finish(); err != nil {
		return err
	}
	return w.signAll(list)
}

// settle makes all journals durable and returns how far they have come by then, and since when what that covers has
// waited for a seal.
func (w *Writer) settle() (list []extent, since int64, err error) {
	for try := range settleTries {
		begun := time.Now()
		if list, err = w.extents(true); err != nil {
			return nil, 0, err
		}
		if try == 0 {
			since = w.unsealedSince()
		}
		if try == settleTries-1 {
			break // appendSeal syncs
		}
		if err := w.syncBeside(list); err != nil {
			return nil, 0, err
		}
		if time.Since(begun) < settleWithin {
			return list, since, nil
		}
	}
	return nil, since, nil
}

// appendSeal writes the seal over journals that are durable as far as the list says; nil is all of them, which it makes
// durable. It returns how far the journals are under a checkpoint by that.
func (w *Writer) appendSeal(reason seal.Reason, list []extent) (seal.Seal, []extent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	system := w.logs[layout.System]
	if w.broken != nil {
		return seal.Seal{}, nil, w.broken
	}
	if err := w.tellPrivate(); err != nil { // of what came since
		return seal.Seal{}, nil, err
	}
	received, err := w.receivedLocked()
	if err != nil {
		return seal.Seal{}, nil, err
	}
	if list == nil {
		if list, err = w.syncedExtents(); err != nil {
			return seal.Seal{}, nil, err
		}
	}
	made, err := w.sealer.make(w, w.statement(reason, received), w.sealedJournals(list))
	if err != nil {
		return seal.Seal{}, nil, err
	}
	index := system.frontier.Size()
	e := entry.Entry{Kind: entry.Seal}
	e.Add(layout.SealField, made.Append(nil), entry.Observed)
	if _, err := w.appendFrame(system, []entry.Entry{e}, received); err != nil {
		return seal.Seal{}, nil, fmt.Errorf("journal %s: %w", layout.System, err)
	}
	w.sealer.made(made, index)
	w.unsealed = w.waitsBehind(list)
	list = slices.DeleteFunc(list, func(x extent) bool { return x.log == system })
	return made, append(list, w.extentOf(system, true)), nil
}

// syncedExtents makes everything durable while nobody appends.
func (w *Writer) syncedExtents() ([]extent, error) {
	if err := w.syncLocked(); err != nil {
		return nil, err
	}
	return w.extentsLocked(true), nil
}

// statement is what a seal says beside the journals.
func (w *Writer) statement(reason seal.Reason, received int64) seal.Statement {
	m := w.machine()
	return seal.Statement{Reason: reason, Wall: received, Boottime: w.clock.seen.Boot, Boot: m.Boot, Synchronised: m.Synchronised}
}

// sealedJournals is what a seal says of the journals: all that the system journal lists by now, each as far as it is
// durable. One that was made since has no entry that is.
func (w *Writer) sealedJournals(list []extent) []seal.Journal {
	var empty seal.Frontier
	journals := make([]seal.Journal, 0, len(w.logs))
	for name, l := range w.logs {
		j := seal.Journal{Name: name, ID: l.desc.ID, Root: empty.Root()}
		if i := slices.IndexFunc(list, func(x extent) bool { return x.log == l }); i >= 0 {
			j.Size, j.Root = list[i].size, list[i].root
		}
		if name == layout.System {
			j.Size, j.Root = l.frontier.Size(), l.frontier.Root()
		}
		if l.listed {
			journals = append(journals, j)
		}
	}
	slices.SortFunc(journals, func(a, b seal.Journal) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return journals
}

// waitsBehind says since when there are entries that a seal just made does not cover.
func (w *Writer) waitsBehind(list []extent) int64 {
	for _, l := range w.logs {
		covered := l.desc.Name == layout.System || l.frontier.Size() == 0
		for _, x := range list {
			covered = covered || x.log == l && x.size == l.frontier.Size()
		}
		if !covered {
			return w.clock.seen.Boot
		}
	}
	return 0
}

// Unsealed says since when entries wait for a seal, as CLOCK_BOOTTIME in µs, and whether there are any. Entries of
// kind seal do not wait.
func (w *Writer) Unsealed() (since int64, waiting bool) {
	since = w.unsealedSince()
	return since, since != 0
}

func (w *Writer) unsealedSince() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unsealed
}

// waitsSince notes that what a seal should have covered still waits.
func (w *Writer) waitsSince(since int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if since != 0 && (w.unsealed == 0 || since < w.unsealed) {
		w.unsealed = since
	}
}

// LastSeal is the newest seal of the store and its index in the system journal; ok is false if there is none.
func (w *Writer) LastSeal() (s seal.Seal, index uint64, ok bool) {
	w.sealer.mu.Lock()
	defer w.sealer.mu.Unlock()
	if w.sealer.last == nil {
		return s, 0, false
	}
	return *w.sealer.last, w.sealer.index, true
}

// readSeal returns the newest seal of a system journal; nil if there is none.
func readSeal(fsys vfs.FS, system *log) (s *seal.Seal, index uint64, err error) {
	index, e, err := newestSeal(fsys, system)
	if errors.Is(err, errNoSeal) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	record, _ := e.Get(layout.SealField)
	parsed, err := seal.ParseSeal(record)
	if err != nil {
		return nil, 0, fmt.Errorf("entry %d of journal %s: %w: %w", index, layout.System, entry.ErrFormat, err)
	}
	return &parsed, index, nil
}
