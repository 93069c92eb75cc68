package journal_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
)

// newSigned makes a store with the journals system, app and other, everything signed. The system journal has more than
// a block of entries, so that not all of its frames are read when it is opened.
func newSigned(t *testing.T) *crashfs.FS {
	t.Helper()
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", messages(0, 10))
	appendAll(t, w, "other", messages(100, 10))
	appendAll(t, w, "system", messages(0, 600))
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	verify(t, fsys)
	return fsys
}

// flip changes one byte of a file, counted from the end if at is negative.
func flip(t *testing.T, fsys *crashfs.FS, file string, at int) {
	t.Helper()
	data, err := fsys.ReadFile(path.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 0xff
	fsys.WriteFile(path.Join(dir, file), data)
}

// removeAll removes a journal with its files.
func removeAll(t *testing.T, fsys *crashfs.FS, name string) {
	t.Helper()
	for _, file := range fsys.Walk() {
		if strings.HasPrefix(file, path.Join(dir, name)+"/") {
			fsys.Remove(file)
		}
	}
	if err := fsys.Remove(path.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

var head0 = layout.HeadName(0)

// damages are done below the checkpoint while no writer runs. known says whether the predecessor's id can still be
// known, point whether its checkpoint can.
var damages = []struct {
	name, journal string
	known, point  bool
	do            func(t *testing.T, fsys *crashfs.FS)
}{
	{"payload", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/"+head0, -10) }},
	{"frame header", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/"+head0, 70) }},
	{"head header", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/"+head0, 30) }},
	{"not our head", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/"+head0, 0) }},
	{"head removed", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { fsys.Remove(path.Join(dir, "app", head0)) }},
	{"checkpoint removed", "app", true, false, func(t *testing.T, fsys *crashfs.FS) { fsys.Remove(path.Join(dir, "app/checkpoint")) }},
	{"checkpoint changed", "app", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/checkpoint", 20) }},
	{"descriptor changed", "app", true, false, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/journal.json", 60) }},
	{"descriptor removed", "app", true, false, func(t *testing.T, fsys *crashfs.FS) { fsys.Remove(path.Join(dir, "app/journal.json")) }},
	{"all but the descriptor removed", "app", true, false, func(t *testing.T, fsys *crashfs.FS) {
		for _, file := range []string{head0, "checkpoint", "tree"} {
			fsys.Remove(path.Join(dir, "app", file))
		}
	}},
	{"directory removed", "app", true, false, func(t *testing.T, fsys *crashfs.FS) { removeAll(t, fsys, "app") }},
	{"another in its place", "app", true, false, func(t *testing.T, fsys *crashfs.FS) {
		removeAll(t, fsys, "app")
		for _, file := range []string{head0, "checkpoint", "tree", "journal.json"} {
			data, _ := fsys.ReadFile(path.Join(dir, "other", file))
			fsys.WriteFile(path.Join(dir, "app", file), bytes.Replace(data, []byte(`"other"`), []byte(`"app"`), 1))
		}
	}},
	{"system payload", "system", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "system/"+head0, -10) }},
	{"system control entry", "system", true, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "system/"+head0, 64+64+5) }},
	{"system checkpoint removed", "system", true, false, func(t *testing.T, fsys *crashfs.FS) { fsys.Remove(path.Join(dir, "system/checkpoint")) }},
	{"system descriptor changed", "system", false, false, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "system/journal.json", 60) }},
	{"system directory removed", "system", false, false, func(t *testing.T, fsys *crashfs.FS) { removeAll(t, fsys, "system") }},
}

func descriptor(t *testing.T, fsys *crashfs.FS, name string) layout.Journal {
	t.Helper()
	data, err := fsys.ReadFile(path.Join(dir, name, layout.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	d, err := layout.ParseJournal(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// controls returns the control entries of a journal that say what.
func controls(t *testing.T, fsys *crashfs.FS, name, what string) (indexes []uint64, list []entry.Entry) {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot(name)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			t.Fatal(err)
		}
		if item.Entry.Kind == entry.Control && layout.Text(item.Entry, layout.Control) == what {
			c := *item.Entry
			c.Fields = slices.Clone(c.Fields)
			for i := range c.Fields {
				c.Fields[i].Value = bytes.Clone(c.Fields[i].Value)
			}
			indexes, list = append(indexes, item.Index), append(list, c)
		}
	}
	return indexes, list
}

// damagedDirs are the directories that were set aside.
func damagedDirs(fsys *crashfs.FS) []string {
	entries, _ := fsys.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if layout.IsDamaged(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// succeeded checks that a journal has one successor that says whose, and that everybody knows.
func succeeded(t *testing.T, fsys *crashfs.FS, before layout.Journal, known, point, kept bool) {
	t.Helper()
	name := before.Name
	after := descriptor(t, fsys, name)
	if after.ID == before.ID || after.Origin == before.Origin || after.NonceKey == before.NonceKey {
		t.Errorf("successor %+v of %+v is not a new journal", after, before)
	}
	if known && (after.Predecessor == nil || *after.Predecessor != before.ID) {
		t.Errorf("predecessor %x, want %x", after.Predecessor, before.ID)
	}
	at, first := controls(t, fsys, name, layout.Successor)
	if len(at) != 1 || at[0] != 0 {
		t.Fatalf("successor entries at %d, want one at 0", at)
	}
	_, told := controls(t, fsys, layout.System, layout.JournalDamaged)
	if len(told) != 1 || layout.Text(&told[0], layout.JournalName) != name {
		t.Errorf("the system journal tells of %d damages", len(told))
		return
	}
	dirs := damagedDirs(fsys)
	for _, c := range []*entry.Entry{&first[0], &told[0]} {
		if id := layout.Text(c, layout.Predecessor); known && id != hex.EncodeToString(before.ID[:]) {
			t.Errorf("predecessor %s, want %x", id, before.ID)
		}
		if layout.Text(c, layout.Reason) == "" || point != (layout.Text(c, layout.Checkpoint) != "") {
			t.Errorf("reason %q, checkpoint %q", layout.Text(c, layout.Reason), layout.Text(c, layout.Checkpoint))
		}
		if file := layout.Text(c, layout.File); kept && (len(dirs) != 1 || file != dirs[0]) || !kept && (len(dirs) != 0 || file != "") {
			t.Errorf("kept as %q, but there are %q", file, dirs)
		}
	}
	r := check.Store(fsys, dir, check.Options{})
	named := slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.Rule == check.RuleDamaged && f.Journal == name })
	if r.Verdict != check.Tampered || !named {
		t.Errorf("verdict %s does not name %s: %v", r.Word, name, r.Findings)
	}
	for _, f := range r.Findings {
		if of, _ := layout.DamagedOf(f.Journal); of != name {
			t.Errorf("blames another journal: %v", f)
		}
	}
}

func TestDamageBelowCheckpoint(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			fsys := newSigned(t)
			before := descriptor(t, fsys, d.journal)
			d.do(t, fsys)
			kept := filesOf(fsys, d.journal)
			clock := newClock()
			w := open(t, fsys, clock)
			if !slices.ContainsFunc(w.Notices(), func(n string) bool { return strings.Contains(n, "journal "+d.journal+" is damaged") }) {
				t.Errorf("notices: %q", w.Notices())
			}
			appendAll(t, w, d.journal, messages(0, 3))
			appendAll(t, w, "other", messages(0, 3))
			if err := w.Checkpoint(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			succeeded(t, fsys, before, d.known, d.point, len(kept) > 0)
			for _, name := range damagedDirs(fsys) {
				if now := filesOf(fsys, name); fmt.Sprint(now) != fmt.Sprint(kept) {
					t.Errorf("%s is not what was found", name)
				}
			}
			w = open(t, fsys, clock)
			if len(w.Notices()) != 0 {
				t.Errorf("notices when opened again: %q", w.Notices())
			}
			w.Close()
			succeeded(t, fsys, before, d.known, d.point, len(kept) > 0)
		})
	}
}

// filesOf returns the contents of the files below a directory of the store.
func filesOf(fsys *crashfs.FS, name string) map[string]string {
	files := map[string]string{}
	for _, file := range fsys.Walk() {
		if base, ok := strings.CutPrefix(file, path.Join(dir, name)+"/"); ok {
			data, _ := fsys.ReadFile(file)
			files[base] = string(data)
		}
	}
	return files
}

// TestPowerLossDuringSuccession takes the power away at every operation while a successor is begun.
func TestPowerLossDuringSuccession(t *testing.T) {
	for _, d := range damages {
		if !slices.Contains([]string{"payload", "checkpoint removed", "another in its place", "system payload", "system control entry"}, d.name) {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			start := newSigned(t)
			before := descriptor(t, start, d.journal)
			d.do(t, start)
			for _, name := range []string{dir, dir + "/app", dir + "/system"} {
				start.SyncDir(name)
			}
			for k := 0; ; k += stride {
				fsys := start.Clone()
				powerless(fsys, k)
				if w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: newClock().read}); err == nil {
					w.Close()
				}
				for name, after := range crashes(fsys, k, 1) {
					clock := newClock()
					clock.wall += 5_000_000
					open(t, after, clock).Close()
					succeeded(t, after, before, d.known, d.point, true)
					if t.Failed() {
						t.Fatalf("power lost at operation %d; disk: %s", k, name)
					}
				}
				if fsys.Ops() <= k {
					return
				}
			}
		})
	}
}

// TestOtherFormat: what a newer program wrote, or one from before the format was fixed, is left alone, and never called
// damaged.
func TestOtherFormat(t *testing.T) {
	number := func(n int) func([]byte) { return func(b []byte) { b[8] = byte(n) } }
	set := func(at int, value byte) func([]byte) { return func(b []byte) { b[at] = value } }
	for _, c := range []struct {
		file   string
		change func([]byte) // nil: the number in JSON
		want   error
	}{
		{"app/" + head0, number(frame.Format + 1), frame.ErrNewer},
		{"app/" + head0, set(10, 1), frame.ErrNewer},
		{"app/" + head0, set(59, 1), frame.ErrNewer},
		{"app/" + head0, set(frame.HeadHeaderSize+56, 2), frame.ErrNewer},
		{"app/" + head0, set(frame.HeadHeaderSize+58, 1), frame.ErrNewer},
		{"system/" + head0, number(frame.Format + 1), frame.ErrNewer},
		{"system/" + head0, set(frame.HeadHeaderSize+59, 1), frame.ErrNewer},
		{"app/tree", number(frame.Format + 1), frame.ErrNewer},
		{"app/journal.json", nil, frame.ErrNewer},
		{"store.json", nil, frame.ErrNewer},
	} {
		fsys := newSigned(t)
		data, _ := fsys.ReadFile(path.Join(dir, c.file))
		if c.change == nil {
			data = bytes.Replace(data, fmt.Appendf(nil, `": %d,`, frame.Format), fmt.Appendf(nil, `": %d,`, frame.Format+1), 1)
		} else {
			c.change(data)
			key := data[28:44:44]
			binary.LittleEndian.PutUint32(data[60:], frame.Checksum(data[:60]))
			if first := data[frame.HeadHeaderSize:]; strings.HasSuffix(c.file, head0) {
				binary.LittleEndian.PutUint32(first[60:], frame.Checksum(append(bytes.Clone(first[:60]), key...)))
			}
		}
		fsys.WriteFile(path.Join(dir, c.file), data)
		before := filesOf(fsys, "")
		if _, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: newClock().read}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.file, err, c.want)
		}
		if after := filesOf(fsys, ""); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: something was changed", c.file)
		}
		if r := check.Store(fsys, dir, check.Options{}); r.Verdict != check.Unreadable && c.file != "app/tree" {
			t.Errorf("%s: verdict %s: %v", c.file, r.Word, r.Findings)
		}
	}
}

// TestSmallJournalWithoutTree: the tree is derived, also where it would hold no hash yet.
func TestSmallJournalWithoutTree(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", messages(0, 3))
	must(t, errors.Join(w.Checkpoint(), w.Close()))
	tree := dir + "/app/" + layout.TreeFile
	must(t, fsys.Remove(tree))
	w = open(t, fsys, clock)
	appendAll(t, w, "app", messages(3, 300))
	must(t, errors.Join(w.Checkpoint(), w.Close()))
	verify(t, fsys)
}
