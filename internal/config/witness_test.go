package config

import (
	"os"
	"strings"
	"testing"
	"time"
)

const (
	logKey     = "beta.example/system+d8c16b48+AQ/p2JNNI8EPcU8EXClH5sqFUEtdRpG4JA8SM/nCQWBt"
	witnessKey = "beta.example/witness+a96c35ac+BJdWbdnWhy4Y5dYPwKeCVthjcF3F8T6ExdCURkjnK8ai"
)

// TestWitnessingDocument reads every configuration in the document.
func TestWitnessingDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/witnessing.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Fatal("no configuration found")
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		c, err := Read(write(t, b))
		if err != nil || len(c.Witnesses) == 0 && c.Timestamp == nil {
			t.Errorf("%v:\n%s", err, b)
		}
	}
}

func TestWitnessDefaults(t *testing.T) {
	c, err := Read(write(t, "witnesses:\n- vkey: "+witnessKey+"\n  url: https://beta.example/w\n- vkey: "+logKey+
		"\n  url: https://beta.example/w\n"))
	if err == nil || !strings.Contains(err.Error(), "line 4: witnesses[1].vkey: ") || !strings.Contains(err.Error(), "want that of a witness") {
		t.Errorf("the key of a log: %v", err)
	}
	c, err = Read(write(t, "witnesses:\n- vkey: "+witnessKey+"\n  url: https://beta.example/w\n  every: 1h\nwitness:\n  logs:\n  - vkey: "+logKey+
		"\n    origin: other\ntimestamp:\n  url: http://t.example\n"))
	if err != nil {
		t.Fatal(err)
	}
	origin, _, err := c.Witness.Logs[0].Log()
	if w := c.Witnesses[0]; err != nil || origin != "other" || w.JournalNames()[0] != "system" || time.Duration(w.Every) != time.Hour || c.Timestamp.JournalNames()[0] != "system" {
		t.Errorf("%v %+v", err, c)
	}
}

func TestWitnessMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"witnesses:\n- vkey: " + witnessKey + "\n":                                                                       "witnesses[0].url: |/witness",
		"witnesses:\n- vkey: " + witnessKey + "\n  url: https://b/\n":                                                    "line 3: witnesses[0].url: |slash",
		"witnesses:\n- vkey: " + witnessKey + "\n  url: ftp://b\n":                                                       "line 3: witnesses[0].url: ",
		"witnesses:\n- url: http://b\n":                                                                                  "witnesses[0].vkey: ",
		"witnesses:\n- {vkey: '" + witnessKey + "', url: 'http://b'}\n- {vkey: '" + witnessKey + "', url: 'http://c'}\n": "line 3: witnesses[1].vkey: is named twice",
		"witnesses:\n- {vkey: '" + witnessKey + "', url: 'http://b', journals: [System]}\n":                              "witnesses[0].journals: ",
		"witnesses:\n- {vkey: '" + witnessKey + "', url: 'http://b', journals: [a, a]}\n":                                "witnesses[0].journals: |twice",
		"witness:\n  logs:\n  - vkey: " + witnessKey + "\n":                                                              "line 3: witness.logs[0].vkey: |want that of a log",
		"witness:\n  logs: []\nhttp: off\n":                                                                              "line 2: witness: is reached over HTTP",
		"witness:\n  name: a b\n":                                                                                        "line 2: witness.name: ",
		"timestamp:\n  every: 1h\n":                                                                                      "timestamp.url: ",
		"timestamp:\n  url: http://t\n  every: 1s\n":                                                                     "line 3: timestamp.every: at least 1m",
		"witness:\n  keys: []\n":                                                                                         "unknown field|witness (name, logs (vkey, origin))",
	} {
		_, err := Read(write(t, text))
		for _, part := range strings.Split(want, "|") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v; want an error with %q", text, err, part)
			}
		}
	}
}
