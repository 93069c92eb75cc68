package input

import (
	"context"
	"errors"
	"time"
)

// Grace is how long an input that ends waits for room in the sink, for what it has received already.
const Grace = 2 * time.Second

// Handover is a sink as an input sees it during one Run.
type Handover struct {
	Sink Sink
	Ctx  context.Context // of Run
	Late context.Context // ends Grace after Ctx
}

// NewHandover returns a handover and what to call at the end of Run.
func NewHandover(ctx context.Context, sink Sink) (Handover, func()) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(Grace):
			cancel()
		case <-late.Done():
		}
	})
	return Handover{Sink: sink, Ctx: ctx, Late: late}, func() { stop(); cancel() }
}

// Put hands a chunk over and waits for room, for Grace longer than Run was to last. After an error the chunk belongs to
// the caller: the sink takes nothing more, or not in time.
func (h Handover) Put(c *Chunk) error {
	err := h.Sink.Put(h.Ctx, c)
	if err != nil && h.Ctx.Err() != nil && !errors.Is(err, ErrClosed) {
		err = h.Sink.Put(h.Late, c)
	}
	return err
}

// Received counts the octets of the messages as they were received, those that were cut off included.
func (c *Chunk) Received() (octets uint64) {
	for _, m := range c.Messages {
		octets += uint64(m.End-m.Start) + uint64(m.Lost)
	}
	return octets
}
