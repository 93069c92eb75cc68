package tunnel

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 2 * time.Minute

// server is an sshd of the test's own, with keys of its own, behind a wire that can be cut.
type server struct {
	t      testing.TB
	dir    string
	port   int // of sshd
	cmd    *exec.Cmd
	wire   *wire
	client []string // how to call ssh
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// freePort is one below those that connections have on their side.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.N(20_000)
		if l, err := net.Listen("tcp", fmt.Sprintf(":%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// startServer starts sshd with further lines of configuration. DIR in them is the directory of the server.
func startServer(t testing.TB, more string) *server {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(sshd); err != nil {
		t.Skip("no sshd here (.ci/run installs openssh-server)")
	}
	if os.Geteuid() == 0 {
		os.MkdirAll("/run/sshd", 0o755) // where it locks itself in before anybody has logged in
	}
	dir, err := os.MkdirTemp("", "sshd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{t: t, dir: dir, port: freePort(t)}
	for _, name := range []string{"host", "key"} {
		run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name))
	}
	s.file("authorized", s.read("key.pub"))
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nListenAddress ::1\nHostKey DIR/host\nAuthorizedKeysFile DIR/authorized\nStrictModes no\n"+
		"KexAlgorithms curve25519-sha256\nPidFile none\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"+
		"SetEnv HOME=DIR SSH_AUTH_SOCK=DIR/agent\n%s\n", s.port, more)
	s.file("sshd_config", strings.ReplaceAll(config, "DIR", dir))
	s.cmd = exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		if t.Failed() {
			t.Log(s.read("log"))
		}
	})
	until(t, "sshd", func() bool { return answers("127.0.0.1", s.port) })
	s.wire = newWire(t, s.port)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.file("ssh_config", fmt.Sprintf("Host far\n  HostName 127.0.0.1\n  Port %d\n  User %s\n  IdentityFile %s/key\n  IdentitiesOnly yes\n"+
		"  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n", s.wire.port, me.Username, dir))
	s.client = []string{"ssh", "-F", filepath.Join(dir, "ssh_config")}
	return s
}

func (s *server) file(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(s.dir, name))
	return string(b)
}

// login lets the server log in to itself: its sessions find an agent that holds the key.
func (s *server) login() {
	s.t.Helper()
	socket := filepath.Join(s.dir, "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { agent.Process.Kill(); agent.Wait() })
	until(s.t, "ssh-add", func() bool { // the socket is there a moment before the agent listens
		c := exec.Command("ssh-add", "-q", filepath.Join(s.dir, "key"))
		c.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		return c.Run() == nil
	})
}

func answers(host string, port int) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

// wire carries connections to sshd, and can be cut.
type wire struct {
	port int

	mu    sync.Mutex
	conns []net.Conn
	dead  chan struct{} // closed: nothing gets through, and nobody is told
}

func newWire(t testing.TB, to int) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{port: l.Addr().(*net.TCPAddr).Port, dead: make(chan struct{})}
	t.Cleanup(func() { l.Close(); w.cut() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
			if err != nil {
				near.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, near, far)
			dead := w.dead
			w.mu.Unlock()
			go carry(near, far, dead)
			go carry(far, near, dead)
		}
	}()
	return w
}

func carry(from, to net.Conn, dead chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-dead: // swallow: neither end learns anything
			if err != nil {
				return
			}
			continue
		default:
		}
		if n > 0 {
			to.Write(buf[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// cut closes all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

// silence makes the connections of now carry nothing more, without an end. Later ones are whole.
func (w *wire) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.dead)
	w.dead = make(chan struct{})
}
