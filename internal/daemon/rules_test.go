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
	reload(everything+"rules:\n- selector: '*.*'\n  to: loghost\n", "there is no output of that name")
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
