package tiles

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/seal"
)

const (
	storeDir = "/store"
	logName  = "app"
)

// openings counts how often heads are opened.
type openings struct {
	vfs.FS
	heads atomic.Int64
}

// Open implements [vfs.FS].
func (o *openings) Open(name string) (vfs.File, error) {
	if strings.HasPrefix(filepath.Base(name), "head-") {
		o.heads.Add(1)
	}
	return o.FS.Open(name)
}

// store is a store in memory.
type store struct {
	fsys   *openings
	writer *journal.Writer
	reader *journal.Reader
	next   int
}

// newStore makes a store with n signed entries.
func newStore(t testing.TB, n int) *store {
	t.Helper()
	s := &store{fsys: &openings{FS: crashfs.New()}}
	if _, err := journal.CreateWith(s.fsys, storeDir, journal.New{Origin: "test.example/log", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.writer, err = journal.OpenWriter(s.fsys, storeDir, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.writer.Close() })
	if s.reader, err = journal.OpenReader(s.fsys, storeDir); err != nil {
		t.Fatal(err)
	}
	s.append(t, n, 500)
	s.sign(t)
	return s
}

// append writes n entries, so many in a batch.
func (s *store) append(t testing.TB, n, batch int) {
	t.Helper()
	for end := s.next + n; s.next < end; {
		list := make([]entry.Entry, min(batch, end-s.next))
		for i := range list {
			list[i].AddString("MESSAGE", fmt.Sprintf("message %d", s.next), entry.Claimed)
			list[i].Renderer = entry.RenderText
			s.next++
		}
		if _, err := s.writer.Append(logName, list); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *store) sign(t testing.TB) {
	t.Helper()
	if err := s.writer.Checkpoint(); err != nil {
		t.Fatal(err)
	}
}

// leaves returns the leaves of the journal.
func (s *store) leaves(t testing.TB) [][]byte {
	t.Helper()
	views, err := s.reader.Snapshot(logName)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	var out [][]byte
	nonces := views[0].Nonces()
	for leaf, err := range views[0].Leaves(0, views[0].Size) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, nonces.AppendLeaf(nil, leaf.Index, leaf.Body))
	}
	return out
}

// reference computes all nodes of tree levels 0, 8, 16, … as RFC 6962 says.
func reference(leaves [][]byte) (levels [][]seal.Hash) {
	var level []seal.Hash
	for _, l := range leaves {
		level = append(level, sha256.Sum256(append([]byte{0}, l...)))
	}
	for height := 0; len(level) > 0; height++ {
		if height%8 == 0 {
			levels = append(levels, level)
		}
		var above []seal.Hash
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, sha256.Sum256(append(append([]byte{1}, level[i][:]...), level[i+1][:]...)))
		}
		level = above
	}
	return levels
}

// bundleOf is a bundle as c2sp.org/tlog-tiles describes it.
func bundleOf(leaves [][]byte) (out []byte) {
	for _, l := range leaves {
		out = append(append(out, byte(len(l)>>8), byte(len(l))), l...)
	}
	return out
}
