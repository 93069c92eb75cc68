package render

import (
	"strconv"
	"time"

	"constat/entry"
	"constat/internal/output"
)

// classic is the form of RFC 3164, section 4.1, and of the files that syslog daemons write.
type classic struct {
	pri    bool // <PRI> in front
	iso    bool // a time of RFC 3339
	escape bool // control characters become #ooo
	zone   *time.Location
}

func (c classic) in(l *time.Location) (Func, error) {
	c.zone = l
	return c.render, nil
}

func (c classic) render(dst []byte, x *output.Record) []byte {
	e := x.Entry
	if c.pri {
		dst = append(strconv.AppendInt(append(dst, '<'), int64(priority(e)), 10), '>')
	}
	begin := len(dst)
	if t := when(e).In(c.zone); c.iso {
		dst = appendISO(dst, e, t)
	} else {
		dst = t.AppendFormat(dst, time.Stamp)
	}
	dst = append(dst, ' ')
	if name := host(e); len(name) > 0 {
		dst = append(dst, name...)
	} else {
		dst = append(dst, '-')
	}
	dst = append(appendTag(append(dst, ' '), e), ' ')
	text, _ := e.Message()
	dst = append(dst, text...)
	if c.escape {
		dst = escape(dst, begin)
	}
	return dst
}

// appendISO appends the sender's time as written if it has a zone, else that of a location: with as many digits as the sender
// wrote, as rsyslog does, and with those of the reception if a program of this machine wrote none.
func appendISO(dst []byte, e *entry.Entry, t time.Time) []byte {
	const seconds, fraction, zone = "2006-01-02T15:04:05", ".000000000", "-07:00"
	if _, zoned := e.Event.Offset(); e.Event.Valid && zoned {
		return e.Event.AppendRFC3339(dst)
	}
	digits := 6
	switch {
	case e.Event.Valid && isJustNow(e):
		t = time.UnixMicro(e.Received).In(t.Location())
	case e.Event.Valid:
		digits = int(e.Event.Digits)
	}
	if digits > 0 {
		digits++ // the point
	}
	return t.AppendFormat(dst, seconds+fraction[:digits]+zone)
}

// isJustNow reports whether an entry is from this machine, whose C library writes whole seconds, and came at that time.
func isJustNow(e *entry.Entry) bool {
	_, far := e.Get("_SOURCE_ADDR")
	late := e.Received - e.Event.Micros
	return !far && e.Event.Digits == 0 && late >= 0 && late < 2_000_000
}

// appendTag appends TAG[PID]: or TAG:.
func appendTag(dst []byte, e *entry.Entry) []byte {
	name := app(e)
	if len(name) == 0 {
		name = []byte("-")
	}
	dst = append(dst, name...)
	if id := pid(e); len(id) > 0 {
		dst = append(append(append(dst, '['), id...), ']')
	}
	return append(dst, ':')
}

// escape writes control characters from an offset on as # and three octal digits, as rsyslog does; TAB becomes #011.
// LF at the end are left out.
func escape(dst []byte, from int) []byte {
	for n := len(dst); n > from && dst[n-1] == '\n'; n = len(dst) {
		dst = dst[:n-1]
	}
	more := 0
	for _, c := range dst[from:] {
		if c < ' ' || c == 0x7f {
			more += 3
		}
	}
	if more == 0 {
		return dst
	}
	old := len(dst)
	dst = append(dst, make([]byte, more)...)
	for r, w := old-1, len(dst)-1; r >= from; r-- {
		c := dst[r]
		if c >= ' ' && c != 0x7f {
			dst[w] = c
			w--
			continue
		}
		dst[w-3], dst[w-2], dst[w-1], dst[w] = '#', '0'+c>>6, '0'+c>>3&7, '0'+c&7
		w -= 4
	}
	return dst
}
