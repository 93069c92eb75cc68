package syslog

import (
	"bytes"

	"constat/internal/input"
)

// What can be wrong with a frame.
const (
	// FlagTruncated: the stream ended before the frame did.
	FlagTruncated = "truncated"
	// FlagTimeout: the rest of the frame did not come in time, and the connection was closed.
	FlagTimeout = "timeout"
	// FlagOversize: only the head was kept, because the message is longer than the limit.
	FlagOversize = "oversize"
	// FlagBadCount: a line that begins like a frame with an octet count, which is 0, begins with 0 or has more than
	// nine digits.
	FlagBadCount = "bad count"
)

// framer finds the messages in a stream of octets (RFC 6587 §3.4). The octets are in a buffer that the caller fills;
// the framer holds positions in it and no memory. Whatever the pieces in which a stream comes, the messages are the
// same.
//
// The caller gives the buffer to next until it finds nothing more, and then adds octets behind buffer[:end()]. Octets
// before begin() are done with.
type framer struct {
	limit   int  // octets of a message that are kept
	lineNUL bool // NUL ends a line too
	lineCR  bool // a CR before LF belongs to the end

	kind   kind
	start  int   // of the message, or of what may be an octet count
	looked int   // so far the buffer is known
	noLF   int   // there is no LF in buffer[looked:noLF]
	count  int64 // octets of a counted message
	gone   int64 // octets of this message that were overwritten; the head is buffer[start:start+limit]
	lastCR bool  // the last of them is a CR
	ending ending
}

// kind is how the frame at hand ends.
type kind uint8

const (
	unknown kind = iota
	counted
	line
)

// ending is what the last frame ended with. A LF or NUL directly behind it belongs to it too, if it is not the same
// again: "96 <13>…" LF, and LF NUL of a syslog(3) whose text ends in LF.
type ending uint8

const (
	endNothing ending = iota
	endCount
	endLF
	endNUL
)

// next returns the next message of b, or finds none without more octets. An empty frame is a message without octets.
func (f *framer) next(b []byte) (m input.Message, found bool) {
	if f.kind == unknown && !f.begun(b) {
		return m, false
	}
	if f.kind == counted {
		return f.nextCounted(b)
	}
	return f.nextLine(b)
}

// begin is the position of the first octet that is still needed.
func (f *framer) begin() int { return f.start }

// end is where the octets that are still needed end, when next has found nothing. Those from there on are counted as
// lost and may be overwritten; end tells the framer that they will be.
func (f *framer) end(b []byte) int {
	end := len(b)
	if head := f.start + f.limit; f.kind != unknown && end > head {
		f.gone += int64(end - head)
		f.lastCR = b[end-1] == '\r'
		f.looked, f.noLF = head, head
		end = head
	}
	return end
}

// moved tells the framer that what it needs now begins at 0.
func (f *framer) moved() {
	f.looked -= f.start
	f.noLF = max(f.noLF-f.start, 0)
	f.start = 0
}

// pending is whether a frame has begun and not ended.
func (f *framer) pending(b []byte) bool { return f.kind != unknown || len(b) > f.start }

// finish returns what is there of a frame that will not end. The framer is ready for another stream, in the same
// buffer.
func (f *framer) finish(b []byte, flag string) (m input.Message, found bool) {
	if f.kind == unknown {
		f.begun(b) // an ending
	}
	if found = f.pending(b); found {
		m = f.message(int64(len(b)-f.start)+f.gone, len(b))
		m.Flag = flag
	}
	f.ending = endNothing
	return m, found
}

// begun tells what kind of frame begins at start.
func (f *framer) begun(b []byte) bool {
	f.skipEnding(b)
	size, digits, known := octetCount(b[f.start:])
	switch {
	case !known:
		return false
	case size > 0:
		f.kind, f.count = counted, size
		f.start += digits + 1
	default:
		f.kind = line
	}
	f.looked = f.start
	return true
}

// skipEnding steps over a second octet that belongs to the end of the last frame.
func (f *framer) skipEnding(b []byte) {
	if f.ending == endNothing || f.start == len(b) {
		return
	}
	first := b[f.start]
	if first == '\n' && f.ending != endLF || first == 0 && f.ending != endNUL && f.lineNUL {
		f.start++
	}
	f.ending = endNothing
}

func (f *framer) nextCounted(b []byte) (m input.Message, found bool) {
	rest := f.count - f.gone // that ends in the buffer, counted from start
	if rest > int64(len(b)-f.start) {
		f.looked = len(b)
		return m, false
	}
	m = f.message(f.count, f.start+int(rest))
	f.ending = endCount
	return m, true
}

func (f *framer) nextLine(b []byte) (m input.Message, found bool) {
	at := f.delimiter(b)
	if at < 0 {
		f.looked = len(b)
		return m, false
	}
	size := int64(at-f.start) + f.gone
	f.ending = endNUL
	if b[at] == '\n' {
		f.ending = endLF
		if f.lineCR && f.isCR(b, at) {
			size--
		}
	}
	bad := isBadCount(b[f.start:min(at, f.start+f.limit)])
	m = f.message(size, at+1)
	if bad && m.Flag == "" {
		m.Flag = FlagBadCount
	}
	return m, true
}

// delimiter is where the line ends, or -1. It looks at each octet once for LF and once for NUL.
func (f *framer) delimiter(b []byte) int {
	f.noLF = max(f.noLF, f.looked)
	if f.noLF < len(b) && b[f.noLF] != '\n' {
		if i := bytes.IndexByte(b[f.noLF:], '\n'); i >= 0 {
			f.noLF += i
		} else {
			f.noLF = len(b)
		}
	}
	if f.lineNUL {
		if i := bytes.IndexByte(b[f.looked:f.noLF], 0); i >= 0 {
			return f.looked + i
		}
	}
	if f.noLF < len(b) {
		return f.noLF
	}
	return -1
}

// isCR is whether the octet of the line before at is a CR.
func (f *framer) isCR(b []byte, at int) bool {
	switch {
	case f.gone > 0 && at == f.start+f.limit:
		return f.lastCR
	case at == f.start:
		return false
	}
	return b[at-1] == '\r'
}

// message is the one of that size that begins at start; the next frame begins at next.
func (f *framer) message(size int64, next int) input.Message {
	m := input.Message{Start: f.start, End: f.start + int(min(size, int64(f.limit)))}
	if m.Lost = size - int64(m.End-m.Start); m.Lost > 0 {
		m.Flag = FlagOversize
	}
	f.kind, f.start, f.looked = unknown, next, next
	f.gone, f.lastCR = 0, false
	return m
}
