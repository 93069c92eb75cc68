package seal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of a policy.
const (
	MaxPolicy      = 256 << 10 // bytes
	maxPolicyLines = 4096
)

// ErrPolicy is wrapped by every error about the text of a policy.
var ErrPolicy = errors.New("not a policy")

// Policy says which logs are trusted, and whose cosignatures it takes for a checkpoint to count
// (c2sp.org/tlog-policy).
type Policy struct {
	Logs      []PolicyLog // none: the logs are known from elsewhere
	Witnesses []PolicyWitness
	groups    []policyGroup // each after its members
	quorum    string        // a witness or a group, or "none"
}

// PolicyLog is a line "log".
type PolicyLog struct {
	Key LogKey // its name is the origin
	URL string // "" if there is none
}

// PolicyWitness is a line "witness".
type PolicyWitness struct {
	Name     string // in the policy only
	Cosigner Cosigner
	URL      string // "" if there is none
}

// policyGroup holds when so many of its members do.
type policyGroup struct {
	name    string
	want    int
	members []string
}

const noQuorum = "none"

// ParsePolicy reads a policy. Errors wrap [ErrPolicy] and name the line.
func ParsePolicy(data []byte) (*Policy, error) {
	if len(data) > MaxPolicy {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrPolicy, len(data), MaxPolicy)
	}
	r := policyReader{used: map[string]bool{}, defined: map[string]bool{}}
	for line := range strings.Lines(string(data)) {
		r.line++
		if err := r.read(line); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrPolicy, r.line, err)
		}
	}
	if r.policy.quorum == "" {
		return nil, fmt.Errorf("%w: there is no line \"quorum NAME\"", ErrPolicy)
	}
	return &r.policy, nil
}

// policyReader is a policy that is being read.
type policyReader struct {
	policy  Policy
	line    int
	defined map[string]bool // witnesses and groups
	used    map[string]bool // as a member
}

func (r *policyReader) read(line string) error {
	text, ended := strings.CutSuffix(line, "\n")
	if !ended {
		return errors.New("does not end in LF")
	}
	if r.line > maxPolicyLines {
		return fmt.Errorf("more than %d lines", maxPolicyLines)
	}
	for i := range len(text) {
		if b := text[i]; b < 0x20 && b != '\t' || b == 0x7f {
			return fmt.Errorf("control character %#02x", b)
		}
	}
	words := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '\t' })
	if len(words) == 0 || words[0][0] == '#' {
		return nil
	}
	return r.item(words[0], words[1:])
}

// item takes one line by its keyword.
func (r *policyReader) item(keyword string, words []string) error {
	switch {
	case keyword == "log" && (len(words) == 1 || len(words) == 2):
		return r.log(words)
	case keyword == "witness" && (len(words) == 2 || len(words) == 3):
		return r.witness(words)
	case keyword == "group" && len(words) >= 3:
		return r.group(words[0], words[1], words[2:])
	case keyword == "quorum" && len(words) == 1:
		return r.quorum(words[0])
	}
	return fmt.Errorf("%q: want \"log VKEY [URL]\", \"witness NAME VKEY [URL]\", \"group NAME all|any|N MEMBER…\" or \"quorum NAME\"", keyword)
}

func (r *policyReader) log(words []string) error {
	key, err := ParseLogKey(words[0])
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.policy.Logs, func(l PolicyLog) bool { return l.Key.public() == key.public() }) {
		return fmt.Errorf("a second log with the key of %s (the journals of a store share one: name the journal system, whose seals hold the others)", key.Name)
	}
	r.policy.Logs = append(r.policy.Logs, PolicyLog{key, wordAt(words, 1)})
	return nil
}

func (r *policyReader) witness(words []string) error {
	c, err := ParseCosigner(words[1])
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.policy.Witnesses, func(w PolicyWitness) bool { return w.Cosigner.Key == c.Key }) {
		return fmt.Errorf("a second witness with the key of %s", c.Name)
	}
	r.policy.Witnesses = append(r.policy.Witnesses, PolicyWitness{words[0], c, wordAt(words, 2)})
	return r.define(words[0])
}

func (r *policyReader) define(name string) error {
	if name == noQuorum || r.defined[name] {
		return fmt.Errorf("the name %q is taken", name)
	}
	r.defined[name] = true
	return nil
}

func (r *policyReader) group(name, threshold string, members []string) error {
	g := policyGroup{name: name, members: members}
	switch threshold {
	case "all":
		g.want = len(members)
	case "any":
		g.want = 1
	default:
		var err error
		if g.want, err = strconv.Atoi(threshold); err != nil || g.want < 1 || g.want > len(members) || strconv.Itoa(g.want) != threshold {
			return fmt.Errorf("threshold %q: want all, any, or 1 to %d", threshold, len(members))
		}
	}
	for _, m := range members {
		switch {
		case !r.defined[m]:
			return fmt.Errorf("member %q is not defined above", m)
		case r.used[m]:
			return fmt.Errorf("member %q stands in a group already", m)
		}
		r.used[m] = true
	}
	r.policy.groups = append(r.policy.groups, g)
	return r.define(name)
}

func (r *policyReader) quorum(name string) error {
	switch {
	case r.policy.quorum != "":
		return errors.New("a second quorum")
	case name != noQuorum && !r.defined[name]:
		return fmt.Errorf("quorum %q is not defined above", name)
	}
	r.policy.quorum = name
	return nil
}

func wordAt(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// Satisfied reports whether the quorum holds when these witnesses, by their names in the policy, have cosigned.
func (p *Policy) Satisfied(by func(witness string) bool) bool {
	if p.quorum == noQuorum {
		return true
	}
	holds := map[string]bool{}
	for _, w := range p.Witnesses {
		holds[w.Name] = by(w.Name)
	}
	for _, g := range p.groups {
		n := 0
		for _, m := range g.members {
			if holds[m] {
				n++
			}
		}
		holds[g.name] = n >= g.want
	}
	return holds[p.quorum]
}

// WitnessedBy is the cosignature of a witness of a policy.
type WitnessedBy struct {
	Name string // in the policy
	VKey string
	Time int64 // seconds since 1970 UTC
}

// QuorumSince says since when a quorum vouches, given one cosignature for each witness that made one: each of its members cosigned
// no earlier than that. It is 0 if the policy wants nobody.
func (p *Policy) QuorumSince(list []WitnessedBy) (notBefore int64, ok bool) {
	list = slices.Clone(list)
	for i := range list {
		list[i].Time = -list[i].Time
	}
	notBefore, ok = p.Quorum(list)
	return -notBefore, ok
}

// Quorum says from when on the quorum held, given one cosignature for each witness that made one: the tree was there no
// later than that.
func (p *Policy) Quorum(list []WitnessedBy) (notAfter int64, ok bool) {
	list = slices.SortedFunc(slices.Values(list), func(a, b WitnessedBy) int { return cmp.Compare(a.Time, b.Time) })
	has := map[string]bool{}
	if p.Satisfied(func(string) bool { return false }) {
		return 0, true
	}
	for _, w := range list {
		has[w.Name] = true
		if p.Satisfied(func(name string) bool { return has[name] }) {
			return w.Time, true
		}
	}
	return 0, false
}

// Standing is what a policy says of one checkpoint.
type Standing struct {
	Checkpoint
	Text      string        // the signed part of the note
	Log       string        // verifier key of the log that signed; "" if the policy lists no logs
	Witnesses []WitnessedBy // of the policy, whose cosignatures hold
	Satisfied bool          // a log of the policy signed, or it lists none, and the quorum holds
	NotAfter  int64         // if Satisfied, by when the quorum had cosigned, in seconds since 1970 UTC; 0 if it wants nobody
}

// Evaluate judges a signed and cosigned checkpoint. If the policy lists no logs, the caller must check the signature of
// the log. A line that claims to be by a log or a witness of the policy and is wrong is an error that wraps
// [ErrCosignature] or [ErrLogSignature]; a note that is none wraps [ErrCheckpoint].
func (p *Policy) Evaluate(signed []byte) (Standing, error) {
	var s Standing
	text, list, err := Cosignatures(signed)
	if err != nil {
		return s, err
	}
	head, err := ParseTreeHead(text)
	if err != nil {
		return s, err
	}
	s.Checkpoint, s.Text = head.Checkpoint, text
	known := len(p.Logs) == 0
	for _, l := range p.Logs {
		if l.Key.Name != s.Origin {
			continue
		}
		if _, err := OpenTreeHead(signed, []LogKey{l.Key}); err != nil {
			return s, err
		}
		s.Log, known = l.Key.VKey, true
	}
	if s.Witnesses, err = p.Witnessed(text, list); err != nil {
		return s, err
	}
	s.NotAfter, s.Satisfied = p.Quorum(s.Witnesses)
	s.Satisfied = s.Satisfied && known
	return s, nil
}

// Witnessed checks the cosignatures that witnesses of the policy are said to have made on a text, and lists the earliest
// of each. Those of others are not looked at.
func (p *Policy) Witnessed(text string, list []Cosignature) (by []WitnessedBy, err error) {
	for _, w := range p.Witnesses {
		first := WitnessedBy{Name: w.Name, VKey: w.Cosigner.VKey()}
		found := false
		for _, c := range list {
			if !w.Cosigner.Made(c) {
				continue
			}
			if err := w.Cosigner.Verify(text, c); err != nil {
				return nil, err
			}
			if !found || c.Time < first.Time {
				first.Time, found = c.Time, true
			}
		}
		if found {
			by = append(by, first)
		}
	}
	return by, nil
}
