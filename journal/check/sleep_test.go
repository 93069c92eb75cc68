package check_test

import (
	"testing"

	"constat/journal/check"
	"constat/seal"
)

// night is a machine that slept for eight hours; how it goes to sleep and wakes up is up to the caller.
func night(t *testing.T, sleeps, wakes func(h *host)) *check.Report {
	h := newHost(t, 16)
	h.seal(seal.Boot)
	h.log("app", "in the evening")
	sleeps(h)
	h.pass(8 * 60 * minute)
	wakes(h)
	h.log("app", "in the morning")
	h.pass(minute / 2)
	h.seal(seal.Stop)
	must(t, h.w.Close())
	return h.check()
}

// TestDutyStopsWhileAsleep: between a suspend and a resume seal nobody has to seal, and nothing is unclean. Without the suspend
// seal the time is reported.
func TestDutyStopsWhileAsleep(t *testing.T) {
	suspend := func(h *host) { h.seal(seal.Suspend) }
	resume := func(h *host) { h.seal(seal.Resume) }
	r := night(t, suspend, resume)
	if r.Verdict != check.Verified || len(r.Findings)+len(r.Unclean) != 0 {
		t.Errorf("%s %v, unclean %v", r.Word, r.Findings, r.Unclean)
	}
	r = night(t, func(*host) {}, resume)
	if r.Verdict != check.Verified || len(r.Unclean) != 1 || !r.Unclean[0].Slept {
		t.Errorf("without a suspend seal: %s %v, unclean %v", r.Word, r.Findings, r.Unclean)
	}
	for _, reason := range []seal.Reason{seal.Interval, seal.Urgent, seal.Request, seal.Suspend} { // the writer says resume by itself
		r = night(t, suspend, func(h *host) {
			h.seal(reason)
			if last, _, _ := h.w.LastSeal(); last.Reason != seal.Resume {
				t.Errorf("%s behind a suspend seal becomes %s", reason, last.Reason)
			}
		})
		if r.Verdict != check.Verified || len(r.Findings)+len(r.Unclean) != 0 {
			t.Errorf("%s behind a suspend seal: %s %v, unclean %v", reason, r.Word, r.Findings, r.Unclean)
		}
	}
}
