package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"

	"pgregory.net/rapid"
)

// TestPrivateModel: whatever is done in whatever order, a store shows what it was given and what was erased, prunes both,
// and verifies.
func TestPrivateModel(t *testing.T) {
	var memory journal.Memory // of all conversions
	rapid.Check(t, func(r *rapid.T) {
		fsys, clock := crashfs.New(), newClock()
		ok := func(err error) {
			if err != nil {
				r.Helper()
				r.Fatal(err)
			}
		}
		_, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
		ok(err)
		w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read, Memory: &memory})
		ok(err)
		m := privateModel{r: r, fsys: fsys, values: map[uint64]string{}}
		for range rapid.IntRange(3, 10).Draw(r, "steps") {
			switch step := rapid.IntRange(0, 9).Draw(r, "step"); step {
			case 0, 1, 2:
				m.append(w)
			case 3:
				ok(w.Checkpoint())
			case 4:
				ok(w.Rotate())
			case 5:
				_, err := w.Convert(context.Background())
				ok(err)
			case 6, 7:
				m.erase(w)
			case 8:
				ok(errors.Join(w.Sync(), w.Close()))
				w, err = journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read, Memory: &memory})
				ok(err)
			case 9:
				clock.pass(2 * day)
				_, err := w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 36 * time.Hour}})
				ok(err)
			}
		}
		ok(w.Checkpoint())
		m.compare()
		ok(w.Close())
	})
}

// privateModel is what a journal must show.
type privateModel struct {
	r      *rapid.T
	fsys   *crashfs.FS
	values map[uint64]string // by index; "" if the entry has no private field
	gone   int
}

func (m *privateModel) append(w *journal.Writer) {
	var list []entry.Entry
	first := w.Size("app")
	for i := range rapid.IntRange(1, 5).Draw(m.r, "entries") {
		index := first + uint64(i)
		if rapid.IntRange(0, 3).Draw(m.r, "plain") == 0 {
			list = append(list, message("no person"))
			m.values[index] = ""
			continue
		}
		list = append(list, person(int(index)))
		m.values[index] = secret(int(index))
	}
	if _, err := w.Append("app", list); err != nil {
		m.r.Fatal(err)
	}
}

func (m *privateModel) erase(w *journal.Writer) {
	var indexes []uint64
	some, shown := false, m.shown()
	for index := range w.Size("app") {
		if shown[index] == nil || rapid.IntRange(0, 3).Draw(m.r, "erase") > 0 {
			continue // pruned, or not chosen
		}
		indexes = append(indexes, index)
		some = some || m.values[index] != ""
	}
	done, err := w.Erase(context.Background(), erasure("app", indexes...))
	if (err == nil) != some {
		m.r.Fatalf("erase %v: %v", indexes, err)
	}
	before := m.gone
	for _, index := range indexes {
		if v := m.values[index]; v != "" && v != "<erased>" {
			m.values[index] = "<erased>"
			m.gone++
		}
	}
	if err == nil && int(done.Entries) != m.gone-before {
		m.r.Fatalf("erased %+v, expected %d entries", done, m.gone-before)
	}
}

// shown is what the store shows, by index; entries that were pruned are not among it.
func (m *privateModel) shown() map[uint64]*string {
	r, err := journal.OpenReader(m.fsys, dir)
	if err == nil {
		err = r.Reveal()
	}
	if err != nil {
		m.r.Fatal(err)
	}
	names, err := r.Journals()
	got := map[uint64]*string{}
	if err != nil || len(names) < 2 {
		return got
	}
	views, err := r.Snapshot("app")
	if err != nil {
		m.r.Fatal(err)
	}
	defer journal.CloseViews(views)
	if err := inArenas(views[0], 500); err != nil {
		m.r.Fatal(err)
	}
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			m.r.Fatal(err)
		}
		text := ""
		for _, f := range item.Entry.Fields {
			if f.Name == "EMAIL" && f.Erased {
				text = "<erased>"
			} else if f.Name == "EMAIL" {
				text = string(f.Value)
			}
		}
		got[item.Index] = &text
	}
	return got
}

func (m *privateModel) compare() {
	private, erased := uint64(0), uint64(0)
	for index, v := range m.shown() {
		if *v != m.values[index] {
			m.r.Fatalf("entry %d shows %q, want %q", index, *v, m.values[index])
		}
		switch *v {
		case "":
		case "<erased>":
			erased += 2
		default:
			private += 2
		}
	}
	report := check.Store(m.fsys, dir, check.Options{})
	if report.Verdict != check.Unpinned || report.Private != private || report.Erased != erased {
		m.r.Fatalf("%s %v: %d private, %d erased, want %d and %d", report.Word, report.Findings, report.Private, report.Erased, private, erased)
	}
}

// TestPrivateBlocksAreToldBeforeASeal: no seal covers an entry whose private values no control entry names.
func TestPrivateBlocksAreToldBeforeASeal(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	reason := seal.Boot
	for i := range 4 {
		appendAll(t, w, "app", people(2*i, 2))
		appendAll(t, w, "system", people(100+i, 1))
		made, err := w.Seal(reason)
		must(t, err)
		reason = seal.Request
		r, err := journal.OpenReader(fsys, dir)
		must(t, err)
		said, err := r.Sidecars()
		must(t, err)
		told := 0
		for file, blocks := range said.Blocks {
			for _, b := range blocks {
				for _, j := range made.List {
					if j.Name == layout.System && b.By >= j.Size {
						t.Errorf("seal %d: a block of file %v is told at %d, behind the seal", i, file, b.By)
					}
				}
			}
			told += len(blocks)
		}
		if told != 2*(i+1) {
			t.Errorf("seal %d: %d blocks are told, want %d", i, told, 2*(i+1))
		}
	}
	must(t, w.Close())
	verify(t, fsys)
}
