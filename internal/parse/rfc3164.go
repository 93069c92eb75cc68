package parse

import (
	"bytes"
	"encoding/binary"

	"constat/entry"
)

// rfc3164 reads <PRI>STAMP HOST TAG[PID]: MSG, of which each part may be missing, but not both PRI and stamp
// (RFC 3164, section 4.1, and what daemons write to files).
func (p *Parser) rfc3164(e *entry.Entry, octets []byte) bool {
	pri, rest, found := cutPRI(octets)
	flags := byte(0)
	if found && len(rest) > 0 && rest[0] == ' ' {
		flags, rest = entry.RFC3164Gap, rest[1:]
	}
	if pri >= 0 {
		p.addPRI(e, pri)
	}
	s, size, rest := stampShape(rest)
	if size == 0 && !found {
		return false
	}
	e.Renderer = entry.RenderRFC3164
	offset := int64(0)
	if size == 0 {
		flags |= entry.RFC3164None
		flags |= p.tag(e, rest, 0)
	} else {
		e.Event, offset, _ = p.clock.instant(&s, e.Received)
		flags |= s.form
		if len(rest) > 0 {
			flags |= p.afterStamp(e, rest[1:])
		}
	}
	if flags != 0 || offset != 0 {
		p.params = append(p.params[:0], flags)
		if offset != 0 {
			p.params = binary.AppendVarint(p.params, offset)
		}
		e.Params = p.arena.copy(p.params)
	}
	return true
}

// afterStamp reads HOST TAG[PID]: MSG. A first token that ends in a colon is the tag of a line without host, as
// syslog(3) writes it.
func (p *Parser) afterStamp(e *entry.Entry, b []byte) (flags byte) {
	end := bytes.IndexByte(b, ' ')
	if end < 0 {
		end = len(b)
	}
	token := b[:end]
	if t := cutTag(b); t.size == end && end > 0 && token[end-1] == ':' {
		return p.tag(e, b, 0)
	}
	if !hostLike(token) || isNotice(b) {
		p.add(e, "MESSAGE", b)
		return 0
	}
	if end == 1 && token[0] == '-' {
		flags = entry.RFC3164NilHost
	} else {
		p.add(e, "HOSTNAME", token)
	}
	if end == len(b) {
		return flags
	}
	return p.tag(e, b[end+1:], flags)
}

// tag reads TAG[PID]: MSG, or MSG alone.
func (p *Parser) tag(e *entry.Entry, b []byte, flags byte) byte {
	t := cutTag(b)
	if t.size == 0 || isNotice(b) {
		p.add(e, "MESSAGE", b)
		return flags
	}
	return p.addTag(e, &t, b, flags)
}

// addTag adds the fields of a message that begins with the tag t.
func (p *Parser) addTag(e *entry.Entry, t *tagged, b []byte, flags byte) byte {
	p.add(e, "SYSLOG_IDENTIFIER", t.name)
	if t.pid != nil {
		p.add(e, "SYSLOG_PID", t.pid)
	}
	if t.noColon {
		flags |= entry.RFC3164NoColon
	}
	switch rest := b[t.size:]; {
	case len(rest) == 0:
	case rest[0] == ' ':
		p.add(e, "MESSAGE", rest[1:])
	default:
		flags |= entry.RFC3164Glued
		p.add(e, "MESSAGE", rest)
	}
	return flags
}
