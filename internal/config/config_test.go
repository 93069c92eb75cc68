package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "constat.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRead(t *testing.T) {
	c, err := Read(write(t, "store: /srv/journal\nlisten:\n  udp: [\":514\"]\n  datagram: [/dev/log]\nlimits:\n  message: 128KiB\n  rate: 100\n  burst: 1000\nhttp: off\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "/srv/journal" || c.Listen.UDP[0] != ":514" || c.Limits.Message != 128<<10 || c.HTTP != Off || c.Limits.Rate != 100 {
		t.Errorf("%+v", c)
	}
	if c, err := Read(""); err != nil || c.Listen != nil {
		t.Errorf("defaults: %+v %v", c, err)
	}
}

// TestMistakes: each is refused, and the message names where it is.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"sotre: x\n":                              "sotre",
		"listen:\n  udp: [\"514\"]\n":             "listen.udp[0]",
		"listen:\n  tcp: [\"a:b\"]\n":             "listen.tcp[0]",
		"limits:\n  message: much\n":              "size",
		"limits:\n  message: 17MiB\n":             "limits.message",
		"limits:\n  burst: 5\n":                   "limits.burst",
		"limits:\n  conections: 5\n":              "conections",
		"store: a\nstore: b\n":                    "store",
		"http: nowhere\n":                         "http",
		"group: adm\n":                            "group",
		"limits:\n  rate: -1\n":                   "limits",
		"listen:\n  udp: 127.0.0.1:514\n  x: y\n": "[",
	} {
		_, err := Read(write(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "constat.yaml") {
			t.Errorf("%q: %v; want an error that names %q", text, err, want)
		}
	}
	if _, err := Read("/does/not/exist.yaml"); err == nil || !strings.Contains(err.Error(), "/does/not/exist.yaml") {
		t.Errorf("missing file: %v", err)
	}
}
