package forward

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"constat/internal/output"
)

// Times between two looks at what a target has confirmed, while there is nothing to send.
const (
	firstWait = 5 * time.Millisecond
	longWait  = 200 * time.Millisecond
)

// sendTo sends to a target until it fails, or a better one can be had, or the context has ended and nothing is left.
func (o *Output) sendTo(ctx, hard context.Context, t output.Target, i int) (better output.Target, err error) {
	o.change(func(n *Noted) { n.State, n.Target, n.Error = StateUp, o.config.Targets[i].Name, "" })
	first, stop := o.lookForFirst(ctx, i)
	defer stop()
	o.waiting = firstWait
	for {
		if ctx.Err() != nil && o.config.Rate > 0 {
			return nil, o.confirm(t, true) // what is left would take too long, or be too fast
		}
		_, changed := o.feed.state()
		read, err := o.fill()
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if read && !o.limit(ctx) {
			continue
		}
		if read {
			err = o.give(hard, t)
		}
		if err == nil {
			err = o.confirm(t, ctx.Err() != nil)
		}
		if err != nil {
			return nil, err
		}
		if read {
			o.waiting = firstWait
			select {
			case better = <-first:
				return better, o.confirm(t, true)
			default:
			}
			continue
		}
		if ctx.Err() != nil && len(o.marks) == 0 || hard.Err() != nil {
			return nil, nil
		}
		if better = o.idle(ctx, changed, first); better != nil {
			return better, o.confirm(t, true)
		}
	}
}

// give sends what was read, and remembers how far that is. What a target that fails has confirmed of it is noted.
func (o *Output) give(hard context.Context, t output.Target) error {
	var m mark
	if n := len(o.marks); n < cap(o.marks) {
		m = o.marks[:n+1][n] // with the memory of its places
	}
	o.sent += uint64(o.messages.Len())
	m.sent, m.at, m.places, m.steps = o.sent, o.now(), m.places[:0], append(m.steps[:0], o.steps...)
	for _, s := range o.sources {
		m.places = append(m.places, s.place)
	}
	o.marks = append(o.marks, m)
	if o.messages.Len() == 0 {
		return nil
	}
	began := o.now()
	err := t.Send(hard, &o.messages)
	ended := o.now()
	o.marks[len(o.marks)-1].at = ended // it may have taken long
	o.fit(o.messages.Len(), ended.Sub(began))
	if err != nil {
		o.confirm(t, true) // an error of it is of less interest than that one
	}
	return err
}

// longSend is how long it may take to send a batch, so that places and numbers are true within about that time.
const longSend = time.Second

// fit makes the next batch as large as a target that took so long for so many messages takes in time.
func (o *Output) fit(messages int, took time.Duration) {
	switch {
	case took > longSend:
		o.most = max(1, int(float64(messages)*longSend.Seconds()/took.Seconds()))
	case took < longSend/2:
		o.most = min(2*o.most, o.config.Batch)
	}
}

// limit waits as long as the rate wants it before what was read may be sent; false: told to end meanwhile.
func (o *Output) limit(ctx context.Context) bool {
	if o.config.Rate <= 0 || o.messages.Len() == 0 {
		return true
	}
	now := o.now()
	if o.dueAt.After(now) {
		o.pause(ctx, o.dueAt.Sub(now))
	} else {
		o.dueAt = now
	}
	o.dueAt = o.dueAt.Add(time.Duration(float64(o.messages.Len()) / o.config.Rate * float64(time.Second)))
	return ctx.Err() == nil
}

// confirm asks the target what it has, and moves the places.
func (o *Output) confirm(t output.Target, settle bool) error {
	confirmed, err := t.Confirmed(settle)
	if o.move(confirmed) {
		o.movedAt = o.now()
		o.note()
	}
	if err == nil && len(o.marks) > 0 && o.now().Sub(later(o.marks[0].at, o.movedAt)) > o.config.Timeout {
		err = fmt.Errorf("nothing was confirmed for %v: %w", o.config.Timeout, os.ErrDeadlineExceeded)
	}
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// move moves the places to what is confirmed, and reports whether they have moved.
func (o *Output) move(confirmed uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, n := o.confirmed, 0
	for ; n < len(o.marks) && o.marks[n].sent <= confirmed; n++ {
		o.confirmed = o.marks[n].sent
	}
	if n > 0 {
		for i, s := range o.sources {
			o.noted.move(s.name, o.marks[n-1].places[i])
		}
		rotate(o.marks, n)
		o.marks = o.marks[:len(o.marks)-n]
	}
	if len(o.marks) > 0 { // a part of what was sent at once
		m := &o.marks[0]
		for begin := m.sent - uint64(len(m.steps)); o.confirmed < confirmed; o.confirmed++ {
			s := m.steps[o.confirmed-begin] // its journal was the same at the end
			o.noted.move(o.sources[s.source].name, Place{m.places[s.source].ID, s.next, m.places[s.source].Told})
		}
	}
	o.noted.Delivered += o.confirmed - before
	return n > 0 || o.confirmed != before
}

// move moves a place. What was counted meanwhile of the same journal stays counted.
func (n *Noted) move(journal string, to Place) {
	if before := n.Places[journal]; before.ID == to.ID {
		to.Told = max(to.Told, before.Told)
	}
	n.Places[journal] = to
}

// rotate moves the first n marks behind the others, so that their memory is used again.
func rotate(list []mark, n int) {
	for i := range len(list) - n {
		list[i], list[i+n] = list[i+n], list[i]
	}
}

// idle waits until there is something new, or to be confirmed.
func (o *Output) idle(ctx context.Context, changed <-chan struct{}, first <-chan output.Target) (better output.Target) {
	done := ctx.Done()
	wait := time.Second // a target that has gone is noticed
	if len(o.marks) > 0 {
		wait, done = o.waiting, nil
		o.waiting = min(2*o.waiting, longWait)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-done:
	case <-changed:
	case <-timer.C:
	case better = <-first:
	}
	return better
}

// used takes notice of how long the first target was of use. What hangs can be opened again, takes some, and hangs again:
// each time it is left alone for twice as long.
func (o *Output) used(lasted time.Duration, err error) {
	if lasted > 4*o.config.Timeout {
		o.hung = 0
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		o.hung = min(o.hung+1, mostHung)
	}
}

// mostHung bounds the time until the first target is tried again to 64 times what is configured.
const mostHung = 7

// untilReturn is the time until the first target is tried again.
func (o *Output) untilReturn() time.Duration { return o.config.Return << max(0, o.hung-1) }

// lookForFirst tries from time to time to open the first target, while another is in use.
func (o *Output) lookForFirst(ctx context.Context, i int) (found <-chan output.Target, stop func()) {
	if i == 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	targets, done := make(chan output.Target), make(chan struct{})
	every := o.untilReturn()
	go func() {
		defer close(done)
		for {
			o.pause(ctx, every)
			if ctx.Err() != nil {
				return
			}
			t, err := o.config.Targets[0].Open(ctx, o.Lost)
			if err != nil {
				continue // it is tried again, and the other one works
			}
			select {
			case targets <- t:
			case <-ctx.Done():
				t.Close() // it was not used
			}
			return
		}
	}()
	return targets, func() { cancel(); <-done }
}
