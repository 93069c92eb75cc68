package tunnel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// near is this end of a tunnel: it collects lines.
type near struct {
	t      testing.TB
	tunnel *Tunnel
	port   int
	cancel context.CancelFunc
	done   chan error

	mu    sync.Mutex
	lines []string
	said  []string
}

func dig(t testing.TB, s *server, c Config) *near {
	t.Helper()
	n := &near{t: t, port: freePort(t), done: make(chan error, 1)}
	c.Host, c.SSH, c.Alive, c.Retry = "far", s.client, 2*time.Second, 100*time.Millisecond
	if c.Port == 0 {
		c.Port = n.port
	}
	n.port = c.Port
	c.Say = func(text string) {
		t.Log(text)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.said = append(n.said, text)
	}
	var err error
	if n.tunnel, err = New(c); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", n.tunnel.Socket())
	if err != nil {
		t.Fatal(err)
	}
	go n.collect(l)
	ctx, cancel := context.WithCancel(t.Context())
	n.cancel = cancel
	ended := make(chan error, 1)
	go func() {
		err := n.tunnel.Run(ctx)
		ended <- err
		n.done <- err
	}()
	t.Cleanup(func() {
		l.Close()
		n.tunnel.Close()
		select {
		case err := <-ended:
			t.Logf("Run ended: %v", err)
		default:
		}
	})
	return n
}

func (n *near) collect(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for s := bufio.NewScanner(conn); s.Scan(); {
				n.mu.Lock()
				n.lines = append(n.lines, s.Text())
				n.mu.Unlock()
			}
		}()
	}
}

func (n *near) has(line string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.lines, line)
}

func (n *near) heard(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(strings.Join(n.said, "\n"), text)
}

// say sends one line to the server's port, from the server, as often as it is refused; it reports how often.
func (n *near) say(address, line string) (refused int) {
	n.t.Helper()
	until(n.t, "connection for "+line, func() bool {
		conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(n.port)))
		if err != nil {
			refused++
			return false
		}
		defer conn.Close()
		fmt.Fprintln(conn, line)
		conn.(*net.TCPConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(patience / 4))
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF { // reset: it was accepted by what has ended meanwhile
			refused++
			return false
		}
		return true
	})
	return refused
}

// insist says a line until it arrives: what takes it while it ends itself does not always answer with a reset.
func (n *near) insist(address, line string) (refused int) {
	n.t.Helper()
	until(n.t, "line "+line, func() bool {
		refused += n.say(address, line)
		for end := time.Now().Add(patience / 20); !n.has(line) && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		return n.has(line)
	})
	return refused
}

func (n *near) expect(line string) {
	n.t.Helper()
	until(n.t, "line "+line, func() bool { return n.has(line) })
}

// end ends the tunnel and checks that nothing of it is left.
func (n *near) end() {
	n.t.Helper()
	n.cancel()
	select {
	case err := <-n.done:
		if err != nil {
			n.t.Errorf("Run: %v", err)
		}
	case <-time.After(patience):
		n.t.Fatal("Run does not end")
	}
	n.tunnel.Close()
	if _, err := os.Stat(n.tunnel.dir); !os.IsNotExist(err) {
		n.t.Errorf("the directory is left: %v", err)
	}
	n.nothingLeft()
}

// nothingLeft wants no process that bears the name or the directory of the tunnel, and no listener on its port.
func (n *near) nothingLeft() {
	n.t.Helper()
	var left string
	end := time.Now().Add(patience / 4)
	for left = n.left(); left != "" && time.Now().Before(end); left = n.left() {
		time.Sleep(20 * time.Millisecond)
	}
	if left != "" {
		n.t.Error("left behind:\n" + left)
	}
}

func (n *near) left() string {
	out := processes(n.tunnel.name, n.tunnel.dir, fmt.Sprintf("*:%d:", n.port))
	if listing, _ := exec.Command("sh", "-c", listScript).Output(); reachOf(string(listing), n.port) != nowhere {
		out = append(out, fmt.Sprint("a listener on port ", n.port))
	}
	return strings.Join(out, "\n")
}

// processes are those whose command line has one of the marks.
func processes(marks ...string) (out []string) {
	list, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range list {
		b, _ := os.ReadFile(name)
		line := strings.ReplaceAll(string(b), "\x00", " ")
		if slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(line, m) }) {
			out = append(out, name+" "+line)
		}
	}
	return out
}

// outsideAddress is an address of this machine that is not the loopback address.
func outsideAddress(t testing.TB) string {
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	return "127.0.0.1" // no other: what the server says of its listeners must do
}

// cuts are the ways in which a connection is lost.
var cuts = []struct {
	name string
	do   func(*near, *server)
}{
	{"closed", func(_ *near, s *server) { s.wire.cut() }},
	{"session killed", func(n *near, _ *server) {
		pid, err := strconv.Atoi(n.tunnel.daemon)
		if err != nil {
			n.t.Fatalf("the keeper did not say its sshd: %v", err)
		}
		syscall.Kill(pid, syscall.SIGKILL)
	}},
	{"silent", func(_ *near, s *server) { s.wire.silence() }},
}

// The connection is lost three times, in three ways. Lines sent before and after arrive, and so do those that are sent
// meanwhile by a client that tries again when it is refused, as nobody takes lines for a tunnel that is not there.
func survives(t *testing.T, n *near, s *server, address string) {
	until(t, "the tunnel is there", func() bool { return n.heard("is there") })
	for i, c := range cuts {
		before, during, after := fmt.Sprint("before ", i), fmt.Sprint("during ", i), fmt.Sprint("after ", i)
		n.say(address, before)
		n.expect(before)
		n.mu.Lock()
		n.said = nil
		n.mu.Unlock()
		keeper := n.tunnel.keeper
		c.do(n, s)
		if c.name == "silent" { // until somebody notices, the server takes lines that do not arrive
			until(t, "the loss is noticed", func() bool { return n.heard("is down") })
			until(t, "the server notices too", func() bool {
				conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(n.port)))
				if err == nil {
					conn.Close()
				}
				return err != nil || n.heard("is there")
			})
		} else {
			until(t, "the port is closed, or open again", func() bool { return n.heard("is down") })
		}
		refused := n.insist(address, during)
		until(t, "the tunnel is there again", func() bool { return n.heard("is there") })
		n.say(address, after)
		n.expect(after)
		t.Logf("%s: refused %d times meanwhile", c.name, refused)
		if left := processes("/" + keeper + "/"); len(left) > 0 {
			t.Error(left)
		}
	}
}

func TestGatewayPortsClientSpecified(t *testing.T) {
	s := startServer(t, "GatewayPorts clientspecified")
	n := dig(t, s, Config{Public: true})
	n.insist(outsideAddress(t), "hello")
	if n.heard("second hop") {
		t.Error("a second hop where none is needed")
	}
	survives(t, n, s, outsideAddress(t))
	n.end()
}

// A port that is taken in one of the two families when it is asked for is had in both a moment later, or it is said which.
func TestHalfTaken(t *testing.T) {
	for _, gateway := range []string{"clientspecified", "no"} {
		for _, free := range []bool{true, false} {
			t.Run(fmt.Sprint(gateway, " free ", free), func(t *testing.T) {
				t.Parallel()
				halfTaken(t, "GatewayPorts "+gateway, free)
			})
		}
	}
}

func halfTaken(t *testing.T, gateway string, free bool) {
	s := startServer(t, gateway)
	s.login()
	taken, port := take(t)
	defer taken.Close()
	n := dig(t, s, Config{Public: true, Port: port})
	if !haveIPv6() { // half of it is all of it, or sshd listens in a family without addresses
		until(t, "what is missing is said", func() bool { return n.heard("(over IPv6 only") || len(n.done) > 0 })
		n.cancel()
		return
	}
	if free {
		until(t, "half of the port", func() bool { return n.heard("asking again") })
		taken.Close()
	}
	until(t, "the tunnel is there", func() bool { return n.heard("is there") })
	if got := n.heard("(over IPv6 only"); got == free {
		t.Errorf("IPv6 only: %v", got)
	}
	address := "::1"
	if free {
		address = "127.0.0.1"
	}
	n.insist(address, "hello")
	n.end()
}

func haveIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// take binds a socket to a port of IPv4, as a connection is bound that has it for its own.
func take(t *testing.T) (io.Closer, int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	for syscall.Bind(fd, &syscall.SockaddrInet4{Port: port}) == syscall.EADDRINUSE {
		port = freePort(t)
	}
	return os.NewFile(uintptr(fd), "taken"), port
}

func TestGatewayPortsNo(t *testing.T) {
	s := startServer(t, "GatewayPorts no")
	s.login()
	n := dig(t, s, Config{Public: true})
	n.insist(outsideAddress(t), "hello")
	if !n.heard("second hop") {
		t.Error("no second hop")
	}
	survives(t, n, s, outsideAddress(t))
	n.end()
}

// Without Public nobody outside reaches the port.
func TestInside(t *testing.T) {
	s := startServer(t, "GatewayPorts clientspecified")
	n := dig(t, s, Config{})
	n.insist("127.0.0.1", "hello")
	if address := outsideAddress(t); address != "127.0.0.1" {
		if conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(n.port))); err == nil {
			conn.Close()
			t.Error("the port is public")
		}
	}
	n.end()
}

// A server that only forwards is enough.
func TestServerWithoutCommands(t *testing.T) {
	s := startServer(t, "ForceCommand /bin/false")
	n := dig(t, s, Config{})
	n.insist("127.0.0.1", "hello")
	s.wire.cut()
	n.insist("127.0.0.1", "again")
	n.end()
}

// What goes wrong at the first attempt is said at once, with the way out.
func TestFirstAttempt(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port
	for name, c := range map[string]struct {
		server string
		config Config
		want   string
	}{
		"taken":            {"GatewayPorts clientspecified", Config{Public: true, Port: port}, "choose another port"},
		"taken inside":     {"", Config{Port: port}, "choose another port"},
		"no login":         {"GatewayPorts no", Config{Public: true}, "GatewayPorts clientspecified"},
		"forbidden":        {"AllowTcpForwarding no", Config{}, "AllowTcpForwarding"},
		"key not accepted": {"nobody", Config{}, "Permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, strings.TrimPrefix(c.server, "nobody"))
			if c.server == "nobody" {
				s.file("authorized", "")
			}
			n := dig(t, s, c.config)
			select {
			case err := <-n.done:
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
			case <-time.After(patience):
				t.Fatal("no answer")
			}
			n.tunnel.Close()
			until(t, "nothing is left behind", func() bool { return len(processes(n.tunnel.name, n.tunnel.dir)) == 0 })
			if !answers("127.0.0.1", port) {
				t.Error("the one who listened before does not listen any more")
			}
		})
	}
}

// A process that is killed cannot clean up: what it has left on the server ends all the same.
func TestKilled(t *testing.T) {
	s := startServer(t, "GatewayPorts no")
	s.login()
	n := dig(t, s, Config{Public: true})
	until(t, "the tunnel", func() bool { return n.heard("is there") })
	for _, line := range processes("-S " + n.tunnel.control() + " ") {
		pid, _ := strconv.Atoi(strings.Split(line, "/")[2])
		syscall.Kill(pid, syscall.SIGKILL)
	}
	n.cancel()
	<-n.done
	n.nothingLeft()
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Port: 1}, "user@host"},
		{Config{Host: "-oProxyCommand=x", Port: 1}, "user@host"},
		{Config{Host: "a"}, "1 to 65535"},
		{Config{Host: "a", Port: 70000}, "1 to 65535"},
		{Config{Host: "a", Port: 1, SSH: []string{"no-such-ssh"}}, "openssh-client"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
}

// Any login shell must hand the scripts over unchanged.
func TestScripts(t *testing.T) {
	for _, script := range []string{keeperScript, hopScript, listScript} {
		if regexp.MustCompile(`['\n]|![^ =]`).MatchString(script) { // csh: an event
			t.Errorf("a quote, a line end or an event of csh in %s", script)
		}
		if out, err := exec.Command("sh", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%v %s in %s", err, out, script)
		}
	}
	if got := quote("it's"); got != `'it'\''s'` {
		t.Errorf("quoted %s", got)
	}
}

func TestReach(t *testing.T) {
	const linux = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:D8DB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 00000000:D8DC 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   3: 00000000000000000000000001000000:D8DD 00000000000000000000000000000000:0000 0A 0 0 0 0 0 0
   4: 00000000000000000000000000000000:D8DE 00000000000000000000000000000000:0000 0A 0 0 0 0 0 0
`
	const bsd = `tcp4       0      0  *.22                   *.*                    LISTEN
tcp4       0      0  127.0.0.1.55515        *.*                    LISTEN
tcp46      0      0  *.55516                *.*                    LISTEN
tcp        0      0 0.0.0.0:55517           0.0.0.0:*               LISTEN
tcp6       0      0 :::55518                :::*                    LISTEN
tcp6       0      0 ::1:55519               :::*                    LISTEN
`
	for _, c := range []struct {
		listing string
		port    int
		want    reach
	}{
		{linux, 22, outside}, {linux, 55515, inside}, {linux, 55516, nowhere}, {linux, 55517, inside}, {linux, 55518, outside},
		{bsd, 22, outside}, {bsd, 55515, inside}, {bsd, 55516, outside}, {bsd, 55517, outside}, {bsd, 55518, outside},
		{bsd, 55519, inside}, {bsd, 1, nowhere}, {"", 22, unknown}, {"sh: netstat: not found\n", 22, unknown},
	} {
		if got := reachOf(c.listing, c.port); got != c.want {
			t.Errorf("port %d of %.20q: %d, want %d", c.port, c.listing, got, c.want)
		}
	}
	for _, c := range []struct {
		listing string
		port    int
		want    string
	}{
		{linux, 22, "IPv4"}, {linux, 55518, "IPv6"}, {linux + strings.Replace(linux, "0016", "D8DE", 1), 55518, ""}, {linux, 1, ""}, {"", 22, ""},
		{bsd, 22, "IPv4"}, {bsd, 55516, ""}, {bsd, 55518, "IPv6"}, {"tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN\n", 22, ""},
	} {
		if got := onlyOf(c.listing, c.port, true); got != c.want {
			t.Errorf("port %d of %.20q: only %q, want %q", c.port, c.listing, got, c.want)
		}
	}
}
