package evidence

import (
	"bytes"
	"strings"
	"testing"

	"constat/entry"
	"constat/seal"
)

// TestWitnesses holds evidence to a policy: with the cosignature that it wants, without, and with a wrong one.
func TestWitnesses(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	key, err := seal.NewWitnessKey("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := seal.ParsePolicy([]byte("witness w1 " + key.Cosigner().VKey() + "\nquorum w1\n"))
	if err != nil {
		t.Fatal(err)
	}
	options := w.pin()
	options.Policy = policy
	zip := w.evidence(t, 3, 4)
	if r := Verify(zip, options); r.Verdict != Below || !strings.Contains(r.Title, "NOT ANCHORED") {
		t.Fatalf("without a cosignature: %s", r.Text())
	}
	cosigned := func(size uint64, change func(*seal.Cosignature)) []byte {
		point := seal.Checkpoint{Origin: w.main.origin, Size: size, Root: w.main.root(size)}
		signed, err := seal.SignCheckpoint(point, w.id)
		if err != nil {
			t.Fatal(err)
		}
		c := key.Cosign(point.Text(), 1_760_000_100)
		change(&c)
		return append(signed, c.Line()...)
	}
	w.fill(10)
	again := func(note []byte) *Report {
		d, at, err := Reopen(zip)
		if err != nil {
			t.Fatal(err)
		}
		var seals []seal.Seal
		for counter := range d.SealCounters() {
			seals = append(seals, w.made[counter])
		}
		out, err := d.Finish(Proof{Logs: w.logs(), Exported: at, Seals: seals, Witnessed: []Witnessed{{"main", note}}})
		if err != nil {
			t.Fatal(err)
		}
		return Verify(out, options)
	}
	r := again(cosigned(45, func(*seal.Cosignature) {}))
	if r.Verdict != Verified || r.Title != "VERIFIED" || !strings.Contains(r.Text(), "2025-10-09T08:55:00Z (w1)") {
		t.Errorf("cosigned: %s", r.Text())
	}
	if r := again(cosigned(20, func(*seal.Cosignature) {})); r.Verdict != Below {
		t.Errorf("cosigned before what is shown: %s", r.Text())
	}
	if r := again(cosigned(45, func(c *seal.Cosignature) { c.Signature[3] ^= 1 })); r.Verdict != Tampered || !r.failed("not-after") {
		t.Errorf("a wrong cosignature: %s", r.Text())
	}
	if _, err := seal.ParsePolicy([]byte("quorum nobody\n")); err == nil {
		t.Error("a policy with an unknown quorum")
	}
}

// TestThroughSystem anchors a journal that no witness has seen: witnesses have cosigned system, a seal in it states the
// journal, and the entry of the seal lies below what they cosigned.
func TestThroughSystem(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	first, second := newWitness(t, "w1"), newWitness(t, "w2")
	options := w.pin()
	options.Policy = policyOf(t, "witness w1 "+first.Cosigner().VKey()+"\nwitness w2 "+second.Cosigner().VKey()+"\ngroup both all w1 w2\nquorum both\n")
	zip := w.evidence(t, 3, 4) // seal 0 stands in entry 1 of system, the exported entry in 2, seal 1 in 3
	w.fill(10)
	again := func(seals []uint64, notes ...Witnessed) []byte {
		d, at, err := Reopen(zip)
		if err != nil {
			t.Fatal(err)
		}
		var list []seal.Seal
		for _, counter := range seals {
			list = append(list, w.made[counter])
		}
		out, err := d.Finish(Proof{Logs: w.logs(), Exported: at, Seals: list, Witnessed: notes})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	system := func(k *seal.WitnessKey, size uint64, at int64, more ...*seal.WitnessKey) Witnessed {
		note := w.cosigned(t, w.system, size, k, at)
		for _, k := range more {
			text, _, err := seal.Cosignatures(note)
			if err != nil {
				t.Fatal(err)
			}
			note = append(note, k.Cosign(text, at).Line()...)
		}
		return Witnessed{"system", note}
	}
	for _, c := range []struct {
		name  string
		seals []uint64
		notes []Witnessed
		want  Verdict
		text  string
	}{
		{"both, at different sizes", []uint64{0, 1}, []Witnessed{system(first, 2, 1_760_000_100), system(second, 3, 1_760_000_200)}, Verified,
			"2025-10-09T08:56:40Z (w1, w2); journal main through seal 0"},
		{"one of them the journal itself", []uint64{0}, []Witnessed{system(first, 2, 1_760_000_100), {"main", w.cosigned(t, w.main, 45, second, 1_760_000_050)}}, Verified,
			"2025-10-09T08:55:00Z (w1, w2); journal main through seal 0"},
		{"through a later seal", []uint64{0, 1}, []Witnessed{system(first, 4, 1_760_000_100, second)}, Verified, "(w1, w2)"},
		{"one is missing", []uint64{0, 1}, []Witnessed{system(first, 2, 1_760_000_100)}, Below, "have not cosigned"},
		{"before the seal", []uint64{0, 1}, []Witnessed{system(first, 1, 1_760_000_100), system(second, 3, 1_760_000_200)}, Below, "have not cosigned"},
		{"the journal, before what is shown", []uint64{0}, []Witnessed{{"main", w.cosigned(t, w.main, 39, first, 1_760_000_100)}, system(second, 3, 1_760_000_200)}, Below, "have not cosigned"},
	} {
		if r := Verify(again(c.seals, c.notes...), options); r.Verdict != c.want || !strings.Contains(r.Text(), c.text) {
			t.Errorf("%s: %s", c.name, r.Text())
		}
	}
	good := again([]uint64{0, 1}, system(first, 2, 1_760_000_100, second))
	for name, change := range map[string]func(files []file) []file{
		"sealed":    edit(sealsPrefix+"0.json", func([]byte) []byte { return formatSeal(forgedSeal(w), []string{"main", "system"}) }),
		"integrity": edit(supportName, func(b []byte) []byte { b[40] ^= 1; return b }),
		"not-after": edit(witnessed+"system-2", func(b []byte) []byte { return bytes.Replace(b, []byte("\n2\n"), []byte("\n3\n"), 1) }),
	} {
		if r := Verify(rezipped(t, good, change), options); r.Verdict != Tampered || !r.failed(name) {
			t.Errorf("%s: %s", name, r.Text())
		}
	}
}

// forgedSeal is seal 0 with another statement, by the key of today.
func forgedSeal(w *world) *seal.Seal {
	s := w.made[0]
	s.Statement.Wall++
	return &s
}

func newWitness(t *testing.T, name string) *seal.WitnessKey {
	t.Helper()
	key, err := seal.NewWitnessKey("witness.example/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func policyOf(t *testing.T, text string) *seal.Policy {
	t.Helper()
	p, err := seal.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cosigned is the checkpoint of a log at a size, cosigned at a time.
func (w *world) cosigned(t *testing.T, log *memLog, size uint64, key *seal.WitnessKey, at int64) []byte {
	t.Helper()
	point := seal.Checkpoint{Origin: log.origin, Size: size, Root: log.root(size)}
	signed, err := seal.SignCheckpoint(point, w.id)
	if err != nil {
		t.Fatal(err)
	}
	return append(signed, key.Cosign(point.Text(), at).Line()...)
}

// TestNotBefore bounds what is shown from below by cosignatures in entries of system: only by those that a seal covers which
// states no entry that is shown, only as far as the quorum goes, and never by what a sender wrote.
func TestNotBefore(t *testing.T) {
	w := newWorld(t)
	first, second := newWitness(t, "w1"), newWitness(t, "w2")
	log := func(kind entry.Kind, by entry.Provenance, notes ...[]byte) (index uint64) {
		for _, note := range notes {
			e := entry.Entry{Kind: kind, Received: w.clock}
			e.AddString("CONTROL", "witnessed", by)
			e.Add("CHECKPOINT", note, by)
			index = w.system.add(e)
		}
		return index
	}
	w.fill(10)
	log(entry.Control, entry.Observed, w.cosigned(t, w.main, 10, first, 1_700_000_100), w.cosigned(t, w.main, 10, second, 1_700_000_050)) // 1 and 2
	low := w.seal(t)                                                                                                                      // entry 3, over 10 of main
	log(entry.Control, entry.Observed, w.cosigned(t, w.main, 10, first, 1_700_000_200))                                                   // 4
	log(entry.Event, entry.Claimed, w.cosigned(t, w.main, 10, second, 1_700_000_300))                                                     // 5
	w.fill(30)
	s := w.seal(t)
	made := func(first uint64, support ...uint64) []byte {
		d, err := Prepare(w.request(s, false, first, first+5))
		if err != nil {
			t.Fatal(err)
		}
		zip, err := d.Finish(Proof{Logs: w.logs(), Support: support, Seals: []seal.Seal{*low, *s}})
		if err != nil {
			t.Fatal(err)
		}
		return zip
	}
	any := "witness w1 " + first.Cosigner().VKey() + "\nwitness w2 " + second.Cosigner().VKey() + "\ngroup some any w1 w2\n"
	for _, c := range []struct {
		name, quorum, want string
		zip                []byte
	}{
		{"any of two", "some", "not-before    2023-11-14T22:15:00Z: what is shown was put into the journal later than that (cosigned by w1 in entry 1 of journal system, which seal 0 covers; it states 10 entries of journal main)", made(10, 1, 2, 4, 5)},
		{"the other one", "w2", "not-before    2023-11-14T22:14:10Z", made(10, 1, 2, 4, 5)},
		{"both", "all", "not-before    2023-11-14T22:14:10Z: what is shown was put into the journal later than that (cosigned by w1 in entry 1, w2 in entry 2 of", made(25, 1, 2, 4, 5)},
		{"the seal states what is shown", "some", "not-before    no cosignature", made(9, 1, 2, 4, 5)},
		{"the entry stands behind the seal", "some", "not-before    no cosignature", made(10, 4)},
		{"a sender wrote it", "w2", "not-before    no cosignature", made(10, 1, 5)},
		{"nobody is wanted", "none", "not-before    no cosignature", made(10, 1, 2)},
	} {
		o := w.pin()
		groups := any
		if c.quorum == "all" {
			groups = strings.Replace(any, "some any", "all all", 1)
		}
		o.Policy = policyOf(t, groups+"quorum "+c.quorum+"\n")
		if r := Verify(c.zip, o); len(r.Findings) > 0 || !strings.Contains(r.Text(), c.want) {
			t.Errorf("%s: want %q: %s", c.name, c.want, r.Text())
		}
	}
	if r := Verify(made(10, 1), w.pin()); !strings.Contains(r.Text(), "not-before    not checked: no policy") {
		t.Errorf("without a policy: %s", r.Text())
	}
}
