package parse

import "constat/entry"

// stamp is a time as it stands in the octets. It has the right shape; its numbers may be out of range.
type stamp struct {
	year, month, day     int
	hour, minute, second int
	nanos                int
	digits               uint8  // fraction digits, at most 9
	form                 byte   // entry.RFC3164Blank …; entry.RFC3164ISO for the stamps of RFC 3339
	zone                 []byte // as written, empty if it was not
}

// stampShape reads a stamp of either kind from the head of a line. size is 0 if there is none, or if something other
// than a blank follows it.
func stampShape(line []byte) (s stamp, size int, rest []byte) {
	if len(line) < len("Oct 1 22:14:15") {
		return s, 0, line
	}
	if line[0] >= '0' && line[0] <= '9' {
		size = s.cutISO(line)
		if size > 0 && line[10] != 'T' {
			size = 0
		}
	} else {
		size = s.cutMonth(line)
	}
	if size > 0 && size < len(line) && line[size] != ' ' {
		size = 0
	}
	return s, size, line[size:]
}

// cutISO reads YYYY-MM-DDThh:mm:ss with fraction and zone as far as they are there (RFC 3339, section 5.6, and the
// shorter zones of ISO 8601). 't' and a blank may stand for 'T'.
func (s *stamp) cutISO(b []byte) (size int) {
	if len(b) < len("2006-01-02T15:04:05") || b[4] != '-' || b[7] != '-' || (b[10]|0x20 != 't' && b[10] != ' ') {
		return 0
	}
	century, year := two(b), two(b[2:])
	s.month, s.day = two(b[5:]), two(b[8:])
	if century < 0 || year < 0 || s.month < 0 || s.day < 0 || !s.cutClock(b[11:19]) {
		return 0
	}
	s.form = entry.RFC3164ISO
	s.year = century*100 + year
	size = 19 + s.cutFraction(b[19:])
	zone := zoneSize(b[size:])
	s.zone = b[size : size+zone]
	return size + zone
}

// cutMonth reads Mmm dd hh:mm:ss, with the year before the clock or a fraction behind it (RFC 3164, section 4.1.2).
func (s *stamp) cutMonth(b []byte) (size int) {
	if s.month = monthNumber(b); s.month == 0 || b[3] != ' ' {
		return 0
	}
	switch {
	case b[5] == ' ':
		s.day, s.form, size = digit(b[4]), entry.RFC3164Bare, 6
	case b[4] == ' ':
		s.day, s.form, size = digit(b[5]), entry.RFC3164Blank, 7
	default:
		s.day, s.form, size = two(b[4:]), entry.RFC3164Blank, 7
		if s.day < 10 {
			s.form = entry.RFC3164Zero
		}
	}
	if s.day < 0 || b[size-1] != ' ' {
		return 0
	}
	if len(b) >= size+13 && b[size+4] == ' ' {
		century, year := two(b[size:]), two(b[size+2:])
		if century < 0 || year < 0 {
			return 0
		}
		s.year, s.form = century*100+year, entry.RFC3164Year
		size += 5
	}
	if len(b) < size+8 || !s.cutClock(b[size:size+8]) {
		return 0
	}
	size += 8
	return size + s.cutFraction(b[size:])
}

// cutClock reads hh:mm:ss.
func (s *stamp) cutClock(b []byte) bool {
	s.hour, s.minute, s.second = two(b), two(b[3:]), two(b[6:])
	return b[2] == ':' && b[5] == ':' && s.hour >= 0 && s.minute >= 0 && s.second >= 0
}

// cutFraction reads a dot or comma (ISO 8601) and digits; those after the ninth are stepped over.
func (s *stamp) cutFraction(b []byte) (size int) {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') || digit(b[1]) < 0 {
		return 0
	}
	for size = 1; size < len(b) && digit(b[size]) >= 0; size++ {
		if s.digits < 9 {
			s.nanos = s.nanos*10 + digit(b[size])
			s.digits++
		}
	}
	for i := s.digits; i < 9; i++ {
		s.nanos *= 10
	}
	return size
}

// zoneSize returns how long the zone at the head of b is: Z, ±hh:mm, ±hhmm or ±hh.
func zoneSize(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0]|0x20 == 'z':
		return 1
	case (b[0] != '+' && b[0] != '-') || len(b) < 3 || two(b[1:]) < 0:
		return 0
	case len(b) >= 6 && b[3] == ':' && two(b[4:]) >= 0:
		return 6
	case len(b) >= 5 && two(b[3:]) >= 0:
		return 5
	}
	return 3
}

// monthNumber returns the month whose English name begins b, in letters of any case, or 0.
func monthNumber(b []byte) int {
	switch uint32(b[0]|0x20)<<16 | uint32(b[1]|0x20)<<8 | uint32(b[2]|0x20) {
	case 'j'<<16 | 'a'<<8 | 'n':
		return 1
	case 'f'<<16 | 'e'<<8 | 'b':
		return 2
	case 'm'<<16 | 'a'<<8 | 'r':
		return 3
	case 'a'<<16 | 'p'<<8 | 'r':
		return 4
	case 'm'<<16 | 'a'<<8 | 'y':
		return 5
	case 'j'<<16 | 'u'<<8 | 'n':
		return 6
	case 'j'<<16 | 'u'<<8 | 'l':
		return 7
	case 'a'<<16 | 'u'<<8 | 'g':
		return 8
	case 's'<<16 | 'e'<<8 | 'p':
		return 9
	case 'o'<<16 | 'c'<<8 | 't':
		return 10
	case 'n'<<16 | 'o'<<8 | 'v':
		return 11
	case 'd'<<16 | 'e'<<8 | 'c':
		return 12
	}
	return 0
}

// digit returns the value of a decimal digit, or -1.
func digit(c byte) int {
	if c < '0' || c > '9' {
		return -1
	}
	return int(c - '0')
}

// two returns the number that the first two octets of b write, or -1. b has at least two.
func two(b []byte) int {
	tens, units := b[0]-'0', b[1]-'0'
	if tens > 9 || units > 9 {
		return -1
	}
	return int(tens)*10 + int(units)
}
