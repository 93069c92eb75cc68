package seal

import (
	"crypto/ed25519"
	"fmt"
)

// Rules that an [Audit] enforces. The others need the entries; package journal/check has them.
const (
	RuleContinuity = "R1" // counters, one-time keys, certificates
	RuleSizes      = "R2" // sizes and roots
	RuleTime       = "R3" // clocks, both ways
	RuleDuty       = "R4" // a seal in time, or a silence that is accounted for
)

// Tolerances in µs. What the writer does stays well within them.
const (
	ClockTolerance = 15_000_000 // between clocks; the clock of the store runs at most 10 s ahead of the machine's
	DutyTolerance  = 60_000_000 // beyond the heartbeat
	driftShare     = 1000       // a clock may gain or lose a thousandth
)

// Point is where an entry stands in its journal and when, by the clock of the store.
type Point struct {
	Index    uint64
	Epoch    uint32
	Received int64 // µs
}

// Problem is something that breaks a rule.
type Problem struct {
	Rule    string
	Index   uint64 // of the seal or certificate in its journal
	Counter uint64 // of the seal, or the next one
	Text    string
}

// Silence is a time for which nothing was promised: the process ended or slept without saying so.
type Silence struct {
	After, Before uint64 // counters of the seals around it
	From, To      int64  // µs, wall clock of these seals
	Slept         bool   // by a resume seal; else by a boot seal
}

// Reseed is a generation that only the identity key vouches for. Whoever held that key then, or holds it now, may have
// replaced everything above the seal before it.
type Reseed struct {
	Generation uint32
	Counter    uint64 // first seal of the generation
	Index      uint64 // of the certificate
}

// Audit is fed the seals and the later certificates of a store, in their order in the journal that holds them, and
// says what breaks a rule. It keeps no more than the last of each and is not safe for concurrent use. Signatures of
// seals are the caller's to check, with what [Audit.Seal] returns, because they take long and can be checked at once.
// Behind a problem it goes on from what it found.
type Audit struct {
	journal    string
	terms      Certificate
	generation uint32
	first      uint64
	hash       Hash
	next       uint64 // counter
	last       *Seal
	at         Point // of last
	Silences   []Silence
	Reseeds    []Reseed
	problems   []Problem
}

// NewAudit begins with certificate 0. The seals stand in the journal of that name.
func NewAudit(c Certificate, journal string) *Audit {
	return &Audit{journal: journal, terms: c, hash: Hash(c.Code())}
}

// Terms is the certificate in force: identity, intervals and keys.
func (a *Audit) Terms() Certificate { return a.terms }

// Last is the last seal and where it stands; nil if there was none.
func (a *Audit) Last() (*Seal, Point) { return a.last, a.at }

// Next is the counter of the next seal.
func (a *Audit) Next() uint64 { return a.next }

// Generation is the number of the generation in force and the counter of its first seal.
func (a *Audit) Generation() (number uint32, first uint64) { return a.generation, a.first }

func (a *Audit) found(rule string, at Point, counter uint64, format string, args ...any) {
	a.problems = append(a.problems, Problem{Rule: rule, Index: at.Index, Counter: counter, Text: fmt.Sprintf(format, args...)})
}

func (a *Audit) take() []Problem {
	list := a.problems
	a.problems = nil
	return list
}

// Certificate takes the next certificate, which stands at that point.
func (a *Audit) Certificate(e *Endorsed, at Point) []Problem {
	bad := func(format string, args ...any) {
		a.found(RuleContinuity, at, a.next, "certificate %d: %s", e.Number, fmt.Sprintf(format, args...))
	}
	if e.Number != a.generation+1 {
		bad("follows certificate %d", a.generation)
	}
	if e.Terms.Store != a.terms.Store || e.Terms.Origin != a.terms.Origin {
		bad("is that of another store: %s, %s", e.Terms.Store, e.Terms.Origin)
	}
	if e.Terms.Identity != a.terms.Identity {
		bad("names another identity")
	}
	if e.Previous != a.hash {
		bad("names another certificate before it")
	}
	if e.First != a.next {
		bad("begins with seal %d, want %d", e.First, a.next)
	}
	if !ValidKeys(e.Terms.Keys) {
		bad("has %d keys", e.Terms.Keys)
	}
	if err := a.endorsement(e, at); err != nil {
		bad("%v", err)
	}
	a.terms, a.generation, a.first, a.next, a.hash = e.Terms, e.Number, e.First, e.First, e.Hash()
	return a.take()
}

// endorsement checks who signed a certificate. The key is the one whose turn it is: were it any later key, whoever
// takes a seed could put a generation of his own in the place of seals before.
func (a *Audit) endorsement(e *Endorsed, at Point) error {
	if !e.ByIdentity {
		return e.Key.Verify(a.terms.OneTime(), a.position(a.next), []byte(e.Text()))
	}
	a.Reseeds = append(a.Reseeds, Reseed{Generation: e.Number, Counter: e.First, Index: at.Index})
	if !ed25519.Verify(a.terms.Identity[:], []byte(e.Text()), e.Identity[:]) {
		return fmt.Errorf("the identity did not sign it")
	}
	return nil
}

// position is that of a counter in the generation; one that is none if it has no such key.
func (a *Audit) position(counter uint64) uint32 {
	if counter < a.first || counter-a.first >= uint64(a.terms.Keys) {
		return MaxKeys
	}
	return uint32(counter - a.first)
}

// Seal takes the next seal, which stands at that point. The caller checks it with s.Verify(keys, position) then.
func (a *Audit) Seal(s *Seal, at Point) (keys Keys, position uint32, problems []Problem) {
	a.continuity(s, at)
	a.sizes(s, at)
	a.clock(s, at)
	if a.last != nil {
		a.against(s, at)
	} else if s.Reason != Boot {
		a.found(RuleDuty, at, s.Counter, "the first seal is of reason %s, not boot", s.Reason)
	}
	keys, position = a.terms.OneTime(), a.position(s.Counter)
	a.last, a.at, a.next = s, at, s.Counter+1
	return keys, position, a.take()
}

// continuity is R1.
func (a *Audit) continuity(s *Seal, at Point) {
	switch {
	case s.Counter < a.next:
		a.found(RuleContinuity, at, s.Counter, "seal %d: that counter was used before, %d is next", s.Counter, a.next)
	case s.Counter > a.next:
		a.found(RuleContinuity, at, s.Counter, "seal %d: seals %d to %d are missing", s.Counter, a.next, s.Counter-1)
	}
	if s.Generation != a.generation {
		a.found(RuleContinuity, at, s.Counter, "seal %d: of generation %d, but %d is in force", s.Counter, s.Generation, a.generation)
	}
	if uint64(a.position(s.Counter))+1 >= uint64(a.terms.Keys) {
		a.found(RuleContinuity, at, s.Counter, "seal %d: generation %d has no key for it; the last is for the next certificate", s.Counter, a.generation)
	}
	previous := NoPrevious
	if a.last != nil {
		previous = a.at.Index
	}
	if s.Previous != previous {
		a.found(RuleContinuity, at, s.Counter, "seal %d: names entry %d as the seal before, not %d", s.Counter, int64(s.Previous), int64(previous))
	}
}

// sizes is the part of R2 that needs no entries.
func (a *Audit) sizes(s *Seal, at Point) {
	own := false
	for i := range s.List {
		own = own || s.List[i].Name == a.journal && s.List[i].Size == at.Index
	}
	if !own {
		a.found(RuleSizes, at, s.Counter, "seal %d: does not list %s with the %d entries before it", s.Counter, a.journal, at.Index)
	}
	if a.last == nil {
		return
	}
	was := a.last.List
	for i := range s.List {
		j := &s.List[i]
		for len(was) > 0 && was[0].Name < j.Name {
			was = was[1:]
		}
		if len(was) > 0 && was[0].ID == j.ID && was[0].Name == j.Name && was[0].Size > j.Size {
			a.found(RuleSizes, at, s.Counter, "seal %d: %s has %d entries, and had %d under the seal before", s.Counter, j.Name, j.Size, was[0].Size)
		}
	}
}

// clock compares a seal with its own entry: R3.
func (a *Audit) clock(s *Seal, at Point) {
	if apart(s.Wall, at.Received) > ClockTolerance {
		a.found(RuleTime, at, s.Counter, "seal %d: made at %s, logged at %s", s.Counter, clockText(s.Wall), clockText(at.Received))
	}
}
