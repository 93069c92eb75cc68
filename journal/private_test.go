package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// secret is the private value of person n.
func secret(n int) string { return fmt.Sprintf("person-%d@example.org", n) }

// person is an event with a private field, another one that is not, and a command line that holds the value.
func person(n int) entry.Entry {
	e := message(fmt.Sprintf("account %d changed", n))
	e.Fields = append(e.Fields, entry.Field{Name: "EMAIL", Value: []byte(secret(n)), Form: entry.Private})
	e.AddString("ACTION", "change", entry.Claimed)
	e.AddString("_CMDLINE", "tool --mail "+secret(n), entry.Observed)
	return e
}

func people(from, n int) (list []entry.Entry) {
	for i := range n {
		list = append(list, person(from+i))
	}
	return list
}

// values reads the private values of a field of a journal by index; erased ones are "<erased>", others that are not put
// back "<private>".
func values(t *testing.T, fsys vfs.FS, name, field string, reveal bool) map[uint64]string {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	if reveal {
		must(t, r.Reveal())
	}
	views, err := r.Snapshot(name)
	must(t, err)
	defer journal.CloseViews(views)
	got := map[uint64]string{}
	for item, err := range views[0].Entries(views[0].All()) {
		must(t, err)
		for _, f := range item.Entry.Fields {
			switch {
			case f.Name != field:
			case f.Form == entry.Private && f.Erased:
				got[item.Index] = "<erased>"
			case f.Form == entry.Private:
				got[item.Index] = "<private>"
			default:
				got[item.Index] = string(f.Value)
			}
		}
	}
	return got
}

// clear reports which files of a disk hold a text.
func inClear(t *testing.T, fsys *crashfs.FS, text string) (names []string) {
	t.Helper()
	for _, name := range fsys.Walk() {
		if bytes.Contains(contentsOf(t, fsys, name), []byte(text)) {
			names = append(names, name)
		}
	}
	return names
}

// contentsOf reads a file; nothing of a directory.
func contentsOf(t *testing.T, fsys vfs.FS, name string) []byte {
	t.Helper()
	info, err := fsys.Stat(name)
	must(t, err)
	if info.IsDir() {
		return nil
	}
	f, err := fsys.Open(name)
	must(t, err)
	defer f.Close()
	data := make([]byte, info.Size())
	_, _ = f.ReadAt(data, 0)
	return data
}

func erase(t *testing.T, w *journal.Writer, name string, indexes ...uint64) journal.Erased {
	t.Helper()
	done, err := w.Erase(context.Background(), erasure(name, indexes...))
	must(t, err)
	return done
}

func erasure(name string, indexes ...uint64) journal.Erasure {
	return journal.Erasure{Field: "EMAIL", Entries: map[string][]uint64{name: indexes}, Reason: "asked by the person",
		Selector: "ACTION:change", By: "tester"}
}

func TestPrivateValuesThroughAllStates(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", people(0, 20))
	appendAll(t, w, "app", messages(20, 5))
	appendAll(t, w, "system", people(100, 3))
	must(t, w.Checkpoint())
	look := func(what string) {
		t.Helper()
		for _, reveal := range []bool{false, true} {
			got := values(t, fsys, "app", "EMAIL", reveal)
			if len(got) != 20 {
				t.Errorf("%s: %d values, want 20", what, len(got))
			}
			for i, v := range got {
				if want := secret(int(i)); reveal && v != want || !reveal && v != "<private>" {
					t.Errorf("%s: entry %d shows %q", what, i, v)
				}
			}
		}
		if r := verify(t, fsys); r.Private != 46 || r.Erased != 0 {
			t.Errorf("%s: verify counts %d private and %d erased, want 46 and 0", what, r.Private, r.Erased)
		}
		if names := inClear(t, fsys, "@example.org"); len(names) > 0 {
			t.Errorf("%s: values in clear in %v", what, names)
		}
	}
	look("head")
	must(t, w.Rotate())
	if convert(t, w) == 0 {
		t.Fatal("nothing was converted")
	}
	look("segment")
	must(t, w.Close())
	w = open(t, fsys, clock)
	look("opened again")
	must(t, w.Close())
}

func TestErase(t *testing.T) {
	for _, state := range []string{"head", "segment", "unsigned"} {
		t.Run(state, func(t *testing.T) {
			fsys, clock := newStore(t), newClock()
			w := open(t, fsys, clock)
			appendAll(t, w, "app", people(0, 10))
			if state != "unsigned" {
				must(t, w.Checkpoint())
			}
			if state == "segment" {
				must(t, w.Rotate())
				convert(t, w)
			}
			roots := rootsOf(t, fsys, "app")
			before := fsys.Clone()
			if done := erase(t, w, "app", 3, 7); done.Values != 4 || done.Entries != 2 || done.Before != 0 {
				t.Errorf("erased %+v, want 4 values of 2 entries", done)
			}
			if done := erase(t, w, "app", 3); done.Values != 0 || done.Before != 2 {
				t.Errorf("erased again: %+v", done)
			}
			appendAll(t, w, "app", people(10, 2))
			must(t, w.Checkpoint())
			for i, v := range values(t, fsys, "app", "EMAIL", true) {
				want := secret(int(i))
				if i == 3 || i == 7 {
					want = "<erased>"
				}
				if v != want {
					t.Errorf("entry %d shows %q, want %q", i, v, want)
				}
			}
			if v := values(t, fsys, "app", "_CMDLINE", true); v[3] != "<erased>" || v[4] != "tool --mail "+secret(4) {
				t.Errorf("command lines: %v", v)
			}
			r := verify(t, fsys)
			if r.Private != 20 || r.Erased != 4 || len(r.Erasures) != 1 || r.Erasures[0].Values != 4 || r.Erasures[0].Field != "EMAIL" {
				t.Errorf("verify: %d private, %d erased, %+v", r.Private, r.Erased, r.Erasures)
			}
			if after := rootsOf(t, fsys, "app"); state != "unsigned" && after[0] != roots[0] {
				t.Error("a hash has moved")
			}
			unrecoverable(t, before, fsys, 3, 7)
			must(t, w.Close())
			must(t, open(t, fsys, clock).Close())
			if r := verify(t, fsys); r.Erased != 4 {
				t.Errorf("opened again: %d erased", r.Erased)
			}
		})
	}
}

// unrecoverable tries every key of a store on every block of private values that it has, and had before an erasure.
func unrecoverable(t *testing.T, before, after *crashfs.FS, persons ...int) {
	t.Helper()
	var keys []sidecar.Key
	for _, name := range after.Walk() {
		if strings.Contains(name, layout.PrivateKeys+"/") {
			data := contentsOf(t, after, name)
			var id sidecar.KeyID
			fmt.Sscanf(name[strings.LastIndex(name, "/")+1:], "%x", &id)
			if k, err := sidecar.ParseKey(id, data); err == nil {
				keys = append(keys, k)
			}
		}
	}
	if len(keys) == 0 {
		t.Error("the store has no keys")
	}
	opened := 0
	for _, disk := range []*crashfs.FS{before, after} {
		for _, name := range disk.Walk() {
			data := contentsOf(t, disk, name)
			for _, n := range persons {
				if bytes.Contains(data, []byte(secret(n))) {
					t.Errorf("%s holds the value of %d", name, n)
				}
			}
			if !strings.Contains(name, ".priv") {
				continue
			}
			for b, err := range sidecar.Blocks(bytes.NewReader(data), int64(len(data))) {
				must(t, err)
				for _, k := range keys {
					list, err := b.Values(bytes.NewReader(data), k)
					if err != nil {
						continue
					}
					opened++
					for _, v := range list {
						for _, n := range persons {
							if bytes.Contains(v.Value, []byte(secret(n))) {
								t.Errorf("%s gives the value of %d", name, n)
							}
						}
					}
				}
			}
		}
	}
	if opened == 0 {
		t.Error("no block opened: the test looks at nothing")
	}
}

func TestEraseRefuses(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", append(people(0, 2), message("no person")))
	must(t, w.Checkpoint())
	x := erasure("app", 0, 1)
	x.Field = "ACTION"
	if _, err := w.Erase(context.Background(), x); !errors.Is(err, journal.ErrNotPrivate) || !strings.Contains(err.Error(), "ACTION") {
		t.Errorf("a field that is not private: %v", err)
	}
	if _, err := w.Erase(context.Background(), erasure("app", 2)); err == nil {
		t.Error("an entry without the field: no error")
	}
	x = erasure("app", 0)
	x.Reason = ""
	if _, err := w.Erase(context.Background(), x); err == nil {
		t.Error("no reason: no error")
	}
	if r := verify(t, fsys); r.Private != 4 || r.Erased != 0 || len(r.Erasures) != 0 {
		t.Errorf("after refusals: %d private, %d erased", r.Private, r.Erased)
	}
	must(t, w.Close())
}

func TestPrivateBySpilledEntry(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	long := person(1)
	long.AddString("TRACE", strings.Repeat("trace ", 20000), entry.Claimed)
	many := person(2)
	for i := range 4000 {
		many.AddString(fmt.Sprintf("FIELD_%d", i), "some value", entry.Claimed)
	}
	huge := message("a long private value")
	huge.Fields = append(huge.Fields, entry.Field{Name: "EMAIL", Form: entry.Private, Value: bytes.Repeat([]byte(secret(3)), 50000)})
	appendAll(t, w, "app", []entry.Entry{long, many, huge})
	must(t, w.Checkpoint())
	for _, state := range []string{"head", "segment"} {
		got := values(t, fsys, "app", "EMAIL", true)
		if got[0] != secret(1) || got[1] != secret(2) || got[2] != strings.Repeat(secret(3), 50000) {
			t.Errorf("%s: values of spilled entries: %.40q %.40q, %d bytes", state, got[0], got[1], len(got[2]))
		}
		verify(t, fsys)
		if names := inClear(t, fsys, "@example.org"); len(names) > 0 {
			t.Errorf("%s: in clear in %v", state, names)
		}
		must(t, w.Rotate())
		convert(t, w)
	}
	erase(t, w, "app", 0, 1, 2)
	if got := values(t, fsys, "app", "EMAIL", true); got[0] != "<erased>" || got[1] != "<erased>" || got[2] != "<erased>" {
		t.Errorf("after erasing: %d", len(got))
	}
	verify(t, fsys)
	must(t, w.Close())
}

func TestPruningRemovesPrivateValues(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", people(0, 300))
	must(t, w.Rotate())
	convert(t, w)
	erase(t, w, "app", 5)
	clock.pass(3 * day)
	appendAll(t, w, "app", people(300, 1))
	must(t, w.Checkpoint())
	before := fsys.Clone()
	if _, err := w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 2 * day}}); err != nil {
		t.Fatal(err)
	}
	if left := files(fsys, "app", func(n string) bool { _, ok := layout.ParsePrivateName(n); return ok }); len(left) != 1 {
		t.Errorf("files of private values after pruning: %v", left)
	}
	unrecoverable(t, before, fsys, 4, 5, 299)
	verify(t, fsys)
	must(t, w.Close())
}

// TestPrivateAtTheEndOfAHead: the control entry that names the private values of a head stands in the next one.
func TestPrivateAtTheEndOfAHead(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	for i := range 3 {
		appendAll(t, w, "system", people(i, 1))
		must(t, w.Rotate())
		if must(t, w.Checkpoint()); i == 1 {
			convert(t, w)
		}
		if r := verify(t, fsys); r.Private != uint64(2*i+2) {
			t.Errorf("%d private values, want %d", r.Private, 2*i+2)
		}
	}
	must(t, w.Close())
	verify(t, fsys)
}

func TestPrivateWithoutKeys(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", people(0, 3))
	must(t, w.Checkpoint())
	for _, name := range fsys.Walk() {
		if strings.Contains(name, layout.PrivateKeys+"/") {
			must(t, fsys.Remove(name))
		}
	}
	if got := values(t, fsys, "app", "EMAIL", true); got[0] != "<private>" {
		t.Errorf("without keys: %v", got)
	}
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	views, err := r.Snapshot("app")
	must(t, err)
	list, err := views[0].Private(1)
	if err != nil || len(list) != 2 || list[0].State != journal.PrivateLocked || list[0].Name != "EMAIL" {
		t.Errorf("without keys: %+v, %v", list, err)
	}
	must(t, journal.CloseViews(views))
	verify(t, fsys)
	must(t, w.Close())
	w = open(t, fsys, clock)
	appendAll(t, w, "app", people(3, 1))
	must(t, w.Checkpoint())
	if got := values(t, fsys, "app", "EMAIL", true); got[3] != secret(3) {
		t.Errorf("after the keys were lost new values are not kept: %v", got)
	}
	verify(t, fsys)
	must(t, w.Close())
}

func TestPrivateInterface(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", people(0, 3))
	must(t, w.Checkpoint())
	erase(t, w, "app", 1)
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	said, err := r.Sidecars()
	must(t, err)
	views, err := r.Snapshot("app")
	must(t, err)
	defer journal.CloseViews(views)
	for index := range uint64(3) {
		list, err := views[0].Private(index)
		must(t, err)
		if len(list) != 2 || list[0].Name != "EMAIL" || list[0].Position != 1 {
			t.Fatalf("entry %d: %+v", index, list)
		}
		x := list[0]
		if index == 1 {
			if x.State != journal.PrivateErased || said.Erasures[x.By].Count != 2 || len(x.Value) > 0 {
				t.Errorf("erased: %+v, logged as %+v", x, said.Erasures[x.By])
			}
			continue
		}
		if digest := entry.PrivateDigest(x.Salt, x.Name, x.Value); x.State != journal.PrivateKept || digest != x.Digest {
			t.Errorf("entry %d: value and salt do not give the digest", index)
		}
	}
	must(t, w.Close())
}

func TestPrivateRules(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read, Private: []journal.PrivateRule{
		{Journal: "app", Tag: "shop", Fields: []string{"PHONE"}}, {Fields: []string{"IBAN"}}}})
	must(t, err)
	of := func(tag string) entry.Entry {
		e := message("order")
		e.AddString("SYSLOG_IDENTIFIER", tag, entry.Claimed)
		e.AddString("PHONE", "555-0100", entry.Claimed)
		return e
	}
	bank := message("paid")
	bank.AddString("IBAN", "DE00 1234", entry.Claimed)
	appendAll(t, w, "app", []entry.Entry{of("shop"), of("other"), bank})
	must(t, w.Checkpoint())
	if got := values(t, fsys, "app", "PHONE", false); got[0] != "<private>" || got[1] != "555-0100" {
		t.Errorf("PHONE: %v", got)
	}
	if got := values(t, fsys, "app", "IBAN", false); got[2] != "<private>" {
		t.Errorf("IBAN: %v", got)
	}
	w.SetPrivate(nil)
	appendAll(t, w, "app", []entry.Entry{bank})
	if got := values(t, fsys, "app", "IBAN", false); got[3] != "DE00 1234" {
		t.Errorf("without rules: %v", got)
	}
	must(t, w.Close())
	verify(t, fsys)
}

// TestForgedPrivateValues: whoever changes, removes, adds or brings back a file of private values is found out, without
// any key.
func TestForgedPrivateValues(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	for i := range 4 {
		appendAll(t, w, "app", people(10*i, 10))
	}
	must(t, w.Checkpoint())
	old := contentsOf(t, fsys, dir+"/app/"+layout.PrivateName(0))
	erase(t, w, "app", 12)
	must(t, w.Close())
	verify(t, fsys)
	name := dir + "/app/" + layout.PrivateName(0)
	whole := contentsOf(t, fsys, name)
	header := whole[:frame.HeadHeaderSize]
	forged := sidecar.AppendBlocks(bytes.Clone(header), sidecar.NewKey(), []sidecar.Value{{Ref: sidecar.Ref{Index: 0, Position: 1}}})
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-3] ^= 1
	for what, data := range map[string][]byte{"the old file": old, "nothing": header, "forged": forged, "flipped": flipped,
		"cut": whole[:len(whole)-1], "added": append(bytes.Clone(whole), forged[len(header):]...), "none": nil} {
		t.Run(what, func(t *testing.T) {
			disk := fsys.Clone()
			must(t, disk.Remove(name))
			if data != nil {
				f, err := disk.Create(name, 0o640)
				must(t, err)
				_, err = f.WriteAt(data, 0)
				must(t, errors.Join(err, f.Close()))
			}
			r := check.Store(disk, dir, check.Options{})
			if r.Verdict != check.Tampered || !hasRule(r, check.RulePrivate) {
				t.Errorf("verdict %s, findings %v", r.Word, r.Findings)
			}
			for _, f := range r.Findings {
				if f.Rule != check.RulePrivate || f.Journal != "app" {
					t.Errorf("found besides: %v", f)
				}
			}
		})
	}
}
