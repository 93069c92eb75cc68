package search

import "math"

// merge adds what another stage has counted of the same.
func (s *statsStage) merge(o *statsStage) error {
	if o.timed {
		s.seeTime(o.first)
		s.seeTime(o.last)
	}
	for _, g := range o.ordered {
		own := s.groups[g.key]
		if own == nil {
			s.groups[g.key] = g
			s.ordered = append(s.ordered, g)
			continue
		}
		for i := range own.state {
			if err := s.mergeState(&own.state[i], &g.state[i], &s.functions[i]); err != nil {
				return err
			}
		}
		if err := s.count(-1, -groupBytes(g)); err != nil {
			return err
		}
	}
	return nil
}

func (s *statsStage) mergeState(a, b *aggregate, f *function) error {
	for text := range b.set {
		if err := s.distinct(a, []byte(text)); err != nil {
			return err
		}
	}
	a.list = append(a.list, b.list...)
	if b.n > 0 && (f.name == "min" || f.name == "max") {
		c := compareValues(b.best, a.best)
		if a.n == 0 || c < 0 && f.name == "min" || c > 0 && f.name == "max" {
			a.best = b.best
		}
	}
	a.n += b.n
	a.sum += b.sum
	a.inexact = a.inexact || b.inexact || b.whole > 0 && a.whole > math.MaxInt64-b.whole || b.whole < 0 && a.whole < math.MinInt64-b.whole
	if !a.inexact {
		a.whole += b.whole
	}
	return nil
}
