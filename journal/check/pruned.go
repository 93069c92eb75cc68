package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"constat/entry"
	"constat/journal/layout"
)

// saidPruned is what a control entry says was pruned.
type saidPruned struct {
	journal, id string
	first, end  uint64
	newest      layout.Moment // of the range
	at          layout.Moment // when it was pruned
	index       uint64        // of the control entry
	bad         bool          // it does not say all that it must
}

// learnPruned notes what a control entry says was pruned.
func (c *checker) learnPruned(e *entry.Entry, index uint64) {
	s := saidPruned{journal: layout.Text(e, layout.JournalName), id: layout.Text(e, layout.JournalIDOf), index: index,
		at: layout.Moment{Epoch: e.Epoch, Received: e.Received}}
	number := func(name string, bits int) uint64 {
		n, err := strconv.ParseUint(layout.Text(e, name), 10, bits)
		s.bad = s.bad || err != nil
		return n
	}
	s.first, s.end = number(layout.FirstIndex, 63), number(layout.LastIndex, 63)+1
	s.newest.Epoch = uint32(number(layout.NewestEpoch, 32))
	var err error
	s.newest.Received, err = strconv.ParseInt(layout.Text(e, layout.NewestTime), 10, 64)
	if s.bad = s.bad || err != nil || s.end <= s.first; s.bad {
		c.add(at(Finding{Rule: RulePruned, Journal: layout.System, Text: "control entry does not say what was pruned"}, index, index))
		return
	}
	c.said = append(c.said, s)
}

// judgePruned compares what is gone with what control entries say, and what they say with the floor. A control entry
// counts if it is signed: anybody can write one behind the checkpoint.
func (c *checker) judgePruned() {
	for i := range c.said {
		c.judgeFloor(&c.said[i])
	}
	for i := range c.gone {
		p := &c.gone[i]
		for first := p.first; first < p.end; {
			s := c.saying(p, first)
			if s == nil && c.partial {
				c.report.note("%s: entries %d to %d are gone; what the system journal says of it cannot be read", p.file, first, p.end-1)
				break
			}
			if s == nil {
				p.j.add(at(Finding{Rule: RulePruned, File: p.file, Journal: p.j.dir,
					Text: "entries are gone, and no signed control entry says that they were pruned"}, first, p.end-1))
				break
			}
			c.judgeRange(p, s)
			c.report.prune(Range{p.j.dir, first, min(s.end, p.end) - 1})
			first = min(s.end, p.end)
		}
	}
}

// saying finds a control entry that says that an index was pruned.
func (c *checker) saying(p *pruned, index uint64) *saidPruned {
	id := fmt.Sprintf("%x", p.j.desc.ID[:])
	for i := range c.said {
		s := &c.said[i]
		signed := c.system != nil && c.system.signed && s.index < c.system.point.Size
		if s.id == id && s.journal == p.j.desc.Name && s.first <= index && index < s.end && signed {
			return s
		}
	}
	return nil
}

// judgeFloor looks whether what a control entry says was pruned was old enough by its own account.
func (c *checker) judgeFloor(s *saidPruned) {
	c.judgeAge(s, s.newest, Finding{Rule: RuleFloor, Journal: s.journal}, s.first, s.end)
}

// judgeAge adds a finding if an entry of that moment was younger than the floor when it was pruned.
func (c *checker) judgeAge(s *saidPruned, m layout.Moment, f Finding, first, end uint64) {
	floor, age := c.clock.Floor(s.journal, m), c.clock.Age(m, s.at)
	if m.Epoch > s.at.Epoch || age < floor {
		f.Text = fmt.Sprintf("pruned at an age of %v, though the floor was %v, as entry %d of the system journal says",
			age.Round(time.Second), floor, s.index)
		c.add(at(f, first, end-1))
	}
}

// judgeRange compares a range that is gone with the control entry that speaks of it. An entry that is still there, with
// a lower index, bounds how old the range can be, whatever anybody says; so does a seal that does not cover it yet.
func (c *checker) judgeRange(p *pruned, s *saidPruned) {
	f := Finding{Rule: RuleFloor, File: p.file, Journal: p.j.dir}
	if s.newest.Before(p.newest) && s.end >= p.end {
		f.Rule, f.Text = RulePruned, fmt.Sprintf("is of a later time than entry %d of the system journal says", s.index)
		c.add(at(f, p.first, p.end-1))
		return
	}
	if p.hasProved && s.newest.Before(p.proved) {
		c.judgeAge(s, p.proved, f, p.first, p.end)
	} else if m, ok := p.j.sealedAfter(min(s.end, p.end) - 1); ok && s.newest.Before(m) {
		c.judgeAge(s, m, f, p.first, p.end)
	}
	if p.end > p.j.point.Size && p.j.signed {
		f.Rule, f.Text = RulePruned, "was pruned above the checkpoint"
		c.add(at(f, p.first, p.end-1))
	}
}

// prune adds a range that was pruned as it should be, to its neighbour if there is one.
func (r *Report) prune(x Range) {
	for i := range r.Pruned {
		if p := &r.Pruned[i]; p.Journal == x.Journal && p.Last+1 == x.First {
			p.Last = x.Last
			return
		}
	}
	r.Pruned = append(r.Pruned, x)
	slices.SortStableFunc(r.Pruned, func(a, b Range) int { return cmp.Compare(a.Journal, b.Journal) })
}
