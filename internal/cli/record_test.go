package cli

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// taped is a running "constat record".
type taped struct {
	t     *testing.T
	cmd   *exec.Cmd
	port  string
	talk  <-chan string
	heard []string
}

var recordingAt = regexp.MustCompile(`recording 127\.0\.0\.1:(\d+) `)

// tape starts "constat record" and waits until it says something that matches.
func tape(t *testing.T, dir string, ready *regexp.Regexp, args ...string) *taped {
	t.Helper()
	r := &taped{t: t, cmd: command(t, dir, append([]string{"record"}, args...)...)}
	errs, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill(); r.cmd.Wait() })
	r.talk = linesOf(bufio.NewScanner(errs))
	r.port = r.until(ready)
	return r
}

// until waits for a line of talk and returns its first group.
func (r *taped) until(want *regexp.Regexp) string {
	r.t.Helper()
	timeout := time.After(2 * time.Minute)
	for {
		select {
		case line, more := <-r.talk:
			r.heard = append(r.heard, line)
			if m := want.FindStringSubmatch(line); m != nil {
				return append(m, "")[1]
			}
			if !more {
				r.t.Fatalf("ended without %v:\n%s", want, strings.Join(r.heard, "\n"))
			}
		case <-timeout:
			r.t.Fatalf("no %v:\n%s", want, strings.Join(r.heard, "\n"))
		}
	}
}

// say sends text over a connection of its own, and returns when it was taken.
func (r *taped) say(host, text string) {
	r.t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(host, r.port))
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		r.t.Fatal(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		r.t.Fatalf("%s: %v, want a clean end", host, err)
	}
}

func (r *taped) end(s os.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
	for line := range r.talk {
		r.heard = append(r.heard, line)
	}
	if err := r.cmd.Wait(); err != nil && s != syscall.SIGKILL {
		r.t.Errorf("record: %v\n%s", err, strings.Join(r.heard, "\n"))
	}
}

func contentOf(t *testing.T, names ...string) (out string) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out += string(b)
	}
	return out
}

// Lines are in the file at once, in the journal with their sender, and none is lost when the file is rotated.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "debug.log")
	r := tape(t, dir, recordingAt, "0", "debug.log", "--listen", "127.0.0.1", "--listen", "::1")
	r.say("127.0.0.1", "one\r\ntwo\n")
	r.say("::1", "three")
	if got := contentOf(t, file); got != "one\ntwo\nthree\n" {
		t.Errorf("file %q", got)
	}
	if err := os.Rename(file, file+".old"); err != nil {
		t.Fatal(err)
	}
	r.cmd.Process.Signal(syscall.SIGHUP)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil || time.Now().After(end) {
			break
		}
	}
	r.say("127.0.0.1", "four\n")
	r.end(syscall.SIGTERM)
	if got := contentOf(t, file+".old", file); got != "one\ntwo\nthree\nfour\n" {
		t.Errorf("files %q", got)
	}
	if got := constat(t, dir, "show", "-o", "cat"); got != "one\ntwo\nthree\nfour\n" {
		t.Errorf("journal %q", got)
	}
	out := constat(t, dir, "show", "-o", "json", "-t", "debug.log", "_SOURCE_ADDR=::1")
	if !regexp.MustCompile(`"MESSAGE":"three".*"_TRANSPORT":"record".*"_SOURCE_PORT":"\d+".*"_FRAMING":"truncated"`).MatchString(out) {
		t.Errorf("entry %s", out)
	}
	if last := r.heard[len(r.heard)-1]; !strings.Contains(last, "recorded 4 lines of 3 connections; refused 0") {
		t.Errorf("says %q", last)
	}
	constat(t, dir, "verify")
}

// Killed in the middle, it goes on where it was: what a client was told to be taken is in the file.
func TestRecordKilled(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	var want strings.Builder
	for run := range 3 {
		r := tape(t, dir, recordingAt, "0", file)
		for i := range 20 {
			line := fmt.Sprintf("run %d line %d\n", run, i)
			r.say("127.0.0.1", line)
			want.WriteString(line)
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+r.port)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "not ended")
		r.end(syscall.SIGKILL)
		conn.Close()
	}
	r := tape(t, dir, recordingAt, "0", file)
	r.say("127.0.0.1", "last\n")
	r.end(syscall.SIGINT)
	if got := contentOf(t, file); got != want.String()+"last\n" {
		t.Errorf("file %q", got)
	}
	if got := constat(t, dir, "show", "-o", "cat"); !strings.HasSuffix(got, "last\n") {
		t.Errorf("journal %q", got)
	}
	constat(t, dir, "verify")
}

func TestRecordWithoutJournal(t *testing.T) {
	dir := t.TempDir()
	r := tape(t, dir, recordingAt, "0", "f", "--no-journal", "--raw")
	r.say("127.0.0.1", "a\r\nb")
	r.say("127.0.0.1", "c")
	r.end(syscall.SIGINT)
	if got := contentOf(t, filepath.Join(dir, "f")); got != "a\r\nbc" {
		t.Errorf("file %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "store")); !os.IsNotExist(err) {
		t.Errorf("a store was made: %v", err)
	}
}

// Who is refused is counted, in the journal too.
func TestRecordRefuses(t *testing.T) {
	dir := t.TempDir()
	r := tape(t, dir, recordingAt, "0", "f", "--listen", "127.0.0.1", "--allow", "192.0.2.0/24")
	conn, err := net.Dial("tcp", "127.0.0.1:"+r.port)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("served")
	}
	r.until(regexp.MustCompile("not allowed"))
	r.end(syscall.SIGTERM)
	if got := constat(t, dir, "show", "-o", "json", "kind:loss"); !strings.Contains(got, `"LOSS_REASON":"refused: not allowed"`) {
		t.Errorf("loss %q", got)
	}
}

// The whole way: a line to a port of a server comes through ssh into the file and the journal.
func TestRecordVia(t *testing.T) {
	const sshd = "/usr/sbin/sshd"
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no sshd here (.ci/run installs openssh-server)")
	}
	if os.Geteuid() == 0 {
		os.MkdirAll("/run/sshd", 0o755)
	}
	dir := t.TempDir()
	var ports [2]int
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	for _, key := range []string{"host", "key"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v %s", err, out)
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	server := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/key.pub\nStrictModes no\nPidFile none\nSetEnv HOME=%s\nGatewayPorts no\n", ports[0], dir, dir, dir)
	client := fmt.Sprintf("Host far\n HostName 127.0.0.1\n Port %d\n User %s\n IdentityFile %s/key\n IdentitiesOnly yes\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n", ports[0], me.Username, dir)
	for name, text := range map[string]string{"sshd_config": server, "ssh_config": client} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Process.Kill(); d.Wait() })
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0])); err == nil {
			conn.Close()
			break
		}
	}
	r := tape(t, dir, regexp.MustCompile("the tunnel is there"), "--via", "far", "--ssh", "ssh -F "+filepath.Join(dir, "ssh_config"),
		"--remote-port", fmt.Sprint(ports[1]), "f")
	r.port = fmt.Sprint(ports[1])
	r.say("127.0.0.1", "from afar\n")
	r.end(syscall.SIGINT)
	if got := contentOf(t, filepath.Join(dir, "f")); got != "from afar\n" {
		t.Errorf("file %q", got)
	}
	if got := constat(t, dir, "show", "-o", "json"); !strings.Contains(got, `"_VIA":"ssh far"`) {
		t.Errorf("entry %q", got)
	}
	if conn, err := net.Dial("tcp", "127.0.0.1:"+r.port); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}
