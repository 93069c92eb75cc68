package check_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// host is a machine with a store that is sealed, and everything that stands in STORE.keys.
type host struct {
	t       testing.TB
	fsys    *crashfs.FS
	now     journal.Reading
	w       *journal.Writer
	cert    seal.Certificate
	seed    *seal.Seed
	chain   *seal.Chain
	hash    seal.Hash // of the certificate in force
	gen     uint32
	terms   seal.Certificate
	boot    seal.BootID
	counter uint64
	last    uint64        // index of the newest seal
	fresh   byte          // of the seeds
	older   []*crashfs.FS // the store behind each seal
}

const minute = 60_000_000

// newHost makes a store whose generations have that many keys. Hosts with another first seed have other keys.
func newHost(t testing.TB, keys uint32, first byte) *host {
	h := &host{t: t, fsys: crashfs.New(), now: journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}, last: seal.NoPrevious, boot: seal.BootID{1}, fresh: first}
	cert, err := journal.Create(h.fsys, dir, "test.example")
	h.must(err)
	h.chain = h.newChain(keys)
	cert.Keys, cert.KeyRoot = keys, h.chain.Keys().Root
	h.must(h.fsys.WriteFile(path.Join(dir, layout.StoreFile), layout.Store{Certificate: cert}.Marshal()))
	h.cert, h.terms, h.hash = cert, cert, seal.Hash(cert.Code())
	h.open()
	return h
}

func (h *host) newChain(keys uint32) *seal.Chain {
	h.fresh++
	h.seed = &seal.Seed{h.fresh}
	chain, err := seal.NewChain(h.seed, keys)
	h.must(err)
	return chain
}

func (h *host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) open() {
	w, err := journal.OpenWriter(h.fsys, dir, journal.Options{Clock: func() journal.Reading {
		h.now.Wall, h.now.Boot = h.now.Wall+1000, h.now.Boot+1000
		return h.now
	}})
	h.must(err)
	h.w = w
}

// pass lets time pass, in µs.
func (h *host) pass(micros int64) { h.now.Wall, h.now.Boot = h.now.Wall+micros, h.now.Boot+micros }

func (h *host) log(name string, texts ...string) {
	for _, text := range texts {
		_, err := h.w.Append(name, []entry.Entry{message(text)})
		h.must(err)
	}
}

// control writes a control entry.
func (h *host) control(e entry.Entry) {
	_, err := h.w.Append(layout.System, []entry.Entry{e})
	h.must(err)
}

// states reads what every journal is now. Everything is signed for that.
func (h *host) states() []seal.Journal {
	h.must(h.w.Checkpoint())
	var list []seal.Journal
	for name := range h.w.Sizes() {
		f := forger{h.t.(*testing.T), h.fsys}
		d := f.descriptor(name)
		c, err := seal.OpenCheckpoint(f.read(path.Join(name, layout.CheckpointFile)), d.Origin, h.cert.Identity)
		h.must(err)
		list = append(list, seal.Journal{Name: name, ID: d.ID, Size: c.Size, Root: c.Root})
	}
	slices.SortFunc(list, func(a, b seal.Journal) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// seal makes the next seal, and a new generation before it if one is due.
func (h *host) seal(reason seal.Reason) {
	if h.chain.Position() == h.chain.Keys().Count-1 {
		h.handover()
	}
	list := h.states()
	s, err := seal.Make(seal.Statement{Generation: h.gen, Counter: h.counter, Reason: reason, Wall: h.now.Wall, Boottime: h.now.Boot,
		Boot: h.boot, Previous: h.last}, list, h.chain)
	h.must(err)
	h.put(&s)
	h.chain.Advance()
	h.older = append(h.older, h.fsys.Clone())
}

// put writes a seal into the system journal.
func (h *host) put(s *seal.Seal) {
	index, err := h.w.Append(layout.System, []entry.Entry{sealEntry(s)})
	h.must(err)
	h.must(h.w.Checkpoint())
	h.counter, h.last = s.Counter+1, index
}

func sealEntry(s *seal.Seal) entry.Entry {
	e := entry.Entry{Kind: entry.Seal}
	e.Fields = []entry.Field{{Name: layout.SealField, Value: s.Append(nil), Provenance: entry.Observed}}
	return e
}

func (h *host) handover() {
	g := seal.Generation{Number: h.gen + 1, Terms: h.terms, First: h.counter, Previous: h.hash, Created: h.now.Wall}
	before := h.chain
	h.chain = h.newChain(before.Keys().Count)
	g.Terms.KeyRoot = h.chain.Keys().Root
	e, err := g.Endorse(before)
	h.must(err)
	h.control(layout.NewControl(layout.CertificateMade, fmt.Sprintf("certificate %d", g.Number), layout.CertificateText, e.Format()))
	h.hash, h.gen, h.terms = g.Hash(), g.Number, g.Terms
}

// day is an ordinary time: six seals over two journals, of which the last two are not of generation 0. Above the last
// seal is one more entry. The writer is closed.
func day(t testing.TB) *host { return dayOf(newHost(t, 4, 0), "app") }

func dayOf(h *host, word string) *host {
	h.seal(seal.Boot)
	for i := range 4 {
		h.pass(minute)
		h.log("app", fmt.Sprintf("%s %d a", word, i), fmt.Sprintf("%s %d b", word, i), fmt.Sprintf("%s %d c", word, i))
		h.log("auth", fmt.Sprintf("auth %d", i))
		h.seal(seal.Interval)
		if i == 1 {
			h.must(h.w.Rotate())
		}
	}
	h.pass(15 * minute)
	h.seal(seal.Heartbeat)
	h.pass(minute / 2)
	h.log("app", "not sealed yet")
	h.must(h.w.Checkpoint())
	h.must(h.w.Close())
	return h
}

func (h *host) check(remembered ...seal.Checkpoint) *check.Report {
	code := h.cert.Code()
	return check.Store(h.fsys, dir, check.Options{Pin: &code, PinnedBy: "the test", Workers: 2, Remembered: remembered})
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
	h := newHost(t, 16, 0)
	h.seal(seal.Boot)
	for i := range 9 {
		h.pass(minute)
		_, err := h.w.Append("app", messages(100+37*i))
		h.must(err)
		h.seal(seal.Interval)
		if i%3 == 2 {
			h.must(h.w.Rotate())
		}
	}
	h.must(h.w.Close())
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
	h := newHost(t, 16, 0)
	h.seal(seal.Boot)
	from := h.now.Wall
	h.pass(7200 * 1e6)
	h.must(h.w.Close())
	h.open()
	h.boot[0]++
	h.now.Boot = 5e6
	h.seal(seal.Boot)
	h.seal(seal.Stop)
	h.pass(7200 * 1e6)
	h.seal(seal.Boot)
	h.must(h.w.Close())
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
	h := newHost(t, 4, 0)
	h.cert.KeyRoot = seal.Hash{}
	h.must(h.fsys.WriteFile(path.Join(dir, layout.StoreFile), layout.Store{Certificate: h.cert}.Marshal()))
	h.seal(seal.Boot)
	h.must(h.w.Close())
	if r := h.check(); !hasFinding(r, check.RuleContinuity, layout.System, 2) {
		t.Errorf("a seal that no certificate announces: %s %v", r.Word, r.Findings)
	}
}
