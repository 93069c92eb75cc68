package parse

import (
	"bytes"

	"constat/entry"
)

// forwarded is what AIX writes between the time and the host of a message that it passes on.
const forwarded = "Message forwarded from "

// maxTag is the longest tag of RFC 3164, section 4.1.3; a longer one is a tag only if it has no blanks.
const maxTag = 32

// afterStamp reads HOST TAG[PID]: MSG. A first token that ends in a colon is the tag of a message without host.
func (m *message) afterStamp(b []byte) {
	b = m.blanks(b)
	if isNotice(b) {
		m.notice(b)
		return
	}
	end := bytes.IndexByte(b, ' ')
	if end < 0 {
		end = len(b)
	}
	token := b[:end]
	switch {
	case isTagToken(token):
		m.tag(b)
	case !hostLike(token) || (m.blankT && notHost(token)):
		m.p.add(m.e, "MESSAGE", b)
	default:
		m.host(token)
		if end < len(b) {
			m.afterHost(b[end+1:])
		} else if m.flags&entry.RFC3164NilHost == 0 {
			m.odd |= hostOnly
		}
	}
}

// host adds HOSTNAME; "-" is none.
func (m *message) host(token []byte) {
	if len(token) == 1 && token[0] == '-' {
		m.flags |= entry.RFC3164NilHost
		return
	}
	for _, c := range token {
		if c == '@' || c == '/' {
			m.odd |= oddHost
		}
	}
	m.p.add(m.e, "HOSTNAME", token)
}

// notice reads what a syslog daemon says itself, or HOST: TAG[PID]: MSG behind the words of AIX.
func (m *message) notice(b []byte) {
	rest, found := bytes.CutPrefix(b, []byte(forwarded))
	end := bytes.IndexByte(rest, ' ')
	if !found || end < 2 || rest[end-1] != ':' || !hostLike(rest[:end-1]) {
		m.p.add(m.e, "MESSAGE", b)
		return
	}
	m.host(rest[:end-1])
	m.tag(rest[end+1:])
}

// afterHost reads TAG[PID]: MSG.
func (m *message) afterHost(b []byte) {
	t := cutTag(b)
	if t.size == 0 || isNotice(b) {
		m.afterHostLenient(b)
		return
	}
	m.flags = m.p.addTag(m.e, &t, b, m.flags)
}

// afterHostLenient reads a tag behind blanks or, as ASA writes it, behind a colon, and a tag that has blanks.
func (m *message) afterHostLenient(b []byte) {
	if text := bytes.TrimLeft(b, " "); len(text) < len(b) && cutTag(text).size > 0 {
		m.odd |= extraBlanks
		b = text
	}
	if text := b[min(len(b), 1):]; len(text) > 0 && b[0] == ':' && isMnemonic(text[blankSize(text):]) {
		b = text[blankSize(text):]
	}
	if first := tagWithBlanks(b); first > 0 && !isNotice(b) {
		m.odd |= tagBlanks
		m.flags |= entry.RFC3164NoColon
		m.p.add(m.e, "SYSLOG_IDENTIFIER", b[:first])
		m.p.add(m.e, "MESSAGE", b[first+1:])
		return
	}
	m.tag(b)
}

// tag reads TAG[PID]: MSG, or MSG alone.
func (m *message) tag(b []byte) { m.flags = m.p.tag(m.e, b, m.flags) }

// blanks steps over more blanks than are due, unless there is nothing else.
func (m *message) blanks(b []byte) []byte {
	if len(b) == 0 || b[0] != ' ' {
		return b
	}
	text := bytes.TrimLeft(b, " ")
	if len(text) == 0 {
		return b
	}
	m.odd |= extraBlanks
	return text
}

// isTagToken reports whether a token, all there is up to the next blank, is TAG: or TAG[PID]: and not an address of
// IPv6 that ends in "::".
func isTagToken(token []byte) bool {
	n := len(token)
	return n > 1 && token[n-1] == ':' && token[n-2] != ':' && cutTag(token).size == n
}

// notHost reports whether what follows the time of a program's own log is no host: its level, or a dash.
func notHost(token []byte) bool {
	_, level := entry.ParseLevel(token)
	return level || (len(token) == 1 && token[0] == '-')
}

// tagWithBlanks returns the size of the first word if b begins with two or three words of which the last ends in a
// colon, and which are no longer than a tag.
func tagWithBlanks(b []byte) (first int) {
	at := 0
	for range 3 {
		n := bytes.IndexByte(b[at:min(len(b), maxTag+1)], ' ')
		if n <= 0 {
			return 0
		}
		word := b[at : at+n]
		if first > 0 && isTagToken(word) {
			return first
		}
		if !programLike(word, 0) {
			return 0
		}
		if first == 0 {
			first = n
		}
		at += n + 1
	}
	return 0
}
