package entry

// The tail: octets that some senders put behind a message although its frame needs none, such as the LF of Go's
// log/syslog and the NUL of Python's SysLogHandler in a datagram. MESSAGE is without them. They stand in the order of
// their bits.
const (
	TailCR = 1 << iota
	TailLF
	TailNUL

	tailBits = 1<<3 - 1
)

func appendTail(dst []byte, tail byte) []byte {
	if tail&TailCR != 0 {
		dst = append(dst, '\r')
	}
	if tail&TailLF != 0 {
		dst = append(dst, '\n')
	}
	if tail&TailNUL != 0 {
		dst = append(dst, 0)
	}
	return dst
}
