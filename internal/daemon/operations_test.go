package daemon

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/vfs"
	"constat/journal"
)

// These tests do what docs/operations.md says, step by step, with the program.

// make makes a store of few keys, which take no time, and returns its code.
func (p *place) make() string {
	p.t.Helper()
	c, err := journal.CreateWith(vfs.OS(), p.store, journal.New{Origin: "host.example/journal", Keys: 16})
	if err != nil {
		p.t.Fatal(err)
	}
	return c.Code().String()
}

// worked makes a store that was in service and is stopped, and returns its code.
func (p *place) worked(words ...string) (code string) {
	p.t.Helper()
	code = p.make()
	d := p.serve()
	for _, w := range words {
		p.run("log", "-t", "work", w)
	}
	d.stop()
	return code
}

// move gives a store and its keys another name, or copies them.
func (p *place) move(how, from, to string) {
	p.t.Helper()
	for _, end := range []string{"", ".keys"} {
		c := exec.Command("mv", from+end, to+end)
		if how == "copy" {
			c = exec.Command("cp", "-a", from+end, to+end)
		}
		if out, err := c.CombinedOutput(); err != nil {
			p.t.Fatalf("%s", out)
		}
	}
}

func (p *place) remove(names ...string) {
	p.t.Helper()
	for _, n := range names {
		if err := os.RemoveAll(n); err != nil {
			p.t.Fatal(err)
		}
	}
}

// verifies wants a verdict on a directory by a code, and returns what is said.
func (p *place) verifies(code, dir string, status int) string {
	p.t.Helper()
	out, errs, err := p.try("verify", "--code", code, dir)
	if exitCode(err) != status {
		p.t.Errorf("verify %s: exit %d, want %d\n%s%s", dir, exitCode(err), status, out, errs)
	}
	return out
}

// TestChangeOfTheIdentityKey: the old store vouches for the new one, and needs its keys no more.
func TestChangeOfTheIdentityKey(t *testing.T) {
	p := newPlace(t, everything)
	old := p.worked("before")
	p.move("move", p.store, p.store+"-2026")
	next := strings.TrimSpace(p.run("init", "--store", p.store, "--origin", "host.example/journal2", "--after", p.store+"-2026"))
	d := p.serve()
	p.run("log", "-t", "work", "after")
	d.stop()

	p.verifies(old, p.store+"-2026", 0)
	if said := p.run("show", "--store", p.store+"-2026", "kind:control", "-o", "cat"); !strings.Contains(said, "followed by the store host.example/journal2, code "+next) {
		t.Errorf("the old store says %q", said)
	}
	p.verifies(next, p.store, 0)
	p.remove(p.store + "-2026.keys")
	p.verifies(old, p.store+"-2026", 0)
	if said := p.run("show", "--store", p.store+"-2026", "-t", "work", "-o", "cat"); said != "before\n" {
		t.Errorf("the old store has %q", said)
	}
	p.verify()
}

// TestLossOfTheIdentityKey: the old store verifies as before and can vouch for nobody; the operator vouches for both.
func TestLossOfTheIdentityKey(t *testing.T) {
	p := newPlace(t, everything)
	operator := filepath.Join(p.dir, "operator.pem")
	if out, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519", "-out", operator).CombinedOutput(); err != nil {
		t.Skipf("openssl: %v %s", err, out)
	}
	old := strings.TrimSpace(p.run("init", "--operator-key", operator, "--operator", "acme.example"))
	p.run("log", "before")
	p.remove(p.store + ".keys/identity")
	p.verifies(old, p.store, 0)
	if _, errs, err := p.try("log", "more"); exitCode(err) != 1 || !strings.Contains(errs, "identity") {
		t.Errorf("without the key: %v %s", err, errs)
	}
	p.move("move", p.store, p.store+"-lost")
	if _, errs, err := p.try("init", "--after", p.store+"-lost"); exitCode(err) != 1 || !strings.Contains(errs, "publish its code anew") {
		t.Errorf("a lost key vouches: %v %s", err, errs)
	}
	next := strings.TrimSpace(p.run("init", "--operator-key", operator, "--operator", "acme.example"))
	if next == old || p.operator(p.store) != p.operator(p.store+"-lost") {
		t.Errorf("operators %q and %q", p.operator(p.store), p.operator(p.store+"-lost"))
	}
	p.serve().stop()
	p.verifies(next, p.store, 0)
	p.verifies(old, p.store+"-lost", 0)
}

func (p *place) operator(dir string) string {
	p.t.Helper()
	var s struct{ Operator string }
	if err := json.Unmarshal([]byte(p.run("status", "--store", dir, "-o", "json")), &s); err != nil || s.Operator == "" {
		p.t.Errorf("%s: operator %q %v", dir, s.Operator, err)
	}
	return s.Operator
}

// TestLossOfTheSealSeed: the daemon goes on, and status and verify say from where on only the identity vouches.
func TestLossOfTheSealSeed(t *testing.T) {
	p := newPlace(t, everything)
	code := p.worked("before")
	p.remove(p.store+".keys/seal-seed", p.store+".keys/seal-seed-next")
	d := p.serve()
	p.run("log", "after")
	d.stop()
	p.reseeded(code, p.store)
}

// reseeded wants a store to say that its seal keys were lost before seal 2.
func (p *place) reseeded(code, dir string) {
	p.t.Helper()
	if said := p.run("status", "--store", dir); !strings.Contains(said, "generation 1 is endorsed by the identity alone") {
		p.t.Errorf("status: %s", said)
	}
	if said := p.verifies(code, dir, 2); !strings.Contains(said, "seal keys were lost before seal 2") {
		p.t.Errorf("verify: %s", said)
	}
}

// onMachine makes a program run on what seems another machine.
func (p *place) onMachine(id string) func(*exec.Cmd) {
	p.t.Helper()
	if _, err := os.Stat("/etc/machine-id"); err != nil || os.Geteuid() != 0 {
		p.t.Skip("needs root and /etc/machine-id: another one is mounted over it")
	}
	name := filepath.Join(p.dir, "machine-id")
	if err := os.WriteFile(name, []byte(strings.Repeat(id, 32)+"\n"), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return func(c *exec.Cmd) {
		c.Args = append([]string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/machine-id && exec "$@"`, name}, c.Args...)
		c.Path = "/usr/bin/unshare"
	}
}

// TestACloneOfTheMachine: the original goes on as if nothing was. The clone does not use the seed, and says so; with a
// store of its own everything is as it should be.
func TestACloneOfTheMachine(t *testing.T) {
	p := newPlace(t, everything)
	code := p.worked("before")
	clone := newPlace(t, everything)
	p.move("copy", p.store, clone.store)
	p.serve().stop()
	p.verifies(code, p.store, 0)

	clone.serve(clone.onMachine("c")).stop()
	clone.reseeded(code, clone.store)
	clone.move("move", clone.store, clone.store+"-cloned")
	own := strings.TrimSpace(clone.run("init", "--origin", "clone.example", "--after", clone.store+"-cloned"))
	clone.serve(clone.onMachine("c")).stop()
	if said := clone.verifies(own, clone.store, 0); !strings.Contains(said, "clone.example") {
		t.Errorf("the clone: %s", said)
	}
	if said := clone.run("show", "kind:control", "-o", "cat"); !strings.Contains(said, code) {
		t.Errorf("the store of the clone does not name its origin: %s", said)
	}
}

// TestASnapshotOfTheMachine: nothing on the machine tells that it was set back. A checkpoint that somebody kept does.
func TestASnapshotOfTheMachine(t *testing.T) {
	p := newPlace(t, everything)
	code := p.worked("before")
	p.move("copy", p.store, p.store+"-snapshot")
	d := p.serve()
	p.run("log", "-t", "work", "after")
	d.stop()
	kept := filepath.Join(p.dir, "kept")
	if out, err := exec.Command("cp", p.store+"/system/checkpoint", kept).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	p.run("verify", "--code", code, "--checkpoint", kept, p.store)
	p.remove(p.store, p.store+".keys")
	p.move("move", p.store+"-snapshot", p.store)
	d = p.serve()
	for range 5 {
		p.run("log", "-t", "work", "otherwise")
	}
	d.stop()
	p.verifies(code, p.store, 0)
	if out, _, err := p.try("verify", "--code", code, "--checkpoint", kept); exitCode(err) != 1 || !strings.Contains(out, "outside") {
		t.Errorf("a kept checkpoint does not tell: %v\n%s", err, out)
	}
}
