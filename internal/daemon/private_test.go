package daemon

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// holding returns the files of a place that hold a text.
func (p *place) holding(text string) (names []string) {
	p.t.Helper()
	err := filepath.WalkDir(p.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if bytes.Contains(data, []byte(text)) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return names
}

// TestPrivateThroughTheDaemon: values are private by the flag of log and by rule, whatever way they come, and go for good
// while the daemon runs.
func TestPrivateThroughTheDaemon(t *testing.T) {
	p := newPlace(t, everything+"private:\n  - fields: [IBAN, 'ex@32473.mail']\n  - {fields: [PHONE], tag: shop}\n")
	d := p.serve()
	p.run("log", "-t", "shop", "--field", "ORDER=1", "--private", "EMAIL=anna@secret.example", "--field", "PHONE=555-secret.example", "order")
	p.run("log", "-t", "bank", "--field", "IBAN=DE00-secret.example", "--field", "PHONE=555-1111", "paid")
	conn := p.dial("tcp")
	octets := `<13>1 2026-01-01T00:00:00Z h app - - [ex@32473 mail="bert@secret.example" n="1"] changed`
	if _, err := fmt.Fprintln(conn, octets); err != nil {
		t.Fatal(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	p.until("the message", func() bool { return strings.Contains(p.run("show", "-o", "cat"), "changed") })
	conn.Close()
	p.until("durable", func() bool { return strings.Contains(p.run("show", "-o", "full"), "ex@32473.mail=<private>") })
	shown := p.run("show", "-o", "full")
	for _, want := range []string{"EMAIL=<private>", "PHONE=<private>", "IBAN=<private>", "PHONE=555-1111", "ex@32473.n=1"} {
		if !strings.Contains(shown, want) {
			t.Errorf("show lacks %s:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "secret.example") {
		t.Errorf("show gives a private value:\n%s", shown)
	}
	if out, errs, _ := p.try("show", "-o", "raw", "-t", "app"); strings.Contains(out, "secret") || !strings.Contains(errs, "not available") {
		t.Errorf("raw: %q %q", out, errs)
	}
	if got := p.run("show", "-o", "raw", "--private", "-t", "app"); got != octets+"\n" {
		t.Errorf("raw --private: %q", got)
	}
	if names := p.holding("secret.example"); len(names) > 0 {
		t.Errorf("values in clear in %v", names)
	}
	if out := p.run("erase", "--private", "EMAIL=anna@secret.example", "--field", "EMAIL", "--reason", "asked"); !strings.Contains(out, "erased 2 values of 1 entries") {
		t.Errorf("erase: %s", out)
	}
	p.run("rotate")
	if out := p.run("erase", "*", "--field", "ex@32473.mail", "--reason", "asked too"); !strings.Contains(out, "erased 1 values of 1 entries") {
		t.Errorf("erase: %s", out)
	}
	if _, errs, err := p.try("erase", "*", "--field", "ORDER", "--reason", "r"); err == nil || !strings.Contains(errs, "never was private") {
		t.Errorf("erase of what never was private: %v %s", err, errs)
	}
	revealed := p.run("show", "-o", "full", "--private")
	for _, want := range []string{"EMAIL=<erased>", "ex@32473.mail=<erased>", "PHONE=555-secret.example", "IBAN=DE00-secret.example"} {
		if !strings.Contains(revealed, want) {
			t.Errorf("show --private lacks %s:\n%s", want, revealed)
		}
	}
	if log := p.run("show", "--kind", "control", "-o", "full"); !strings.Contains(log, "BY=uid ") || strings.Contains(log, "secret.example") {
		t.Errorf("control entries: %s", log)
	}
	p.configure(everything)
	d.stop()
	d = p.serve()
	p.run("log", "-t", "bank", "--field", "IBAN=in-the-clear", "paid")
	if !strings.Contains(p.run("show", "-o", "full"), "IBAN=in-the-clear") {
		t.Error("a rule holds that is not configured any more")
	}
	d.stop()
	if names := p.holding("secret.example"); len(names) > 0 {
		t.Errorf("values in clear in %v", names)
	}
	p.verify()
}
