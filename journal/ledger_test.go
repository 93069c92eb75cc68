package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// ledger is what a caller of the writer has been told.
type ledger struct {
	created  bool                         // Create returned nil
	received map[string]map[uint64]string // by journal and index: Append returned nil
	durable  map[string]map[uint64]string // Sync or Checkpoint returned nil after that
	points   map[string][]seal.Checkpoint // persisted
}

func newLedger() *ledger {
	return &ledger{received: map[string]map[uint64]string{}, durable: map[string]map[uint64]string{},
		points: map[string][]seal.Checkpoint{}}
}

// clone copies the ledger, so that several futures can go on from it.
func (l *ledger) clone() *ledger {
	c := newLedger()
	c.created = l.created
	for name := range l.received {
		c.received[name] = maps.Clone(l.received[name])
	}
	for name := range l.durable {
		c.durable[name] = maps.Clone(l.durable[name])
	}
	for name := range l.points {
		c.points[name] = slices.Clone(l.points[name])
	}
	return c
}

// append appends messages and notes which index each has got.
func (l *ledger) append(w *journal.Writer, name string, list ...entry.Entry) error {
	l.note(name, 0, nil)
	before := w.Size(name)
	first, err := w.Append(name, list)
	if err != nil {
		return err
	}
	if name != layout.System && first != before {
		return fmt.Errorf("journal %s: first index %d, but the size was %d", name, first, before)
	}
	l.note(name, first, list)
	return nil
}

// note notes the index of what was received.
func (l *ledger) note(name string, first uint64, list []entry.Entry) {
	if l.received[name] == nil {
		l.received[name], l.durable[name] = map[uint64]string{}, map[uint64]string{}
	}
	for i := range list {
		l.received[name][first+uint64(i)] = messageOf(&list[i])
	}
}

// merge notes what another ledger knows to be durable.
func (l *ledger) merge(other *ledger) {
	for name, list := range other.durable {
		maps.Copy(l.durable[name], list)
	}
}

// acknowledge notes that everything received is durable.
func (l *ledger) acknowledge() {
	for name, list := range l.received {
		maps.Copy(l.durable[name], list)
	}
}

func (l *ledger) sync(w *journal.Writer) error {
	err := w.Sync()
	if err == nil {
		l.acknowledge()
	}
	return err
}

// checkpoint signs and notes what was signed.
func (l *ledger) checkpoint(w *journal.Writer, fsys vfs.FS) error {
	if err := w.Checkpoint(); err != nil {
		return err
	}
	l.acknowledge()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		return err
	}
	names, err := r.Journals()
	for _, name := range names {
		c, pointErr := r.Checkpoint(name)
		err = errors.Join(err, pointErr)
		l.points[name] = append(l.points[name], c)
	}
	return err
}

// messageOf is the text of an entry, or size and beginning of a long one.
func messageOf(e *entry.Entry) string {
	text, _ := e.Get(layout.Message)
	if len(text) > 100 {
		return fmt.Sprintf("%d bytes %x", len(text), text[:20])
	}
	return string(text)
}

// long is an entry with a value that has to go to a blob.
func long(n byte) entry.Entry {
	return message(string(bytes.Repeat([]byte{'a' + n%26, n}, 35000)))
}

// readAll reads every entry of a journal by index. What cannot be read comes as an error of the test.
func readAll(t *testing.T, fsys vfs.FS, name string) map[uint64]string {
	t.Helper()
	got, missing := readSome(t, fsys, name, false)
	for _, m := range missing {
		t.Errorf("missing: %v", m)
	}
	return got
}

// readSome reads what can be read of a journal, and what is said to be missing.
func readSome(t *testing.T, fsys vfs.FS, name string, reverse bool) (map[uint64]string, []*journal.MissingError) {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot(name)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	rng := views[0].All()
	rng.Reverse = reverse
	got := map[uint64]string{}
	var missing []*journal.MissingError
	for item, err := range views[0].Entries(rng) {
		var m *journal.MissingError
		if errors.As(err, &m) {
			missing = append(missing, m)
		} else if err != nil {
			t.Fatal(err)
		} else {
			got[item.Index] = messageOf(item.Entry)
		}
	}
	return got, missing
}

// holds checks that what was acknowledged as durable is in the store, where it was, and under every checkpoint.
func (l *ledger) holds(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	for name, want := range l.durable {
		if len(want) == 0 {
			continue
		}
		got := readAll(t, fsys, name)
		for index, text := range want {
			if got[index] != text {
				t.Errorf("journal %s index %d: %q, want %q", name, index, got[index], text)
			}
		}
		for i := range uint64(len(got)) {
			if _, ok := got[i]; !ok {
				t.Errorf("journal %s: index %d was skipped", name, i)
			}
		}
	}
	for name, points := range l.points {
		roots := rootsOf(t, fsys, name)
		for _, c := range points {
			if c.Size >= uint64(len(roots)) || roots[c.Size] != c.Root {
				t.Errorf("journal %s: checkpoint of size %d no longer holds; there are %d entries", name, c.Size, len(roots)-1)
			}
		}
	}
	for _, name := range fsys.Walk() {
		if layout.IsDamaged(name) {
			t.Errorf("a mere crash was taken for damage: %s", name)
			break
		}
	}
}

// epochsTold checks that every epoch of which there is an entry has its control entry.
func epochsTold(t *testing.T, fsys vfs.FS) {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	seen, told := map[uint32]string{}, map[uint32]bool{0: true}
	for _, v := range views {
		for item, err := range v.Entries(v.All()) {
			if err != nil {
				t.Fatal(err)
			}
			seen[item.Entry.Epoch] = v.Journal.Name
			if layout.Text(item.Entry, layout.Control) == layout.ClockStep {
				told[item.Entry.Epoch] = true
			}
		}
	}
	for epoch, name := range seen {
		if !told[epoch] {
			t.Errorf("epoch %d of journal %s has no control entry", epoch, name)
		}
	}
}

// rootsOf computes the root of a journal at every size, from nothing but the entries.
func rootsOf(t *testing.T, fsys *crashfs.FS, name string) []seal.Hash {
	t.Helper()
	var f seal.Frontier
	roots := []seal.Hash{f.Root()}
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot(name)
	if err != nil {
		t.Error(err)
		return roots
	}
	defer journal.CloseViews(views)
	nonces := views[0].Nonces()
	for leaf, err := range views[0].Leaves(0, views[0].Size) {
		if err != nil {
			t.Errorf("journal %s: %v", name, err)
			break
		}
		f.Append(nonces.LeafHash(leaf.Index, leaf.Body))
		roots = append(roots, f.Root())
	}
	return roots
}

// untouched checks that a crash alone never looks like tampering, before anybody has repaired anything.
func untouched(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	before := fsys.Ops()
	r := check.Store(fsys, dir, check.Options{Workers: 1})
	if r.Verdict == check.Tampered {
		t.Errorf("a crash looks like tampering: %v", r.Findings)
	}
	if fsys.Ops() != before {
		t.Error("the check wrote something")
	}
}
