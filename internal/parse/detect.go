package parse

import "bytes"

// Detect says from the first octets of a stream what it holds: Export if they look like the journal export format; a
// line format if all complete lines agree on it (empty ones have no opinion); else Auto. Where no line is complete,
// the head counts as one.
func Detect(head []byte) Format {
	if looksLikeExport(head) {
		return Export
	}
	if end := bytes.LastIndexByte(head, '\n'); end >= 0 {
		head = head[:end]
	}
	format := Auto
	for line := range bytes.SplitSeq(head, []byte{'\n'}) {
		if len(line) == 0 {
			continue
		}
		found := lineFormat(line)
		if format != Auto && found != format {
			return Auto
		}
		format = found
	}
	return format
}

// looksLikeExport reports whether head begins with fields named as the journal names them, of which one is MESSAGE or
// begins with '_', up to a blank line or the end of the head.
func looksLikeExport(head []byte) bool {
	telling := false
	for len(head) > 0 && head[0] != '\n' {
		f, size, state := cutExportField(head)
		if state == fieldBroken || (state == fieldOpen && f.name == nil) {
			return telling && state == fieldOpen
		}
		if !journalName(f.name) {
			return false
		}
		telling = telling || f.name[0] == '_' || string(f.name) == "MESSAGE"
		if state == fieldOpen {
			break
		}
		head = head[size:]
	}
	return telling
}

// journalName reports whether the journal itself would allow the name: capitals, digits and underscores, at most 64.
func journalName(name []byte) bool {
	if len(name) == 0 || len(name) > 64 || (name[0] >= '0' && name[0] <= '9') {
		return false
	}
	for _, c := range name {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
