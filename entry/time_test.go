package entry

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// layouts[d] writes d fraction digits.
var layouts = [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04:05.0", "2006-01-02T15:04:05.00", "2006-01-02T15:04:05.000",
	"2006-01-02T15:04:05.0000", "2006-01-02T15:04:05.00000", "2006-01-02T15:04:05.000000", "2006-01-02T15:04:05.0000000",
	"2006-01-02T15:04:05.00000000", "2006-01-02T15:04:05.000000000"}

// wantRFC3339 is what package time makes of t.
func wantRFC3339(t Time) string {
	offset, ok := t.Offset()
	zone := ""
	if ok {
		zone = t.Zone
	}
	return t.Time().In(time.FixedZone("", offset)).Format(layouts[t.Digits]) + zone
}

func TestAppendRFC3339(t *testing.T) {
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	end := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	rapid.Check(t, func(t *rapid.T) {
		at := drawTime(t, first, end-1)
		if got := string(at.AppendRFC3339([]byte("at "))); got != "at "+wantRFC3339(at) {
			t.Fatalf("%+v: %s, want %s", at, got, wantRFC3339(at))
		}
	})
	for _, micros := range []int64{first, end - 1, first - 1, end, -1, 0, 1, -1_000_000, -999_999, -62_167_219_200_000_001} {
		for digits := uint8(6); digits <= 9; digits++ {
			for _, zone := range []string{"", "Z", "+00:01", "-23:59", "nowhere"} {
				at := Time{Valid: true, Micros: micros, Digits: digits, Zone: zone}
				if got := string(at.AppendRFC3339(nil)); got != wantRFC3339(at) {
					t.Errorf("%+v: %s, want %s", at, got, wantRFC3339(at))
				}
			}
		}
	}
}

func TestRFC3339AsWritten(t *testing.T) {
	at := time.Date(2024, 5, 1, 9, 59, 59, 123456789, time.UTC).UnixMicro()
	for _, c := range []struct {
		time Time
		want string
	}{
		{Time{Micros: at - at%1e6, Zone: "Z"}, "2024-05-01T09:59:59Z"},
		{Time{Micros: at - at%1e6, Digits: 3, Zone: "z"}, "2024-05-01T09:59:59.000z"},
		{Time{Micros: at, Digits: 6, Zone: "+02:00"}, "2024-05-01T11:59:59.123456+02:00"},
		{Time{Micros: at, Digits: 7, Nanos: 700, Zone: "+0530"}, "2024-05-01T15:29:59.1234567+0530"},
		{Time{Micros: at, Digits: 9, Nanos: 789, Zone: "-12"}, "2024-04-30T21:59:59.123456789-12"},
		{Time{Micros: at, Digits: 9, Nanos: 1, Zone: "-00:00"}, "2024-05-01T09:59:59.123456001-00:00"},
		{Time{Micros: at, Digits: 6}, "2024-05-01T09:59:59.123456"},
		{Time{Micros: at, Digits: 6, Zone: "CEST"}, "2024-05-01T09:59:59.123456"},
		{Time{Micros: at, Digits: 6, Zone: "+24:00"}, "2024-05-01T09:59:59.123456"},
		{Time{Micros: -1, Digits: 6, Zone: "Z"}, "1969-12-31T23:59:59.999999Z"},
		{Time{Micros: -1, Digits: 9, Nanos: 999, Zone: "Z"}, "1969-12-31T23:59:59.999999999Z"},
	} {
		c.time.Valid = true
		if got := string(c.time.AppendRFC3339(nil)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.time, got, c.want)
		}
	}
}

func TestOffset(t *testing.T) {
	for _, c := range []struct {
		zone    string
		seconds int
		ok      bool
	}{
		{"Z", 0, true}, {"z", 0, true}, {"+00:00", 0, true}, {"-00:00", 0, true}, {"+00", 0, true},
		{"+02:00", 7200, true}, {"-02:00", -7200, true}, {"+0530", 19800, true}, {"-0530", -19800, true}, {"+14", 50400, true},
		{"+23:59", 86340, true}, {"-23:59", -86340, true}, {"-00:01", -60, true},
		{"", 0, false}, {"+", 0, false}, {"+1", 0, false}, {"+123", 0, false}, {"+24:00", 0, false}, {"+24", 0, false},
		{"+12:60", 0, false}, {"+1260", 0, false}, {"+12345", 0, false}, {"+1:23", 0, false}, {"+01:2", 0, false}, {"+01:", 0, false},
		{"+01:234", 0, false}, {"+:0101", 0, false}, {"+0 00", 0, false}, {"++100", 0, false}, {"+-100", 0, false}, {"+1_00", 0, false},
		{"02:00", 0, false}, {"Z ", 0, false}, {"ZZ", 0, false}, {"UTC", 0, false}, {"CEST", 0, false}, {"−02:00", 0, false},
	} {
		if seconds, ok := (Time{Zone: c.zone}).Offset(); seconds != c.seconds || ok != c.ok {
			t.Errorf("%q: %d, %v, want %d, %v", c.zone, seconds, ok, c.seconds, c.ok)
		}
	}
}

// TestCivil compares the calendar with package time for every day of two cycles of 400 years.
func TestCivil(t *testing.T) {
	at := time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)
	days := at.Unix() / 86400
	for ; at.Year() <= 2400; at = at.AddDate(0, 0, 1) {
		year, month, day := civil(days)
		if y, m, d := at.Date(); year != int64(y) || month != int(m) || day != d {
			t.Fatalf("day %d: %d-%d-%d, want %s", days, year, month, day, at.Format(time.DateOnly))
		}
		days++
	}
	for days := int64(-2_000_000); days < 6_000_000; days += 97 {
		year, month, day := civil(days)
		if got := time.Date(int(year), time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix(); got != days*86400 {
			t.Fatalf("day %d: %d-%d-%d is day %d", days, year, month, day, got/86400)
		}
	}
}

// TestTimeValid: there is one way to say a time.
func TestTimeValid(t *testing.T) {
	long := string(make([]byte, MaxZone+1))
	for _, c := range []struct {
		time Time
		want bool
	}{
		{Time{}, true},
		{Time{Micros: 1}, false}, {Time{Zone: "Z"}, false}, {Time{Nanos: 1}, false}, {Time{Digits: 1}, false},
		{Time{Valid: true}, true},
		{Time{Valid: true, Micros: 1}, false}, {Time{Valid: true, Micros: 1, Digits: 5}, false}, {Time{Valid: true, Micros: 1, Digits: 6}, true},
		{Time{Valid: true, Micros: 10, Digits: 5}, true}, {Time{Valid: true, Micros: -1000, Digits: 3}, true}, {Time{Valid: true, Micros: -1001, Digits: 3}, false},
		{Time{Valid: true, Digits: 6, Nanos: 1}, false}, {Time{Valid: true, Digits: 7, Nanos: 1}, false}, {Time{Valid: true, Digits: 7, Nanos: 100}, true},
		{Time{Valid: true, Digits: 8, Nanos: 110}, true}, {Time{Valid: true, Digits: 8, Nanos: 111}, false}, {Time{Valid: true, Digits: 9, Nanos: 111}, true},
		{Time{Valid: true, Digits: 9, Nanos: 1000}, false}, {Time{Valid: true, Digits: 10}, false},
		{Time{Valid: true, Zone: long[1:]}, true}, {Time{Valid: true, Zone: long}, false},
	} {
		if got := c.time.valid(); got != c.want {
			t.Errorf("%+v: valid is %v", c.time, got)
		}
	}
}
