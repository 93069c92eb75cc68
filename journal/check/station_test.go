package check_test

import (
	"strings"
	"testing"

	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

var stationKey = seal.IdentityOf([32]byte{5})

const stationName = "station-7"

// newBoot is a machine that makes its store anew in a boot.
func newBoot(t *testing.T, boot seal.BootID) *host {
	h := &host{t: t, fsys: crashfs.New(), now: journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}, boot: boot}
	var err error
	h.cert, err = journal.CreateWith(h.fsys, dir, journal.New{Origin: seal.Station{Name: stationName}.Origin(boot), Keys: 16})
	must(t, err)
	h.endorse(stationKey)
	h.open()
	return h
}

func (h *host) endorse(key *seal.Identity) {
	note, err := seal.EndorseBoot(h.cert, stationName, key)
	must(h.t, err)
	must(h.t, h.fsys.WriteFile(dir+"/"+layout.StationFile, note))
}

func (h *host) checkPinned(code seal.Code) *check.Report {
	return check.Store(h.fsys, dir, check.Options{Pin: &code, PinnedBy: "the test", Workers: 1})
}

func stationCode() seal.Code { return seal.Station{Name: stationName, Key: stationKey.Public()}.Code() }

// TestOneCodeVerifiesEveryBoot: that of the station does, the one of the boot too, and each report says what that is
// worth.
func TestOneCodeVerifiesEveryBoot(t *testing.T) {
	for b := range byte(2) {
		h := dayOf(newBoot(t, seal.BootID{b + 1}), "app")
		for _, code := range []seal.Code{stationCode(), h.cert.Code()} {
			r := h.checkPinned(code)
			if r.Verdict != check.Verified || len(r.Findings) != 0 || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "not forward-secure across boots") {
				t.Fatalf("boot %d: %s %v %q", b, r.Word, r.Findings, r.Notes)
			}
			s := r.Station
			if s == nil || s.Name != stationName || s.Code != stationCode().String() || s.Boot != h.boot.String() || s.Limit != "not forward-secure across boots" {
				t.Errorf("boot %d: station %+v", b, s)
			}
		}
	}
}

// TestFalseBoots: who has no key of the station cannot pass a store off as one of its boots.
func TestFalseBoots(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *host)
		rule check.Rule
	}{
		"no endorsement":     {func(h *host) { must(t, h.fsys.Remove(dir+"/"+layout.StationFile)) }, check.RuleCode},
		"by another key":     {func(h *host) { h.endorse(seal.IdentityOf([32]byte{6})) }, check.RuleCode},
		"of another boot":    {func(h *host) { other := newBoot(t, seal.BootID{9}); h.copyStation(other) }, check.RuleStation},
		"gone on after it":   {func(h *host) { h.boot = seal.BootID{3}; h.open(); h.seal(seal.Boot); must(t, h.w.Close()) }, check.RuleStation},
		"no endorsement yet": {func(h *host) { must(t, h.fsys.WriteFile(dir+"/"+layout.StationFile, nil)) }, check.RuleStation},
	} {
		t.Run(name, func(t *testing.T) {
			h := dayOf(newBoot(t, seal.BootID{1}), "app")
			c.do(h)
			r := h.checkPinned(stationCode())
			if r.Verdict != check.Tampered || !hasFinding(r, c.rule, "", -1) && !hasFinding(r, c.rule, layout.System, -1) {
				t.Errorf("%s %v", r.Word, r.Findings)
			}
		})
	}
}

func (h *host) copyStation(from *host) {
	note, err := from.fsys.ReadFile(dir + "/" + layout.StationFile)
	must(h.t, err)
	must(h.t, h.fsys.WriteFile(dir+"/"+layout.StationFile, note))
}
