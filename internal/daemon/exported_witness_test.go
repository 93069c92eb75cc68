package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvidenceIsAnchored wants evidence to satisfy a policy once a witness has cosigned what it shows, and not before; and
// that of a journal that no witness knows once one has cosigned system with a seal over it, by the earliest cosignature.
func TestEvidenceIsAnchored(t *testing.T) {
	addresses := []string{freeAddress(t), freeAddress(t)}
	places := []*place{newPlace(t, "listen: {}\nhttp: "+addresses[0]+"\n"), newPlace(t, "")}
	var status []vouchStatus
	for i, p := range places {
		p.run("init", "--origin", fmt.Sprintf("host%d.example", i))
		status = append(status, p.vouchStatus())
	}
	p := places[0]
	zip, policy := filepath.Join(p.dir, "case.evidence.zip"), filepath.Join(p.dir, "policy")
	if err := os.WriteFile(policy, []byte("witness w1 "+status[1].Witness+"\nquorum w1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, imported := filepath.Join(p.dir, "lines"), filepath.Join(p.dir, "imported.evidence.zip")
	if err := os.WriteFile(lines, []byte("<38>1 2026-01-02T03:04:05Z web1 sshd 4711 - - guest\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("import", lines)
	p.run("prove", "-o", imported, "--journal", "imported", "guest")
	p.run("log", "hello")
	p.run("prove", "-o", zip, "--journal", "system", "hello")
	if out, _, err := p.try("verify", "--policy", policy, zip); err == nil || !strings.HasPrefix(out, "VERIFIED, NOT ANCHORED") {
		t.Fatalf("%v: %s", err, out)
	}

	places[1].configure(witnessing(addresses[1], addresses[0], status[0]))
	places[1].serve()
	p.configure(witnessing(addresses[0], addresses[1], status[1]))
	first := p.serve()
	first.until("anchored evidence", func() bool {
		p.run("prove", "--upgrade", zip)
		out, _, err := p.try("verify", "--policy", policy, zip)
		return err == nil && strings.HasPrefix(out, "VERIFIED ") && strings.Contains(out, "(w1)")
	})
	notAfter := func() string {
		p.run("prove", "--upgrade", imported)
		out, _, err := p.try("verify", "--policy", policy, imported)
		_, line, _ := strings.Cut(out, " not-after     ")
		line, _, _ = strings.Cut(line, "\n")
		if err != nil || !strings.HasPrefix(out, "VERIFIED ") || !strings.Contains(line, "(w1); journal imported through seal") {
			t.Fatalf("%v: %s", err, out)
		}
		return line
	}
	before := notAfter()
	p.run("log", "more")
	if again := notAfter(); again != before {
		t.Errorf("first %q, then %q", before, again)
	}

	first.until("an entry about the cosignature", func() bool {
		return strings.Contains(p.run("show", "--kind", "control", "CONTROL=witnessed"), "cosigned by")
	})
	p.run("prove", "--upgrade", imported) // makes a seal behind that entry
	if err := os.WriteFile(lines, []byte("<38>1 2026-01-02T03:04:06Z web1 sshd 4711 - - stranger\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run("import", lines)
	for file, want := range map[string]string{"guest": "not-before    no cosignature", "stranger": "Z: what is shown was put into the journal later than that (cosigned by w1 in entry"} {
		zip := filepath.Join(p.dir, file+".evidence.zip")
		p.run("prove", "-o", zip, "--journal", "imported", file)
		if out, _, _ := p.try("verify", "--policy", policy, zip); !strings.Contains(out, want) || strings.Contains(out, "wrong") {
			t.Errorf("%s: want %q: %s", file, want, out)
		}
	}
}
