package xen

import (
	"context"
	"errors"
	"time"

	"constat/internal/input"
)

// grace is how long an input that ends waits for room in the sink, for what it has received already.
const grace = 2 * time.Second

// handover is the sink during Run: nothing that is handed over vanishes uncounted.
type handover struct {
	sink input.Sink
	ctx  context.Context
	late context.Context // ends grace after ctx
}

// newHandover returns a handover and what to call at the end of Run.
func newHandover(ctx context.Context, sink input.Sink) (*handover, func()) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel()
		case <-late.Done():
		}
	})
	return &handover{sink: sink, ctx: ctx, late: late}, func() { stop(); cancel() }
}

// put hands a chunk over and waits for room. An error means that the sink takes nothing more, or not in time; the
// messages are then counted.
func (h *handover) put(c *input.Chunk) error {
	err := h.sink.Put(h.ctx, c)
	if err != nil && h.ctx.Err() != nil && !errors.Is(err, input.ErrClosed) {
		err = h.sink.Put(h.late, c)
	}
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
			h.sink.Lose(c.Source.Name, n.Reason, n.Lost, 0)
		}
	}
	if messages > 0 {
		h.sink.Lose(c.Source.Name, reasonStopped, messages, octets)
	}
}
