package vfstest

import (
	"bytes"
	"io"
	"io/fs"
	"sync"
)

func checkOpen(w world) {
	_, err := w.fs.Open(w.path("a"))
	w.wants("open of nothing", err, fs.ErrNotExist)
	_, err = w.fs.OpenWrite(w.path("a"))
	w.wants("open for writing of nothing", err, fs.ErrNotExist)
	w.absent("a")
	w.must("close", w.create("a", "one").Close())
	w.has("a", "one")
	f, err := w.fs.OpenWrite(w.path("a"))
	w.must("open for writing", err)
	w.holds(f, "one")
	_, err = f.WriteAt([]byte("t"), 3)
	w.must("write", err)
	w.must("close", f.Close())
	w.has("a", "onet")
	_, err = w.fs.Open(w.path("a/b"))
	w.fails("open below a file", err)
}

func checkCreate(w world) {
	f := w.create("a", "one")
	w.holds(f, "one")
	_, err := w.fs.Create(w.path("a"), 0o600)
	w.wants("create again", err, fs.ErrExist)
	w.has("a", "one")
	_, err = w.fs.Create(w.path("none/a"), 0o600)
	w.wants("create in no directory", err, fs.ErrNotExist)
	w.mkdir("d")
	_, err = w.fs.Create(w.path("d"), 0o600)
	w.wants("create over directory", err, fs.ErrExist)
}

func checkRead(w world) {
	f := w.create("a", "0123456789")
	for _, c := range []struct {
		offset int64
		length int
		want   string
		err    error
	}{
		{0, 10, "0123456789", nil},
		{3, 4, "3456", nil},
		{8, 4, "89", io.EOF},
		{10, 1, "", io.EOF},
		{99, 1, "", io.EOF},
		{99, 0, "", nil},
	} {
		buf := make([]byte, c.length)
		n, err := f.ReadAt(buf, c.offset)
		if string(buf[:n]) != c.want || err != c.err && (err != io.EOF || n < c.length) {
			w.Errorf("read %d at %d: %q, %v; want %q, %v", c.length, c.offset, buf[:n], err, c.want, c.err)
		}
	}
	_, err := f.ReadAt(make([]byte, 1), -1)
	w.fails("read at -1", err)
}

func checkWrite(w world) {
	f := w.create("a", "0123456789")
	buf := []byte("xx")
	_, err := f.WriteAt(buf, 4)
	w.must("write", err)
	copy(buf, "yy") // the file keeps a copy
	w.holds(f, "0123xx6789")
	_, err = f.WriteAt([]byte("z"), 12)
	w.must("write beyond end", err)
	w.holds(f, "0123xx6789\x00\x00z")
	_, err = f.WriteAt(nil, 99)
	w.must("write nothing", err)
	w.holds(f, "0123xx6789\x00\x00z")
	_, err = f.WriteAt([]byte("z"), -1)
	w.fails("write at -1", err)
	w.must("sync", f.Sync())
	w.has("a", "0123xx6789\x00\x00z")
}

func checkTruncate(w world) {
	f := w.create("a", "0123456789")
	w.must("cut", f.Truncate(4))
	w.holds(f, "0123")
	w.must("lengthen", f.Truncate(6))
	w.holds(f, "0123\x00\x00")
	w.must("empty", f.Truncate(0))
	w.holds(f, "")
	_, err := f.WriteAt([]byte("b"), 2)
	w.must("write", err)
	w.holds(f, "\x00\x00b")
	w.fails("truncate to -1", f.Truncate(-1))
}

func checkClose(w world) {
	f := w.create("a", "one")
	w.must("close", f.Close())
	w.wants("close", f.Close(), fs.ErrClosed)
	_, err := f.ReadAt(make([]byte, 1), 0)
	w.wants("read", err, fs.ErrClosed)
	_, err = f.WriteAt(make([]byte, 1), 0)
	w.wants("write", err, fs.ErrClosed)
	_, err = f.Size()
	w.wants("size", err, fs.ErrClosed)
	w.wants("truncate", f.Truncate(0), fs.ErrClosed)
	w.wants("sync", f.Sync(), fs.ErrClosed)
	w.has("a", "one")
}

func checkReadOnly(w world) {
	w.create("a", "one")
	f, err := w.fs.Open(w.path("a"))
	w.must("open", err)
	defer f.Close()
	_, err = f.WriteAt([]byte("x"), 0)
	w.fails("write", err)
	w.fails("truncate", f.Truncate(0))
	w.must("sync", f.Sync())
	w.has("a", "one")
}

func checkSurviveNames(w world) {
	removed, renamed, replaced := w.create("a", "a"), w.create("b", "b"), w.create("c", "c")
	w.must("remove", w.fs.Remove(w.path("a")))
	w.must("rename", w.fs.Rename(w.path("b"), w.path("c")))
	w.holds(removed, "a")
	w.holds(replaced, "c")
	_, err := renamed.WriteAt([]byte("B"), 0)
	w.must("write to renamed", err)
	w.has("c", "B")
	_, err = replaced.WriteAt([]byte("x"), 0)
	w.must("write to replaced", err)
	w.must("sync of replaced", replaced.Sync())
	w.has("c", "B")
}

// checkConcurrent has writers of their own ranges, each with a reader; the race
// detector and the contents are the judges.
func checkConcurrent(w world) {
	const workers, size, rounds = 4, 1000, 20
	f := w.create("a", string(make([]byte, workers*size)))
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			got, offset := make([]byte, size), int64(i*size)
			for round := range rounds {
				want := bytes.Repeat([]byte{byte(i*rounds + round)}, size)
				_, errWrite := f.WriteAt(want, offset)
				_, errRead := f.ReadAt(got, offset)
				_, errSize := f.Size()
				if errWrite != nil || errRead != nil && errRead != io.EOF || errSize != nil {
					w.Errorf("worker %d: %v, %v, %v", i, errWrite, errRead, errSize)
				}
				if !bytes.Equal(got, want) {
					w.Errorf("worker %d round %d: other bytes than written", i, round)
				}
			}
			if err := f.Sync(); err != nil {
				w.Error(err)
			}
		})
	}
	group.Wait()
}
