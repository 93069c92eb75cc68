package show

import (
	"pgregory.net/rapid"

	"constat/entry"
)

// someNames are names that mean something to a format, or need care.
var someNames = []string{
	"MESSAGE", "PRIORITY", "HOSTNAME", "_HOSTNAME", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_PID", "TAG", "level", "msg", "host", "time", "a b", `q"\`, "é",
	"__CURSOR", "__REALTIME_TIMESTAMP", "__JOURNAL", "__INDEX", "__RECEIVED", "__EVENT_TIME", "__KIND", "__SEQNUM", "_RAW", "C1\u0085", "rtl\u202e",
}

// someBytes are values: text, text with what formats must take care of, and any bytes.
func someBytes() *rapid.Generator[[]byte] {
	pieces := rapid.SampledFrom([]string{
		"a", "word ", "\n", "\t", "\r", "\x00", "\x1b[31m", "\x7f", `"`, `\`, "=", ",", " ", "\xff", "\xc3", "é", "\u0085", "\u202e", "\u2066", "☃", "\U0001f600", "3", "warn",
	})
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(pieces, 0, 12), func(list []string) (out []byte) {
			for _, s := range list {
				out = append(out, s...)
			}
			return out
		}),
		rapid.SliceOfN(rapid.Byte(), 0, 40),
	)
}

func anyField(t *rapid.T) entry.Field {
	name := rapid.OneOf(rapid.SampledFrom(someNames), rapid.String().Filter(entry.ValidName)).Draw(t, "name")
	switch rapid.IntRange(0, 12).Draw(t, "form") {
	case 0:
		f := private(name)
		f.Erased = rapid.Bool().Draw(t, "erased")
		return f
	case 1:
		return missing(name, rapid.Uint64().Draw(t, "size"))
	case 2:
		return packed()
	}
	f := claimed(name, string(someBytes().Draw(t, "value")))
	f.Provenance = entry.Provenance(rapid.IntRange(0, 2).Draw(t, "provenance"))
	return f
}

// anyRecord is a record with up to 100 fields.
func anyRecord(t *rapid.T) *Record {
	size := rapid.SampledFrom([]int{0, 1, 3, 12, 100}).Draw(t, "fields")
	r := record(rapid.SliceOfN(rapid.Custom(anyField), 0, size).Draw(t, "list")...)
	r.Journal = rapid.SampledFrom([]string{"system", "user-1000", "odd\n\"\xff"}).Draw(t, "journal")
	r.Index = rapid.Uint64().Draw(t, "index")
	r.EventAxis = rapid.Bool().Draw(t, "axis")
	r.Entry.Kind = entry.Kind(rapid.IntRange(0, 3).Draw(t, "kind"))
	r.Entry.Received = rapid.Int64().Draw(t, "received")
	r.Entry.Renderer = entry.Renderer(rapid.IntRange(0, 1).Draw(t, "renderer"))
	if rapid.Bool().Draw(t, "event") {
		zone := rapid.SampledFrom([]string{"", "Z", "+02:00", "CEST", "\"\xff\n"}).Draw(t, "zone")
		r.Entry.Event = entry.Time{Micros: rapid.Int64().Draw(t, "micros") / 1000000 * 1000000, Digits: 3, Zone: zone, Valid: true}
	}
	return r
}
