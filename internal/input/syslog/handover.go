package syslog

import (
	"context"
	"errors"
	"sync"

	"constat/internal/input"
)

// Why messages were not kept, as it stands in loss entries.
const (
	reasonFull        = "queue full"
	reasonEmpty       = "empty"
	reasonStopped     = "stopped"
	reasonKernel      = "kernel"
	reasonConnections = "too many connections"
	reasonPerAddress  = "too many connections of one address"
	reasonNotAllowed  = "not allowed"
	reasonUnfinished  = "frame not in time"
)

// maxSpare bounds the chunks that wait for being used.
const maxSpare = 16

// handover is the sink as an input sees it during Run: nothing that is handed over vanishes uncounted.
type handover struct {
	input.Handover

	mu    sync.Mutex
	spare []*input.Chunk // guarded by mu; taken from the sink and not used
}

// newHandover returns a handover and what to call at the end of Run.
func newHandover(ctx context.Context, sink input.Sink) (*handover, func()) {
	to, end := input.NewHandover(ctx, sink)
	return &handover{Handover: to}, end
}

// chunk returns an empty chunk.
func (h *handover) chunk() *input.Chunk {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.spare); n > 0 {
		c := h.spare[n-1]
		h.spare = h.spare[:n-1]
		return c
	}
	return h.Sink.Chunk()
}

// keep takes back a chunk that was not handed over.
func (h *handover) keep(c *input.Chunk) {
	c.Reset()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.spare) < maxSpare {
		h.spare = append(h.spare, c)
	}
}

// put hands a chunk over and waits for room. An error means that the sink takes nothing more, or not in time; the
// messages are then counted.
func (h *handover) put(c *input.Chunk) error {
	err := h.Put(c)
	if err != nil {
		h.lose(c, reasonStopped)
	}
	return err
}

// hand is put for senders who keep what they are not told is kept: what the sink does not take is not lost, and the
// error says why.
func (h *handover) hand(c *input.Chunk) error {
	err := h.Put(c)
	if err != nil {
		h.keep(c)
	}
	return err
}

// offer hands a chunk over if there is room, and counts the messages if there is not.
func (h *handover) offer(c *input.Chunk) error {
	err := h.Sink.Offer(c)
	switch {
	case errors.Is(err, input.ErrFull):
		h.lose(c, reasonFull)
		return nil
	case err != nil:
		h.lose(c, reasonStopped)
	}
	return err
}

func (h *handover) lose(c *input.Chunk, reason string) {
	h.Sink.Lose(c.Source.Name, reason, uint64(len(c.Messages)), c.Received())
	h.keep(c)
}

// empty counts datagrams or frames without octets.
func (h *handover) empty(source *input.Source, n uint64) {
	if n > 0 {
		h.Sink.Lose(source.Name, reasonEmpty, n, 0)
	}
}
