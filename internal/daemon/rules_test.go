package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRules: the first rule with a journal counts, what is discarded before it stays in the journal system, and a
// configuration with a mistake changes nothing.
func TestRules(t *testing.T) {
	const rules = "- query: 'app:noise'\n  discard: true\n- selector: 'auth,authpriv.*'\n  journal: auth\n- selector: '*.=debug'\n  journal: debug\n"
	p := newPlace(t, everything+"rules:\n"+rules)
	d := p.serve()
	expect := func(message, journal string) {
		t.Helper()
		p.send("tcp", message+"\n")
		_, text, _ := strings.Cut(message, ": ")
		p.until(text, func() bool { return len(p.said(journal, text)) == 1 })
	}
	reload := func(text, complaint string) {
		t.Helper()
		p.configure(text)
		before := d.errs.String()
		d.signal(syscall.SIGHUP)
		p.until("the change", func() bool {
			said := strings.TrimPrefix(d.errs.String(), before)
			return strings.Contains(said, "configuration") && strings.Contains(said, complaint)
		})
	}
	expect("<86>sshd: one", "auth")
	expect("<15>app: two", "debug")
	expect("<87>noise: three", "system")

	reload(everything+"rules:\n- selector: mail.inof\n  discard: true\n", "rules[0].selector: column 6: unknown level")
	expect("<86>sshd: four", "auth")
	reload(everything+"rules:\n- selector: '*.*'\n  to: loghost\n", "no output called")
	expect("<86>sshd: five", "auth")

	reload(everything+"rules:\n- selector: 'authpriv.*'\n  discard: true\n"+rules, "")
	expect("<86>sshd: six", "system")
	expect("<38>sshd: seven", "auth")
	d.stop()
	p.verify()
}

// said returns the events of a journal with that message.
func (p *place) said(journal, message string) (found []string) {
	if _, err := os.Stat(filepath.Join(p.store, journal, "checkpoint")); err != nil {
		return nil
	}
	for _, e := range p.all(journal) {
		if e.kind == 0 && e.fields["MESSAGE"] == message {
			found = append(found, message)
		}
	}
	return found
}

// TestRulesToOutputs: an output that rules name gets what they send it, and of that what it selects; what is discarded
// before does not come. The actions of a syslog.conf know nothing of the rules.
func TestRulesToOutputs(t *testing.T) {
	p := newPlace(t, everything+`
rules:
- query: app:noise
  discard: true
- selector: '*.err;mail.none'
  to: errors
- query: app:sshd
  to: errors
outputs:
- name: errors
  to: ['file://DIR/errors']
  select: 'NOT secret'
- name: all
  to: ['file://DIR/all']
syslog_conf:
  file: DIR/syslog.conf
`)
	conf := "mail.*\tDIR/mail\n:msg, contains, \"secret\" stop\n*.*\tDIR/rest\n"
	if err := os.WriteFile(filepath.Join(p.dir, "syslog.conf"), []byte(strings.ReplaceAll(conf, "DIR", p.dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	d := p.serve()
	for _, m := range []string{"<11>app: one", "<11>noise: two", "<19>app: three", "<14>sshd: four", "<11>app: secret five", "<14>app: six"} {
		p.send("tcp", m+"\n")
	}
	p.until("six messages", func() bool { return len(p.events()) == 6 })
	d.stop()
	p.verify()
	for file, want := range map[string]string{"errors": "one four", "all": "one two three four five six", "mail": "three", "rest": "one two three four six"} {
		text, err := os.ReadFile(filepath.Join(p.dir, file))
		if err != nil {
			t.Error(err)
		}
		for _, word := range []string{"one", "two", "three", "four", "five", "six"} { // each came over a connection of its own
			if has := strings.Contains(string(text), word); has != strings.Contains(want, word) {
				t.Errorf("%s: %q there: %t, want %s", file, word, has, want)
			}
		}
	}
}
