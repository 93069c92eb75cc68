package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"constat/internal/config"
)

// alone gives this test, and what it starts, a network of its own, in which nobody has the default ports. Without the
// right to do so it takes the machine's, if the ports are free there.
func alone(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err == nil {
		err = loopbackUp()
	}
	if err == nil {
		return
	}
	for _, address := range []string{config.DefaultSyslog, config.DefaultHTTP} {
		l, busy := net.Listen("tcp", address)
		if busy != nil {
			t.Skipf("no network of our own (%v), and in the machine's: %v", err, busy)
		}
		l.Close()
	}
}

// loopbackUp makes 127.0.0.1 work in a new network.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(r))); e != 0 {
		return e
	}
	return nil
}

// TestDefaults: without a configuration the daemon listens where the documents say, and nowhere else, and the line that
// it prints sends the first event.
func TestDefaults(t *testing.T) {
	alone(t)
	p := newPlace(t, "")
	d := p.serve(func(c *exec.Cmd) { c.Args = []string{c.Args[0], "serve"} })
	e := p.endpoints()
	want := []string{"udp 127.0.0.1:5514", "tcp 127.0.0.1:5514", "unixgram " + filepath.Join(p.store+".run", "log")}
	if got := fmt.Sprint(e.Inputs); got != fmt.Sprint(want) || e.HTTP != "http://127.0.0.1:8514" {
		t.Errorf("inputs %s, want %v; HTTP at %s", got, want, e.HTTP)
	}
	for _, kind := range []string{"udp", "tcp", "unixgram"} {
		p.send(kind, "<13>by "+kind+"\n")
	}
	_, line, found := strings.Cut(d.out.String(), "send the first event:  constat log --store ")
	if line, _, _ = strings.Cut(line, "\n"); !found || line != p.store+` "hello"` {
		t.Errorf("first event: %q", line)
	}
	p.run("log", "--store", p.store, "hello")
	p.arrived(4)
	if answer := ask(t, config.DefaultHTTP, "/readyz"); !strings.Contains(answer, " 200 ") {
		t.Errorf("/readyz: %s", answer)
	}
	d.stop()
	p.verify()
}

// TestDefaultsTaken: a port that somebody else has is an error that names it, and leaves nothing behind.
func TestDefaultsTaken(t *testing.T) {
	alone(t)
	l, err := net.Listen("tcp", config.DefaultSyslog)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := newPlace(t, "")
	d := p.launch(func(c *exec.Cmd) { c.Args = []string{c.Args[0], "serve"} })
	if d.wait(); exitCode(d.end) != 1 || !strings.Contains(d.errs.String(), config.DefaultSyslog) {
		t.Errorf("%v: %s", d.end, &d.errs)
	}
	if names, err := os.ReadDir(p.store + ".run"); len(names) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v %v", names, err)
	}
}

// ask makes a request from this thread: the clients of the library dial from others.
func ask(t *testing.T, address, path string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.0\r\n\r\n", path)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}
