package check

import (
	"fmt"
	"slices"

	"constat/seal"
)

// Verdict is the outcome of a check. Its number is the exit status of "constat verify".
type Verdict int

// The verdicts.
const (
	Verified   Verdict = 0 // everything signed is there and unchanged, and the store is the pinned one
	Tampered   Verdict = 1 // something below a checkpoint is missing or changed
	Unpinned   Verdict = 2 // sound, but nobody outside says that it is this store, or below the policy, or the seal keys were lost once
	Unreadable Verdict = 3 // it cannot be checked: not a store, newer than this program, or reading failed
)

// String is the verdict as it stands in JSON.
func (v Verdict) String() string {
	return [...]string{"verified", "tampered", "unpinned", "unreadable"}[v]
}

// Rule is a stable name of what is checked.
type Rule string

// The rules.
const (
	RuleStore      Rule = "store"      // store.json can be read
	RuleFormat     Rule = "format"     // written by no newer program
	RuleRead       Rule = "read"       // the disk gives its bytes
	RuleCode       Rule = "code"       // the store is the pinned one
	RuleListing    Rule = "listing"    // journals on disk are those that the system journal lists
	RuleDescriptor Rule = "descriptor" // journal.json is the one that was announced
	RuleCheckpoint Rule = "checkpoint" // there is a checkpoint, signed by the identity
	RuleHeader     Rule = "header"     // headers of files
	RuleFrame      Rule = "frame"      // frames are whole and follow each other
	RuleSegment    Rule = "segment"    // segments are whole, and a head beside one says the same
	RuleMissing    Rule = "missing"    // no index is missing below the checkpoint
	RuleEntry      Rule = "entry"      // entries are canonical and agree with their frame
	RuleOrder      Rule = "order"      // received time never goes back within an epoch
	RuleRoot       Rule = "root"       // the entries give the signed root
	RuleUnproved   Rule = "unproved"   // no entry is beside missing ones such that it can no longer be proved
	RuleBlob       Rule = "blob"       // values in blobs are there and unchanged
	RulePrivate    Rule = "private"    // private values are those that were kept, or their erasure is logged
	RuleKept       Rule = "kept"       // what stays of a pruned segment or head is whole
	RulePruned     Rule = "pruned"     // what was pruned is what a signed control entry says
	RuleFloor      Rule = "floor"      // nothing was pruned that was younger than the floor in force when it arrived
	RuleSetAside   Rule = "set-aside"  // what recovery kept is there and unchanged
	RuleDamaged    Rule = "damaged"    // no journal was found damaged before
	RulePage       Rule = "page"       // the pages for people are as they were signed
	RuleStation    Rule = "station"    // the store of a boot is endorsed by its station, and sealed in that boot only

	RuleContinuity Rule = seal.RuleContinuity // seals are counted without a hole, each with its own key, from certificate 0 on
	RuleSizes      Rule = seal.RuleSizes      // sizes and roots under seals are what the entries give, and never fall
	RuleTime       Rule = seal.RuleTime       // entries were received between the seals around them, and clocks agree
	RuleDuty       Rule = seal.RuleDuty       // a seal comes in time, or a silence is accounted for
	RuleJournals   Rule = "R5"                // seals list all journals, and all that they list are there
	RuleOutside    Rule = "outside"           // what is remembered elsewhere is part of the log
)

// unreadable reports whether what the rule finds keeps the check from being complete, rather than being tampering.
func (r Rule) unreadable() bool {
	return r == RuleStore || r == RuleFormat || r == RuleRead || r == RuleHandedOver
}

// Finding is something wrong, and where.
type Finding struct {
	Rule    Rule    `json:"rule"`
	File    string  `json:"file"`              // below the store, or "" if it is no one file
	Journal string  `json:"journal,omitempty"` // name of its directory
	First   *uint64 `json:"first,omitempty"`   // range of indexes, both included
	Last    *uint64 `json:"last,omitempty"`
	Text    string  `json:"text"`
}

// String is the finding on one line.
func (f Finding) String() string {
	where := f.File
	if f.Journal != "" {
		where += " journal " + f.Journal
	}
	if f.First != nil {
		where += fmt.Sprintf(" index %d to %d", *f.First, *f.Last)
	}
	return fmt.Sprintf("[%s] %s: %s", f.Rule, where, f.Text)
}

// Range is indexes of a journal, both ends included.
type Range struct {
	Journal string `json:"journal"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
}

// Journal is what was found of one journal.
type Journal struct {
	Name       string `json:"name"`
	Origin     string `json:"origin"`
	Size       uint64 `json:"size"`       // entries that could be read or are known to have been there
	Checkpoint uint64 `json:"checkpoint"` // size that is signed
	Root       string `json:"root"`       // base64, as signed
	Unsigned   uint64 `json:"unsigned"`   // entries above the checkpoint
}

// Sealed is the newest seal of a store.
type Sealed struct {
	Counter    uint64            `json:"counter"`
	Generation uint32            `json:"generation"`
	Time       int64             `json:"time"` // µs since 1970, by the clock of the machine
	Reason     string            `json:"reason"`
	Index      uint64            `json:"index"` // in the system journal
	Seals      uint64            `json:"seals"` // that were checked
	Sizes      map[string]uint64 `json:"sizes"` // entries at or below it, by journal
}

// Unclean is a time for which nothing was promised, though no seal says that the store would stop or sleep.
type Unclean struct {
	After  uint64 `json:"after"`  // counter of the seal before
	Before uint64 `json:"before"` // and of the one behind
	From   int64  `json:"from"`   // µs since 1970
	To     int64  `json:"to"`
	Slept  bool   `json:"slept"` // the process went on afterwards
}

// Reseeded is a generation of seal keys that follows on no key of the generation before.
type Reseeded struct {
	Generation uint32 `json:"generation"`
	Counter    uint64 `json:"counter"` // of its first seal
	Index      uint64 `json:"index"`   // of its certificate in the system journal
}

// Report is the result of a check.
type Report struct {
	Verdict  Verdict   `json:"-"`
	Word     string    `json:"verdict"`
	Store    string    `json:"store,omitempty"`
	Origin   string    `json:"origin,omitempty"`
	Code     string    `json:"code,omitempty"`
	Pinned   string    `json:"pinned"` // where the pin comes from; "" without one
	Findings []Finding `json:"findings"`
	Rebuilt  []string  `json:"rebuilt"`  // derived files that lie; recomputed, so nothing depends on them
	Pruned   []Range   `json:"pruned"`   // removed by retention, as it should be
	Unsealed uint64    `json:"unsealed"` // entries above the newest seal
	Unsigned uint64    `json:"unsigned"` // entries above the newest checkpoint of their journal
	Entries  uint64    `json:"entries"`
	Private  uint64    `json:"private"`  // private values that are kept
	Erased   uint64    `json:"erased"`   // private values that were erased, as it should be
	Erasures []Erasure `json:"erasures"` // as control entries log them
	Journals []Journal `json:"journals"`
	Notes    []string  `json:"notes"` // worth knowing, not wrong
	Policy   *Standing `json:"policy,omitempty"`
	Stamps   []Stamp   `json:"timestamps,omitempty"`

	Station  *Station   `json:"station,omitempty"` // that endorsed the store, which is of one boot of it
	Sealed   *Sealed    `json:"sealed"`            // the newest seal; null if there is none
	Unclean  []Unclean  `json:"unclean"`           // times without seals that no seal accounts for
	Reseeded []Reseeded `json:"reseeded"`          // generations that only the identity key vouches for

	unreadable bool
	below      []string // why it is below what is wanted
}

func newReport() *Report {
	return &Report{Findings: []Finding{}, Rebuilt: []string{}, Pruned: []Range{}, Erasures: []Erasure{}, Journals: []Journal{},
		Notes: []string{}, Unclean: []Unclean{}, Reseeded: []Reseeded{}}
}

// cannot adds a finding that keeps the check from being complete.
func (r *Report) cannot(rule Rule, file string, err error) {
	r.Findings = append(r.Findings, Finding{Rule: rule, File: file, Text: err.Error()})
}

// isUnreadable reports whether something could not be read, so that nobody knows what is missing.
func (r *Report) isUnreadable() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule.unreadable() })
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// BelowPolicy reports whether the store is sound and lacks what the policy, or the CA for time stamps, wants.
func (r *Report) BelowPolicy() bool { return r.Verdict == Unpinned && len(r.below) > 0 }

// conclude sets the verdict.
func (r *Report) conclude(o Options, c *seal.Certificate) *Report {
	tampered := false
	for _, f := range r.Findings {
		if f.Rule.unreadable() {
			r.unreadable = true
		} else {
			tampered = true
		}
	}
	switch {
	case tampered:
		r.Verdict = Tampered
	case r.unreadable || c == nil:
		r.Verdict = Unreadable
	case o.Pin == nil || len(r.Reseeded) > 0 || len(r.below) > 0:
		r.Verdict = Unpinned
	default:
		r.Verdict = Verified
	}
	r.Word = r.Verdict.String()
	if r.BelowPolicy() || r.Verdict == Unpinned && o.Pin != nil { // the second: the seal keys were lost once, see Reseeded
		r.Word = "below policy"
	}
	return r
}
