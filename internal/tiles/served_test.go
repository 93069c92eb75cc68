package tiles

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// TestServedCosigned wants the cosigned checkpoint to be served while it is recent, and nothing smaller after something
// larger.
func TestServedCosigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store") // on a disk that has times
	if _, err := journal.CreateWith(vfs.OS(), dir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	key, err := seal.NewWitnessKey("w.example")
	if err != nil {
		t.Fatal(err)
	}
	r, err := journal.OpenReader(vfs.OS(), dir)
	if err != nil {
		t.Fatal(err)
	}
	l := New(vfs.OS(), r)
	sign := func() {
		t.Helper()
		if _, err := w.Append(layout.System, make([]entry.Entry, 200)); err != nil {
			t.Fatal(err)
		}
		if err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
	}
	newest := func() []byte {
		t.Helper()
		p, err := l.Published(layout.System)
		if err != nil {
			t.Fatal(err)
		}
		return p.Note
	}
	cosign := func(note []byte) {
		t.Helper()
		text, _, _ := strings.Cut(string(note), "\n\n")
		note = append(bytes.Clone(note), key.Cosign(text+"\n", 5).Line()...)
		if err := durable.WriteFile(vfs.OS(), filepath.Join(dir, layout.System, layout.CosignedFile), note, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, note []byte, cosigned bool) {
		t.Helper()
		got, err := l.Read(t.Context(), layout.System, Path{Kind: Checkpoint})
		if err != nil || !bytes.HasPrefix(got, note) || strings.Contains(string(got), "w.example") != cosigned {
			t.Errorf("%s: %v\n%s", what, err, got)
		}
	}
	sign()
	first := newest()
	expect("nobody has cosigned", first, false)
	cosign(first)
	expect("cosigned", first, true)
	sign()
	second := newest()
	expect("grown since", first, true)
	if err := l.fsys.Remove(filepath.Join(dir, layout.System, layout.CosignedFile)); err != nil {
		t.Fatal(err)
	}
	expect("no longer", second, false)
	cosign(first)
	expect("not back to the first", second, false)
	cosign(second)
	expect("the second", second, true)
	for _, bad := range [][]byte{[]byte("x\n"), bytes.Replace(second, []byte("test.example/system\n"), []byte("rest.example/system\n"), 1)} {
		cosign(bad)
		expect("not ours", second, false)
	}
}
