package record

import (
	"context"
	"errors"

	"constat/internal/input"
)

// handover is where lines go during Run. Nothing vanishes uncounted.
type handover struct {
	server *Server
	sink   input.Sink
	ctx    context.Context
	late   context.Context // ends grace after ctx
}

// write writes into the file, if there is one, and waits while that is not possible.
func (h *handover) write(octets []byte) bool {
	f := h.server.config.File
	if f == nil {
		return true
	}
	err := f.Write(h.late, octets)
	if err != nil {
		h.server.fail(err)
	}
	return err == nil
}

// put hands a chunk over and waits for room. False means that the sink takes nothing more, or not in time.
func (h *handover) put(c *input.Chunk) bool {
	err := h.sink.Put(h.ctx, c)
	if err != nil && h.ctx.Err() != nil && !errors.Is(err, input.ErrClosed) {
		err = h.sink.Put(h.late, c)
	}
	if err == nil {
		return true
	}
	var octets uint64
	for _, m := range c.Messages {
		octets += uint64(m.End - m.Start)
	}
	h.sink.Lose(c.Source.Name, reasonStopped, uint64(len(c.Messages)), octets)
	return false
}
