package rule

import (
	"slices"

	"constat/entry"
)

// Facts is what rules ask of an entry. The slices belong to the caller; nothing holds on to them.
type Facts struct {
	Facility int // 0…23, or [NoFacility]
	Level    int // 0 (emerg) … 7 (debug)
	Program  []byte
	Host     []byte
	Message  []byte
	Entry    *entry.Entry // for rules with a query; nil: such rules select nothing
}

// levelOfNone is that of an entry that says no level, as RFC 3164, section 4.3.3 has it for messages without PRI.
const levelOfNone = 5

// FactsOf returns what rules ask of an entry. It allocates nothing.
func FactsOf(e *entry.Entry) Facts {
	f := Facts{Facility: NoFacility, Level: levelOfNone, Entry: e}
	if facility, ok := e.Facility(); ok {
		f.Facility = facility
	}
	if level, ok := e.Level(); ok {
		f.Level = level
	}
	f.Program, _ = e.App()
	if f.Host, _ = e.Host(); len(f.Host) == 0 {
		f.Host, _ = e.Get(addressField) // as outputs write it, and other daemons
	}
	f.Message, _ = e.Message()
	return f
}

// Rule selects entries and says what is done with them. All conditions must hold; those that are empty do.
type Rule struct {
	// File and Line, from 1, say where the rule begins; Selector is its first part as written.
	File     string
	Line     int
	Selector string
	// Select says which facilities and levels.
	Select Matrix
	// Program and Host are the blocks that the rule stands in.
	Program, Host Names
	// Property is a condition on one property, nil for none.
	Property *Property
	// Query is a condition in the query language, nil for none. It must not change the entry or hold on to it.
	Query  func(*entry.Entry) bool
	Action Action
	// Making is how the file of the action is made.
	Making Making
	// Written is the action as written.
	Written string

	column int     // where the rule begins in its line, from 1
	also   bool    // the rule before it has the same selectors
	around *Matrix // what the block selects that Selector stands in; nil: everything
}

// Set is an ordered list of rules. It does not change once it is made.
type Set struct {
	Rules []Rule
	// Targets are the actions that entries can go to, each once, in the order in which rules name them first. Discard is
	// none.
	Targets []Action
	// Makings say of each target how it is made, as the rule has it that names it first.
	Makings []Making
	target  []int // of each rule, its position in Targets; discards have -1
	journal bool  // one of them is a journal
}

// discards stands for a rule that has no target.
const discards = -1

// New makes a set of rules in their order.
func New(rules []Rule) *Set {
	s := &Set{Rules: rules}
	for i := range rules {
		s.target = append(s.target, s.targetOf(rules[i].Action))
		if len(s.Makings) < len(s.Targets) {
			s.Makings = append(s.Makings, rules[i].Making)
		}
	}
	return s
}

// targetOf finds the target of an action, or makes it one.
func (s *Set) targetOf(a Action) int {
	if a.Kind == Discard {
		return discards
	}
	if i := slices.Index(s.Targets, a); i >= 0 {
		return i
	}
	s.Targets = append(s.Targets, a)
	s.journal = s.journal || a.Kind == Journal
	return len(s.Targets) - 1
}

// Match appends to dst the positions in Targets of those that an entry goes to, each once, in the order of the rules.
// Rules behind a discard that selects the entry are not asked. It allocates nothing but room in dst, and may be called by
// several goroutines at once if the queries of the rules may.
func (s *Set) Match(dst []int, f *Facts) []int {
	begin := len(dst)
	for i := range s.Rules {
		if !s.Rules[i].Wants(f) {
			continue
		}
		if s.target[i] == discards {
			break
		}
		if !slices.Contains(dst[begin:], s.target[i]) {
			dst = append(dst, s.target[i])
		}
	}
	return dst
}

// Goes reports whether an entry goes to Targets[target]: [Set.Match] for one that follows the journal for one target.
func (s *Set) Goes(target int, f *Facts) bool {
	for i := range s.Rules {
		if to := s.target[i]; to != target && to != discards || !s.Rules[i].Wants(f) {
			continue
		} else {
			return to == target
		}
	}
	return false
}

// Journal returns the journal in which an entry is kept: that of the first rule which names one and selects it, or "" for
// the usual one. A discard before that hides it from the rule. What it asks is as in [Set.Match].
func (s *Set) Journal(e *entry.Entry) string {
	if !s.journal {
		return ""
	}
	f := FactsOf(e)
	for i := range s.Rules {
		r := &s.Rules[i]
		if kind := r.Action.Kind; kind != Journal && kind != Discard || !r.Wants(&f) {
			continue
		}
		return r.Action.Target
	}
	return ""
}

// Selecting returns the rules that an entry meets, in their order. If the last one discards, later ones were not asked.
func (s *Set) Selecting(f *Facts) (met []*Rule) {
	for i := range s.Rules {
		if s.Rules[i].Wants(f) {
			met = append(met, &s.Rules[i])
			if s.target[i] == discards {
				break
			}
		}
	}
	return met
}

// Wants reports whether the rule, taken for itself, selects an entry.
func (r *Rule) Wants(f *Facts) bool {
	return r.Select.Has(f.Facility, f.Level) && r.Program.wantsProgram(f) && r.Host.wantsHost(f.Host) &&
		(r.Property == nil || r.Property.holds(f)) && (r.Query == nil || f.Entry != nil && r.Query(f.Entry))
}
