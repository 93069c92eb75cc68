package xen

import (
	"context"

	"constat/internal/input"
)

// handover is the sink during Run: nothing that is handed over vanishes uncounted.
type handover struct {
	input.Handover
}

// newHandover returns a handover and what to call at the end of Run.
func newHandover(ctx context.Context, sink input.Sink) (*handover, func()) {
	to, end := input.NewHandover(ctx, sink)
	return &handover{to}, end
}

// put hands a chunk over and waits for room. An error means that the sink takes nothing more, or not in time; the
// messages are then counted.
func (h *handover) put(c *input.Chunk) error {
	err := h.Put(c)
	if err != nil {
		h.lose(c)
	}
	return err
}

func (h *handover) lose(c *input.Chunk) {
	var messages, octets uint64
	for _, m := range c.Messages {
		if n := m.Note; n == nil {
			messages++
			octets += uint64(m.End-m.Start) + uint64(m.Lost)
		} else if n.Lost > 0 {
			h.Sink.Lose(c.Source.Name, n.Reason, n.Lost, 0)
		}
	}
	if messages > 0 {
		h.Sink.Lose(c.Source.Name, reasonStopped, messages, octets)
	}
}
