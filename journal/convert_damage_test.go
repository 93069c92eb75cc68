package journal_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/layout"
)

func segmentFile(first uint64) string { return headFiles + layout.SegmentName(first) }

// converted makes a store whose journal app has five segments, from 0, 302, 516, 774 and 781 on to 1883, and a head.
// Signed are the first 781 entries, or all. heads are the files of the heads that were converted.
func converted(t *testing.T, all bool) (fsys *crashfs.FS, clock *fixedClock, heads map[string][]byte) {
	t.Helper()
	fsys, clock, heads = newStore(t), newClock(), map[string][]byte{}
	w := open(t, fsys, clock)
	for i, n := range []int{300, 212, 256, 5, 1100} {
		appendAll(t, w, "app", shapes(1000*i, n))
		appendAll(t, w, "app", messages(5000*i, 2))
		if i < 4 || all {
			must(t, w.Checkpoint())
		}
		must(t, w.Rotate())
	}
	appendAll(t, w, "app", messages(9000, 3))
	if all {
		must(t, w.Checkpoint())
	}
	for _, name := range files(fsys, "app", isHead) {
		data, err := fsys.ReadFile(headFiles + name)
		must(t, err)
		heads[headFiles+name] = data
	}
	convert(t, w)
	must(t, w.Sync())
	must(t, w.Close())
	return fsys, clock, heads
}

// flipByte changes a byte of a file; a negative offset counts from its end.
func flipByte(t *testing.T, fsys *crashfs.FS, name string, at int) {
	t.Helper()
	data, err := fsys.ReadFile(name)
	must(t, err)
	data = bytes.Clone(data)
	data[(at+len(data))%len(data)] ^= 0x55
	must(t, fsys.WriteFile(name, data))
}

// zero overwrites a stretch of a file.
func zero(t *testing.T, fsys *crashfs.FS, name string, from, to int) {
	t.Helper()
	data, err := fsys.ReadFile(name)
	must(t, err)
	data = bytes.Clone(data)
	clear(data[from:min(to, len(data))])
	must(t, fsys.WriteFile(name, data))
}

// TestSegmentGone: a segment below the checkpoint that is not there, or no segment, is damage; intake goes on.
func TestSegmentGone(t *testing.T) {
	for name, harm := range map[string]func(*testing.T, *crashfs.FS){
		"removed":   func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.Remove(segmentFile(302))) },
		"emptied":   func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.WriteFile(segmentFile(302), nil)) },
		"first":     func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.Remove(segmentFile(0))) },
		"beginning": func(t *testing.T, fsys *crashfs.FS) { zero(t, fsys, segmentFile(302), 0, 1<<30) },
		"swapped": func(t *testing.T, fsys *crashfs.FS) {
			data, err := fsys.ReadFile(segmentFile(516))
			must(t, err)
			must(t, fsys.WriteFile(segmentFile(302), data))
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys, clock, _ := converted(t, true)
			harm(t, fsys)
			w := open(t, fsys, clock)
			if w.Size("app") != 1 || len(w.Notices()) == 0 || !strings.Contains(w.Notices()[0], "journal app is damaged") {
				t.Errorf("%d entries, notices %q", w.Size("app"), w.Notices())
			}
			appendAll(t, w, "app", messages(0, 3))
			must(t, w.Checkpoint())
			must(t, w.Close())
			if got := texts(t, fsys, "app", false); len(got) != 4 {
				t.Errorf("successor: %q", got)
			}
		})
	}
}

// TestSegmentAboveCheckpoint: one that is not whole is set aside with everything behind it; what is before it stays.
func TestSegmentAboveCheckpoint(t *testing.T) {
	for name, harm := range map[string]func(*testing.T, *crashfs.FS){
		"removed": func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.Remove(segmentFile(781))) },
		"emptied": func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.WriteFile(segmentFile(781), nil)) },
		"page":    func(t *testing.T, fsys *crashfs.FS) { zeroMiddle(t, fsys, segmentFile(781)) },
	} {
		t.Run(name, func(t *testing.T) {
			fsys, clock, _ := converted(t, false)
			before := contents(t, fsys)["app"]
			harm(t, fsys)
			w := open(t, fsys, clock)
			defer w.Close()
			if w.Size("app") != 781 {
				t.Errorf("%d entries are left: %q", w.Size("app"), w.Notices())
			}
			if list := files(fsys, "app", layout.IsTorn); len(list) == 0 || len(w.Notices()) < len(list) {
				t.Errorf("set aside: %q, told: %q", list, w.Notices())
			}
			appendAll(t, w, "app", messages(0, 3))
			must(t, w.Rotate())
			must(t, w.Checkpoint())
			convert(t, w)
			after := contents(t, fsys)["app"]
			if len(after.texts) != 784 || after.texts[780] != before.texts[780] || after.bodies[0] != before.bodies[0] {
				t.Errorf("%d entries", len(after.texts))
			}
		})
	}
}

// zeroMiddle takes out of a segment what stands only once.
func zeroMiddle(t *testing.T, fsys *crashfs.FS, name string) {
	t.Helper()
	data, err := fsys.ReadFile(name)
	must(t, err)
	zero(t, fsys, name, len(data)/2-200, len(data)/2+200)
}

// TestSegmentAndHead: what a crash between the two leaves, and what can be wrong with it then.
func TestSegmentAndHead(t *testing.T) {
	name := headFile(302)
	torn := func(fsys *crashfs.FS) []string { return files(fsys, "app", layout.IsTorn) }
	for what, harm := range map[string]func(*testing.T, *crashfs.FS){
		"whole":           func(*testing.T, *crashfs.FS) {},
		"segment damaged": func(t *testing.T, fsys *crashfs.FS) { zeroMiddle(t, fsys, segmentFile(302)) },
		"segment none":    func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.WriteFile(segmentFile(302), nil)) },
		"segment other": func(t *testing.T, fsys *crashfs.FS) {
			data, err := fsys.ReadFile(segmentFile(516))
			must(t, err)
			must(t, fsys.WriteFile(segmentFile(302), data))
		},
		"head damaged": func(t *testing.T, fsys *crashfs.FS) { flipByte(t, fsys, name, 500) },
		"head short":   func(t *testing.T, fsys *crashfs.FS) { flipByte(t, fsys, name, -1) },
		"head none":    func(t *testing.T, fsys *crashfs.FS) { must(t, fsys.WriteFile(name, nil)) },
	} {
		t.Run(what, func(t *testing.T) {
			fsys, clock, heads := converted(t, true)
			before := contents(t, fsys)
			must(t, fsys.WriteFile(name, heads[name]))
			must(t, fsys.WriteFile(segmentFile(781)+".tmp", []byte("begun")))
			harm(t, fsys)
			if what != "segment damaged" { // else the reader says what is missing
				if seen := contents(t, fsys)["app"]; !seen.equal(before["app"]) {
					t.Error("a reader sees something else")
				}
			}
			w := open(t, fsys, clock)
			defer w.Close()
			if set := torn(fsys); len(set) != len(w.Notices()) || (what == "whole") != (len(set) == 0) {
				t.Errorf("set aside: %q, told: %q", set, w.Notices())
			}
			convert(t, w)
			tidyBut(t, fsys, what)
			if after := contents(t, fsys)["app"]; !after.equal(before["app"]) {
				t.Errorf("the journal has changed: %q", w.Notices())
			}
		})
	}
}

// tidyBut is [tidy] where a segment may have been set aside.
func tidyBut(t *testing.T, fsys *crashfs.FS, what string) {
	t.Helper()
	if heads := files(fsys, "app", isHead); len(heads) != 1 {
		t.Errorf("%s: heads %q", what, heads)
	}
	if left := files(fsys, "app", layout.IsUnfinishedSegment); len(left) > 0 {
		t.Errorf("%s: left %q", what, left)
	}
}

// TestPageOfSegment: readers say which entries are missing, give all others, and never one of them changed.
func TestPageOfSegment(t *testing.T) {
	whole, _, _ := converted(t, true)
	want := contents(t, whole)["app"]
	data, err := whole.ReadFile(segmentFile(781))
	must(t, err)
	for at := 0; at < len(data); at += 97 * stride {
		fsys := whole.Clone()
		zero(t, fsys, segmentFile(781), at, at+64)
		var lost [2]int
		for i, reverse := range []bool{false, true} {
			got, missing := readSome(t, fsys, "app", reverse)
			for _, m := range missing {
				lost[i] += int(m.Last - m.First + 1)
				for index := m.First; index <= m.Last; index++ {
					if _, ok := got[index]; ok || index < 781 || index >= 1883 {
						t.Errorf("zeroed at %d: %d is said to be missing", at, index)
					}
				}
			}
			if len(got)+lost[i] != len(want.texts) {
				t.Errorf("zeroed at %d: %d entries and %d missing of %d", at, len(got), lost[i], len(want.texts))
			}
			for index, text := range got {
				if text != want.texts[index] {
					t.Errorf("zeroed at %d: entry %d is %q", at, index, text)
				}
			}
		}
		if lost[0] != lost[1] || t.Failed() {
			t.Fatalf("zeroed at %d: %d missing, %d in reverse", at, lost[0], lost[1])
		}
		leavesEnd(t, fsys, want, lost[0])
	}
}

// leavesEnd checks that leaves come unchanged up to the first that is missing.
func leavesEnd(t *testing.T, fsys *crashfs.FS, want content, lost int) {
	t.Helper()
	v := snapshot(t, fsys)["app"]
	n := 0
	for leaf, err := range v.Leaves(0, v.Size) {
		var missing *journal.MissingError
		if errors.As(err, &missing) && lost > 0 && missing.First == uint64(n) {
			return
		}
		if err != nil || string(leaf.Body) != want.bodies[leaf.Index] {
			t.Fatalf("leaf %d: %v", n, err)
		}
		n++
	}
	if lost > 0 {
		t.Errorf("%d entries are missing, and no leaf", lost)
	}
}

// liar is a disk that writes something else into segments than it is given.
type liar struct{ vfs.FS }

type lyingFile struct{ vfs.File }

func (l liar) Create(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := l.FS.Create(name, perm)
	if err == nil && strings.HasSuffix(name, ".seg.tmp") {
		f = lyingFile{f}
	}
	return f, err
}

func (f lyingFile) WriteAt(p []byte, off int64) (int, error) {
	p = bytes.Clone(p)
	p[len(p)/2] ^= 1
	return f.File.WriteAt(p, off)
}

// TestReadBack: a segment that the disk does not give back as it was written never takes the place of its head.
func TestReadBack(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w, err := journal.OpenWriter(liar{fsys}, dir, journal.Options{Clock: clock.read})
	must(t, err)
	fillHeads(t, w, clock)
	before := contents(t, fsys)
	if n, err := w.Convert(context.Background()); n != 0 || err == nil || !strings.Contains(err.Error(), "head-0000000000000302.log") {
		t.Errorf("%d converted, %v", n, err)
	}
	if w.Unconverted() != 10 || len(files(fsys, "app", isHead)) != 6 || len(files(fsys, "app", isSegment)) != 0 {
		t.Errorf("%d heads wait; files %q", w.Unconverted(), fsys.Walk())
	}
	must(t, w.Close())
	w = open(t, fsys, clock)
	defer w.Close()
	convert(t, w)
	for name, after := range contents(t, fsys) {
		if !after.equal(before[name]) {
			t.Errorf("journal %s has changed", name)
		}
	}
}

// TestHeadDamagedBeforeConversion: a head that cannot be read whole stays, is reported once, and keeps no other from
// being converted.
func TestHeadDamagedBeforeConversion(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	defer w.Close()
	fillHeads(t, w, clock)
	flipByte(t, fsys, headFile(302), 1000)
	n, err := w.Convert(context.Background())
	if n != 9 || err == nil || !strings.Contains(err.Error(), "head-0000000000000302.log") || !strings.Contains(err.Error(), "verify") {
		t.Errorf("%d converted, %v", n, err)
	}
	if n, err := w.Convert(context.Background()); n != 0 || err != nil || w.Unconverted() != 0 {
		t.Errorf("again: %d converted, %v", n, err)
	}
	if heads := files(fsys, "app", isHead); len(heads) != 2 {
		t.Errorf("heads %q", heads)
	}
	appendAll(t, w, "app", messages(0, 1))
	must(t, w.Checkpoint())
}

// TestDiskFullWhileConverting: nothing is left of what did not fit, and it is done when there is room.
func TestDiskFullWhileConverting(t *testing.T) {
	for room := int64(0); ; room += 509 * stride {
		fsys, clock := newStore(t), newClock()
		w := open(t, fsys, clock)
		fillHeads(t, w, clock)
		before, used := contents(t, fsys), fsys.Used()
		fsys.SetCapacity(used + room)
		n, err := w.Convert(context.Background())
		if err != nil && (!errors.Is(err, syscall.ENOSPC) || errors.Is(err, journal.ErrBroken)) {
			t.Fatalf("%d bytes left: %v", room, err)
		}
		full := err != nil
		if now := fsys.Used(); n == 0 && now != used {
			t.Errorf("%d bytes left: %d bytes used instead of %d, and nothing converted", room, now, used)
		}
		fsys.SetCapacity(-1)
		appendAll(t, w, "app", messages(0, 1))
		convert(t, w)
		must(t, w.Close())
		after := contents(t, fsys)
		after["app"] = content{after["app"].bodies[:len(before["app"].bodies)], after["app"].texts[:len(before["app"].texts)], before["app"].root}
		for name := range before {
			if !after[name].equal(before[name]) {
				t.Errorf("%d bytes left: journal %s has changed", room, name)
			}
		}
		tidy(t, fsys)
		if t.Failed() || !full {
			return
		}
	}
}
