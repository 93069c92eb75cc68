package config

import (
	"strings"
	"testing"
	"time"

	"constat/journal"
)

func TestVolatile(t *testing.T) {
	c, err := Read(write(t, "volatile:\n  station: lab/station-7\n  key: /media/key.pem\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Volatile; v.Station != "lab/station-7" || v.Key != "/media/key.pem" || v.Bytes() != 256<<20 {
		t.Errorf("%+v", v)
	}
	total := c.Volatile.Bytes()
	p := c.Kept().Policy(total)
	if p.Others != (journal.Retention{Floor: time.Hour}) || p.Journals["audit"] != (journal.Retention{}) || p.KeepFree != total/100*15 {
		t.Errorf("%+v", p)
	}
	c, err = Read(write(t, "volatile:\n  key: /media/key.pem\n  size: 32MiB\nretention:\n  floor: 2h\n  max_size: 8MiB\n"))
	if err != nil {
		t.Fatal(err)
	}
	p = c.Kept().Policy(c.Volatile.Bytes())
	if p.Others != (journal.Retention{Floor: 2 * time.Hour, MaxBytes: 8 << 20}) || p.KeepFree != 16<<20 {
		t.Errorf("%+v", p)
	}
	disk := Config{Retention: c.Retention}
	if kept := disk.Kept(); kept.KeepFree != (Room{}) {
		t.Errorf("on a disk: %+v", kept)
	}
}

func TestVolatileMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"volatile: {}\n":                              "line 1: volatile: ",
		"volatile:\n  key: k\n  size: 31MiB\n":        "line 3: volatile.size: at least 32MiB",
		"volatile:\n  key: k\n  station: two words\n": "line 3: volatile.station: ",
		"volatile:\n  key: k\n  keys: l\n":            "[3:3] unknown field \"keys\"|volatile (station, key, size)",
		"origin: x\nvolatile:\n  key: k\n":            "line 1: origin: ",
	} {
		_, err := Read(write(t, text))
		if err == nil {
			t.Errorf("%q is accepted", text)
			continue
		}
		for _, part := range strings.Split(want, "|") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v, want %q", text, err, part)
			}
		}
	}
}
