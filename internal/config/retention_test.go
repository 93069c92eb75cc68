package config

import (
	"strings"
	"testing"
	"time"

	"constat/journal"
)

func TestRetention(t *testing.T) {
	c, err := Read(write(t, "retention:\n  max_age: 1y\n  keep_free: 20%\n  floor: 2d\n  journals:\n    debug: {max_age: 3d, max_size: 1GiB, floor: 12h}\n    archive: {max_size: off}\n"))
	if err != nil {
		t.Fatal(err)
	}
	const day, total = 24 * time.Hour, 1000 << 30
	p := c.Retention.Policy(total)
	if p.KeepFree != total/5 || p.Others != (journal.Retention{MaxAge: 365 * day, MaxBytes: 4 << 30, Floor: 2 * day}) {
		t.Errorf("%+v", p)
	}
	for name, want := range map[string]journal.Retention{
		"debug":   {MaxAge: 3 * day, MaxBytes: 1 << 30, Floor: 12 * time.Hour},
		"archive": {MaxAge: 365 * day, Floor: 2 * day},
		"audit":   {MaxAge: 365 * day, MaxBytes: 4 << 30},
	} {
		if p.Journals[name] != want {
			t.Errorf("%s: %+v, want %+v", name, p.Journals[name], want)
		}
	}
	p = Config{}.Retention.Policy(10 << 30)
	if p.Others != (journal.Retention{MaxBytes: (10 << 30) / 100 * 10}) || p.KeepFree != (10<<30)/100*15 {
		t.Errorf("defaults: %+v", p)
	}
}

func TestRetentionMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"retention:\n  max_age: 3\n":             "[2:12] \"3\"|2y",
		"retention:\n  max_age: 0d\n":            "[2:12]",
		"retention:\n  max_age: 999999y\n":       "[2:12]",
		"retention:\n  max_size: 100%\n":         "[2:13]|99%",
		"retention:\n  max_size: lots\n":         "[2:13]|4GiB",
		"retention:\n  keepfree: 3\n":            "unknown field \"keepfree\"|keep_free",
		"retention:\n  journals:\n    A: {}\n":   "line 3: retention.journals.A: |journal name",
		"retention:\n  journals: {a: {age: 3d}}": "unknown field \"age\"",
	} {
		_, err := Read(write(t, text))
		for _, part := range strings.Split(want, "|") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v; want an error with %q", text, err, part)
			}
		}
	}
}
