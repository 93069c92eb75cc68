package tiles

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

const outDir = "/public/tiles"

// export exports and returns the last progress.
func (s *store) export(t *testing.T) (last Progress) {
	t.Helper()
	if err := Export(t.Context(), s.fsys, s.reader, outDir, func(p Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	return last
}

func exported(t *testing.T, fsys vfs.FS, p Path) []byte {
	t.Helper()
	data, err := durable.ReadFile(fsys, filepath.Join(outDir, logName, p.String()), 1<<30)
	if err != nil {
		t.Error(err)
	}
	return data
}

// TestExport compares an export with the definition, at the sizes of several exports into one directory.
func TestExport(t *testing.T) {
	s := newStore(t, 0)
	s.append(t, 1, 1)
	s.sign(t)
	for _, more := range []int{0, 200, 55, 1, 2000, 68_000} {
		s.append(t, more, 700)
		s.sign(t)
		s.export(t)
		leaves := s.leaves(t)
		size := uint64(len(leaves))
		edges := []int{Full}
		for level := range 3 {
			edges = append(edges, int(size>>(8*level))%Full)
		}
		every(leaves, edges, func(p Path, want []byte) {
			if p.Width == 0 || p.Width < Full && p.first()+uint64(p.Width) != size>>(8*p.Level) {
				return // not a tile of this size
			}
			if got := exported(t, s.fsys, p); !bytes.Equal(got, want) {
				t.Errorf("size %d, %s: %d bytes, want %d", size, p, len(got), len(want))
			}
		})
		p, err := New(s.fsys, s.reader).Published(logName)
		if err != nil || !bytes.Equal(exported(t, s.fsys, Path{Kind: Checkpoint}), p.Note) {
			t.Errorf("size %d: checkpoint differs; %v", size, err)
		}
	}
}

// TestExportAgain wants nothing written twice, damage put right, and both counted.
func TestExportAgain(t *testing.T) {
	s := newStore(t, 1000)
	first := s.export(t)
	if again := s.export(t); again.Written != 0 || again.Kept != first.Written || again.Done != again.Total {
		t.Errorf("exported again: %+v", again)
	}
	if first.Journal != layout.System && first.Journal != logName {
		t.Errorf("progress of journal %q", first.Journal)
	}
	tile := Path{Kind: Hashes, N: 1, Width: Full}
	want := exported(t, s.fsys, tile)
	if err := durable.WriteFile(s.fsys, filepath.Join(outDir, logName, tile.String()), want[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	s.export(t)
	if !bytes.Equal(exported(t, s.fsys, tile), want) {
		t.Error("a damaged tile was not put right")
	}
}

// TestExportRefuses looks at directories that an export must not touch.
func TestExportRefuses(t *testing.T) {
	export := func(s *store, dir string) error { return Export(t.Context(), s.fsys, s.reader, dir, nil) }
	s := newStore(t, 600)
	for _, dir := range []string{storeDir, storeDir + "/", storeDir + "/app", storeDir + "/../store", storeDir + "/new"} {
		if err := export(s, dir); !errors.Is(err, ErrInStore) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	s.export(t)
	note := exported(t, s.fsys, Path{Kind: Checkpoint})
	place := func(to *store) {
		for _, d := range []string{"/public", outDir, filepath.Join(outDir, logName)} {
			if err := durable.Mkdir(to.fsys, d, 0o750); err != nil {
				t.Fatal(err)
			}
		}
		if err := durable.WriteFile(to.fsys, filepath.Join(outDir, logName, "checkpoint"), note, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	other := newStore(t, 700)
	place(other)
	if err := export(other, outDir); !errors.Is(err, ErrOtherLog) {
		t.Errorf("directory of another identity: %v", err)
	}
	if _, err := other.fsys.Stat(filepath.Join(outDir, logName, "tile")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("tiles were written into the directory of another log: %v", err)
	}
	id, err := seal.ParseIdentity(string(read(t, s.fsys, filepath.Join(layout.KeysDir(storeDir), layout.IdentityFile))), "test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]seal.Checkpoint{"longer": {Size: 601}, "forked": {Size: 300, Root: seal.Hash{1}}} {
		c.Origin = "test.example/log/app"
		if note, err = seal.SignCheckpoint(c, id); err != nil {
			t.Fatal(err)
		}
		place(s)
		if err := export(s, outDir); !errors.Is(err, ErrOtherLog) {
			t.Errorf("directory of a %s log: %v", name, err)
		}
	}
}

func read(t *testing.T, fsys vfs.FS, name string) []byte {
	t.Helper()
	data, err := durable.ReadFile(fsys, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestExportRoot signs a root that the entries do not give: no checkpoint may be published.
func TestExportRoot(t *testing.T) {
	s := newStore(t, 600)
	id, err := seal.ParseIdentity(string(read(t, s.fsys, filepath.Join(layout.KeysDir(storeDir), layout.IdentityFile))), "test.example/log")
	if err != nil {
		t.Fatal(err)
	}
	note, err := seal.SignCheckpoint(seal.Checkpoint{Origin: "test.example/log/app", Size: 600}, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(s.fsys, filepath.Join(storeDir, logName, layout.CheckpointFile), note, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := Export(t.Context(), s.fsys, s.reader, outDir, nil); !errors.Is(err, ErrRoot) {
		t.Errorf("got %v", err)
	}
	if _, err := s.fsys.Stat(filepath.Join(outDir, logName, "checkpoint")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a checkpoint was published: %v", err)
	}
}

// TestExportCancelled ends in the middle and goes on.
func TestExportCancelled(t *testing.T) {
	s := newStore(t, 3000)
	ctx, cancel := context.WithCancel(t.Context())
	err := Export(ctx, s.fsys, s.reader, outDir, func(p Progress) {
		if p.Done > 1000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := s.fsys.Stat(filepath.Join(outDir, logName, "checkpoint")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a checkpoint stands over half an export: %v", err)
	}
	if p := s.export(t); p.Kept == 0 {
		t.Errorf("went on without keeping anything: %+v", p)
	}
}

// TestExportPower takes the power away after an export: all of it must be there.
func TestExportPower(t *testing.T) {
	s := newStore(t, 1500)
	s.export(t)
	crashed := s.fsys.FS.(*crashfs.FS).Crash(nil)
	leaves := s.leaves(t)
	every(leaves, []int{Full, 1500 % Full}, func(p Path, want []byte) {
		if p.Width < Full && (p.N != 1500/Full || p.Level > 0) {
			return
		}
		if got := exported(t, crashed, p); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes after a power cut", p, len(got))
		}
	})
	r, err := journal.OpenReader(crashed, storeDir)
	if err != nil {
		t.Fatal(err)
	}
	if err := Export(t.Context(), crashed, r, outDir, nil); err != nil {
		t.Error(err)
	}
}
