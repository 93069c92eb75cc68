package daemon

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asRoot skips tests that need root, and returns nobody.
func asRoot(t *testing.T) Account {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	a, err := LookUp("nobody", "")
	if err != nil {
		missing(t, err)
	}
	return a
}

// as runs a command as another user.
func (p *place) as(a Account, args ...string) (string, error) {
	c := p.command(args...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID)}}
	out, err := c.CombinedOutput()
	return string(out), err
}

// shared makes a place that other users can use: the program too.
func shared(t *testing.T, configuration string) *place {
	p := newPlace(t, configuration)
	exe := filepath.Join(p.dir, "constat")
	if out, err := exec.Command("cp", os.Args[0], exe).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if err := os.Chmod(exe, 0o755); err != nil {
		t.Fatal(err)
	}
	p.exe = exe
	return p
}

// TestPrivileges: started by root, it becomes another user when everything is bound, and then everything still works.
func TestPrivileges(t *testing.T) {
	nobody := asRoot(t)
	p := shared(t, everything+"user: nobody\n")
	for range 2 { // the store is made, and there already
		d := p.serve()
		status, err := os.ReadFile("/proc/" + itoa(d.cmd.Process.Pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"\nUid:\t%U\t%U\t%U\t%U\n", "\nGroups:\t%G \n", "\nCapEff:\t0000000000000000\n"} {
			line = strings.NewReplacer("%U", itoa(nobody.UID), "%G", itoa(nobody.GID)).Replace(line)
			if !strings.Contains(string(status), line) {
				t.Errorf("status has no %q:\n%s", line, status)
			}
		}
		p.send("udp", "<13>over udp")
		p.send("tcp", "<13>over tcp\n")
		p.send("unixgram", "<13>local\n")
		p.run("log", "over the socket of the store")
		p.run("rotate")
		p.run("import", "--journal", "more", "../../etc/passwd")
		d.stop()
		p.verify()
		ownedBy(t, nobody.UID, p.store, p.store+".keys", p.store+".run")
	}
	p.arrived(8)
}

func ownedBy(t *testing.T, uid int, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				t.Error(err)
				return nil
			}
			if info, err := d.Info(); err != nil || info.Sys().(*syscall.Stat_t).Uid != uint32(uid) {
				t.Errorf("%s: %v, not owned by %d", path, err, uid)
			}
			return nil
		})
	}
}

// TestOthers: any user may log, but only to journals for that.
func TestOthers(t *testing.T) {
	nobody := asRoot(t)
	p := shared(t, everything)
	d := p.serve()
	own := "user-" + itoa(nobody.UID)
	for _, name := range []string{"system", "audit", own} {
		if out, err := p.as(nobody, "log", "--journal", name, "-t", "tool", "by nobody"); err != nil {
			t.Errorf("%s: %v %s", name, err, out)
			continue
		}
		list := p.all(name)
		want{"_UID": itoa(nobody.UID), "_PID": "*", "_COMM": "*", "_TRANSPORT": "constat", "SYSLOG_IDENTIFIER": "tool",
			"MESSAGE": "by nobody"}.check(t, list[len(list)-1])
	}
	for _, args := range [][]string{{"log", "--journal", "imported", "x"}, {"log", "--journal", "user-0", "x"}, {"rotate"}, {"import", "constat.yaml"}} {
		out, err := p.as(nobody, args...)
		if exitCode(err) != 1 {
			t.Errorf("%q: %v %s", args, err, out)
		}
	}
	d.stop()
	p.verify()
	if names, _ := filepath.Glob(p.store + "/*/journal.json"); len(names) != 3 {
		t.Errorf("journals %v", names)
	}
}
