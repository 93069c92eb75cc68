package rule

import (
	"strconv"
	"strings"
	"time"
)

// iso is the time of RFC 3339 as rsyslog writes it.
const iso = "2006-01-02T15:04:05.000000-07:00"

// dateLayouts are rsyslog's forms of a time; see [part.clock] for "unixtimestamp".
var dateLayouts = map[string]string{
	"": time.Stamp, "rfc3164": time.Stamp, "rfc3339": iso, "mysql": "20060102150405", "pgsql": "2006-01-02 15:04:05", "unixtimestamp": "",
	"year": "2006", "month": "01", "day": "02", "hour": "15", "minute": "04", "second": "05",
}

// clock is the sender's time if that is wanted and said, else when the entry was received; local, unless the sender says
// otherwise and RFC 3339 is wanted.
func (p *part) clock(f *Facts, sender bool) []byte {
	if f.Entry == nil {
		return nil
	}
	t, layout := time.UnixMicro(f.Entry.Received), dateLayouts[p.date]
	if event := f.Entry.Event; sender && event.Valid {
		t = event.Time()
		layout = strings.Replace(layout, ".000000", ".999999", 1)
		if _, zoned := event.Offset(); zoned && p.date == "rfc3339" {
			return event.AppendRFC3339(nil)
		}
	}
	if p.date == "unixtimestamp" {
		return strconv.AppendInt(nil, t.Unix(), 10)
	}
	return t.Local().AppendFormat(nil, layout)
}

// received is a part of the time when the entry was received.
func received(layout string) func(*part, *Facts) []byte {
	return func(_ *part, f *Facts) []byte {
		if f.Entry == nil {
			return nil
		}
		return time.UnixMicro(f.Entry.Received).Local().AppendFormat(nil, layout)
	}
}
