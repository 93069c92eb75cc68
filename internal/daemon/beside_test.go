package daemon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBeside: every command works beside the daemon, and says the same as without it.
func TestBeside(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	if s := p.status(); s["socket"] != p.store+".run/socket" || s["http"] != "" {
		t.Errorf("status says %v", s)
	}
	if s := p.run("status"); !strings.Contains(s, "socket  "+p.store+".run/socket\n") || !strings.Contains(s, "input   udp "+p.address("udp")+"\n") {
		t.Error(s)
	}
	p.run("log", "-t", "tool", "-p", "daemon.err", "--field", "ORDER=7", "one", "line")
	c := p.command("log", "-t", "lines")
	c.Stdin = strings.NewReader(strings.Repeat("a line\n", 5000))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	p.verify() // what was acknowledged is signed, while it runs
	p.run("rotate")
	list := p.arrived(5001)
	want{"MESSAGE": "one line", "SYSLOG_IDENTIFIER": "tool", "PRIORITY": "3", "SYSLOG_FACILITY": "3", "ORDER": "7", "_COMM": "*",
		"_PID": "*", "_UID": itoa(os.Getuid()), "_BOOT_ID": "*", "_HOSTNAME": "*", "_TRANSPORT": "constat"}.check(t, list[0])
	heads, _ := filepath.Glob(p.store + "/system/head-*.log")
	segments, _ := filepath.Glob(p.store + "/system/*.seg")
	if len(heads) != 1 || len(segments) != 1 {
		t.Errorf("heads %v, segments %v", heads, segments)
	}
	if out := p.run("show", "-t", "tool", "-o", "cat"); out != "one line\n" {
		t.Errorf("show: %q", out)
	}
	_, errs, err := p.try("log", "--field", "_PID=1", "x")
	if exitCode(err) != 2 {
		t.Errorf("%v %s", err, errs)
	}
	d.stop()
	if s := p.status(); s["socket"] != "" || fmt.Sprint(s["inputs"]) != "[]" {
		t.Errorf("status says %v", s)
	}
	p.run("log", "without it")
	d = p.serve()
	p.arrived(5002)
	d.kill()
	if s := p.status(); s["socket"] != "" {
		t.Errorf("status of a dead daemon says %v", s)
	}
	p.run("log", "after its death")
	p.serve().stop()
	p.verify()
}

func (p *place) status() (s map[string]any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.run("status", "-o", "json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// TestImport: files go through the daemon, whole and byte for byte, while it takes in other things.
func TestImport(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	data := sample(t, 300_000, "import")
	name := filepath.Join(p.dir, "large.log")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p.send("tcp", "<13>before\n")
	if out := p.run("import", "--format", "syslog", name, "constat.yaml"); out != "" {
		t.Errorf("printed %q", out)
	}
	p.send("tcp", "<13>after\n")
	p.verify()
	if raw := p.run("show", "--journal", "imported", "-o", "raw"); !strings.HasPrefix(raw, string(data)) {
		t.Errorf("%d bytes came back of %d", len(raw), len(data))
	}
	// a client that ends in the middle has not succeeded, and what it sent is kept
	c := p.command("import", "--journal", "half", "-")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	in.Write(data[:2<<20])
	c.Process.Kill()
	c.Wait()
	p.run("log", "later")
	d.stop()
	p.verify()
	p.arrived(3)
}

// sample is the sample log again and again, with a number in each line.
func sample(t testing.TB, lines int, who string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../testdata/sample.log")
	if err != nil {
		t.Fatal(err)
	}
	one := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	var b bytes.Buffer
	b.Grow(lines * 130)
	for i := range lines {
		b.Write(one[i%len(one)])
		fmt.Fprintf(&b, " %s#%d\n", who, i)
	}
	return b.Bytes()
}
