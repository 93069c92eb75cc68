package search

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// stage is a pipe at work. Results are pushed through; what is pushed is valid until push returns.
type stage interface {
	// push takes a result. errEnough says that no more is needed; it is passed on by whoever calls.
	push(r *Result) error
	// end says that there is no more. It is called also after errEnough.
	end() error
}

// errEnough says that a pipe needs no more results.
var errEnough = errors.New("enough")

// sink is the end of the pipes.
type sink func(r *Result) error

func (s sink) push(r *Result) error { return s(r) }
func (s sink) end() error           { return nil }

// Limits of what a pipe keeps in memory.
const (
	maxRows   = 1_000_000 // results, groups or values
	maxMemory = 128 << 20 // bytes, about
)

// room counts what a pipe keeps.
type room struct {
	pipe string // name of the pipe
	what string // what it keeps: "groups"
	hint string // what to do if that is too much
	used *usage // of all who count for the same pipe
}

// usage is what is kept. It may be used concurrently.
type usage struct{ rows, bytes atomic.Int64 }

func newRoom(pipe, what, hint string) room { return room{pipe, what, hint, new(usage)} }

// take counts one more thing of n bytes.
func (m *room) take(n int) error { return m.count(1, n) }

// count counts things and bytes more, or less.
func (m *room) count(rows, bytes int) error {
	r, b := m.used.rows.Add(int64(rows)), m.used.bytes.Add(int64(bytes))
	if r > maxRows {
		return fmt.Errorf("%s: more than %d %s; %s", m.pipe, maxRows, m.what, m.hint)
	}
	if b > maxMemory {
		return fmt.Errorf("%s: %s of more than %d MiB; %s", m.pipe, m.what, maxMemory>>20, m.hint)
	}
	return nil
}

const narrow = "narrow the query"

// limitStage lets the first n pass, after it has skipped some.
type limitStage struct {
	stage
	skip, n int // n < 0: all
}

func (s *limitStage) push(r *Result) error {
	switch {
	case s.skip > 0:
		s.skip--
		return nil
	case s.n == 0:
		return errEnough
	case s.n > 0:
		s.n--
	}
	if err := s.stage.push(r); err != nil {
		return err
	}
	if s.n == 0 {
		return errEnough
	}
	return nil
}

// lastStage keeps the last n.
type lastStage struct {
	stage
	n    int
	ring []*Result
	next int
	kept room
}

func newLast(next stage, n int) *lastStage {
	return &lastStage{stage: next, n: n, kept: newRoom("last", "rows", "ask for fewer")}
}

func (s *lastStage) push(r *Result) error {
	switch {
	case s.n == 0:
		return nil
	case len(s.ring) < s.n:
		s.ring = append(s.ring, r.clone())
		return s.kept.take(r.size())
	}
	err := s.kept.count(0, r.size()-s.ring[s.next].size())
	s.ring[s.next] = r.clone()
	s.next = (s.next + 1) % s.n
	return err
}

func (s *lastStage) end() error {
	for i := range s.ring {
		if err := s.stage.push(s.ring[(s.next+i)%len(s.ring)]); err != nil {
			return endOf(s.stage, err)
		}
	}
	return s.stage.end()
}

// endOf ends the following stage after an error of it.
func endOf(next stage, err error) error {
	if errors.Is(err, errEnough) {
		return next.end()
	}
	return err
}

// whereStage lets pass what meets a condition.
type whereStage struct {
	stage
	holds func(r *Result) bool
}

func (s *whereStage) push(r *Result) error {
	if !s.holds(r) {
		return nil
	}
	return s.stage.push(r)
}

// mapStage changes each result. The function may change what it is given but must not keep it.
type mapStage struct {
	stage
	change func(r *Result) error
}

func (s *mapStage) push(r *Result) error {
	if err := s.change(r); err != nil {
		return err
	}
	return s.stage.push(r)
}
