package check

import (
	"fmt"
	"slices"
	"time"

	"constat/journal/layout"
	"constat/seal"
)

// standing applies the policy to what was proved.
func (c *checker) standing() *Standing {
	s := &Standing{By: []string{}}
	j := c.judged()
	switch {
	case j == nil:
		s.Text = "the policy names no log of this store"
	case c.options.Policy.Satisfied(func(string) bool { return false }):
		s.Satisfied, s.Journal, s.Size, s.Text = true, j.name, j.size, "the policy wants no cosignatures"
	default:
		s.Journal = j.name
		c.quorum(s, j)
	}
	if !s.Satisfied {
		c.report.below = append(c.report.below, s.Text)
	}
	return s
}

// judged is the journal that the policy is about; nil if there is none.
func (c *checker) judged() *journalSeen {
	for i := range c.seen {
		j := &c.seen[i]
		if len(c.options.Policy.Logs) == 0 && j.name == layout.System {
			return j
		}
		vkey := c.store.Certificate.Identity.VKey(j.origin)
		if slices.ContainsFunc(c.options.Policy.Logs, func(l seal.PolicyLog) bool { return l.Key.VKey == vkey }) {
			return j
		}
	}
	return nil
}

// quorum finds the most entries for which the quorum holds. Each checkpoint that a witness cosigned was proved to be of
// this history, so it counts for all smaller ones too.
func (c *checker) quorum(s *Standing, j *journalSeen) {
	p := c.options.Policy
	var at []seal.WitnessedBy // of each witness that has cosigned at least as much, the earliest
	for _, v := range slices.Backward(j.vouched) {
		if !v.same || v.Size == 0 {
			continue
		}
		at = earliest(append(at, c.witnessed(v)...))
		notAfter, ok := p.Quorum(at)
		if !ok {
			continue
		}
		until := time.Unix(notAfter, 0).UTC()
		s.Satisfied, s.Size, s.NotAfter = true, v.Size, &until
		for _, w := range at {
			s.By = append(s.By, w.Name)
		}
		s.Text = fmt.Sprintf("journal %s: the quorum has cosigned %d of %d entries, by %s", j.name, v.Size, j.size, until.Format(time.RFC3339))
		return
	}
	for _, w := range at {
		s.By = append(s.By, w.Name)
	}
	s.Text = fmt.Sprintf("journal %s: the cosignatures that are there, by %d of %d witnesses, are no quorum", j.name, len(at), len(p.Witnesses))
}

// earliest keeps of each witness the earliest cosignature.
func earliest(list []seal.WitnessedBy) (out []seal.WitnessedBy) {
	for _, w := range list {
		i := slices.IndexFunc(out, func(o seal.WitnessedBy) bool { return o.Name == w.Name })
		switch {
		case i < 0:
			out = append(out, w)
		case w.Time < out[i].Time:
			out[i] = w
		}
	}
	return out
}

// witnessed lists the witnesses of the policy that cosigned a checkpoint. What claims to be by one and is not counts as
// nothing, and is noted.
func (c *checker) witnessed(v *vouched) (by []seal.WitnessedBy) {
	_, list, err := seal.Cosignatures(v.note)
	if err != nil {
		return nil
	}
	for _, s := range list {
		one, err := c.options.Policy.Witnessed(v.Text(), []seal.Cosignature{s})
		if err != nil {
			c.report.note("%s: over %d entries: %v", v.file, v.Size, err)
		}
		by = append(by, one...)
	}
	return by
}
