package record

import (
	"bytes"

	"constat/internal/input"
)

// What can be wrong with a line.
const (
	// FlagTruncated: the connection ended before the line did.
	FlagTruncated = "truncated"
	// FlagSplit: the line is longer than the limit and goes on in the next message of this connection.
	FlagSplit = "split"
)

// assembler cuts the octets of one connection into lines. Whatever the pieces in which they come, the lines are the
// same. It holds at most limit+1 octets between calls.
type assembler struct {
	limit int    // octets of a line, without its end
	rest  []byte // of a line that has not ended
}

// add appends the lines that end in p to the chunk, each with LF behind it.
func (a *assembler) add(c *input.Chunk, p []byte) {
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			a.extend(c, p)
			return
		}
		if len(a.rest) == 0 && end <= a.limit {
			emit(c, cutCR(p[:end]), "")
		} else {
			a.extend(c, p[:end])
			emit(c, cutCR(a.rest), "")
			a.rest = a.rest[:0]
		}
		p = p[end+1:]
	}
}

// extend adds octets to the line at hand and emits what is longer than the limit. A CR behind the limit waits: it may
// belong to the end of the line.
func (a *assembler) extend(c *input.Chunk, p []byte) {
	for {
		n := min(len(p), a.limit+2-len(a.rest))
		a.rest, p = append(a.rest, p[:n]...), p[n:]
		if len(a.rest) <= a.limit || len(a.rest) == a.limit+1 && a.rest[a.limit] == '\r' {
			return
		}
		emit(c, a.rest[:a.limit], FlagSplit)
		a.rest = append(a.rest[:0], a.rest[a.limit:]...)
	}
}

// finish emits what is there of a line that will not end.
func (a *assembler) finish(c *input.Chunk) {
	if len(a.rest) > a.limit { // the CR behind the limit ends nothing
		emit(c, a.rest[:a.limit], FlagSplit)
		a.rest = append(a.rest[:0], a.rest[a.limit:]...)
	}
	if len(a.rest) > 0 {
		emit(c, a.rest, FlagTruncated)
		a.rest = nil
	}
}

// shrink gives memory back that an idle connection does not need.
func (a *assembler) shrink() {
	if len(a.rest) == 0 && cap(a.rest) > keepRest {
		a.rest = nil
	}
}

// keepRest is the memory in octets that an idle connection may hold for its next line.
const keepRest = 4 << 10

func emit(c *input.Chunk, line []byte, flag string) {
	start := len(c.Octets)
	c.Octets = append(c.Octets, line...)
	c.Messages = append(c.Messages, input.Message{Start: start, End: len(c.Octets), Flag: flag})
	c.Octets = append(c.Octets, '\n')
}

func cutCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
