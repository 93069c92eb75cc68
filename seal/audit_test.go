package seal_test

import (
	"strings"
	"testing"

	"constat/seal"
)

// history makes seals of a store with few keys, as a writer would.
type history struct {
	t     testing.TB
	cert  seal.Certificate
	chain *seal.Chain
	gen   uint32
	first uint64
	hash  seal.Hash
	now   int64 // µs
	next  seal.Statement
	index uint64
	epoch uint32
	log   []event
}

// event is a seal or a certificate and where it stands.
type event struct {
	at   seal.Point
	seal *seal.Seal
	cert *seal.Endorsed
}

const keys = 8

func newHistory(t testing.TB) *history {
	h := &history{t: t, chain: newChain(t, seed(1), keys), now: 1_700_000_000e6}
	h.cert = seal.Certificate{Origin: "host.example", SealAfter: 60, Heartbeat: 900, Keys: keys, KeyRoot: h.chain.Keys().Root}
	h.hash = seal.Hash(h.cert.Code())
	h.next = seal.Statement{Previous: seal.NoPrevious, Boot: seal.BootID{1}}
	return h
}

func (h *history) point() seal.Point {
	return seal.Point{Index: h.index, Epoch: h.epoch, Received: h.now}
}

// seal makes one after that many seconds, and a new generation before it if one is due.
func (h *history) seal(reason seal.Reason, after int64) *seal.Seal {
	h.now += after * 1e6
	h.next.Boottime += after * 1e6
	if h.chain.Position() == keys-1 {
		h.handover()
	}
	h.index += 3
	h.next.Reason, h.next.Wall = reason, h.now
	s, err := seal.Make(h.next, []seal.Journal{{Name: "app", Size: h.index}, {Name: "system", Size: h.index}}, h.chain)
	if err != nil {
		h.t.Fatal(err)
	}
	h.chain.Advance()
	h.log = append(h.log, event{at: h.point(), seal: &s})
	h.next.Counter, h.next.Previous = h.next.Counter+1, h.index
	h.index++
	return &s
}

func (h *history) handover() {
	h.gen++
	fresh := newChain(h.t, seed(byte(h.gen)+1), keys)
	g := seal.Generation{Number: h.gen, Terms: h.cert, First: h.next.Counter, Previous: h.hash, Created: h.now}
	g.Terms.KeyRoot = fresh.Keys().Root
	e, err := g.Endorse(h.chain)
	if err != nil {
		h.t.Fatal(err)
	}
	h.chain.Advance()
	h.log = append(h.log, event{at: h.point(), cert: &e})
	h.chain, h.hash, h.first, h.next.Generation = fresh, g.Hash(), g.First, h.gen
	h.index++
}

// run audits the log and checks every signature.
func (h *history) run() (*seal.Audit, []string) {
	a, texts := seal.NewAudit(h.cert, "system"), []string{}
	for _, e := range h.log {
		if e.cert != nil {
			for _, p := range a.Certificate(e.cert, e.at) {
				texts = append(texts, p.Rule+" "+p.Text)
			}
			continue
		}
		keys, position, problems := a.Seal(e.seal, e.at)
		for _, p := range problems {
			texts = append(texts, p.Rule+" "+p.Text)
		}
		if err := e.seal.Verify(keys, position); err != nil {
			texts = append(texts, "signature "+err.Error())
		}
	}
	return a, texts
}

// ordinary is a history without fault over some generations.
func ordinary(t testing.TB) *history {
	h := newHistory(t)
	h.seal(seal.Boot, 0)
	for range 20 {
		h.seal(seal.Heartbeat, 900)
	}
	h.seal(seal.Suspend, 10)
	h.seal(seal.Resume, 8*3600)
	h.seal(seal.Stop, 10)
	h.next.Boot, h.next.Boottime = seal.BootID{2}, 0
	h.seal(seal.Boot, 7200)
	h.seal(seal.Interval, 60)
	return h
}

func TestAuditAccepts(t *testing.T) {
	h := ordinary(t)
	a, problems := h.run()
	if len(problems) != 0 || len(a.Silences) != 0 || len(a.Reseeds) != 0 {
		t.Errorf("problems %q, silences %v, reseeds %v", problems, a.Silences, a.Reseeds)
	}
	if number, first := a.Generation(); number != 3 || first != 21 {
		t.Errorf("generation %d from seal %d", number, first)
	}
	if last, at := a.Last(); last.Counter != 25 || at != h.log[len(h.log)-1].at || a.Next() != 26 {
		t.Errorf("last seal %d at %v", last.Counter, at)
	}
}

// TestAuditFinds: what an adversary or a faulty writer does, and the rule that names it.
func TestAuditFinds(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *history)
		want string
	}{
		"a seal is gone":          {func(h *history) { h.log = append(h.log[:5:5], h.log[6:]...) }, "R1 seal 6: seals 5 to 5 are missing"},
		"a seal stands twice":     {func(h *history) { h.log = append(h.log[:6:6], h.log[5:]...) }, "R1 seal 5: that counter was used before"},
		"two seals swapped":       {func(h *history) { h.log[4], h.log[5] = h.log[5], h.log[4] }, "R1 seal 5: seals 4 to 4 are missing"},
		"the first ones are gone": {func(h *history) { h.log = h.log[3:] }, "R1 seal 3: seals 0 to 2 are missing"},
		"a certificate is gone":   {func(h *history) { h.log = append(h.log[:7:7], h.log[8:]...) }, "R1 seal 7: of generation 1, but 0 is in force"},
		"another's certificate":   {func(h *history) { h.log[7].cert.Terms.Store[0]++ }, "R1 certificate 1: is that of another store"},
		"another identity":        {func(h *history) { h.log[7].cert.Terms.Identity[0]++ }, "R1 certificate 1: names another identity"},
		"a changed certificate":   {func(h *history) { h.log[7].cert.Created++ }, "did not sign this"},
		"a changed seal":          {func(h *history) { h.log[2].seal.Wall++ }, "did not sign this"},
		"a changed list":          {func(h *history) { h.log[2].seal.List[0].Size++ }, "the list is not the one that was signed"},
		"a seal moved":            {func(h *history) { h.log[2].at.Index++ }, "R2 seal 2: does not list system"},
		"a size falls":            {func(h *history) { h.log[3].seal.List[0].Size = 1 }, "R2 seal 3: app has 1 entries, and had 11 under the seal before"},
		"logged at another time":  {func(h *history) { h.log[3].at.Received += 16e6 }, "R3 seal 3: made at"},
	} {
		h := ordinary(t)
		c.do(h)
		if _, got := h.run(); !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: want %q in %q", name, c.want, got)
		}
	}
}

// TestAuditTime: clocks and duty.
func TestAuditTime(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(h *history)
		want string
	}{
		"clock set back":         {func(h *history) { h.now -= 3600e6; h.seal(seal.Interval, 60) }, "R3 seal 1: made at"},
		"clock set back, logged": {func(h *history) { h.now -= 3600e6; h.epoch++; h.seal(seal.ClockStep, 60) }, ""},
		"clock set on":           {func(h *history) { h.now += 3600e6; h.seal(seal.Interval, 60) }, "R3 seal 1: the wall clock went on by 1h1m0s while 1m0s passed"},
		"boottime back": {func(h *history) {
			h.next.Boottime = 5
			h.seal(seal.Interval, 60)
			h.next.Boottime = 0
			h.seal(seal.Interval, 1)
		}, "R3 seal 2: made"},
		"drift":                     {func(h *history) { h.now += 10e6; h.seal(seal.Heartbeat, 900) }, ""},
		"late":                      {func(h *history) { h.seal(seal.Heartbeat, 961) }, "R4 seal 1: 16m1s after the one before"},
		"just in time":              {func(h *history) { h.seal(seal.Heartbeat, 960) }, ""},
		"silence explained by stop": {func(h *history) { h.seal(seal.Stop, 1); h.seal(seal.Heartbeat, 961) }, "R4 seal 2: of reason heartbeat, follows a stop seal"},
		"another boot":              {func(h *history) { h.next.Boot[0]++; h.seal(seal.Heartbeat, 10) }, "R4 seal 1: the machine was started again"},
		"awake without resume":      {func(h *history) { h.seal(seal.Suspend, 1); h.seal(seal.Interval, 600) }, "R4 seal 2: of reason interval, follows a suspend seal"},
	} {
		h := newHistory(t)
		h.seal(seal.Boot, 0)
		c.do(h)
		_, got := h.run()
		if all := strings.Join(got, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) {
			t.Errorf("%s: want %q in %q", name, c.want, got)
		}
	}
	h := newHistory(t)
	h.seal(seal.Boot, 10)
	h.seal(seal.Boot, 100)
	h.seal(seal.Resume, 5000)
	a, got := h.run()
	want := []seal.Silence{{After: 0, Before: 1, From: 1_700_000_010e6, To: 1_700_000_110e6}, {After: 1, Before: 2, From: 1_700_000_110e6, To: 1_700_005_110e6, Slept: true}}
	if len(got) != 0 || len(a.Silences) != 2 || a.Silences[0] != want[0] || a.Silences[1] != want[1] {
		t.Errorf("silences %v, problems %q", a.Silences, got)
	}
}

// TestStolenSeed: whoever takes the seed at some position can derive all later keys, but a generation of his own
// does not fit before that position, neither by a later key nor by the identity unnoticed.
func TestStolenSeed(t *testing.T) {
	h := newHistory(t)
	h.seal(seal.Boot, 0)
	for range 4 {
		h.seal(seal.Interval, 60)
	}
	stolen := h.chain.Next() // the seed of position 6, as it will be
	for position := uint32(6); position < keys; position++ {
		thief := newHistory(t)
		thief.log = h.log[:3]
		s := stolen
		for range position - 6 {
			s = s.Next()
		}
		chain, err := seal.ResumeChain(&s, position, h.chainLeft(position), seal.Keys{Count: keys, Root: h.cert.KeyRoot})
		if err != nil {
			t.Fatal(err)
		}
		own := newChain(t, seed(99), keys)
		g := seal.Generation{Number: 1, Terms: h.cert, First: 3, Previous: h.hash, Created: h.now}
		g.Terms.KeyRoot = own.Keys().Root
		e, err := g.Endorse(chain)
		if err != nil {
			t.Fatal(err)
		}
		thief.log = append(thief.log[:3:3], event{at: h.log[3].at, cert: &e})
		if _, got := thief.run(); !strings.Contains(strings.Join(got, " "), "R1 certificate 1: bad one-time signature") {
			t.Errorf("a generation endorsed with key %d in the place of seal 3: %q", position, got)
		}
	}
	id := seal.NewIdentity()
	h = newHistory(t)
	h.cert.Identity = id.Public()
	h.hash = seal.Hash(h.cert.Code())
	h.seal(seal.Boot, 0)
	g := seal.Generation{Number: 1, Terms: h.cert, First: 1, Previous: h.hash, Created: h.now}
	e := g.EndorseByIdentity(id)
	h.log = append(h.log, event{at: h.point(), cert: &e})
	if a, got := h.run(); len(got) != 0 || len(a.Reseeds) != 1 || a.Reseeds[0].Counter != 1 {
		t.Errorf("a generation endorsed by the identity: %v, %q", a.Reseeds, got)
	}
	e = g.EndorseByIdentity(seal.NewIdentity())
	if _, got := h.run(); len(got) != 1 || !strings.Contains(got[0], "the identity did not sign it") {
		t.Errorf("endorsed by another identity: %q", got)
	}
}

// chainLeft is the left edge of generation 0 before a position, from a chain that nobody has any more.
func (h *history) chainLeft(position uint32) []seal.Hash {
	c := newChain(h.t, seed(1), keys)
	for range position {
		c.Advance()
	}
	return c.Left()
}
