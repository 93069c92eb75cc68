package check_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// prunedDays is a store that was sealed over some days, of which retention has pruned the first ones. Seals within the
// segments that went state sizes of which no root can be computed any more.
func prunedDays(t *testing.T) *host {
	h := newHost(t, 64)
	for i := range 4 {
		h.seal(seal.Boot)
		for range 5 {
			h.pass(minute)
			appendTo(t, h.w, "app", messages(50+i)...)
			h.seal(seal.Interval)
		}
		h.seal(seal.Stop)
		must(t, h.w.Rotate())
		_, err := h.w.Convert(context.Background())
		must(t, err)
		h.pass(86_400_000_000)
	}
	_, err := h.w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 51 * time.Hour}})
	must(t, err)
	h.seal(seal.Boot)
	h.log("app", "the last")
	h.seal(seal.Stop)
	must(t, h.w.Close())
	return h
}

// TestSealsOfWhatWasPruned: signatures, counters and times still hold; what is left is compared with its roots.
func TestSealsOfWhatWasPruned(t *testing.T) {
	h := prunedDays(t)
	r := h.check()
	if r.Verdict != check.Verified || len(r.Findings) != 0 || r.Sealed.Seals != 30 || len(r.Unclean) != 0 {
		t.Fatalf("%s %v", r.Word, r.Findings)
	}
	if want := (check.Range{Journal: "app", First: 0, Last: 504}); !slices.Contains(r.Pruned, want) || len(r.Notes) != 1 {
		t.Errorf("pruned %v, notes %q", r.Pruned, r.Notes)
	}
	f := forger{t, h.fsys}
	list := f.segmentEntries("app", 505)
	list[3].Fields[0].Value = []byte("changed")
	f.writeSegment("app", 505, list)
	if r := h.check(); !hasFinding(r, check.RuleSizes, "app", 505+3) {
		t.Errorf("changed behind what was pruned: %v", r.Findings)
	}
}

// TestPruningOfSealsIsFound: seals and control entries never go.
func TestPruningOfSealsIsFound(t *testing.T) {
	h := prunedDays(t)
	a := forger{t, h.fsys}
	var first uint64
	for _, file := range a.files(layout.System) {
		if n, ok := layout.ParseSegmentName(file); ok {
			first = max(first, n)
		}
	}
	a.prune(layout.System, first)
	if r := h.check(); r.Verdict != check.Tampered || !hasFinding(r, check.RuleContinuity, layout.System, -1) {
		t.Errorf("%s %v", r.Word, r.Findings)
	}
}
