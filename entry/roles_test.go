package entry

import (
	"slices"
	"strconv"
	"testing"
)

// fieldsOf makes an entry of "NAME=VALUE" strings; "NAME!" is a private field.
func fieldsOf(pairs ...string) *Entry {
	e := new(Entry)
	for _, pair := range pairs {
		name, value := pair, ""
		for i := range pair {
			if pair[i] == '=' {
				name, value = pair[:i], pair[i+1:]
				break
			}
		}
		if name[len(name)-1] == '!' {
			e.Fields = append(e.Fields, Field{Name: name[:len(name)-1], Value: make([]byte, DigestSize), Form: Private})
			continue
		}
		e.AddString(name, value, Observed)
	}
	return e
}

func TestTextRoles(t *testing.T) {
	get := map[string]func(*Entry) ([]byte, bool){
		"message": (*Entry).Message, "host": (*Entry).Host, "app": (*Entry).App, "pid": (*Entry).PID, "unit": (*Entry).Unit,
	}
	for _, c := range []struct {
		role   string
		fields []string
		want   string // "-" for none
	}{
		{"message", []string{"MESSAGE=a", "msg=b"}, "a"},
		{"message", []string{"msg=b", "MESSAGE=a"}, "a"},
		{"message", []string{"message=c", "_msg=d"}, "d"},
		{"message", []string{"MESSAGE=", "msg=b"}, ""},
		{"message", []string{"MESSAGE=first", "MESSAGE=second"}, "first"},
		{"message", []string{"MESSAGE!", "msg=b"}, "-"},
		{"message", nil, "-"},
		{"host", []string{"_HOSTNAME=relay", "HOSTNAME=h"}, "h"},
		{"host", []string{"_HOSTNAME=relay", "host=h"}, "relay"},
		{"host", []string{"hostname=h"}, "h"},
		{"app", []string{"_COMM=sh", "SYSLOG_IDENTIFIER=cron"}, "cron"},
		{"app", []string{"_COMM=sh", "app=x"}, "sh"},
		{"app", []string{"logger=x", "service=y"}, "y"},
		{"pid", []string{"_PID=2", "SYSLOG_PID=1"}, "1"},
		{"pid", []string{"pid=3"}, "3"},
		{"unit", []string{"UNIT=claimed.service", "_SYSTEMD_UNIT=own.service"}, "own.service"},
		{"unit", []string{"UNIT=claimed.service"}, "claimed.service"},
		{"unit", []string{"Unit=x"}, "-"},
	} {
		got, ok := get[c.role](fieldsOf(c.fields...))
		if (ok && string(got) != c.want) || ok != (c.want != "-") {
			t.Errorf("%s of %q = %q %v, want %q", c.role, c.fields, got, ok, c.want)
		}
	}
}

func TestLevel(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   int // -1 for none
	}{
		{[]string{"PRIORITY=0"}, 0}, {[]string{"PRIORITY=7"}, 7}, {[]string{"PRIORITY=8"}, -1}, {[]string{"PRIORITY=07"}, -1},
		{[]string{"level=warn", "PRIORITY=3"}, 3}, {[]string{"level=warn", "PRIORITY=x"}, 4}, {[]string{"PRIORITY!", "lvl=trace"}, 7},
		{[]string{"severity=Error"}, 3}, {[]string{"lvl=FATAL"}, 2}, {[]string{"log.level=Critical"}, 2}, {[]string{"level="}, -1},
		{[]string{"level=50"}, -1}, {[]string{"level=6"}, 6}, {[]string{"level=informational"}, 6}, {[]string{"level=inf"}, -1}, {nil, -1},
	} {
		got, ok := fieldsOf(c.fields...).Level()
		if (ok && got != c.want) || ok != (c.want >= 0) {
			t.Errorf("level of %q = %d %v, want %d", c.fields, got, ok, c.want)
		}
	}
}

func TestFacility(t *testing.T) {
	for _, c := range []struct {
		value string
		want  int
	}{
		{"0", 0}, {"23", 23}, {"24", -1}, {"99", -1}, {"007", -1}, {"", -1}, {"-1", -1}, {"local7", 23}, {"LOCAL0", 16}, {"kern", 0},
		{"local8", -1}, {"security", -1}, {"1x", -1},
	} {
		got, ok := fieldsOf("SYSLOG_FACILITY=" + c.value).Facility()
		if (ok && got != c.want) || ok != (c.want >= 0) {
			t.Errorf("facility %q = %d %v, want %d", c.value, got, ok, c.want)
		}
	}
}

// Every name that we write is read as the number it was written for.
func TestNumberNames(t *testing.T) {
	for i := range 8 {
		if n, ok := ParseLevel(LevelName(i)); n != i || !ok {
			t.Errorf("level %d is written %q and read %d", i, LevelName(i), n)
		}
	}
	for i := range 24 {
		if n, ok := ParseFacility(FacilityName(i)); n != i || !ok {
			t.Errorf("facility %d is written %q and read %d", i, FacilityName(i), n)
		}
		if n, ok := ParseFacility(strconv.Itoa(i)); n != i || !ok {
			t.Errorf("facility %d is read %d", i, n)
		}
	}
	if LevelName(-1)+LevelName(8)+FacilityName(-1)+FacilityName(24) != "" {
		t.Error("names outside the range")
	}
}

func TestRoleNames(t *testing.T) {
	if got := RoleNames("host"); !slices.Equal(got[:2], []string{"HOSTNAME", "_HOSTNAME"}) {
		t.Errorf("host: %q", got)
	}
	RoleNames("host")[0] = "changed"
	if RoleNames("host")[0] != "HOSTNAME" {
		t.Error("the table can be changed from outside")
	}
	for _, role := range []string{"message", "host", "app", "pid", "unit", "level", "facility"} {
		if len(RoleNames(role)) == 0 {
			t.Errorf("no names for %s", role)
		}
	}
	if RoleNames("HOST") != nil {
		t.Error("names for a role that is not there")
	}
}

func TestRolesDoNotAllocate(t *testing.T) {
	e := fieldsOf("_HOSTNAME=h", "app=a", "pid=1", "level=Information", "facility=LOCAL3", "message=m", "unit=u")
	if n := testing.AllocsPerRun(100, func() {
		e.Message()
		e.Host()
		e.App()
		e.PID()
		e.Unit()
		e.Level()
		e.Facility()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
