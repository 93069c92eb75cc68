package daemon

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestProveThroughDaemon wants evidence to be made, sealed and logged while a daemon has the store.
func TestProveThroughDaemon(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	p.run("log", "-t", "test", "first")
	p.run("log", "-t", "test", "second")
	file := filepath.Join(p.dir, "case.evidence.zip")
	p.run("prove", "-o", file, "second")
	out := p.run("verify", file)
	for _, want := range []string{"VERIFIED", "1 shown", "sealed        system by seal", "logged        entry"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	p.run("prove", "--upgrade", file)
	p.run("verify", file)
	shown := p.run("show", "--kind", "control", "-o", "json", "CONTROL=exported")
	for _, want := range []string{`"QUESTION":"second"`, `"_UID":"`, `"FILE_SHA256":[`} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in %s", want, shown)
		}
	}
	d.stop()
	p.run("verify")
}
