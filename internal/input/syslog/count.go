package syslog

// maxCount is the longest octet count, in digits. What is longer is text (CVE-2022-24903).
const maxCount = 9

// octetCount reads the octet count at the beginning of b, if b begins with one. known is false if that depends on
// octets to come: it looks at no more than maxCount+2.
func octetCount(b []byte) (size int64, digits int, known bool) {
	for digits < len(b) && digits < maxCount && isDigit(b[digits]) {
		size = 10*size + int64(b[digits]-'0')
		digits++
	}
	rest := b[digits:]
	switch {
	case len(b) == 0:
		return 0, 0, false
	case digits == 0 || b[0] == '0' || len(rest) > 0 && rest[0] != ' ':
		return 0, 0, true
	case len(rest) < 2:
		return 0, 0, false
	case rest[1] != '<':
		return 0, 0, true
	}
	return size, digits, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isBadCount is whether a line begins like an octet count, but is none.
func isBadCount(b []byte) bool {
	if len(b) == 0 || !isDigit(b[0]) {
		return false
	}
	digits := 1
	for digits < len(b) && isDigit(b[digits]) {
		digits++
	}
	rest := b[digits:]
	return len(rest) >= 2 && rest[0] == ' ' && rest[1] == '<'
}
