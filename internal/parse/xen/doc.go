// Package xen reads what domains of a station write into their log channels: the text lines of the first programs, and
// the frames of FORMAT.md, section 22. It is pure.
//
// As everywhere, received octets are never altered: the fields give them back through a renderer, or they are kept beside
// the fields. So every octet string yields an entry. What a domain says are claims: HOSTNAME is what it calls itself.
package xen

import (
	"bytes"
	"time"

	"constat/entry"
)

// Parser makes entries of octets. It must not be used by two goroutines at once.
type Parser struct {
	location *time.Location
	rendered []byte // scratch
	params   []byte
}

// keepScratch is the longest buffer that is kept between two entries.
const keepScratch = 1 << 20

// New returns a parser. Stamps of text lines say no zone: they are read in that location; nil is time.Local.
func New(location *time.Location) *Parser {
	if location == nil {
		location = time.Local
	}
	return &Parser{location: location}
}

// Parse sets e to an event with what the octets say: a frame, a line with a header and those that follow it, or anything
// else. received is in µs since 1970 UTC. Values of e point into octets or into memory of their own.
func (p *Parser) Parse(e *entry.Entry, octets []byte, received int64) {
	e.Reset()
	e.Params, e.Received = nil, received
	if IsFrame(octets) && p.frame(e, octets) || p.text(e, octets) {
		p.settle(e, octets)
		return
	}
	e.Fields, e.Event = e.Fields[:0], entry.Time{}
	body, tail := cutTail(octets)
	e.Renderer, e.Params = entry.RenderStation, entry.StationParams(nil, tail|entry.StationBare, 0)
	add(e, "MESSAGE", body)
}

// settle keeps the octets where the fields do not give them back.
func (p *Parser) settle(e *entry.Entry, octets []byte) {
	out, ok, err := entry.AppendReceived(p.rendered[:0], e)
	if cap(out) <= keepScratch {
		p.rendered = out
	}
	if ok && err == nil && bytes.Equal(out, octets) {
		return
	}
	e.Renderer, e.Params = entry.RenderNone, nil
	e.Add(entry.Raw, octets, entry.Observed)
}

func add(e *entry.Entry, name string, value []byte) { e.Add(name, value, entry.Claimed) }

// cutTail cuts off one LF and one CR before it, or a CR alone.
func cutTail(b []byte) (body []byte, tail byte) {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b, tail = b[:n-1], entry.TailLF
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b, tail = b[:n-1], tail|entry.TailCR
	}
	return b, tail
}
