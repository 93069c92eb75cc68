package timespec

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of this test do not depend on the machine
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// The clock of the tests: Sunday, 2025-03-30 14:00:00.5 in Paris, where 02:00 to 03:00 was jumped over that morning.
func testNow(t *testing.T) time.Time {
	return time.Date(2025, 3, 30, 14, 0, 0, 500_000_000, zone(t, "Europe/Paris"))
}

func TestParse(t *testing.T) {
	now := testNow(t)
	for _, c := range []struct{ in, want string }{
		{"now", "2025-03-30T14:00:00.5+02:00"},
		{"today", "2025-03-30T00:00:00+01:00"},
		{"yesterday", "2025-03-29T00:00:00+01:00"},
		{"tomorrow", "2025-03-31T00:00:00+02:00"},
		{"yesterday 15:30", "2025-03-29T15:30:00+01:00"},
		{" today ", "2025-03-30T00:00:00+01:00"},

		{"2025-06-15T15:30:00Z", "2025-06-15T17:30:00+02:00"},
		{"2025-06-15t15:30:00z", "2025-06-15T17:30:00+02:00"},
		{"2025-06-15T15:30:00.123456789Z", "2025-06-15T17:30:00.123456789+02:00"},
		{"2025-06-15T15:30:00.5-05:00", "2025-06-15T22:30:00.5+02:00"},
		{"2025-06-15T15:30:00+0530", "2025-06-15T12:00:00+02:00"},
		{"2025-06-15 15:30:00 UTC", "2025-06-15T17:30:00+02:00"},
		{"2025-06-15T15:30Z", "2025-06-15T17:30:00+02:00"},
		{"2025-06-15 15:30:00", "2025-06-15T15:30:00+02:00"},
		{"2025-06-15  15:30:00.25", "2025-06-15T15:30:00.25+02:00"},
		{"2025-06-15T15:30", "2025-06-15T15:30:00+02:00"},
		{"2025-01-15 15:30", "2025-01-15T15:30:00+01:00"},
		{"2025-06-15", "2025-06-15T00:00:00+02:00"},
		{"2024-02-29", "2024-02-29T00:00:00+01:00"},
		{"2016-12-31T23:59:60Z", "2017-01-01T01:00:00+01:00"},
		{"0001-06-01T00:00:00Z", "0001-06-01T00:09:21+00:09"},

		{"15:30", "2025-03-30T15:30:00+02:00"},
		{"00:05", "2025-03-30T00:05:00+01:00"},
		{"15:30:05", "2025-03-30T15:30:05+02:00"},
		{"15:30:05.75", "2025-03-30T15:30:05.75+02:00"},

		{"-1h", "2025-03-30T13:00:00.5+02:00"},
		{"-1h30m", "2025-03-30T12:30:00.5+02:00"},
		{"- 1 h 30 m", "2025-03-30T12:30:00.5+02:00"},
		{"-13h", "2025-03-30T00:00:00.5+01:00"},
		{"-1d", "2025-03-29T14:00:00.5+01:00"},
		{"-2d", "2025-03-28T14:00:00.5+01:00"},
		{"+5m", "2025-03-30T14:05:00.5+02:00"},
		{"+1.5h", "2025-03-30T15:30:00.5+02:00"},
		{"+1.0005ms", "2025-03-30T14:00:00.5010005+02:00"},
		{"+250ms", "2025-03-30T14:00:00.75+02:00"},
		{"+10us", "2025-03-30T14:00:00.50001+02:00"},
		{"+10µs", "2025-03-30T14:00:00.50001+02:00"},
		{"+10μs", "2025-03-30T14:00:00.50001+02:00"},
		{"-1M", "2025-03-02T14:00:00.5+01:00"},
		{"-1m", "2025-03-30T13:59:00.5+02:00"},
		{"-1y2M", "2024-01-30T14:00:00.5+01:00"},
		{"-0s", "2025-03-30T14:00:00.5+02:00"},
		{"2 hours ago", "2025-03-30T12:00:00.5+02:00"},
		{"1 week ago", "2025-03-23T14:00:00.5+01:00"},
		{"90 minutes ago", "2025-03-30T12:30:00.5+02:00"},
		{"1 hour 30 minutes ago", "2025-03-30T12:30:00.5+02:00"},
		{"1h30m ago", "2025-03-30T12:30:00.5+02:00"},
		{"1 month 1 day ago", "2025-03-01T14:00:00.5+01:00"},

		{"@1760000000", "2025-10-09T10:53:20+02:00"},
		{"@1760000000.123456", "2025-10-09T10:53:20.123456+02:00"},
		{"@0", "1970-01-01T01:00:00+01:00"},
	} {
		got, err := Parse(c.in, now, now.Location())
		if err != nil || got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%q = %s %v, want %s", c.in, got.Format(time.RFC3339Nano), err, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ in, reason string }{
		{"", "empty"}, {"  ", "empty"}, {"last monday", "no known form"}, {"Today", "no known form"}, {"2025", "no known form"},
		{"2025-13-01", "no such day"}, {"2025-02-29", "no such day"}, {"2025-00-10", "no such day"}, {"2025-06-15x", "no known form"},
		{"2025-06-15 24:00", "want a clock"}, {"2025-06-15 15:60", "want a clock"}, {"9:30", "want a clock"}, {"15:30:61", "want a clock"},
		{"2025-06-15T", "no known form"}, {"2025-06-15T15", "no known form"}, {"15:30.5", "no known form"},
		{"2025-06-15T15:30:00+25:00", "want the zone"}, {"2025-06-15T15:30:00 CET", "want the zone"}, {"15:30Z", "a zone needs a day"},
		{"2025-06-15T15:30:00.Z", "digits after the point"}, {"2025-06-15T15:30:00.1234567890Z", "digits after the point"},
		{"-", "want an amount"}, {"ago", "no known form"}, {" ago", "no known form"}, {"-h", "want an amount"}, {"--1h", "want an amount"},
		{"2 hours", "no known form"}, {"-5", `unit ""`}, {"-5 parsecs", `unit "parsecs"`}, {"-5H", `unit "H"`}, {"-1.5d", "come whole"},
		{"-1h-30m", "want an amount"}, {"-1.h", "digits after the point"}, {"-1000000000h", "too far away"}, {"-5000000d", "too far away"},
		{"-99999999999999999999s", "too far away"}, {"+9000y", "outside the years"}, {"-3000y", "outside the years"},
		{"0000-01-01", "outside the years"}, {"@", "want @ and"}, {"@-1", "want @ and"}, {"@1760000000.", "digits after the point"},
		{"@999999999999", "outside the years"},
	} {
		got, err := Parse(c.in, testNow(t), time.UTC)
		if err == nil {
			t.Errorf("%q = %s, want an error", c.in, got)
			continue
		}
		for _, part := range []string{`time "` + c.in + `"`, c.reason, "2 hours ago"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v: want %q in it", c.in, err, part)
			}
		}
	}
}

// A day begins with its first moment, whatever the clock does at midnight.
func TestStartOfDay(t *testing.T) {
	for _, c := range []struct{ zone, day, want string }{
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"}, // midnight was jumped over
		{"America/Havana", "2024-11-03", "2024-11-03T00:00:00-04:00"},    // midnight came twice
		{"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},      // the day was jumped over
		{"Pacific/Apia", "2011-12-29", "2011-12-29T00:00:00-10:00"},
		{"Asia/Kathmandu", "2025-06-15", "2025-06-15T00:00:00+05:45"},
	} {
		got, err := Parse(c.day, testNow(t), zone(t, c.zone))
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s = %s %v, want %s", c.day, c.zone, got.Format(time.RFC3339), err, c.want)
		}
	}
	got, err := Parse("2011-12-30T12:00:00Z", testNow(t), zone(t, "Pacific/Apia"))
	if err != nil || got.UTC().Format(time.RFC3339) != "2011-12-30T12:00:00Z" {
		t.Errorf("a zone is bent by the location: %s %v", got.UTC(), err)
	}
}

func TestNilLocationIsLocal(t *testing.T) {
	got, err := Parse("2025-06-15", time.Now(), nil)
	if err != nil || !got.Equal(time.Date(2025, 6, 15, 0, 0, 0, 0, time.Local)) {
		t.Errorf("%s %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-1h30m", "1 week ago", "2025-06-15T15:30:00.5+02:00", "@1760000000.1", "15:30", "today", "-µs", "+\xffs", "tomorrow 1", "0001-01-01"} {
		f.Add(s)
	}
	now := time.Date(2025, 3, 30, 14, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s, now, time.UTC)
		if (err == nil) != (!got.IsZero()) {
			t.Fatalf("%q: %v %v", s, got, err)
		}
		if err != nil {
			return
		}
		// What was read, written in full, reads as itself.
		again, err := Parse(got.Format(time.RFC3339Nano), now, time.UTC)
		if err != nil || !again.Equal(got) {
			t.Fatalf("%q = %v, read again %v %v", s, got, again, err)
		}
	})
}
