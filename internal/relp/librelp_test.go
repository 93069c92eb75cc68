package relp

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// imrelp is Debian's rsyslogd as a RELP server, which .ci/peers unpacks. It returns its address and the file that it
// writes messages into.
func imrelp(t *testing.T) (address, file string) {
	t.Helper()
	root := os.Getenv("CONSTAT_PEERS")
	if root == "" {
		root = filepath.Join(os.Getenv("HOME"), ".cache", "constat-peers")
	}
	program := filepath.Join(root, "rsyslog/usr/sbin/rsyslogd")
	libraries, _ := filepath.Glob(filepath.Join(root, "rsyslog/usr/lib/*/rsyslog"))
	if _, err := os.Stat(program); err != nil || len(libraries) != 1 {
		if ci := os.Getenv("CI"); ci != "" && ci != "false" {
			t.Fatal("rsyslog is not there: .ci/peers unpacks it")
		}
		t.Skip("rsyslog is not there: .ci/peers unpacks it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	file = filepath.Join(dir, "out")
	conf := filepath.Join(dir, "conf")
	text := fmt.Sprintf("global(workDirectory=%q)\nmain_queue(queue.workerThreads=\"1\")\nmodule(load=\"imrelp\")\ninput(type=\"imrelp\" address=\"127.0.0.1\" port=%q)\n"+
		"template(name=\"raw\" type=\"string\" string=\"%%rawmsg%%\\n\")\naction(type=\"omfile\" file=%q template=\"raw\")\n", dir, port, file)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-n", "-i", filepath.Join(dir, "pid"), "-f", conf, "-M", libraries[0])
	c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(libraries[0]))
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(20*time.Second, func() { c.Process.Kill() })
		c.Wait()
		kill.Stop()
		if t.Failed() {
			t.Logf("rsyslogd said:\n%s", &said)
		}
	})
	return address, file
}

// TestLibrelp sends to librelp: it understands all that the client says, and has everything in order.
func TestLibrelp(t *testing.T) {
	address, file := imrelp(t)
	var conn net.Conn
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if conn, err = net.Dial("tcp", address); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	client, err := NewClient(t.Context(), conn, ClientConfig{Software: "constat"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(client.PeerSoftware(), "librelp") {
		t.Errorf("the server is %q", client.PeerSoftware())
	}
	list := messages(5000)
	for _, part := range [][][]byte{list[:1], list[1:2000], list[2000:]} {
		if n, err := client.Send(t.Context(), part); n != len(part) || err != nil {
			t.Fatalf("%d of %d acknowledged: %v", n, len(part), err)
		}
	}
	if err := client.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	want := string(bytes.Join(list, []byte("\n"))) + "\n"
	var got []byte
	for end := time.Now().Add(20 * time.Second); string(got) != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got, _ = os.ReadFile(file)
	}
	if string(got) != want {
		t.Errorf("the server has %d octets, want %d", len(got), len(want))
	}
}
