package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

const (
	dir             = "/var/store"
	olderCheckpoint = "/var/older" // of app, as it was when it had three entries
)

func message(text string) entry.Entry {
	var e entry.Entry
	e.AddString(layout.Message, text, entry.Claimed)
	return e
}

func messages(n int) []entry.Entry {
	var list []entry.Entry
	for i := range n {
		list = append(list, message(fmt.Sprintf("message %d", i)))
	}
	return list
}

// ticking is a clock that goes on by a millisecond at every look.
func ticking() journal.Clock {
	r := journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}
	return func() journal.Reading {
		r.Wall, r.Boot = r.Wall+1000, r.Boot+1000
		return r
	}
}

// must stops the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openWriter(t *testing.T, fsys *crashfs.FS, clock journal.Clock) *journal.Writer {
	t.Helper()
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock})
	must(t, err)
	return w
}

func appendTo(t *testing.T, w *journal.Writer, name string, list ...entry.Entry) {
	t.Helper()
	_, err := w.Append(name, list)
	must(t, err)
}

// build makes a small store that holds every kind of file, everything signed: three journals with two heads each, a
// blob in one and a full block of tree hashes in another, and a tail that a recovery has set aside.
func build(t *testing.T) (*crashfs.FS, seal.Code) {
	t.Helper()
	fsys, clock := crashfs.New(), ticking()
	certificate, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	w := openWriter(t, fsys, clock)
	appendTo(t, w, "app", message("first"), message(strings.Repeat("long ", 14000)), message("third"))
	appendTo(t, w, "imported", messages(260)...)
	must(t, w.Checkpoint())
	older, err := fsys.ReadFile(dir + "/app/checkpoint")
	must(t, err)
	must(t, fsys.WriteFile(olderCheckpoint, older))
	must(t, w.Rotate())
	appendTo(t, w, "app", message("of the second head"), message(strings.Repeat("also long ", 7000)))
	appendTo(t, w, "imported", messages(10)...)
	appendTo(t, w, "imported", messages(10)...)
	must(t, w.Sync())
	must(t, w.Close())
	tail := dir + "/app/" + layout.HeadName(3)
	data, err := fsys.ReadFile(tail)
	must(t, err)
	must(t, fsys.WriteFile(tail, append(data, "half of a frame"...)))
	w = openWriter(t, fsys, clock)
	appendTo(t, w, "app", message("after the crash"))
	must(t, w.Checkpoint())
	must(t, w.Close())
	return fsys, certificate.Code()
}

// inspect runs the check as a stranger who holds the code.
func inspect(fsys *crashfs.FS, code seal.Code) *check.Report {
	return check.Store(fsys, dir, check.Options{Pin: &code, PinnedBy: "the test", Workers: 1})
}

// storeFiles are the files of the store that hold anything.
func storeFiles(t *testing.T, fsys *crashfs.FS) []string {
	t.Helper()
	var files []string
	for _, name := range fsys.Walk() {
		data, err := fsys.ReadFile(name)
		must(t, err)
		if strings.HasPrefix(name, dir+"/") && len(data) > 0 {
			files = append(files, name)
		}
	}
	return files
}

// hasFinding reports whether something is found by that rule in that journal, at that index if it is not negative.
func hasFinding(r *check.Report, rule check.Rule, name string, index int) bool {
	return slices.ContainsFunc(r.Findings, func(f check.Finding) bool {
		return f.Rule == rule && f.Journal == name &&
			(index < 0 || f.First != nil && *f.First <= uint64(index) && uint64(index) <= *f.Last)
	})
}
