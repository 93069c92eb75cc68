package check_test

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// buildPruned makes a store of which retention has pruned the first two segments of app and the first of system. More
// runs before the writer is closed.
func buildPruned(t *testing.T, more ...func(w *journal.Writer)) (*crashfs.FS, seal.Code) {
	t.Helper()
	fsys := crashfs.New()
	certificate, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	now := journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}
	w := openWriter(t, fsys, func() journal.Reading {
		now.Wall, now.Boot = now.Wall+1000, now.Boot+1000
		return now
	})
	for i := range 4 {
		appendTo(t, w, "app", messages(250+i)...)
		appendTo(t, w, "system", messages(5)...)
		must(t, w.Checkpoint())
		must(t, w.Rotate())
		_, err := w.Convert(context.Background())
		must(t, err)
		now.Wall, now.Boot = now.Wall+86_400_000_000, now.Boot+86_400_000_000
	}
	_, err = w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 51 * time.Hour}})
	must(t, err)
	for _, do := range more {
		do(w)
	}
	appendTo(t, w, "app", message("the last"))
	must(t, w.Checkpoint())
	must(t, w.Close())
	return fsys, certificate.Code()
}

func TestIntactPrunedStore(t *testing.T) {
	fsys, code := buildPruned(t)
	r := inspect(fsys, code)
	want := []check.Range{{Journal: "app", First: 0, Last: 500}, {Journal: "system", First: 3, Last: 12}}
	if r.Verdict != check.Verified || len(r.Findings)+len(r.Rebuilt) != 0 {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(r.Pruned, want) {
		t.Errorf("pruned %v, want %v", r.Pruned, want)
	}
}

// keptFiles are the files of pruned segments.
func keptFiles(fsys *crashfs.FS) []string {
	var list []string
	for _, name := range fsys.Walk() {
		if _, ok := layout.ParseKeptName(path.Base(name)); ok {
			list = append(list, name)
		}
	}
	return list
}

func TestEveryByteOfWhatIsKept(t *testing.T) {
	built, code := buildPruned(t)
	list := keptFiles(built)
	if len(list) != 4 {
		t.Fatalf("kept: %v", list)
	}
	for _, file := range list {
		t.Run(strings.TrimPrefix(file, dir+"/"), func(t *testing.T) {
			t.Parallel()
			fsys := built.Clone()
			data, err := fsys.ReadFile(file)
			must(t, err)
			for i := 0; i < len(data); i += stride {
				for _, mask := range []byte{0xff, 0x01} {
					changed := bytes.Clone(data)
					changed[i] ^= mask
					changeSegment(t, fsys, code, file, changed, fmt.Sprintf("flipped at %d", i))
				}
				changeSegment(t, fsys, code, file, data[:i], fmt.Sprintf("cut to %d", i))
				changeSegment(t, fsys, code, file, slices.Delete(bytes.Clone(data), i, i+1), fmt.Sprintf("without byte %d", i))
			}
			changeSegment(t, fsys, code, file, append(bytes.Clone(data), 0), "longer")
			must(t, fsys.Remove(file))
			if r := inspect(fsys, code); r.Verdict != check.Tampered {
				t.Errorf("removed: verdict %s", r.Word)
			}
		})
	}
}

func TestWhatIsKeptOnABadSector(t *testing.T) {
	built, code := buildPruned(t)
	for _, file := range keptFiles(built) {
		data, err := built.ReadFile(file)
		must(t, err)
		for i := 0; i < len(data); i += 3 * stride {
			r := check.Store(badSector{built, file, int64(i)}, dir, check.Options{Pin: &code, Workers: 1})
			if r.Verdict != check.Unreadable {
				t.Fatalf("%s cannot be read at %d: verdict %s: %v", file, i, r.Word, r.Findings)
			}
		}
	}
}

// prune puts hashes in the place of all entries of a segment, right in every checksum.
func (f forger) prune(name string, first uint64) layout.Kept {
	f.t.Helper()
	list, d := f.segmentEntries(name, first), f.descriptor(name)
	nonces := entry.NewNonces(d.NonceKey)
	k := layout.Kept{First: first, End: first + uint64(len(list)), Oldest: momentOf(&list[0]), Newest: momentOf(&list[len(list)-1])}
	next := first
	for _, level := range seal.Subtrees(k.First, k.End) {
		var sub seal.Frontier
		for range 1 << level {
			body, err := entry.AppendBody(nil, &list[next-first])
			must(f.t, err)
			sub.Append(nonces.LeafHash(next, body))
			next++
		}
		k.Hashes = append(k.Hashes, sub.Root())
	}
	f.write(path.Join(name, layout.KeptName(first)), layout.AppendKept(nil, d.Header(frame.Kept, first), &k, nil))
	f.remove(path.Join(name, layout.SegmentName(first)))
	return k
}

func momentOf(e *entry.Entry) layout.Moment {
	return layout.Moment{Epoch: e.Epoch, Received: e.Received}
}

// says is the control entry of a pruning.
func says(d layout.Journal, k layout.Kept) entry.Entry {
	return layout.NewControl(layout.Pruned, "pruned", layout.JournalName, d.Name, layout.JournalIDOf, fmt.Sprintf("%x", d.ID[:]),
		layout.FirstIndex, fmt.Sprint(k.First), layout.LastIndex, fmt.Sprint(k.End-1), layout.NewestEpoch, fmt.Sprint(k.Newest.Epoch),
		layout.NewestTime, fmt.Sprint(k.Newest.Received))
}

// TestUnsaid: entries are gone and nothing that is signed says why.
func TestUnsaid(t *testing.T) {
	fsys, code := buildPruned(t)
	f := forger{t, fsys}
	k := f.prune("app", 501)
	r := inspect(fsys, code)
	if r.Verdict != check.Tampered || !hasFinding(r, check.RulePruned, "app", 501) || len(r.Findings) != 1 {
		t.Errorf("no control entry: verdict %s, %v", r.Word, r.Findings)
	}
	head := lastHead(f, "system")
	pieces := f.pieces("system", head)
	last := pieces[len(pieces)-1]
	e := says(f.descriptor("app"), k)
	old := last.entries[len(last.entries)-1]
	e.Epoch, e.Received = old.Epoch, old.Received+1e15
	f.writeHead("system", head, append(pieces, piece{last.first + uint64(len(last.entries)), []entry.Entry{e}})...)
	r = inspect(fsys, code)
	if r.Verdict != check.Tampered || !hasFinding(r, check.RulePruned, "app", 501) {
		t.Errorf("control entry behind the checkpoint: verdict %s, %v", r.Word, r.Findings)
	}
}

func lastHead(f forger, name string) (last uint64) {
	for _, file := range f.files(name) {
		if first, ok := layout.ParseHeadName(file); ok {
			last = max(last, first)
		}
	}
	return last
}

// TestTooYoung: whoever may sign prunes what is younger than the floor.
func TestTooYoung(t *testing.T) {
	for _, c := range []struct {
		name  string
		lie   func(k *layout.Kept)
		rules []check.Rule
	}{
		{"says so", func(*layout.Kept) {}, []check.Rule{check.RuleFloor}},
		{"says that it was old", func(k *layout.Kept) { k.Newest.Received -= 864_000_000_000 }, []check.Rule{check.RulePruned}},
	} {
		fsys, code := buildPruned(t, func(w *journal.Writer) {
			appendTo(t, w, "app", messages(20)...)
			must(t, w.Checkpoint())
			must(t, w.Rotate())
			_, err := w.Convert(context.Background())
			must(t, err)
		})
		f := forger{t, fsys}
		young := f.prune("app", 1006)
		lie := young
		c.lie(&lie)
		now := int64(young.Newest.Received/1000) * 1000
		w := openWriter(t, fsys, func() journal.Reading { now += 1000; return journal.Reading{Wall: now, Boot: now} })
		appendTo(t, w, "system", says(f.descriptor("app"), lie))
		must(t, w.Checkpoint())
		must(t, w.Close())
		r := inspect(fsys, code)
		for _, rule := range c.rules {
			if r.Verdict != check.Tampered || !hasFinding(r, rule, "app", int(young.First)) {
				t.Errorf("%s: verdict %s, %v", c.name, r.Word, r.Findings)
			}
		}
	}
}
