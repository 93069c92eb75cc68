package check_test

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

func TestIntactStore(t *testing.T) {
	fsys, code := build(t)
	before, size := fsys.Ops(), 0
	kinds := map[string]bool{}
	for _, name := range storeFiles(t, fsys) {
		data, _ := fsys.ReadFile(name)
		size += len(data)
		base := path.Base(name)
		kinds[strings.TrimRight(base[:min(len(base), 5)], "0")] = true
		kinds[path.Ext(base)] = true
		if layout.IsTorn(base) {
			kinds["torn"] = true
		}
	}
	t.Logf("%d bytes in %d files", size, len(storeFiles(t, fsys)))
	for _, kind := range []string{"store", "journ", "head-", "tree", "check", ".blob", "torn"} {
		if !kinds[kind] {
			t.Errorf("the store has no %q: %v", kind, kinds)
		}
	}
	r := inspect(fsys, code)
	if r.Verdict != check.Verified || len(r.Findings)+len(r.Rebuilt) != 0 || r.Unsigned != 0 {
		t.Errorf("intact store: %+v", r)
	}
	if size > 64<<10 {
		t.Errorf("%d bytes are too many to flip each of them", size)
	}
	if fsys.Ops() != before {
		t.Errorf("the check did %d mutating operations", fsys.Ops()-before)
	}
}

// change gives a file another content, looks at the verdict, and puts the content back.
func change(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, to []byte, what string, at int) {
	t.Helper()
	data, err := fsys.ReadFile(file)
	must(t, err)
	must(t, fsys.WriteFile(file, to))
	r := inspect(fsys, code)
	must(t, fsys.WriteFile(file, data))
	if !noticed(r, file) {
		t.Errorf("%s, %s %d: verdict %s, notes %q", file, what, at, r.Word, r.Notes)
	}
}

// noticed reports whether a change of a file is in the report, as far as it can be: the tree file is derived, and
// recomputed.
func noticed(r *check.Report, file string) bool {
	if path.Base(file) == layout.TreeFile {
		return r.Verdict == check.Verified && slices.Contains(r.Rebuilt, strings.TrimPrefix(file, dir+"/"))
	}
	return (r.Verdict == check.Tampered || r.Verdict == check.Unreadable) && len(r.Findings) > 0
}

// eachFile runs a test for every file of the store, each with a store of its own.
func eachFile(t *testing.T, test func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte)) {
	built, code := build(t)
	for _, file := range storeFiles(t, built) {
		data, err := built.ReadFile(file)
		must(t, err)
		t.Run(strings.TrimPrefix(file, dir+"/"), func(t *testing.T) {
			t.Parallel()
			test(t, built.Clone(), code, file, data)
		})
	}
}

func TestEveryByteFlipped(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride {
			for _, mask := range []byte{0xff, 0x01} {
				changed := bytes.Clone(data)
				changed[i] ^= mask
				change(t, fsys, code, file, changed, "flipped", i)
			}
		}
	})
}

func TestEveryByteDeleted(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride {
			change(t, fsys, code, file, slices.Delete(bytes.Clone(data), i, i+1), "deleted", i)
		}
	})
}

// TestByteInserted leaves out the end of the last head and blob of a journal: what stands there is above the
// checkpoint, where a crash leaves the like; it changes no entry, and is noted.
func TestByteInserted(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i <= len(data); i += 3 * stride {
			change(t, fsys, code, file, slices.Insert(bytes.Clone(data), min(i, len(data)-1), 0x5a), "inserted", i)
		}
		must(t, fsys.WriteFile(file, append(bytes.Clone(data), 0x5a)))
		r := inspect(fsys, code)
		below := strings.TrimPrefix(file, dir+"/")
		named := slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, below+":") })
		if !noticed(r, file) && (r.Verdict != check.Verified || !named) {
			t.Errorf("%s, one byte behind the end: verdict %s, notes %q", file, r.Word, r.Notes)
		}
	})
}

func TestFileTruncated(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride + len(data)/300 {
			change(t, fsys, code, file, data[:i], "cut to", i)
		}
	})
}

func TestFileRemovedOrSwapped(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		must(t, fsys.Remove(file))
		if r := inspect(fsys, code); !noticed(r, file) {
			t.Errorf("%s removed: verdict %s, notes %q", file, r.Word, r.Notes)
		}
		must(t, fsys.WriteFile(file, data))
		for _, sibling := range storeFiles(t, fsys) {
			other, err := fsys.ReadFile(sibling)
			must(t, err)
			if sibling == file || !alike(sibling, file) || bytes.Equal(other, data) {
				continue
			}
			must(t, fsys.WriteFile(sibling, data))
			change(t, fsys, code, file, other, "swapped with "+sibling, 0)
			must(t, fsys.WriteFile(sibling, other))
		}
	})
}

// alike reports whether two files are of one kind.
func alike(a, b string) bool {
	return path.Ext(a) == path.Ext(b) && path.Base(a)[:2] == path.Base(b)[:2] || path.Base(a) == path.Base(b)
}

// badSector is a disk of which one byte of one file cannot be read.
type badSector struct {
	vfs.FS
	file string
	at   int64
}

type badFile struct {
	vfs.File
	at int64
}

func (d badSector) Open(name string) (vfs.File, error) {
	f, err := d.FS.Open(name)
	if err == nil && name == d.file {
		f = badFile{f, d.at}
	}
	return f, err
}

func (f badFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset <= f.at && f.at < offset+int64(len(p)) {
		return 0, syscall.EIO
	}
	return f.File.ReadAt(p, offset)
}

// TestUnreadableDisk: a disk that does not give its bytes is no tampering, and no clean bill either.
func TestUnreadableDisk(t *testing.T) {
	eachFile(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride + len(data)/100 {
			r := check.Store(badSector{fsys, file, int64(i)}, dir, check.Options{Pin: &code, Workers: 1})
			if r.Verdict != check.Unreadable {
				t.Fatalf("%s cannot be read at %d: verdict %s: %v", file, i, r.Word, r.Findings)
			}
		}
	})
	built, code := build(t)
	for _, name := range []string{"/app", "/system", "/store"} {
		fsys := faultfs.New(built.Clone(), faultfs.Plan{})
		fsys.FailReads(name)
		if r := check.Store(fsys, dir, check.Options{Pin: &code}); r.Verdict != check.Unreadable || fsys.Ops() != 0 {
			t.Errorf("%s cannot be read: verdict %s: %v; %d mutating operations", name, r.Word, r.Findings, fsys.Ops())
		}
	}
}
