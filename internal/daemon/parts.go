package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// part is something that runs until its context ends: an input, a server, the intake.
type part struct {
	name  string // kind and address; unique
	run   func(context.Context) error
	close func() error // releases what was bound, if run was never called
}

// running is a part that was started.
type running struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
	err    error       // of run; set when done is closed
	told   atomic.Bool // to end: then its error is for whoever did
}

func start(ctx context.Context, p part) *running {
	ctx, cancel := context.WithCancel(ctx)
	r := &running{part: p, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		if err := p.run(ctx); err != nil {
			r.err = fmt.Errorf("%s: %w", p.name, err)
		}
	}()
	return r
}

// stop ends a part and waits for it.
func (r *running) stop() error {
	r.told.Store(true)
	r.cancel()
	<-r.done
	return r.err
}

// hasEnded reports whether a part runs no more.
func (r *running) hasEnded() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func namesOf(parts []part) []string {
	names := make([]string, 0, len(parts))
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// supervisor runs parts side by side.
type supervisor struct {
	mu    sync.Mutex // guards parts
	parts []*running
	ended chan error // of parts that ended by themselves
	once  sync.Once
}

// failures gives the error of a part that ended by itself.
func (s *supervisor) failures() chan error {
	s.once.Do(func() { s.ended = make(chan error, 1) })
	return s.ended
}

// start starts parts.
func (s *supervisor) start(parts []part) {
	failures := s.failures()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		r := start(context.Background(), p)
		s.parts = append(s.parts, r)
		go func() {
			<-r.done
			if r.err != nil && !r.told.Load() {
				select {
				case failures <- r.err:
				default:
				}
			}
		}()
	}
}

// stop stops the named parts, or all if none is named, last started first, and waits for them.
func (s *supervisor) stop(names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	var left []*running
	for i := len(s.parts) - 1; i >= 0; i-- {
		r := s.parts[i]
		if len(names) > 0 && !slices.Contains(names, r.name) {
			left = append([]*running{r}, left...)
			continue
		}
		errs = append(errs, r.stop())
	}
	s.parts = left
	return errors.Join(errs...)
}
