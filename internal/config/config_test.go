package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	c, err := Read(write(t, "store: /srv/journal\nlisten:\n  udp: [\":514\"]\n  datagram: [/dev/log]\n  xen: [/var/run/panoptiscan, '/run/*.log']\nlimits:\n  message: 128KiB\n  frame_timeout: 1m30s\n  handshake_timeout: 500ms\n  rate: 100\n  burst: 1000\nhttp: off\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "/srv/journal" || c.Listen.UDP[0] != ":514" || c.Limits.Message != 128<<10 || c.HTTP != Off || c.Limits.Rate != 100 || c.Limits.FrameTimeout != Duration(90*time.Second) || c.Limits.HandshakeTimeout != Duration(500*time.Millisecond) {
		t.Errorf("%+v", c)
	}
	if c, err := Read(""); err != nil || c.Listen != nil {
		t.Errorf("defaults: %+v %v", c, err)
	}
}

// TestMistakes: each is refused, and the message names file, line and key.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"sotre: x\n":                                               "[1:1] unknown field \"sotre\"|the keys are store",
		"listen:\n  udp: [\"514\"]\n":                              "line 2: listen.udp[0]: ",
		"listen:\n  tcp:\n  - :514\n  - \"a:b\"\n":                 "line 4: listen.tcp[1]: ",
		"listen:\n  tcp: [':1', ':1']\n":                           "line 2: listen.tcp[1]: |twice",
		"listen:\n  datagram: [log]\n":                             "line 2: listen.datagram[0]: |absolute",
		"listen:\n  stream: [/" + strings.Repeat("x", 107) + "]\n": "line 2: listen.stream[0]: |107",
		"listen:\n  xen: [run]\n":                                  "line 2: listen.xen[0]: |absolute",
		"listen:\n  xen: ['/run/*/*.s']\n":                         "line 2: listen.xen[0]: |last part",
		"listen:\n  xen: [/run/x, '/run/x/*-log.sock']\n":          "line 2: listen.xen[1]: |twice",
		"socket: here\n":                                           "line 1: socket: |absolute",
		"limits:\n  message: much\n":                               "[2:12] \"much\"|message: much",
		"limits:\n  queue: 0\n":                                    "[2:10]",
		"limits:\n  queue: 64KiB\n":                                "line 2: limits.queue: at least 1MiB",
		"limits:\n  message: 17MiB\n":                              "line 2: limits.message: ",
		"limits:\n  frame_timeout: 5\n":                            "[2:18] \"5\"|30s",
		"limits:\n  frame_timeout: -5s\n":                          "[2:18]",
		"limits:\n  handshake_timeout: ten\n":                      "[2:22] \"ten\"|30s",
		"limits:\n  connections: -5\n":                             "line 2: limits.connections: ",
		"limits:\n  burst: 5\n":                                    "line 2: limits.burst: ",
		"limits:\n  conections: 5\n":                               "[2:3] unknown field \"conections\"|frame_timeout",
		"store: a\nstore: b\n":                                     "[2:1]|store",
		"store: a\n---\nstore: b\n":                                "more than one",
		"http: nowhere\n":                                          "line 1: http: ",
		"store: x\ngroup: adm\n":                                   "line 2: group: ",
		"limits:\n  rate: -1\n":                                    "line 2: limits.rate: ",
		"limits:\n  rate: .inf\n":                                  "line 2: limits.rate: ",
		"limits:\n  rate: fast\n":                                  "[2:9]|rate: fast",
		"rules:\n- journal: auth\n":                                "line 2: rules[0]: want one of selector and query",
		"rules:\n- selector: mail.info\n  query: a\n  to: x\n":     "line 2: rules[0]: want one of selector and query",
		"rules:\n- selector: mail.info\n":                          "line 2: rules[0]: want one of to",
		"rules:\n- query: a\n  to: x\n  discard: true\n":           "line 2: rules[0]: want one of to",
		"rules:\n- selector: mail.inof\n  to: x\n":                 "line 2: rules[0].selector: column 6: unknown level",
		"rules:\n- selector: ';'\n  to: x\n":                       "line 2: rules[0].selector: |mail.info",
		"rules:\n- selector: 'mail.<err'\n  to: x\n":               "line 2: rules[0].selector: |dialect bsd",
		"rules:\n- selector: a.b\n  dialect: c\n  to: x\n":         "line 3: rules[0].dialect: |accumulate",
		"rules:\n- query: a\n  dialect: bsd\n  to: x\n":            "line 3: rules[0].dialect: |query",
		"rules:\n- query: '* | limit 5'\n  to: x\n":                "line 2: rules[0].query: |without",
		"rules:\n- query: 'app:a index:5'\n  to: x\n":              "line 2: rules[0].query: |no place",
		"rules:\n- query: a\n  journal: imported\n":                "line 3: rules[0].journal: |another",
		"rules:\n- query: a\n  journal: A\n":                       "line 3: rules[0].journal: ",
		"rules:\n- query: a\n  select: b\n":                        "unknown field|rules (selector, query,",
		"audit:\n  file: log\n":                                    "line 2: audit.file: |absolute",
		"audit:\n  file: /log/\n":                                  "line 2: audit.file: |path of a file",
		"audit:\n  off: yes\n":                                     "unknown field|audit (file)",
		"retention:\n  journals:\n    audit: {floor: 29d}\n":       "line 3: retention.journals.audit.floor: |30 days",
		"http: off\nconvert: later\n":                              "line 2: convert: |at-once or never",
		"convert: [never]\n":                                       "[1:10]",
		"listen:\n  udp: 127.0.0.1:514\n":                          "[2:",
		"- a\n":                                                    "[1:1]",
		"store: [\n":                                               "[1:8]",
	} {
		_, err := Read(write(t, text))
		for _, part := range append(strings.Split(want, "|"), "constat.yaml: ") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v; want an error with %q", text, err, part)
			}
		}
	}
	_, err := Read(write(t, "group: adm\nhttp: x\n"))
	if err == nil || !strings.Contains(err.Error(), "line 1: group") || !strings.Contains(err.Error(), "line 2: http") {
		t.Errorf("two mistakes: %v", err)
	}
	if _, err := Read("/does/not/exist.yaml"); err == nil || !strings.Contains(err.Error(), "/does/not/exist.yaml") {
		t.Errorf("missing file: %v", err)
	}
}
