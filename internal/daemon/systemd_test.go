package daemon

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// activator is a shell that is the daemon in a moment: LISTEN_PID must be the daemon's own.
const activator = `LISTEN_PID=$$ exec "$@"`

// activated starts the daemon with sockets as a service manager hands them over.
func activated(files ...*os.File) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", activator, "sh"}, c.Args...)
		c.Path = "/bin/sh"
		c.ExtraFiles = files
		c.Env = append(c.Env, "LISTEN_FDS="+string(rune('0'+len(files))))
	}
}

// file is a socket that outlives the daemon.
func file(t *testing.T, s interface{ File() (*os.File, error) }, err error) *os.File {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestActivation: the sockets of the service manager replace those of the configuration, and outlive the daemon.
func TestActivation(t *testing.T) {
	p := newPlace(t, everything)
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	udpFile := file(t, udp, err)
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	tcpFile := file(t, tcp, err)
	gram, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(p.dir, "gram"), Net: "unixgram"})
	gramFile := file(t, gram, err)
	stream, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(p.dir, "stream"), Net: "unix"})
	streamFile := file(t, stream, err)

	d := p.serve(activated(udpFile, tcpFile, gramFile, streamFile))
	if n := len(p.endpoints().Inputs); n != 4 {
		t.Errorf("inputs %v", p.endpoints().Inputs)
	}
	for _, kind := range []string{"udp", "tcp", "unixgram", "unix"} {
		p.send(kind, "<13>first by "+kind+"\n")
	}
	p.arrived(4)
	d.signal(syscall.SIGHUP) // the same configuration: nothing to change
	p.until("reloaded", func() bool { return strings.Contains(d.errs.String(), "configuration changed") })
	address := map[string]string{}
	for _, kind := range []string{"udp", "tcp", "unixgram", "unix"} {
		address[kind] = p.address(kind)
	}
	d.stop()
	for kind, a := range address { // while no daemon runs
		conn, err := net.Dial(kind, a)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte("<13>between by " + kind + "\n"))
		conn.Close()
	}
	d = p.serve(activated(udpFile, tcpFile, gramFile, streamFile))
	p.arrived(8)
	d.stop()
	p.verify()
}

// TestNotify: the service manager is told what happens.
func TestNotify(t *testing.T) {
	p := newPlace(t, everything)
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(p.dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	told := func(want string) {
		t.Helper()
		buf := make([]byte, 4096)
		manager.SetReadDeadline(time.Now().Add(patience))
		n, err := manager.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Fatalf("told %q, %v; want %q", buf[:n], err, want)
		}
	}
	d := p.serve(func(c *exec.Cmd) { c.Env = append(c.Env, "NOTIFY_SOCKET="+filepath.Join(p.dir, "notify")) })
	told("READY=1")
	d.signal(syscall.SIGHUP)
	told("RELOADING=1\nMONOTONIC_USEC=")
	told("READY=1")
	p.configure("nonsense: 1\n")
	d.signal(syscall.SIGHUP)
	told("RELOADING=1\nMONOTONIC_USEC=")
	told("READY=1")
	d.signal(syscall.SIGTERM)
	told("STOPPING=1")
	d.wait()
}
