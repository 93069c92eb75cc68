package xen

import "bytes"

// lines cuts a stream of octets into lines, whatever the pieces in which it comes. It never holds more than the limit.
type lines struct {
	limit int
	begun []byte // of the line under way
	lost  int64  // octets of it above the limit
}

// feed calls take with every line that ends in the octets, without its LF, and with how many octets of it were too many.
// The line is valid until take returns.
func (l *lines) feed(octets []byte, take func(line []byte, lost int64)) {
	for {
		end := bytes.IndexByte(octets, '\n')
		if end < 0 {
			l.add(octets)
			return
		}
		if len(l.begun) == 0 && end <= l.limit {
			take(octets[:end], 0)
		} else {
			l.add(octets[:end])
			take(l.begun, l.lost)
			l.reset()
		}
		octets = octets[end+1:]
	}
}

func (l *lines) add(octets []byte) {
	room := min(l.limit-len(l.begun), len(octets))
	l.begun = append(l.begun, octets[:room]...)
	l.lost += int64(len(octets) - room)
}

// keepLine is the memory for a line that is kept between two lines.
const keepLine = 4 << 10

func (l *lines) reset() {
	if l.begun, l.lost = l.begun[:0], 0; cap(l.begun) > keepLine {
		l.begun = nil
	}
}
