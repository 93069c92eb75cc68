package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvidenceIsAnchored wants evidence to satisfy a policy once a witness has cosigned what it shows, and not before.
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
}
