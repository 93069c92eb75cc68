package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
)

// fixedClock ticks one millisecond at every look.
type fixedClock struct{ wall, boot int64 }

func newClock() *fixedClock { return &fixedClock{wall: 1_760_000_000_000_000, boot: 1_000_000} }

func (c *fixedClock) read() journal.Reading {
	c.wall += 1000
	c.boot += 1000
	return journal.Reading{Wall: c.wall, Boot: c.boot}
}

// message is a small event.
func message(text string) entry.Entry {
	var e entry.Entry
	e.AddString("MESSAGE", text, entry.Claimed)
	e.Renderer = entry.RenderText
	return e
}

func messages(from, n int) []entry.Entry {
	var list []entry.Entry
	for i := range n {
		list = append(list, message(fmt.Sprintf("message %d", from+i)))
	}
	return list
}

const dir = "/var/store"

// newStore makes a store on a file system in memory.
func newStore(t *testing.T) *crashfs.FS {
	t.Helper()
	fsys := crashfs.New()
	for _, d := range []string{"/var"} {
		if err := fsys.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	return fsys
}

func open(t *testing.T, fsys vfs.FS, c *fixedClock) *journal.Writer {
	t.Helper()
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: c.read})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func appendAll(t *testing.T, w *journal.Writer, name string, list []entry.Entry) uint64 {
	t.Helper()
	first, err := w.Append(name, list)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// verify runs the full check, which every test of the store ends with.
func verify(t *testing.T, fsys vfs.FS) *check.Report {
	t.Helper()
	r := check.Store(fsys, dir, check.Options{})
	if r.Verdict != check.Unpinned {
		t.Errorf("verdict %v", r.Word)
		for _, f := range r.Findings {
			t.Error(f)
		}
	}
	if len(r.Rebuilt) > 0 {
		t.Errorf("rebuilt: %v", r.Rebuilt)
	}
	return r
}

// texts reads all messages of a journal.
func texts(t *testing.T, fsys vfs.FS, name string, reverse bool) []string {
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
	var got []string
	for item, err := range views[0].Entries(rng) {
		if err != nil {
			t.Fatal(err)
		}
		text, _ := item.Entry.Get("MESSAGE")
		got = append(got, string(text))
	}
	return got
}

func TestAppendAndRead(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	var want []string
	for i := range 50 {
		if first := appendAll(t, w, "imported", messages(i*40, 40)); first != uint64(i*40) {
			t.Fatalf("first index %d, want %d", first, i*40)
		}
	}
	for i := range 2000 {
		want = append(want, fmt.Sprintf("message %d", i))
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, fsys, "imported", false); !slices.Equal(got, want) {
		t.Fatalf("read %d entries, want %d", len(got), len(want))
	}
	slices.Reverse(want)
	if got := texts(t, fsys, "imported", true); !slices.Equal(got, want) {
		t.Fatal("backwards differs")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := verify(t, fsys)
	if r.Entries != 2003 || r.Unsigned != 0 {
		t.Errorf("%d entries, %d unsigned; want 2003 and 0: %+v", r.Entries, r.Unsigned, r.Journals)
	}
}

// TestReopen goes on where the last writer ended, also after rotation.
func TestReopen(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	var want []string
	for i := range 20 {
		w := open(t, fsys, clock)
		if len(w.Notices()) > 1 { // the first is that the store was created
			t.Fatalf("notices of a clean start: %q", w.Notices())
		}
		appendAll(t, w, "system", messages(i*100, 100))
		for k := range 100 {
			want = append(want, fmt.Sprintf("message %d", i*100+k))
		}
		if i%3 == 0 {
			if err := w.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		verify(t, fsys)
	}
	if got := texts(t, fsys, "system", false); !slices.Equal(got[2:], want) {
		t.Errorf("read %d entries, want %d: %q", len(got), len(want), got[:3])
	}
}

func TestBlobs(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	big := bytes.Repeat([]byte("0123456789abcdef"), 10000)
	var e entry.Entry
	e.Add("MESSAGE", big, entry.Claimed)
	e.Add("SMALL", []byte("x"), entry.Claimed)
	many := entry.Entry{}
	for i := range 9000 {
		many.AddString(fmt.Sprintf("F%d", i), "value", entry.Claimed)
	}
	appendAll(t, w, "system", []entry.Entry{message("before"), e, many, message("after")})
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	verify(t, fsys)
	r, _ := journal.OpenReader(fsys, dir)
	views, err := r.Snapshot("system")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	var entries []entry.Entry
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			t.Fatal(err)
		}
		c := *item.Entry
		c.Fields = slices.Clone(c.Fields)
		entries = append(entries, c)
	}
	n := len(entries)
	if got, _ := entries[n-3].Get("MESSAGE"); !bytes.Equal(got, big) {
		t.Errorf("big value: got %d bytes", len(got))
	}
	if len(entries[n-2].Fields) != 9000 || entries[n-2].Fields[8999].Name != "F8999" {
		t.Errorf("packed fields: got %d", len(entries[n-2].Fields))
	}
}

func TestTwoWriters(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	if _, err := journal.OpenWriter(fsys, dir, journal.Options{}); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("second writer: %v", err)
	}
	w.Close()
	open(t, fsys, clock).Close()
	if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "other.example", Keys: 16}); !errors.Is(err, journal.ErrExists) {
		t.Errorf("create again: %v", err)
	}
	verify(t, fsys)
}
