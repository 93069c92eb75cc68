package beep

import "bytes"

// beepXML are the MIME headers of messages in XML (RFC 3080 §2.2).
const beepXML = "Content-Type: application/beep+xml\r\n\r\n"

// XML is a payload in XML, with its MIME headers.
func XML(element string) []byte { return []byte(beepXML + element + "\r\n") }

// Binary is a payload of octets. It has no MIME headers, which is an empty line.
func Binary(octets []byte) []byte { return append([]byte("\r\n"), octets...) }

// Body is a payload without its MIME headers. A payload that does not begin with any is all body: some senders leave the
// empty line out too.
func Body(payload []byte) []byte {
	if rest, found := bytes.CutPrefix(payload, []byte("\r\n")); found {
		return rest
	}
	head, rest, found := bytes.Cut(payload, []byte("\r\n\r\n"))
	if !found {
		head, found = bytes.CutSuffix(payload, []byte("\r\n")) // headers and nothing else
		rest = nil
	}
	if !found {
		return payload
	}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if !isMIME(line) {
			return payload
		}
	}
	return rest
}

// isMIME is whether a line is a header, or goes on with one.
func isMIME(line []byte) bool {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return true
	}
	name, _, found := bytes.Cut(line, []byte(":"))
	for _, c := range name {
		if c != '-' && (c < '0' || '9' < c) && (c < 'A' || 'Z' < c) && (c < 'a' || 'z' < c) {
			return false
		}
	}
	return found && len(name) > 0
}
