package daemon

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"constat/internal/input/native"
)

// patience is how long a test waits for what should come soon.
const patience = 30 * time.Second

// place is a directory for a store, with the configuration of its daemon. Its path is short: paths of sockets are.
type place struct {
	t     testing.TB
	dir   string
	store string
	file  string // of the configuration
	exe   string // the program; this binary by default
}

// everything listens on all kinds of sockets. DIR is the directory of the place.
const everything = "listen:\n  udp: ['127.0.0.1:0']\n  tcp: ['127.0.0.1:0']\n  datagram: [DIR/log]\n  stream: [DIR/slog]\nhttp: off\n"

func newPlace(t testing.TB, configuration string) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "cd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &place{t: t, dir: dir, store: filepath.Join(dir, "store"), file: filepath.Join(dir, "constat.yaml"), exe: os.Args[0]}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.configure(configuration)
	return p
}

func (p *place) configure(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.file, []byte(strings.ReplaceAll(text, "DIR", p.dir)), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// command is the program in the place: nothing of the user's is seen or changed.
func (p *place) command(args ...string) *exec.Cmd {
	c := exec.Command(p.exe, args...)
	c.Dir = p.dir
	c.Env = []string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_CONFIG_HOME=" + p.dir + "/config",
		"CONSTAT_STORE=" + p.store, "TZ=UTC", "GORACE=atexit_sleep_ms=0"}
	return c
}

// run runs a command that must succeed and returns its standard output.
func (p *place) run(args ...string) string {
	p.t.Helper()
	out, errs, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("constat %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

func (p *place) try(args ...string) (out, errs string, err error) {
	c := p.command(args...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err = c.Run()
	return o.String(), e.String(), err
}

// process is a running daemon.
type process struct {
	*place
	cmd  *exec.Cmd
	out  output
	errs output
	done chan struct{} // closed when it has ended
	end  error
}

// output collects what a program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// lastLine is the last that a daemon says when it is ready.
const lastLine = "bring in what is here"

// serve starts a daemon and waits until it is ready.
func (p *place) serve(more ...func(*exec.Cmd)) *process {
	p.t.Helper()
	d := p.launch(more...)
	d.until("ready", func() bool { return d.ended() || strings.Contains(d.out.String(), lastLine) })
	if d.ended() {
		p.t.Fatalf("constat serve ended: %v\n%s%s", d.end, &d.out, &d.errs)
	}
	return d
}

// launch starts a daemon.
func (p *place) launch(more ...func(*exec.Cmd)) *process {
	p.t.Helper()
	return p.launchCommand([]string{"serve", "--config", p.file}, more...)
}

// launchCommand starts a command that runs until it is ended.
func (p *place) launchCommand(args []string, more ...func(*exec.Cmd)) *process {
	p.t.Helper()
	d := &process{place: p, cmd: p.command(args...), done: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.errs
	for _, m := range more {
		m(d.cmd)
	}
	if err := d.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { d.end = d.cmd.Wait(); close(d.done) }()
	p.t.Cleanup(func() {
		if !d.ended() {
			d.kill()
		}
		if p.t.Failed() {
			p.t.Logf("daemon said:\n%s%s", &d.out, &d.errs)
		}
	})
	return d
}

func (d *process) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// until waits for something.
func (p *place) until(what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("not in time: %s", what)
		}
	}
}

func (d *process) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// stop ends the daemon, which must exit 0.
func (d *process) stop() {
	d.t.Helper()
	d.signal(syscall.SIGTERM)
	d.wait()
	if d.end != nil {
		d.t.Errorf("stopped: %v\n%s", d.end, &d.errs)
	}
}

func (d *process) wait() {
	d.t.Helper()
	select {
	case <-d.done:
	case <-time.After(patience):
		d.t.Fatalf("did not end; it said:\n%s", &d.errs)
	}
}

func (d *process) kill() {
	d.cmd.Process.Kill()
	<-d.done
}

// endpoints is what the daemon publishes.
func (p *place) endpoints() native.Endpoints {
	p.t.Helper()
	e, err := native.Find(p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// address is where the first input of a kind listens.
func (p *place) address(kind string) string {
	p.t.Helper()
	for _, name := range p.endpoints().Inputs {
		if k, a, _ := strings.Cut(name, " "); k == kind {
			return a
		}
	}
	p.t.Fatalf("no input of kind %s among %q", kind, p.endpoints().Inputs)
	return ""
}

// dial connects to the first input of a kind.
func (p *place) dial(kind string) net.Conn {
	p.t.Helper()
	conn, err := net.Dial(kind, p.address(kind))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

func (p *place) send(kind string, messages ...string) {
	p.t.Helper()
	conn := p.dial(kind)
	for _, m := range messages {
		if _, err := io.WriteString(conn, m); err != nil {
			p.t.Fatal(err)
		}
	}
	conn.Close()
}

// verify wants the store to be sound, with what is pinned, and nothing damaged.
func (p *place) verify() {
	p.t.Helper()
	p.run("verify")
	if found, err := filepath.Glob(filepath.Join(p.store, "*damaged*")); err != nil || len(found) > 0 {
		p.t.Errorf("damaged journals: %v %v", found, err)
	}
}

// exitCode is that of a program that has ended; -1 if a signal ended it.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func itoa(n int) string { return strconv.Itoa(n) }

// freeze stops a daemon in the middle of whatever it does; thaw lets it go on.
func freeze(d *process) {
	d.signal(syscall.SIGSTOP)
	d.until("stopped", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(d.cmd.Process.Pid) + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		return err == nil && strings.HasPrefix(rest, "T")
	})
}

func thaw(d *process) { d.signal(syscall.SIGCONT) }
