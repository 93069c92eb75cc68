package parse

import (
	"bytes"
	"encoding/binary"
)

// exportCutter ends entries of the journal export format at their blank line. Where the octets are not in the format
// it goes on line by line, so that the next blank line puts it right again.
type exportCutter struct {
	inside bool   // in a line whose beginning was looked at
	text   bool   // that line has a '=' or is not in the format: LF ends it
	binary uint64 // octets of a binary value that are still to come
	behind bool   // at the octet behind a binary value
}

func (*exportCutter) framing() int { return 0 }

func (c *exportCutter) look(b []byte) (done int, ended bool) {
	for done < len(b) {
		rest := b[done:]
		switch {
		case c.binary > 0:
			n := min(c.binary, uint64(len(rest)))
			c.binary -= n
			done += int(n)
		case c.behind:
			c.behind = false
			if rest[0] == '\n' {
				done++
			} else {
				c.inside, c.text = true, true
			}
		case !c.inside && rest[0] == '\n':
			return done + 1, true
		default:
			n, more := c.line(rest)
			done += n
			if more {
				return done, false
			}
		}
	}
	return done, false
}

// line looks at a line, or the rest of one. more says that it must be seen again with more behind it.
func (c *exportCutter) line(b []byte) (done int, more bool) {
	c.inside = true
	end := bytes.IndexByte(b, '\n')
	head := b
	if end >= 0 {
		head = b[:end]
	}
	c.text = c.text || bytes.IndexByte(head, '=') >= 0
	switch {
	case end < 0:
		return len(b), false
	case !c.text && len(b) < end+9:
		return end, true
	case !c.text:
		if length := binary.LittleEndian.Uint64(b[end+1:]); length <= maxAnnounced {
			end += 8
			c.binary, c.behind = length, true
		}
	}
	c.inside, c.text = false, false
	return end + 1, false
}
