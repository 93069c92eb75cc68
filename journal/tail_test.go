package journal_test

import (
	"errors"
	"testing"

	"constat/journal"
)

// TestTail: what is read from a place near the end of a head, whose frames are found from the end, is what is read when all
// frames are listed, also where one of them is damaged.
func TestTail(t *testing.T) {
	disk := newStore(t)
	w := open(t, disk, newClock())
	const n = 400
	for i := range n {
		appendAll(t, w, "app", messages(i, 1))
	}
	must(t, w.Checkpoint())
	must(t, w.Close())
	r, err := journal.OpenReader(disk, dir)
	must(t, err)
	// indexes reads from a place to the end, all frames listed before if that is wanted.
	indexes := func(from uint64, listed bool) (list []uint64, missing int) {
		views, err := r.Snapshot("app")
		must(t, err)
		defer journal.CloseViews(views)
		if listed {
			for _, err := range views[0].Entries(journal.Range{To: 1}) {
				must(t, err)
			}
		}
		for x, err := range views[0].Entries(journal.Range{From: from, To: views[0].Size}) {
			var gone *journal.MissingError
			if errors.As(err, &gone) {
				missing += int(gone.Last - gone.First + 1)
				continue
			}
			must(t, err)
			list = append(list, x.Index)
		}
		return list, missing
	}
	compare := func(what string, lost int) {
		t.Helper()
		for _, from := range []uint64{0, 1, 100, n - 257, n - 256, n - 255, n - 20, n - 2, n - 1, n} {
			some, missing := indexes(from, false)
			all, missingOfAll := indexes(from, true)
			if len(some) != len(all) || missing != missingOfAll || len(some)+missing != int(n-from) || missing > lost {
				t.Errorf("%s, from %d: %d entries and %d missing, %d and %d with all frames listed", what, from, len(some), missing, len(all), missingOfAll)
			}
			for i := range some {
				if some[i] != all[i] {
					t.Fatalf("%s, from %d: index %d, want %d", what, from, some[i], all[i])
				}
			}
		}
	}
	compare("whole", 0)
	name := dir + "/app/head-0000000000000000.log"
	data, err := disk.ReadFile(name)
	must(t, err)
	data[len(data)*9/10] ^= 1
	must(t, disk.WriteFile(name, data))
	compare("damaged", 1)
	if _, missing := indexes(0, false); missing != 1 {
		t.Errorf("%d missing, want 1", missing)
	}
}
