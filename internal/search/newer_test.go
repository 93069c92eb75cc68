package search

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"path"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Where the body of an entry without event time says what it is. The received times of these tests take 8 bytes.
const (
	versionAt  = 0
	kindAt     = 1
	rendererAt = 3 + 8 + 1
)

// asNewer makes a store as a newer program would have left it: the journal web has twenty entries, and in the bodies of
// some a byte is another. The checkpoint is over that.
func asNewer(t *testing.T, at int, value byte, which func(n int) bool) *shelf {
	s := newShelf(t)
	for i := range 20 {
		s.append("web", event(fmt.Sprint(i)))
	}
	s.close()
	reader, err := journal.OpenReader(s.fsys, storeDir)
	s.must(err)
	views, err := reader.Snapshot("web")
	s.must(err)
	d, frontier := views[0].Journal, seal.Frontier{}
	nonces := views[0].Nonces()
	var payload []byte
	h := frame.Header{MinReceived: 1 << 62}
	for leaf, err := range views[0].Leaves(0, views[0].Size) {
		s.must(err)
		body := bytes.Clone(leaf.Body)
		received, _ := binary.Varint(body[3:])
		h.MinReceived, h.MaxReceived = min(h.MinReceived, received), received
		if which(int(leaf.Index)) {
			body[at] = value
		}
		h.Count++
		h.Kinds |= 1 << body[kindAt]
		payload = frame.AppendBody(payload, body)
		frontier.Append(nonces.LeafHash(leaf.Index, body))
	}
	journal.CloseViews(views)
	data := frame.AppendFileHeader(nil, d.Header(frame.Head, 0))
	s.must(s.fsys.WriteFile(path.Join(storeDir, "web", layout.HeadName(0)), frame.NewEncoder().Append(data, payload, h, d.NonceKey)))
	key, err := s.fsys.ReadFile(path.Join(layout.KeysDir(storeDir), layout.IdentityFile))
	s.must(err)
	id, err := seal.ParseIdentity(string(key), "test.example")
	s.must(err)
	note, err := seal.SignCheckpoint(seal.Checkpoint{Origin: d.Origin, Size: frontier.Size(), Root: frontier.Root()}, id)
	s.must(err)
	s.must(s.fsys.WriteFile(path.Join(storeDir, "web", layout.CheckpointFile), note))
	return s
}

// TestNewer: what a newer program wrote is said to be that, by name, wherever it is met, and never to be damaged; the
// entries beside it are found.
func TestNewer(t *testing.T) {
	one := func(n int) bool { return n == 7 }
	half := func(n int) bool { return n >= 10 && n < 20 } // enough of them for a group of their own in a segment
	for _, c := range []struct {
		name     string
		at       int
		value    byte
		which    func(int) bool
		converts bool
	}{
		{"version", versionAt, entry.Version + 1, one, false},
		{"kind", kindAt, 5, one, true},
		{"kinds", kindAt, 7, half, true},
		{"renderer", rendererAt, 99, one, true},
		{"renderers", rendererAt, 99, half, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := asNewer(t, c.at, c.value, c.which)
			s.judgeNewer(t, c.which)
			s.must(s.open()) // by this program, which is the older one
			s.append("web", event("20"))
			s.must(s.w.Rotate())
			_, err := s.w.Convert(context.Background())
			if converted := strings.Contains(strings.Join(s.fsys.Walk(), " "), "web/"+layout.SegmentName(0)); converted != c.converts || (err == nil) != c.converts {
				t.Fatalf("converted: %v, %v", converted, err)
			}
			s.must(s.w.Checkpoint())
			s.must(s.w.Close())
			s.judgeNewer(t, c.which)
		})
	}
}

// judgeNewer checks what is said of the entries of journal web.
func (s *shelf) judgeNewer(t *testing.T, which func(n int) bool) {
	t.Helper()
	views := s.views("web")
	defer journal.CloseViews(views)
	hits, want := 0, 0
	for i := range int(views[0].Size) {
		if !which(i) {
			want++
		}
	}
	for _, q := range []Query{{}, {Reverse: true}, {Limit: 100}} {
		found, missing := find(t, views, q)
		if len(found) != want || !missesAll(missing, int(views[0].Size), which) {
			t.Errorf("%+v: found %v, missing %v", q, found, missing)
		}
	}
	for item, err := range views[0].Entries(views[0].All()) {
		if err == nil {
			hits++
		} else if !strings.Contains(err.Error(), "newer constat") || item.Entry != nil {
			t.Errorf("%v, %v", item.Entry, err)
		}
	}
	if hits != want {
		t.Errorf("%d entries, want %d", hits, want)
	}
	r := check.Store(s.fsys, storeDir, check.Options{Deep: true})
	if r.Verdict != check.Unreadable || len(r.Findings) != 1 {
		t.Fatalf("%s, %v", r.Word, r.Findings)
	}
	f := r.Findings[0]
	if f.Rule != check.RuleFormat || f.Journal != "web" || f.First == nil || !strings.Contains(f.Text, "newer constat") {
		t.Fatalf("finding %v", f)
	}
	for i := range views[0].Size {
		if which(int(i)) != (*f.First <= i && i <= *f.Last) {
			t.Errorf("entry %d: finding %v", i, f)
		}
	}
}

// missesAll reports whether these indexes, and no others, are said to be missing.
func missesAll(missing []string, size int, which func(n int) bool) bool {
	told := make([]bool, size)
	for _, m := range missing {
		var first, last int
		if n, err := fmt.Sscanf(m, "web %d-%d", &first, &last); n != 2 || err != nil {
			return false
		}
		for i := first; i <= last; i++ {
			told[i] = true
		}
	}
	for i, is := range told {
		if is != which(i) {
			return false
		}
	}
	return true
}
