package tiles

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"constat/internal/durable"
	"constat/journal/layout"
	"constat/seal"
)

// every calls visit with all that a log with these leaves publishes: full tiles, and every width of each.
func every(leaves [][]byte, widths []int, visit func(Path, []byte)) {
	size := uint64(len(leaves))
	for level, hashes := range reference(leaves) {
		for n := uint64(0); n*Full < uint64(len(hashes)); n++ {
			for _, width := range widths {
				p := Path{Hashes, uint8(level), n, width}
				if p.within(size) {
					visit(p, join(hashes[p.first():p.first()+uint64(width)]))
				}
				if p.Kind = Bundle; level == 0 && p.within(size) {
					visit(p, bundleOf(leaves[p.first():p.first()+uint64(width)]))
				}
			}
		}
	}
}

// TestRead compares everything that is served with the definition.
func TestRead(t *testing.T) {
	all := make([]int, Full)
	for i := range all {
		all[i] = i + 1
	}
	for size, widths := range map[int][]int{0: all, 1: all, 255: all, 256: all, 257: all, 700: all, 70_000: {1, 16, 113, 255, 256}} {
		s := newStore(t, size)
		if size == 0 {
			s.writer.Append(logName, nil)
		}
		l, count := New(s.fsys, s.reader), 0
		every(s.leaves(t), widths, func(p Path, want []byte) {
			count++
			got, err := l.Read(t.Context(), logName, p)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("size %d, %s: %d bytes, %v; want %d bytes", size, p, len(got), err, len(want))
			}
		})
		t.Logf("size %d: %d resources", size, count)
	}
}

// TestNothingAbove asks for what the checkpoint does not cover, of a journal that has more entries.
func TestNothingAbove(t *testing.T) {
	s := newStore(t, 300)
	l := New(s.fsys, s.reader)
	note, err := l.Read(t.Context(), logName, Path{Kind: Checkpoint})
	if err != nil {
		t.Fatal(err)
	}
	s.append(t, 400, 100)
	if err := s.writer.Sync(); err != nil {
		t.Fatal(err)
	}
	above := []string{"tile/0/001.p/45", "tile/0/001", "tile/0/002.p/1", "tile/entries/001.p/45", "tile/entries/001",
		"tile/entries/002.p/188", "tile/1/000.p/2", "tile/2/000.p/1", "tile/63/000"}
	for _, text := range above {
		p, _ := ParsePath(text)
		if data, err := l.Read(t.Context(), logName, p); !errors.Is(err, ErrNotPublished) {
			t.Errorf("%s above the checkpoint: %d bytes, %v", text, len(data), err)
		}
	}
	if again, err := l.Read(t.Context(), logName, Path{Kind: Checkpoint}); err != nil || !bytes.Equal(again, note) {
		t.Errorf("checkpoint changed without being signed: %v", err)
	}
	s.sign(t)
	for _, text := range []string{"tile/0/001", "tile/entries/001", "tile/entries/002.p/188", "tile/1/000.p/2"} {
		p, _ := ParsePath(text)
		if _, err := l.Read(t.Context(), logName, p); err != nil {
			t.Errorf("%s after signing: %v", text, err)
		}
	}
}

// TestCheckpoint wants the bytes of the file, and no note that is not of this journal.
func TestCheckpoint(t *testing.T) {
	s := newStore(t, 3)
	l := New(s.fsys, s.reader)
	file := func(journal string) string { return filepath.Join(storeDir, journal, layout.CheckpointFile) }
	data, err := durable.ReadFile(s.fsys, file(logName), seal.MaxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Published(logName)
	if err != nil || !bytes.Equal(p.Note, data) || p.Size != 3 || p.Origin != "test.example/log/app" {
		t.Errorf("got %+v, %v", p, err)
	}
	other, err := durable.ReadFile(s.fsys, file(layout.System), seal.MaxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"of another journal": other, "cut": data[:len(data)-2], "empty": nil} {
		if err := durable.WriteFile(s.fsys, file(logName), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := l.Published(logName); err == nil || errors.Is(err, ErrNotPublished) {
			t.Errorf("checkpoint %s: got %+v, %v", name, p, err)
		}
	}
	for _, name := range []string{"", "none", "..", "../store", "app/..", "App", "app\x00", "/store/app"} {
		if _, err := l.Published(name); !errors.Is(err, ErrNotPublished) {
			t.Errorf("journal %q: %v", name, err)
		}
	}
}

// TestDecodeOnce lets many ask for few blocks at once, and counts.
func TestDecodeOnce(t *testing.T) {
	s := newStore(t, 8*pieceBlocks*Full)
	l := New(s.fsys, s.reader)
	read := func(n uint64, kind Kind) {
		if _, err := l.Read(t.Context(), logName, Path{Kind: kind, N: n, Width: Full}); err != nil {
			t.Error(err)
		}
	}
	decoded := func(f func()) int64 {
		before := s.fsys.heads.Load()
		f()
		return s.fsys.heads.Load() - before
	}
	if n := decoded(func() {
		var all sync.WaitGroup
		for i := range uint64(64) {
			all.Go(func() { read(i%(2*pieceBlocks), Kind(1+i%2)) })
		}
		all.Wait()
	}); n != 2 {
		t.Errorf("64 requests for two pieces: decoded %d times", n)
	}
	for i := range uint64(maxPieces) {
		read(i*pieceBlocks, Bundle)
	}
	if n := decoded(func() { read(0, Hashes); read(3*pieceBlocks+5, Bundle) }); n != 0 {
		t.Errorf("pieces that are kept: decoded %d times", n)
	}
	read(5*pieceBlocks, Bundle) // drops the piece not used for longest, that of block 1*pieceBlocks
	if n := decoded(func() { read(0, Bundle); read(3*pieceBlocks, Bundle) }); n != 0 {
		t.Errorf("pieces used lately: decoded %d times", n)
	}
	if n := decoded(func() { read(pieceBlocks, Bundle) }); n != 1 {
		t.Errorf("a piece that was dropped: decoded %d times", n)
	}
	if len(l.pieces.list) > maxPieces {
		t.Errorf("%d pieces kept", len(l.pieces.list))
	}
}

// TestGrowing reads while the last piece becomes longer.
func TestGrowing(t *testing.T) {
	s := newStore(t, 10)
	l := New(s.fsys, s.reader)
	var readers sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				p, err := l.Published(logName)
				if err != nil {
					t.Error(err)
					return
				}
				n := (p.Size - 1) / Full
				width := int(p.Size - n*Full)
				for _, kind := range []Kind{Hashes, Bundle} {
					if _, err := l.Read(t.Context(), logName, Path{Kind: kind, N: n, Width: width}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 200 {
		s.append(t, 37, 37)
		s.sign(t)
	}
	stop()
	readers.Wait()
	s.append(t, 1, 1) // so that the last piece is made once more, with nobody beside
	s.sign(t)
	last := Path{Kind: Bundle, N: uint64(s.next-1) / Full, Width: (s.next-1)%Full + 1}
	if _, err := l.Read(t.Context(), logName, last); err != nil {
		t.Error(err)
	}
	versions := 0
	for _, p := range l.pieces.list {
		if p.holds(last.first(), last.first()+1) {
			versions++
		}
	}
	if versions != 1 {
		t.Errorf("%d versions of the last piece are kept", versions)
	}
}

// TestCancelled gives up while others decode.
func TestCancelled(t *testing.T) {
	s := newStore(t, 300)
	l := New(s.fsys, s.reader)
	for range maxDecoding {
		l.gate.enter(t.Context())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, p := range []Path{{Kind: Bundle, Width: 1}, {Kind: Hashes, Level: 1, Width: 1}} {
		if _, err := l.Read(ctx, logName, p); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestDamaged wants every block that can be read, and errors for the others.
func TestDamaged(t *testing.T) {
	s := newStore(t, 10*Full)
	name := filepath.Join(storeDir, logName, layout.HeadName(0))
	f, err := s.fsys.OpenWrite(name)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xff, 0, 0xff, 0}, size/2); err != nil { // in frame 2 of 6: entries 1000 to 1499 or so
		t.Fatal(err)
	}
	f.Close()
	leaves := s.sound(t)
	good, bad := 0, 0
	for n := range uint64(10) {
		for _, kind := range []Kind{Hashes, Bundle} {
			p := Path{Kind: kind, N: n, Width: Full}
			_, err := New(s.fsys, s.reader).Read(t.Context(), logName, p)
			switch {
			case err == nil && leaves[n]:
				good++
			case err != nil && !leaves[n] && !errors.Is(err, ErrNotPublished):
				bad++
			default:
				t.Errorf("%s: %v; all entries readable: %v", p, err, leaves[n])
			}
		}
	}
	if good == 0 || bad == 0 {
		t.Errorf("%d good, %d bad: nothing was tested", good, bad)
	}
}

// sound says of each block whether all its entries can be read.
func (s *store) sound(t *testing.T) (out []bool) {
	views, err := s.reader.Snapshot(logName)
	if err != nil {
		t.Fatal(err)
	}
	defer views[0].Close()
	for n := uint64(0); n*Full < views[0].Size; n++ {
		_, err := views[0].LeafHashes(n*Full, (n+1)*Full)
		out = append(out, err == nil)
	}
	return out
}
