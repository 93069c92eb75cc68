package auditfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
)

// bench is a store with a file beside it.
type bench struct {
	t     *testing.T
	store string
	name  string // of the file
	w     *journal.Writer
	n     int // entries written
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, store: filepath.Join(dir, "store"), name: filepath.Join(dir, "audit-pii.log")}
	if _, err := journal.Create(vfs.OS(), b.store, "file.example"); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.w, err = journal.OpenWriter(vfs.OS(), b.store, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.w.Close() })
	return b
}

// audit writes entries, the second of each pair of a kind that has no line.
func (b *bench) audit(n int) {
	b.t.Helper()
	var list []entry.Entry
	for range n {
		e := entry.Entry{Event: entry.Time{Micros: 1522266084081000 + int64(b.n), Digits: 6, Zone: "Z", Valid: true}}
		e.AddString("PRIORITY", "4", entry.Claimed)
		e.AddString("SYSLOG_IDENTIFIER", "crm", entry.Claimed)
		e.AddString("cid", fmt.Sprint("c", b.n), entry.Claimed)
		e.AddString("op", "get_user", entry.Claimed)
		e.AddString("_PID", "7", entry.Observed)
		other := entry.Entry{Kind: entry.Control}
		list = append(list, e, other)
		b.n++
	}
	if _, err := b.w.Append(layout.AuditName, list); err != nil {
		b.t.Fatal(err)
	}
	if err := b.w.Checkpoint(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) writer(maxBytes int64) *Writer {
	b.t.Helper()
	r, err := journal.OpenReader(vfs.OS(), b.store)
	if err != nil {
		b.t.Fatal(err)
	}
	w, err := New(r, Config{File: b.name, Location: time.UTC, MaxBytes: maxBytes})
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

func (b *bench) catchUp(w *Writer) {
	b.t.Helper()
	if err := w.CatchUp(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

// lines are those of all files, oldest first.
func (b *bench) lines() (list []string) {
	b.t.Helper()
	for n := DefaultBackups; n >= 0; n-- {
		name := b.name
		if n > 0 {
			name = fmt.Sprint(b.name, ".", n)
		}
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			b.t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			list = append(list, line)
		}
	}
	return list
}

// whole wants every entry to have one line, in order, but for the first ones that may be gone.
func (b *bench) whole(skip int) {
	b.t.Helper()
	list := b.lines()
	if len(list) != b.n-skip {
		b.t.Fatalf("%d lines of %d entries:\n%s", len(list), b.n-skip, strings.Join(list, ""))
	}
	for i, line := range list {
		want := fmt.Sprintf("2018-03-28 19:41:24,081 - WARNING - 7:MainThread - crm:0 - {\"cid\": \"c%d\", \"op\": \"get_user\"}\n", i+skip)
		if line != want {
			b.t.Fatalf("line %d: %q, want %q", i, line, want)
		}
	}
}

// TestFile: one line an entry, through restarts, with a journal that is not there at first.
func TestFile(t *testing.T) {
	b := newBench(t)
	w := b.writer(0)
	b.catchUp(w)
	if len(b.lines()) > 0 {
		t.Error("lines of nothing")
	}
	for range 5 {
		b.audit(3)
		b.catchUp(w)
		b.whole(0)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.audit(2)
	b.catchUp(b.writer(0))
	b.whole(0)
	info, err := os.Stat(b.name)
	if err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
}

// TestKilled: a process that ends at any byte behind its cursor leaves nothing twice and nothing out.
func TestKilled(t *testing.T) {
	b := newBench(t)
	for cut := int64(0); cut < 250; cut += 19 {
		b.audit(2)
		w := b.writer(0)
		b.catchUp(w)
		if err := w.file.note(0); err != nil {
			t.Fatal(err)
		}
		noted := w.file.noted.Bytes
		b.audit(3)
		w.file.notedAt = time.Now() // not noted again
		b.catchUp(w)
		if w.file.noted.Bytes != noted {
			t.Fatal("noted")
		}
		if size := noted + cut; size <= w.file.size {
			if err := os.Truncate(b.name, size); err != nil {
				t.Fatal(err)
			}
		}
		b.audit(1)
		b.catchUp(b.writer(0)) // as another process
		b.whole(0)
	}
}

// TestRotation: full files move away, at most ten are kept, and it does not matter where a process ends meanwhile.
func TestRotation(t *testing.T) {
	b := newBench(t)
	w := b.writer(300) // three lines
	for range 8 {
		b.audit(3)
		b.catchUp(w)
	}
	b.whole(0)
	for n := 1; n < 8; n++ {
		if info, err := os.Stat(fmt.Sprint(b.name, ".", n)); err != nil || info.Size() > 300 {
			t.Errorf("%v %v", info, err)
		}
	}
	// Moved away, and nothing else done yet.
	if err := w.file.note(0); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(b.name, b.name+".0"); err != nil {
		t.Fatal(err)
	}
	for n := 9; n >= 0; n-- {
		os.Rename(fmt.Sprint(b.name, ".", n), fmt.Sprint(b.name, ".", n+1))
	}
	b.audit(3)
	w = b.writer(300)
	b.catchUp(w)
	b.whole(0)
	b.audit(3 * 20)
	b.catchUp(w)
	b.whole(b.n - 3*(DefaultBackups+1))
}

// TestSomebodyElse: lines that stood there before stay, and a file that logrotate takes away is begun anew.
func TestSomebodyElse(t *testing.T) {
	b := newBench(t)
	if err := os.WriteFile(b.name, []byte("old line\nlast"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.audit(2)
	w := b.writer(0)
	b.catchUp(w)
	list := b.lines()
	if len(list) != 4 || list[0] != "old line\n" || list[1] != "last\n" {
		t.Fatalf("%q", list)
	}
	if err := os.Rename(b.name, b.name+"-20261125"); err != nil {
		t.Fatal(err)
	}
	b.audit(2)
	b.catchUp(w)
	b.whole(2)
	w.file.note(0)
	if err := os.Truncate(b.name, 0); err != nil {
		t.Fatal(err)
	}
	b.audit(1)
	b.catchUp(w)
	b.whole(4)
}

// TestTrouble: what cannot be written is told and written later.
func TestTrouble(t *testing.T) {
	b := newBench(t)
	b.audit(1)
	good := b.name
	b.name = filepath.Join(filepath.Dir(good), "later", "audit-pii.log")
	w := b.writer(0)
	var told []error
	w.config.Report = func(err error) { told = append(told, err) }
	for range 3 {
		w.report(w.CatchUp(context.Background()))
	}
	if len(told) != 1 || !strings.Contains(told[0].Error(), b.name) || !errors.Is(told[0], os.ErrNotExist) {
		t.Errorf("told %v", told)
	}
	if err := os.Mkdir(filepath.Dir(b.name), 0o700); err != nil {
		t.Fatal(err)
	}
	b.catchUp(w)
	b.whole(0)
	w.Close()
	if err := os.WriteFile(b.name+cursorSuffix, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.writer(0).CatchUp(context.Background()); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("broken cursor: %v", err)
	}
}

// TestRun: the file follows the journal, and has the last entries when the context ends.
func TestRun(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	w := b.writer(0)
	go func() { done <- w.Run(ctx) }()
	b.audit(4)
	for end := time.Now().Add(10 * time.Second); len(b.lines()) < 4; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time")
		}
	}
	b.audit(1)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	b.whole(0)
}
