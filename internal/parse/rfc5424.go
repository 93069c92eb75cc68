package parse

import (
	"bytes"

	"constat/entry"
)

// maxPRI is the highest priority value: facility 23, severity 7 (RFC 5424, section 6.2.1).
const maxPRI = 191

// cutPRI reads <digits> from the head of a line. pri is -1 if the number is missing or too high; found is false if
// there is nothing of that shape.
func cutPRI(line []byte) (pri int, rest []byte, found bool) {
	if len(line) == 0 || line[0] != '<' {
		return -1, line, false
	}
	n := 0
	for i := 1; i < len(line) && i < 7; i++ {
		c := line[i]
		if c == '>' {
			if n > maxPRI || i == 1 {
				n = -1
			}
			return n, line[i+1:], true
		}
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return -1, line, false
}

// cutToken reads octets other than the blank, and the blank behind them. ok is false if there is no such octet.
func cutToken(b []byte) (token, rest []byte, blank, ok bool) {
	for n, c := range b { // tokens are short
		if c == ' ' {
			return b[:n], b[n+1:], true, n > 0
		}
	}
	return b, nil, false, len(b) > 0
}

// headerNames are the fields of HOSTNAME, APP-NAME, PROCID and MSGID.
var headerNames = [...]string{"HOSTNAME", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "SYSLOG_MSGID"}

// rfc5424 reads <PRI>1 STAMP HOST APP PROCID MSGID SD MSG (RFC 5424, section 6).
func (p *Parser) rfc5424(e *entry.Entry, octets []byte) bool {
	pri, rest, found := cutPRI(octets)
	if !found || len(rest) < 2 || rest[0] != '1' || rest[1] != ' ' {
		return false
	}
	if pri >= 0 {
		p.addPRI(e, pri)
	}
	written, rest, blank, ok := cutToken(rest[2:])
	if !ok || !blank || !p.stamp5424(e, written) {
		return false
	}
	for _, name := range headerNames {
		if !blank {
			return false
		}
		var value []byte
		if value, rest, blank, ok = cutToken(rest); !ok {
			return false
		}
		if len(value) != 1 || value[0] != '-' {
			p.add(e, name, value)
		}
	}
	e.Renderer = entry.RenderRFC5424
	p.tail5424(e, rest, blank)
	return true
}

// stamp5424 reads TIMESTAMP (RFC 5424, section 6.2.3); "-" is no time.
func (p *Parser) stamp5424(e *entry.Entry, written []byte) bool {
	if len(written) == 1 && written[0] == '-' {
		return true
	}
	var s stamp
	if s.cutISO(written) != len(written) {
		return false
	}
	e.Event, _, _ = p.clock.instant(&s, e.Received)
	return true
}

// tail5424 reads what follows MSGID; blank says whether a blank did. A tail that does not begin with structured data
// is all MESSAGE.
func (p *Parser) tail5424(e *entry.Entry, tail []byte, blank bool) {
	slot := len(e.Fields)
	p.add(e, "MESSAGE", nil)
	p.params = append(p.params[:0], 0)
	rest, ok := p.structured(e, tail)
	switch {
	case !ok:
		p.params = append(p.params[:0], entry.RFC5424NoSD)
		e.Fields = e.Fields[:slot]
		if blank {
			p.add(e, "MESSAGE", tail)
		}
	case len(rest) == 0:
		e.Fields = append(e.Fields[:slot], e.Fields[slot+1:]...)
	default:
		message := rest[1:]
		if bytes.HasPrefix(message, []byte("\ufeff")) {
			message = message[len("\ufeff"):]
			p.params[0] |= entry.RFC5424BOM
		}
		e.Fields[slot].Value = message
	}
	if len(p.params) > 1 || p.params[0] != 0 {
		e.Params = p.arena.copy(p.params)
	}
}
