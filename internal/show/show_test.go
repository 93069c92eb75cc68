package show

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"constat/entry"
)

func TestNewNamesTheFormats(t *testing.T) {
	_, err := New("jsno", Options{})
	if err == nil || !strings.Contains(err.Error(), `"jsno"`) || !strings.Contains(err.Error(), strings.Join(Formats(), ", ")) {
		t.Errorf("%v", err)
	}
	if Formats()[0] != "short" || len(Formats()) != 10 {
		t.Errorf("%q", Formats())
	}
}

func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, index := [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "id")), rapid.Uint64().Draw(t, "index")
		gotID, gotIndex, err := ParseCursor(Cursor(id, index))
		if err != nil || gotID != id || gotIndex != index {
			t.Fatalf("%x %d: %s reads %x %d %v", id, index, Cursor(id, index), gotID, gotIndex, err)
		}
	})
	if got, want := Cursor([8]byte{0xab, 7: 1}, 255), "ab0000000000000100000000000000ff"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestParseCursorErrors(t *testing.T) {
	good := Cursor([8]byte{1}, 2)
	for _, c := range []struct{ in, reason string }{
		{"", "0 characters"}, {good[1:], "31 characters"}, {good + "0", "33 characters"}, {good[:9] + "g" + good[10:], "character 10 is 'g'"},
		{strings.ToUpper("ab" + good[2:]), "lower case"}, {"s=0639fe;i=1", "journalctl"}, {"system:42", "9 characters"},
	} {
		if _, _, err := ParseCursor(c.in); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%q: %v, want %q", c.in, err, c.reason)
		}
	}
}

// raw gives the octets that the renderer gives, or says that it cannot.
func TestRaw(t *testing.T) {
	p, err := New("raw", Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(renderer entry.Renderer, fields ...entry.Field) *Record {
		r := record(fields...)
		r.Entry.Renderer = renderer
		return r
	}
	line := []entry.Field{claimed("PRIORITY", "5"), claimed("SYSLOG_FACILITY", "4"), claimed("HOSTNAME", "h")}
	for _, c := range []struct {
		name   string
		record *Record
		want   string
		err    bool
	}{
		{"text", text(entry.RenderText, claimed("MESSAGE", "m")), "m\n", false},
		{"text with LF", text(entry.RenderText, claimed("MESSAGE", "m\n")), "m\n", false},
		{"no octets", text(entry.RenderText, claimed("MESSAGE", "")), "\n", false},
		{"rfc5424", text(entry.RenderRFC5424, append(line, claimed("MESSAGE", "m"))...), "<37>1 - h - - - - m\n", false},
		{"octets first", text(entry.RenderText, claimed("MESSAGE", "m"), observed("_RAW", "r")), "r\n", false},
		{"by a program", text(entry.RenderNone, claimed("msg", "m")), "m\n", false},
		{"by a program, no message", text(entry.RenderNone, claimed("a", "m")), "", false},
		{"private octets", text(entry.RenderNone, claimed("MESSAGE", "m"), private("_RAW")), "", true},
		{"private text", text(entry.RenderText, private("MESSAGE")), "", true},
		{"private field of a line", text(entry.RenderRFC5424, append(line, private("MESSAGE"))...), "", true},
		{"private message", text(entry.RenderNone, private("MESSAGE")), "", true},
		{"missing blob", text(entry.RenderText, missing("MESSAGE", 5)), "", true},
		{"packed", text(entry.RenderNone, packed()), "", true},
	} {
		out, err := p.Append(nil, c.record)
		if string(out) != c.want || (err != nil) != c.err || (c.err && !errors.Is(err, ErrOctets)) {
			t.Errorf("%s: %q %v, want %q", c.name, out, err, c.want)
		}
	}
	if _, err := p.Append(nil, text(entry.RenderRFC5424)); !errors.Is(err, ErrOctets) || !strings.HasPrefix(err.Error(), "system:42: ") {
		t.Errorf("parameters that do not fit: %v", err)
	}
}

// The clock remembers its second; times that jump about and times before 1970 come out right all the same.
func TestClock(t *testing.T) {
	c := clock{location: paris, layout: layoutISO, zone: zoneOffset}
	for _, s := range []struct {
		micros int64
		want   string
	}{
		{0, "1970-01-01T02:00:00.000000+02:00"}, {7, "1970-01-01T02:00:00.000007+02:00"}, {-1, "1970-01-01T01:59:59.999999+02:00"},
		{1_000_000, "1970-01-01T02:00:01.000000+02:00"}, {999_999, "1970-01-01T02:00:00.999999+02:00"}, {received, "2025-06-15T17:30:00.123456+02:00"},
	} {
		if got := string(c.append(nil, s.micros)); got != s.want {
			t.Errorf("%d: %s, want %s", s.micros, got, s.want)
		}
	}
}

// The clock of event times writes what the entry says, whatever it wrote before.
func TestEventClock(t *testing.T) {
	zones := rapid.SampledFrom([]string{"", "Z", "z", "+02:00", "-0330", "+05", "-00:00", "CEST", "+99:99", "\xff"})
	c := eventClock{clock: clock{location: time.UTC, layout: layoutISO}}
	rapid.Check(t, func(t *rapid.T) {
		for range 4 {
			e := entry.Time{Zone: zones.Draw(t, "zone"), Digits: uint8(rapid.IntRange(0, 9).Draw(t, "digits")), Valid: true}
			e.Micros = rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3_000_000, 3_000_000)).Draw(t, "micros")
			e.Nanos = uint16(rapid.IntRange(0, 999).Draw(t, "nanos"))
			if got, want := string(c.append(nil, &e)), string(e.AppendRFC3339(nil)); got != want {
				t.Fatalf("%+v: %s, want %s", e, got, want)
			}
		}
	})
}
