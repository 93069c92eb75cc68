package record

import "constat/internal/input"

// handover is where lines go during Run. Nothing vanishes uncounted.
type handover struct {
	input.Handover
	server *Server
}

// write writes into the file, if there is one, and waits while that is not possible.
func (h *handover) write(octets []byte) bool {
	f := h.server.config.File
	if f == nil {
		return true
	}
	err := f.Write(h.Late, octets)
	if err != nil {
		h.server.fail(err)
	}
	return err == nil
}

// put hands a chunk over and waits for room. False means that the sink takes nothing more, or not in time.
func (h *handover) put(c *input.Chunk) bool {
	err := h.Put(c)
	if err != nil {
		h.Sink.Lose(c.Source.Name, reasonStopped, uint64(len(c.Messages)), c.Received())
	}
	return err == nil
}
