package check_test

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"testing"

	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// host is a machine with a store that is sealed.
type host struct {
	t     *testing.T
	fsys  *crashfs.FS
	now   journal.Reading
	boot  seal.BootID
	w     *journal.Writer
	cert  seal.Certificate
	older []*crashfs.FS // the store behind each seal
}

const minute = 60_000_000

// newHost makes a store whose generations have that many keys.
func newHost(t *testing.T, keys uint32) *host {
	h := &host{t: t, fsys: crashfs.New(), now: journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}, boot: seal.BootID{1}}
	var err error
	h.cert, err = journal.CreateWith(h.fsys, dir, journal.New{Origin: "test.example", Keys: keys})
	must(t, err)
	h.open()
	return h
}

func (h *host) open() {
	clock := func() journal.Reading {
		h.now.Wall, h.now.Boot = h.now.Wall+1000, h.now.Boot+1000
		return h.now
	}
	machine := func() journal.Machine { return journal.Machine{Boot: h.boot} }
	w, err := journal.OpenWriter(h.fsys, dir, journal.Options{Clock: clock, Machine: machine})
	must(h.t, err)
	h.w = w
}

// pass lets time pass, in µs.
func (h *host) pass(micros int64) { h.now.Wall, h.now.Boot = h.now.Wall+micros, h.now.Boot+micros }

func (h *host) log(name string, texts ...string) {
	for _, text := range texts {
		appendTo(h.t, h.w, name, message(text))
	}
}

func (h *host) seal(reason seal.Reason) {
	_, err := h.w.Seal(reason)
	must(h.t, err)
	h.older = append(h.older, h.fsys.Clone())
}

// day is an ordinary time: six seals over two journals, of which the last two are not of generation 0. Above the last
// seal is one more entry. The writer is closed.
func day(t *testing.T) *host { return dayOf(newHost(t, 4), "app") }

func dayOf(h *host, word string) *host {
	h.seal(seal.Boot)
	for i := range 4 {
		h.pass(minute)
		h.log("app", fmt.Sprintf("%s %d a", word, i), fmt.Sprintf("%s %d b", word, i), fmt.Sprintf("%s %d c", word, i))
		h.log("auth", fmt.Sprintf("auth %d", i))
		h.seal(seal.Interval)
		if i == 1 {
			must(h.t, h.w.Rotate())
		}
	}
	h.pass(15 * minute)
	h.seal(seal.Heartbeat)
	h.pass(minute / 2)
	h.log("app", "not sealed yet")
	must(h.t, h.w.Checkpoint())
	must(h.t, h.w.Close())
	return h
}

func (h *host) check(remembered ...check.Outside) *check.Report {
	code := h.cert.Code()
	return check.Store(h.fsys, dir, check.Options{Pin: &code, PinnedBy: "the test", Workers: 2, Vouching: check.Vouching{Outside: remembered}})
}

func TestSealedStore(t *testing.T) {
	h := day(t)
	r := h.check()
	if r.Verdict != check.Verified || len(r.Findings)+len(r.Notes) != 0 || len(r.Unclean)+len(r.Reseeded) != 0 {
		t.Fatalf("%s: %v, notes %q", r.Word, r.Findings, r.Notes)
	}
	if s := r.Sealed; s == nil || s.Counter != 5 || s.Generation != 1 || s.Seals != 6 || s.Sizes["app"] != 12 || s.Sizes["auth"] != 4 || s.Reason != "heartbeat" {
		t.Errorf("sealed: %+v", s)
	}
	if r.Unsealed != 1 {
		t.Errorf("%d entries unsealed, want 1", r.Unsealed)
	}
}

// TestSealsInSegments: the same from segments, with more than a block of entries between and across seals.
func TestSealsInSegments(t *testing.T) {
	h := newHost(t, 16)
	h.seal(seal.Boot)
	for i := range 9 {
		h.pass(minute)
		_, err := h.w.Append("app", messages(100+37*i))
		must(h.t, err)
		h.seal(seal.Interval)
		if i%3 == 2 {
			must(h.t, h.w.Rotate())
		}
	}
	must(h.t, h.w.Close())
	heads := h.check()
	f := forger{t, h.fsys}
	for _, name := range []string{"app", "system"} {
		for _, file := range f.files(name) {
			if first, ok := layout.ParseHeadName(file); ok && first != lastHead(f, name) {
				f.convert(name, first)
			}
		}
	}
	segments := h.check()
	if heads.Verdict != check.Verified || segments.Verdict != check.Verified || heads.Sealed.Seals != 10 || segments.Sealed.Seals != 10 {
		t.Errorf("heads: %s %v; segments: %s %v", heads.Word, heads.Findings, segments.Word, segments.Findings)
	}
	list := f.segmentEntries("app", 0)
	list[299].Fields[0].Value = []byte("changed")
	f.writeSegment("app", 0, list)
	if r := h.check(); !hasFinding(r, check.RuleSizes, "app", 299) {
		t.Errorf("an entry of a segment was changed: %v", r.Findings)
	}
}

// TestUncleanStop: the process ends without a word, or sleeps; that is said and no fault.
func TestUncleanStop(t *testing.T) {
	h := newHost(t, 16)
	h.seal(seal.Boot)
	from := h.now.Wall
	h.pass(7200 * 1e6)
	must(h.t, h.w.Close())
	h.open()
	h.boot[0]++
	h.now.Boot = 5e6
	h.seal(seal.Boot)
	h.seal(seal.Stop)
	h.pass(7200 * 1e6)
	h.seal(seal.Boot)
	must(h.t, h.w.Close())
	r := h.check()
	if r.Verdict != check.Verified || len(r.Unclean) != 1 || r.Unclean[0].After != 0 || r.Unclean[0].Before != 1 ||
		r.Unclean[0].From > from || from-r.Unclean[0].From > 1e6 || r.Unclean[0].To-r.Unclean[0].From < 7200*1e6 || len(r.Notes) != 1 {
		t.Errorf("%s: %v, unclean %+v, notes %q", r.Word, r.Findings, r.Unclean, r.Notes)
	}
}

// TestNeverSealed: a store of before there were seals stays readable; a seal in it counts for nothing.
func TestNeverSealed(t *testing.T) {
	fsys, code := build(t)
	if r := inspect(fsys, code); r.Verdict != check.Verified || r.Sealed != nil || r.Unsealed != r.Entries {
		t.Errorf("%s: %v", r.Word, r.Findings)
	}
	h := day(t)
	h.cert.KeyRoot = seal.Hash{}
	must(h.t, h.fsys.WriteFile(path.Join(dir, layout.StoreFile), layout.Store{Certificate: h.cert}.Marshal()))
	if r := h.check(); !hasFinding(r, check.RuleContinuity, layout.System, 2) {
		t.Errorf("a seal that no certificate announces: %s %v", r.Word, r.Findings)
	}
}

// TestEveryByteOfASealedStore: a flipped byte is noticed, a byte that the disk does not give is no tampering, and
// neither makes the check panic.
func TestEveryByteOfASealedStore(t *testing.T) {
	h := day(t)
	code := h.cert.Code()
	for _, file := range storeFiles(t, h.fsys) {
		data, err := h.fsys.ReadFile(file)
		must(t, err)
		t.Run(strings.TrimPrefix(file, dir+"/"), func(t *testing.T) {
			t.Parallel()
			fsys := h.fsys.Clone()
			for i := 0; i < len(data); i += 5 * stride {
				changed := bytes.Clone(data)
				changed[i] ^= 0x10
				change(t, fsys, code, file, changed, "flipped", i)
				r := check.Store(badSector{fsys, file, int64(i)}, dir, check.Options{Pin: &code, Workers: 1})
				if r.Verdict != check.Unreadable {
					t.Fatalf("%s cannot be read at %d: verdict %s: %v", file, i, r.Word, r.Findings)
				}
			}
		})
	}
}

// TestClockStep: a clock that is set, in whatever direction, is logged by the writer and breaks no rule.
func TestClockStep(t *testing.T) {
	h := newHost(t, 16)
	h.log("app", "before")
	h.seal(seal.Boot)
	for _, step := range []int64{-3600 * 1e6, 86400 * 1e6, -9e6, 9e6} {
		h.now.Wall += step
		h.log("app", "after a step")
		h.pass(minute / 2)
		h.log("auth", "later")
		h.seal(seal.ClockStep)
		h.pass(minute)
		h.log("app", "and later")
		h.seal(seal.Interval)
	}
	must(t, h.w.Close())
	if r := h.check(); r.Verdict != check.Verified || len(r.Findings)+len(r.Notes) != 0 || r.Sealed.Seals != 9 {
		t.Errorf("%s %v, notes %q", r.Word, r.Findings, r.Notes)
	}
}
