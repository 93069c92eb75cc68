package vfstest

import (
	"io/fs"
	"strings"

	"constat/internal/vfs"
)

func checkRename(w world) {
	w.create("a", "one")
	w.create("b", "two")
	w.must("rename", w.fs.Rename(w.path("a"), w.path("c")))
	w.absent("a")
	w.has("c", "one")
	w.must("replace", w.fs.Rename(w.path("c"), w.path("b")))
	w.absent("c")
	w.has("b", "one")
	w.must("rename to itself", w.fs.Rename(w.path("b"), w.path("b")))
	w.has("b", "one")
	w.wants("rename nothing", w.fs.Rename(w.path("x"), w.path("b")), fs.ErrNotExist)
	w.wants("rename to nowhere", w.fs.Rename(w.path("b"), w.path("x/y")), fs.ErrNotExist)
	w.mkdir("d")
	w.wants("replace directory", w.fs.Rename(w.path("b"), w.path("d")), fs.ErrExist)
	w.must("move", w.fs.Rename(w.path("b"), w.path("d/b")))
	w.absent("b")
	w.has("d/b", "one")
}

func checkRenameDir(w world) {
	w.mkdir("d")
	w.mkdir("e")
	f := w.create("d/a", "one")
	w.must("rename", w.fs.Rename(w.path("d"), w.path("f")))
	w.absent("d")
	w.has("f/a", "one")
	w.must("move", w.fs.Rename(w.path("f"), w.path("e/f")))
	w.has("e/f/a", "one")
	w.holds(f, "one")
	w.fails("move into itself", w.fs.Rename(w.path("e"), w.path("e/f/g")))
	w.create("b", "two")
	w.fails("replace file", w.fs.Rename(w.path("e"), w.path("b")))
	w.mkdir("g")
	w.wants("replace empty directory", w.fs.Rename(w.path("e"), w.path("g")), fs.ErrExist)
	w.has("e/f/a", "one")
	w.has("b", "two")
}

func checkRemove(w world) {
	w.wants("remove nothing", w.fs.Remove(w.path("a")), fs.ErrNotExist)
	w.create("a", "one")
	w.must("remove", w.fs.Remove(w.path("a")))
	w.absent("a")
	w.create("a", "two")
	w.has("a", "two")
	w.mkdir("d")
	w.create("d/a", "")
	w.fails("remove full directory", w.fs.Remove(w.path("d")))
	w.must("remove", w.fs.Remove(w.path("d/a")))
	w.must("remove directory", w.fs.Remove(w.path("d")))
	w.absent("d")
}

func checkMkdir(w world) {
	w.mkdir("d")
	w.wants("mkdir again", w.fs.Mkdir(w.path("d"), 0o700), fs.ErrExist)
	w.wants("mkdir nowhere", w.fs.Mkdir(w.path("x/y"), 0o700), fs.ErrNotExist)
	w.create("a", "")
	w.wants("mkdir over file", w.fs.Mkdir(w.path("a"), 0o700), fs.ErrExist)
	w.fails("mkdir in file", w.fs.Mkdir(w.path("a/b"), 0o700))
	w.mkdir("d/d")
	w.create("d/d/a", "one")
	w.has("d/d/a", "one")
}

func checkReadDir(w world) {
	for _, name := range []string{"b", "a", "c.tmp", "B"} {
		w.create(name, name)
	}
	w.mkdir("aa")
	w.create("aa/inner", "")
	list, err := w.fs.ReadDir(w.root)
	w.must("readdir", err)
	var got []string
	for _, entry := range list {
		got = append(got, entry.Name())
		info, err := entry.Info()
		w.must("info", err)
		if entry.IsDir() != (entry.Name() == "aa") || info.IsDir() != entry.IsDir() {
			w.Errorf("%s: wrong type", entry.Name())
		}
		if !info.IsDir() && info.Size() != int64(len(entry.Name())) {
			w.Errorf("%s: size %d", entry.Name(), info.Size())
		}
	}
	if strings.Join(got, " ") != "B a aa b c.tmp" {
		w.Errorf("listed %v", got)
	}
	_, err = w.fs.ReadDir(w.path("none"))
	w.wants("readdir of nothing", err, fs.ErrNotExist)
	_, err = w.fs.ReadDir(w.path("a"))
	w.fails("readdir of file", err)
}

func checkStat(w world) {
	w.create("a", "one")
	info, err := w.fs.Stat(w.path("a"))
	w.must("stat", err)
	if info.Name() != "a" || info.Size() != 3 || info.IsDir() || info.Mode() != 0o600 {
		w.Errorf("file: %s %d %v", info.Name(), info.Size(), info.Mode())
	}
	w.mkdir("d")
	info, err = w.fs.Stat(w.path("d"))
	w.must("stat", err)
	if info.Name() != "d" || !info.IsDir() || info.Mode().Perm() != 0o700 {
		w.Errorf("directory: %s %v", info.Name(), info.Mode())
	}
	w.absent("x")
}

func checkSyncDir(w world) {
	w.must("sync root", w.fs.SyncDir(w.root))
	w.mkdir("d")
	w.create("d/a", "one")
	w.must("sync", w.fs.SyncDir(w.path("d")))
	w.has("d/a", "one")
	w.fails("sync file as directory", w.fs.SyncDir(w.path("d/a")))
	w.wants("sync nothing", w.fs.SyncDir(w.path("x")), fs.ErrNotExist)
}

func checkLock(w world) {
	held, err := w.fs.Lock(w.path("lock"))
	w.must("lock", err)
	_, err = w.fs.Lock(w.path("lock"))
	w.wants("lock again", err, vfs.ErrLocked)
	other, err := w.fs.Lock(w.path("other"))
	w.must("lock another", err)
	w.must("unlock another", other.Close())
	w.must("unlock", held.Close())
	w.fails("unlock again", held.Close())
	w.has("lock", "")
	held, err = w.fs.Lock(w.path("lock"))
	w.must("lock after unlock", err)
	w.must("unlock", held.Close())
	_, err = w.fs.Lock(w.path("none/lock"))
	w.wants("lock nowhere", err, fs.ErrNotExist)
}

func checkFree(w world) {
	free, err := w.fs.Free(w.root)
	w.must("free", err)
	if free <= 0 {
		w.Errorf("%d bytes free", free)
	}
	_, err = w.fs.Free(w.path("none"))
	w.wants("free of nothing", err, fs.ErrNotExist)
}
