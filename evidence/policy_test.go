package evidence

import (
	"strings"
	"testing"

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
