package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mapping is a stretch of the memory of a process.
type mapping struct {
	from, to uint64
	name     string
	flags    string // VmFlags of smaps: lo is locked, dd is in no core dump
}

func (m mapping) has(flag string) bool { return strings.Contains(" "+m.flags+" ", " "+flag+" ") }

// mappings reads the map of a process.
func mappings(t *testing.T, pid int) (list []mapping) {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		t.Skipf("the memory of the daemon cannot be read: %v", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var m mapping
		var mode, offset, device, inode string
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && len(list) > 0 {
			list[len(list)-1].flags = flags
		} else if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %s %s", &m.from, &m.to, &mode, &offset, &device, &inode, &m.name); n >= 6 && mode[0] == 'r' {
			list = append(list, m)
		}
	}
	return list
}

// find returns the mappings that hold a secret.
func find(t *testing.T, pid int, secret []byte) (found []mapping) {
	t.Helper()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skipf("the memory of the daemon cannot be read: %v", err)
	}
	defer memory.Close()
	for _, m := range mappings(t, pid) {
		if strings.HasPrefix(m.name, "[v") || m.to-m.from > 1<<30 { // what the kernel maps, and what is only reserved
			continue
		}
		content := make([]byte, m.to-m.from)
		n, _ := memory.ReadAt(content, int64(m.from)) // pages that were never there cannot be read
		if bytes.Contains(content[:n], secret) {
			found = append(found, m)
		}
	}
	return found
}

// seed reads the seed of the next seal from the keys of the store.
func (p *place) seed() []byte {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.store+".keys", "seal-seed"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, slot := range [][]byte{data[:512], data[512:]} {
		if bytes.HasPrefix(slot, []byte("seed 0\r\n")) {
			return bytes.Clone(slot[16:48])
		}
	}
	p.t.Fatal("no seed")
	return nil
}

// TestSeedInMemory: the seed of the next seal is in locked memory that is in no core dump, and nowhere else; those of seals
// before are nowhere.
func TestSeedInMemory(t *testing.T) {
	p := newPlace(t, everything)
	p.run("init") // as many keys as anybody has
	d := p.serve()
	var before [][]byte
	for range 3 {
		p.run("seal")
		before = append(before, p.seed())
	}
	last := len(before) - 1
	kept := find(t, d.cmd.Process.Pid, before[last])
	if len(kept) == 0 {
		t.Error("the seed is nowhere: the test looks at the wrong bytes")
	}
	for _, m := range kept {
		if !m.has("dd") || !m.has("lo") {
			t.Errorf("the seed is at %x-%x %s, flags %s: want lo and dd", m.from, m.to, m.name, m.flags)
		}
	}
	for i, used := range before[:last] {
		for _, m := range find(t, d.cmd.Process.Pid, used) {
			t.Errorf("seed %d, which was used, is at %x-%x %s", i, m.from, m.to, m.name)
		}
	}
	d.stop()
	p.verify()
}

// TestNoCoreDump: a daemon that crashes leaves none, whatever the limits say, with the seed on the disk or without.
func TestNoCoreDump(t *testing.T) {
	p := newPlace(t, everything)
	code := p.make()
	d := p.serve(func(c *exec.Cmd) {
		c.Env = append(c.Env, "GOTRACEBACK=crash")
		c.Args = append([]string{"sh", "-c", `ulimit -c unlimited; exec "$0" "$@"`}, c.Args...)
		c.Path = "/bin/sh"
	})
	p.run("seal")
	seed := p.seed()
	d.signal(syscall.SIGABRT)
	<-d.done
	if status, ok := d.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.CoreDump() {
		t.Errorf("the daemon ended with %v", d.cmd.ProcessState)
	}
	for _, name := range p.files() {
		data, err := os.ReadFile(name)
		if err == nil && bytes.Contains(data, seed) && !strings.HasSuffix(name, "/seal-seed") {
			t.Errorf("%s holds the seed", name)
		}
		if strings.HasPrefix(filepath.Base(name), "core") {
			t.Errorf("core dump %s", name)
		}
	}
	p.serve().stop()
	p.verifies(code, p.store, 0)
}

// files lists what is in the place.
func (p *place) files() (list []string) {
	p.t.Helper()
	err := filepath.WalkDir(p.dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, name)
		}
		return nil
	})
	if err != nil {
		p.t.Error(err)
	}
	return list
}
