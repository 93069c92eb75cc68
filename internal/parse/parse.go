package parse

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"

	"constat/entry"
)

// Options are the choices of a [Parser]. The zero value is a network input in the local zone.
type Options struct {
	// Provenance of every field: entry.Claimed from the network, entry.Imported by import.
	Provenance entry.Provenance
	// Location is the zone of stamps that say none; nil is time.Local.
	Location *time.Location
}

// Limits of a parser.
const (
	maxFields   = 4096    // of one entry; more are left to the raw octets
	keepScratch = 1 << 20 // a scratch buffer that grew above this is let go
)

// Parser makes entries of octets. It remembers names and zones that it has seen and reuses its memory; it must not be
// used by two goroutines at once.
type Parser struct {
	format     Format
	provenance entry.Provenance
	numbers    [24][]byte // "0" … "23", the values of PRIORITY and SYSLOG_FACILITY
	arena      arena
	names      names
	clock      clock
	rendered   []byte // scratch of the check
	params     []byte // scratch: renderer parameters being built
	scratch    []byte // scratch: a name being put together
	base64     *base64.Encoding
	style      byte // of the object being read: entry.JSONASCII and so on, as escapes show it
	unquoted   bool // values of structured data may lack their quotes
}

// New returns a parser for one format.
func New(f Format, o Options) *Parser {
	p := &Parser{format: f, provenance: o.Provenance, base64: base64.StdEncoding.Strict()}
	p.names.claimed = o.Provenance == entry.Claimed
	p.clock.location = o.Location
	if o.Location == nil {
		p.clock.location = time.Local
	}
	for i := range p.numbers {
		p.numbers[i] = strconv.AppendInt(nil, int64(i), 10)
	}
	return p
}

// Parse sets e to an event with what the octets say. received, in µs since 1970 UTC, becomes its received time and
// settles the year of stamps without one. It never fails: see the package comment. Values of e point into octets or
// into the parser and are valid until [Parser.Release].
func (p *Parser) Parse(e *entry.Entry, octets []byte, received int64) {
	e.Reset()
	e.Params = nil // whoever filled e before may own that memory
	e.Received = received
	if !p.parse(e, octets) {
		p.text(e, octets)
		return
	}
	p.settle(e, octets)
}

// Release lets go of the values of all entries parsed since the last Release, so that their memory is used again.
func (p *Parser) Release() { p.arena.release() }

// parse reports whether the octets fit a format other than text. What it leaves in e otherwise does not matter.
func (p *Parser) parse(e *entry.Entry, octets []byte) bool {
	switch p.format {
	case RFC5424:
		return p.rfc5424(e, octets)
	case RFC3164:
		return p.rfc3164(e, octets)
	case Syslog:
		return p.syslog(e, octets)
	case JSONLines:
		return p.json(e, octets)
	case Export:
		return p.export(e, octets)
	case Zato:
		return p.zato(e, octets)
	case Auto:
		return p.auto(e, octets)
	}
	return false
}

// auto tries RFC 3164 on what looks like RFC 5424 and is not, so that its PRI is not lost.
func (p *Parser) auto(e *entry.Entry, octets []byte) bool {
	switch lineFormat(octets) {
	case JSONLines:
		return p.json(e, octets)
	case RFC5424:
		if p.rfc5424(e, octets) {
			return true
		}
		e.Fields, e.Event = e.Fields[:0], entry.Time{}
		return p.rfc3164(e, octets)
	case RFC3164:
		return p.rfc3164(e, octets)
	}
	return false
}

// text makes the octets the MESSAGE of a plain text entry.
func (p *Parser) text(e *entry.Entry, octets []byte) {
	e.Fields = e.Fields[:0]
	e.Event = entry.Time{}
	e.Renderer, e.Params = entry.RenderText, nil
	p.add(e, "MESSAGE", octets)
}

// add appends a field. It fills the slot in place: copying a whole field there costs twice as much.
func (p *Parser) add(e *entry.Entry, name string, value []byte) {
	n := len(e.Fields)
	if n == cap(e.Fields) {
		e.Fields = append(e.Fields, entry.Field{})
	}
	e.Fields = e.Fields[:n+1]
	f := &e.Fields[n]
	f.Name, f.Value, f.Size, f.Provenance, f.Form = name, value, 0, p.provenance, entry.Inline
}

// addPRI adds PRIORITY and SYSLOG_FACILITY.
func (p *Parser) addPRI(e *entry.Entry, pri int) {
	p.add(e, "PRIORITY", p.numbers[pri&7])
	p.add(e, "SYSLOG_FACILITY", p.numbers[pri>>3])
}

// settle checks that the fields give the octets back and keeps the octets themselves where they do not.
func (p *Parser) settle(e *entry.Entry, octets []byte) {
	out, ok, err := entry.AppendReceived(p.rendered[:0], e)
	if cap(out) > cap(p.rendered) && cap(out) <= keepScratch {
		p.rendered = out
	}
	if ok && err == nil && bytes.Equal(out, octets) {
		return
	}
	e.Renderer, e.Params = entry.RenderNone, nil
	raw := entry.Field{Name: entry.Raw, Value: octets, Provenance: entry.Observed}
	e.Fields = append(e.Fields, raw)
	// An imported field may have that name already; the first is the one that counts.
	for i := range e.Fields[:len(e.Fields)-1] {
		if e.Fields[i].Name == entry.Raw {
			copy(e.Fields[1:], e.Fields)
			e.Fields[0] = raw
			return
		}
	}
}
