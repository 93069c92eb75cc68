package journal_test

import (
	"strings"
	"testing"
	"time"

	"constat/internal/vfs"
	"constat/journal"
)

// TestManySegments: opening a view of many segments opens none of them.
func TestManySegments(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	defer w.Close()
	const segments = 300
	for i := range segments {
		appendAll(t, w, "app", messages(i, 1))
		must(t, w.Rotate())
	}
	must(t, w.Checkpoint())
	convert(t, w)
	r, err := journal.OpenReader(counting{fsys, t}, dir)
	must(t, err)
	begun := time.Now()
	views, err := r.Snapshot("app")
	must(t, err)
	defer journal.CloseViews(views)
	t.Logf("opened in %v", time.Since(begun))
	if views[0].Size != segments || len(views[0].Parts()) != segments {
		t.Errorf("%d entries in %d parts", views[0].Size, len(views[0].Parts()))
	}
	verify(t, fsys)
}

// counting fails the test when a segment is opened.
type counting struct {
	vfs.FS
	t *testing.T
}

func (c counting) Open(name string) (vfs.File, error) {
	if strings.HasSuffix(name, ".seg") {
		c.t.Errorf("opens %s", name)
	}
	return c.FS.Open(name)
}
