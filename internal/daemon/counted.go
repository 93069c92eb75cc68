package daemon

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/input"
)

// counted is the sink of one input, and counts what it takes.
type counted struct {
	input.Sink
	messages, octets atomic.Uint64
}

// Put implements [input.Sink].
func (c *counted) Put(ctx context.Context, chunk *input.Chunk) error {
	messages, octets := measure(chunk)
	return c.count(c.Sink.Put(ctx, chunk), messages, octets)
}

// Offer implements [input.Sink].
func (c *counted) Offer(chunk *input.Chunk) error {
	messages, octets := measure(chunk)
	return c.count(c.Sink.Offer(chunk), messages, octets)
}

func (c *counted) count(err error, messages, octets uint64) error {
	if err == nil {
		c.messages.Add(messages)
		c.octets.Add(octets)
	}
	return err
}

// measure is how many messages a chunk holds, and of how many octets, with those that were too many to be kept.
func measure(chunk *input.Chunk) (messages, octets uint64) {
	for i := range chunk.Messages {
		if m := &chunk.Messages[i]; m.Note == nil {
			messages++
			octets += uint64(m.End-m.Start) + uint64(m.Lost)
		}
	}
	return messages, octets
}

// counts are the sinks of the inputs that run, by name.
type counts struct {
	mu  sync.Mutex
	all map[string]*counted // guarded by mu
}

// run runs an input with a sink of its own.
func (c *counts) run(ctx context.Context, in input.Input, sink input.Sink) error {
	own := &counted{Sink: sink}
	c.mu.Lock()
	if c.all == nil {
		c.all = map[string]*counted{}
	}
	c.all[in.Name()] = own
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.all[in.Name()] == own {
			delete(c.all, in.Name())
		}
	}()
	return in.Run(ctx, own)
}

// received is what each input has taken since it began, by name.
func (c *counts) received() (list []api.Received) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, one := range c.all {
		list = append(list, api.Received{Input: name, Messages: one.messages.Load(), Octets: one.octets.Load()})
	}
	slices.SortFunc(list, func(a, b api.Received) int { return strings.Compare(a.Input, b.Input) })
	return list
}

// inputStatistic is an entry about one input.
func (d *Daemon) inputStatistic(r api.Received) entry.Entry {
	var e entry.Entry
	add := func(name, value string) { e.AddString(name, value, entry.Observed) }
	add("MESSAGE", fmt.Sprintf("input %s: received %d messages of %d octets", r.Input, r.Messages, r.Octets))
	add("PRIORITY", "6")
	add("SYSLOG_FACILITY", "5")
	add("SYSLOG_IDENTIFIER", "constat")
	add("_INPUT", r.Input)
	add("_INPUT_MESSAGES", strconv.FormatUint(r.Messages, 10))
	add("_INPUT_OCTETS", strconv.FormatUint(r.Octets, 10))
	e.Fields = append(e.Fields, d.facts...)
	return e
}
