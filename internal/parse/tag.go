package parse

import (
	"bytes"

	"constat/entry"
)

// tagged is what cutTag found; size is 0 if that is nothing.
type tagged struct {
	name, pid []byte
	size      int // of TAG[PID]: without the blank
	noColon   bool
}

// cutTag reads TAG: or TAG[PID]: from the head of b. TAG is anything without blanks, controls, ':' and '[', but does
// not begin like JSON or a quotation. A colon with no blank behind it ends a tag only where that looks like a program's
// name; TAG[PID] may lack the colon.
func cutTag(b []byte) (t tagged) {
	n := 0
	for n < len(b) && b[n] > ' ' && b[n] != ':' && b[n] != '[' && b[n] != 0x7f {
		n++
	}
	if n == 0 || n == len(b) || b[0] == '{' || b[0] == '"' {
		return tagged{}
	}
	t.name = b[:n]
	switch b[n] {
	case ':':
		t.size = n + 1
		if t.size < len(b) && b[t.size] != ' ' && !programLike(t.name, b[t.size]) {
			return tagged{}
		}
		return t
	case '[':
		return t.cutPID(b)
	}
	return tagged{}
}

// cutPID reads [PID]: behind the name.
func (t tagged) cutPID(b []byte) tagged {
	start := len(t.name) + 1
	end := start
	for end < len(b) && b[end] > ' ' && b[end] != '[' && b[end] != ']' {
		end++
	}
	if end == len(b) || b[end] != ']' {
		return tagged{}
	}
	t.pid = b[start:end]
	t.size = end + 1
	switch {
	case t.size == len(b) || b[t.size] == ' ':
		t.noColon = true
	case b[t.size] == ':':
		t.size++
	default:
		return tagged{}
	}
	return t
}

// programLike reports whether a colon ends a program's name although next follows it at once: "app:text" and
// "CEF:0|…" do, "10.0.0.1:80", "http://…" and "ns::call" do not.
func programLike(name []byte, next byte) bool {
	if next == '/' || next == ':' || (name[0]|0x20 < 'a' || name[0]|0x20 > 'z') {
		return false
	}
	for _, c := range name {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' && c != '/' {
			return false
		}
	}
	return true
}

// hostLike reports whether a token can be a host: no quotes, brackets or list marks, save "[address]" of IPv6.
func hostLike(token []byte) bool {
	if len(token) == 0 || len(token) > entry.MaxName {
		return false
	}
	if token[0] == '[' && token[len(token)-1] == ']' && bytes.IndexByte(token, ':') > 0 {
		token = token[1 : len(token)-1]
	}
	for _, c := range token {
		if c <= ' ' || c == 0x7f {
			return false
		}
		switch c {
		case '"', '\'', '(', ')', '<', '>', '[', ']', '{', '}', '=', ',', ';', '|', '\\':
			return false
		}
	}
	return true
}

// isNotice reports whether b is a notice of a syslog daemon itself, which has neither host nor tag.
func isNotice(b []byte) bool {
	switch {
	case len(b) == 0:
		return false
	case b[0] == 'l':
		return bytes.HasPrefix(b, []byte("last message repeated "))
	}
	return b[0] == 'M' && bytes.HasPrefix(b, []byte(forwarded))
}
