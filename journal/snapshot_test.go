package journal_test

import (
	"errors"
	"testing"

	"constat/journal"
)

// TestSnapshotOfSome: a journal that cannot be read does not hide the others; one that is asked for by name is an
// error.
func TestSnapshotOfSome(t *testing.T) {
	disk := newStore(t)
	w := open(t, disk, newClock())
	for _, name := range []string{"app", "bad", "web"} {
		appendAll(t, w, name, messages(0, 3))
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := disk.WriteFile(dir+"/bad/journal.json", []byte("{")); err != nil {
		t.Fatal(err)
	}
	r, err := journal.OpenReader(disk, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot()
	defer journal.CloseViews(views)
	var bad *journal.UnreadableError
	if !errors.As(err, &bad) || bad.Journal != "bad" {
		t.Errorf("error %v", err)
	}
	got := map[string]uint64{}
	for _, v := range views {
		got[v.Journal.Name] = v.Size
	}
	if len(got) != 3 || got["app"] != 3 || got["web"] != 3 || got["system"] == 0 {
		t.Errorf("views %v", got)
	}
	if views, err := r.Snapshot("app", "bad"); err == nil || views != nil {
		t.Errorf("by name: %d views, %v", len(views), err)
	}
}
