package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOutputs(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "syslog.conf")
	if err := os.WriteFile(conf, []byte("*.info -/var/log/messages\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Read(write(t, `rules:
- {journal: web, query: 'app:nginx'}
outputs:
- name: central
  to: [relp+tls://log1.example:2514, tcp://log2.example]
  tls: {ca: /etc/ssl/ca.pem, names: [log1.example], common_name: yes}
  journals: [system, auth]
  select: level:<=warning
  kinds: [event, loss, control]
  from: start
  format: rfc5424
  private: yes
  rate: 1000
  retry: 1m
- name: file
  to: ['file:///var/log/x']
  format: '{time:iso} {message}'
  file: {mode: 0600, dir_mode: "0700", sync: no, rotate_size: 10MiB, rotate_every: 24h, keep: 3}
syslog_conf:
  file: `+conf+`
statistics: 10m
`))
	if err != nil {
		t.Fatal(err)
	}
	o, f := c.Outputs[0], c.Outputs[1].File
	if len(c.Outputs) != 2 || !bool(o.Private) || len(o.To) != 2 || !bool(o.TLS.CommonName) || o.Retry != Duration(time.Minute) {
		t.Errorf("%+v", o)
	}
	if f.Mode != 0o600 || f.Dirs != 0o700 || f.Sync == nil || bool(*f.Sync) || f.RotateSize != 10<<20 || f.Keep != 3 {
		t.Errorf("%+v", f)
	}
	if list := strings.Join(c.DefaultJournals(), " "); list != "system web" {
		t.Error(list)
	}
	if set, problems, err := c.SyslogConf.Rules(); err != nil || len(problems) > 0 || len(set.Targets) != 1 {
		t.Errorf("%+v %v %v", set, problems, err)
	}
}

// TestOutputMistakes: each is refused, and the message names the key.
func TestOutputMistakes(t *testing.T) {
	bad, strange := filepath.Join(t.TempDir(), "bad.conf"), filepath.Join(t.TempDir(), "strange.conf")
	for name, text := range map[string]string{bad: "mail.foo /var/log/x\n", strange: "# owners\n$FileOwner  nobody-here\nmail.* /var/log/x\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const start = "outputs:\n- name: a\n  to: ['udp://h']\n"
	for text, want := range map[string]string{
		"outputs: [{to: ['udp://h']}]":                       "outputs[0].name",
		"outputs: [{name: 'a b', to: ['udp://h']}]":          "outputs[0].name",
		start + "- {name: a, to: ['udp://h']}":               "outputs[1].name: |twice",
		"outputs: [{name: a}]":                               "outputs[0].to",
		"outputs: [{name: a, to: ['udp:h']}]":                "outputs[0].to[0]",
		"outputs: [{name: a, to: ['tls://h']}]":              "outputs[0].tls",
		start + "  tls: {ca: x}\n":                           "outputs[0].tls: says nothing",
		"outputs: [{name: a, to: ['tls://h'], tls: {}}]":     "outputs[0].tls: |whom to trust",
		start + "  select: '* | count'\n":                    "outputs[0].select",
		start + "  kinds: [all]\n":                           "outputs[0].kinds[0]",
		start + "  from: yesterday\n":                        "outputs[0].from",
		start + "  format: short\n":                          "outputs[0].format",
		start + "  framing: nul\n":                           "outputs[0].framing",
		start + "  size: 64KiB\n":                            "outputs[0].size",
		start + "  journals: [a, a]\n":                       "outputs[0].journals[1]",
		start + "  private: maybe\n":                         "maybe",
		start + "  rate: -1\n":                               "outputs[0].rate",
		start + "  args: [x]\n":                              "outputs[0].args",
		start + "  file: {mode: rw}\n":                       "rw",
		start + "  file: {keep: 3}\n":                        "outputs[0].file.keep",
		"outputs: [{name: a, to: ['udp://127.0.0.1:5514']}]": "outputs[0].to[0]: |come back",
		start + "rules: [{selector: '*.*', to: b}]\n":        "rules[0].to",
		"syslog_conf: {file: x}":                             "syslog_conf.file",
		"syslog_conf: {file: /nowhere/syslog.conf}":          "syslog_conf.file",
		"syslog_conf: {file: " + bad + "}":                   "syslog_conf.file: |bad.conf:1",
		"syslog_conf: {file: " + strange + "}":               `syslog_conf.file: |strange.conf:2:13: error: $fileowner: there is no user "nobody-here" on this machine`,
		"syslog_conf: {file: " + bad + ", dialect: perl}":    "syslog_conf.dialect",
	} {
		_, err := Read(write(t, text))
		for _, part := range strings.Split(want, "|") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q", text, err, part)
			}
		}
	}
}
