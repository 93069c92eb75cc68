package entry

import (
	"strconv"
	"time"
)

// Time is the time that the sender wrote: the instant in µs, what was written below the µs, how many fraction digits
// there were, and the zone exactly as written (empty if none was). The zero value is "no event time".
type Time struct {
	Micros int64  // µs since 1970-01-01 UTC, rounded down
	Zone   string // as written: "", "Z", "+02:00", "-00:00", …; at most MaxZone bytes
	Nanos  uint16 // ns below the µs, 0…999; 0 unless Digits > 6
	Digits uint8  // fraction digits written, 0…9
	Valid  bool
}

// pow10[d] is 10^d.
var pow10 = [...]uint64{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000}

// valid reports whether t is the one way to say what it says: no digits are set that were not written.
func (t Time) valid() bool {
	if !t.Valid {
		return t == Time{}
	}
	if t.Digits > 9 || t.Nanos > 999 || len(t.Zone) > MaxZone {
		return false
	}
	if t.Digits > 6 {
		return uint64(t.Nanos)%pow10[9-t.Digits] == 0
	}
	return t.Nanos == 0 && (t.Digits == 6 || t.Micros%int64(pow10[6-t.Digits]) == 0) // a division is slow
}

// Time returns the instant in UTC.
func (t Time) Time() time.Time {
	return time.UnixMicro(t.Micros).Add(time.Duration(t.Nanos)).UTC()
}

// Offset returns the offset in seconds east of UTC that the zone says, and whether it says one: "Z" and "z" are 0,
// "±hh:mm", "±hhmm" and "±hh" are themselves. Anything else, and no zone, say nothing.
func (t Time) Offset() (seconds int, ok bool) {
	z := t.Zone
	if z == "Z" || z == "z" {
		return 0, true
	}
	if len(z) < 3 || (z[0] != '+' && z[0] != '-') {
		return 0, false
	}
	digits := z[1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	if len(digits) == 2 {
		digits += "00"
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if len(digits) != 4 || err != nil || n/100 > 23 || n%100 > 59 {
		return 0, false
	}
	seconds = int(n/100)*3600 + int(n%100)*60
	if z[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// AppendRFC3339 appends the time as it was written: same digits, same zone (RFC 3339, section 5.6). A time without a
// usable zone is written in UTC with no zone at all.
func (t Time) AppendRFC3339(dst []byte) []byte {
	offset, ok := t.Offset()
	dst = t.appendLocal(dst, offset)
	if ok {
		dst = append(dst, t.Zone...)
	}
	return dst
}

// appendLocal appends YYYY-MM-DDThh:mm:ss and the fraction as the clock showed it offset seconds east of UTC.
func (t Time) appendLocal(dst []byte, offset int) []byte {
	seconds, micros := floorDiv(t.Micros, 1_000_000)
	dst = appendCivil(dst, seconds+int64(offset))
	if t.Digits == 0 {
		return dst
	}
	return appendFraction(append(dst, '.'), uint(micros), uint(t.Nanos), int(t.Digits))
}

// appendFraction appends the first digits of a fraction of a second.
func appendFraction(dst []byte, micros, nanos uint, digits int) []byte {
	var b [10]byte
	put2(b[0:], micros/10_000)
	put2(b[2:], micros/100%100)
	put2(b[4:], micros%100)
	if digits > 6 {
		put2(b[6:], nanos/10)
		b[8] = byte('0' + nanos%10)
	}
	return append(dst, b[:digits]...)
}

// appendCivil appends YYYY-MM-DDThh:mm:ss of the given seconds since 1970.
func appendCivil(dst []byte, seconds int64) []byte {
	days, rest := floorDiv(seconds, 86400)
	year, month, day := civil(days)
	if year < 0 || year > 9999 {
		return time.Unix(seconds, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05")
	}
	b := [19]byte{4: '-', 7: '-', 10: 'T', 13: ':', 16: ':'}
	put2(b[0:], uint(year/100))
	put2(b[2:], uint(year%100))
	put2(b[5:], uint(month))
	put2(b[8:], uint(day))
	second := uint(rest)
	put2(b[11:], second/3600)
	put2(b[14:], second/60%60)
	put2(b[17:], second%60)
	return append(dst, b[:]...)
}

// twoDigits are the numbers from 00 to 99.
const twoDigits = "00010203040506070809101112131415161718192021222324" + "25262728293031323334353637383940414243444546474849" +
	"50515253545556575859606162636465666768697071727374" + "75767778798081828384858687888990919293949596979899"

// put2 writes n, below 100, in two digits.
func put2(b []byte, n uint) {
	b[0], b[1] = twoDigits[2*n], twoDigits[2*n+1]
}

// appendClock appends hh:mm:ss of a second of the day.
func appendClock(dst []byte, second int64) []byte {
	s := uint(second)
	h, m := s/3600, s/60%60
	s %= 60
	return append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10))
}

// appendPadded appends n in width decimal digits.
func appendPadded(dst []byte, n uint64, width int) []byte {
	var buf [20]byte
	for i := width - 1; i >= 0; i-- {
		buf[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, buf[:width]...)
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient--
		rest += b
	}
	return quotient, rest
}

// Bounds of the days that civil counts with few and small divisions: from the year 0 on, for 16,000 years.
const (
	civilShift = 719468 // days from 1 March 0000 to 1970-01-01
	civilDays  = 40 * 146097
)

// civil returns the proleptic Gregorian date of a day number (0 = 1970-01-01). Eras of 400 years begin on 1 March 0000
// so that the leap day is the last of a year. The multiplications that stand for divisions are those of C. Neri and
// L. Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022).
func civil(days int64) (year int64, month, day int) {
	shifted := days + civilShift
	eras := int64(0)
	if uint64(shifted) >= civilDays {
		eras, shifted = floorDiv(shifted, 146097)
	}
	quarters := 4*uint32(shifted) + 3
	century, dayOfCentury := quarters/146097, quarters%146097/4
	product := 2939745 * uint64(4*dayOfCentury+3)
	yearOfCentury, dayOfYear := uint32(product>>32), uint32(product)/2939745/4
	months := 2141*dayOfYear + 197913 // since March, and days, in fractions of 2^16
	year = int64(100*century+yearOfCentury) + 400*eras
	month, day = int(months>>16), int(months&0xffff/2141)+1
	if dayOfYear >= 306 {
		year, month = year+1, month-12
	}
	return year, month, day
}
