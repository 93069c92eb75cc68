package station_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/parse/xen"
	"constat/station"
)

const patience = 20 * time.Second

// kinds are the channels: each returns a path, and where what is written there comes out.
var kinds = map[string]func(*testing.T) (path string, out io.ReadCloser){
	"fifo":   fifo,
	"pty":    pty,
	"socket": socket,
}

func fifo(t *testing.T) (string, io.ReadCloser) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return path, f
}

// pty is a terminal with all that terminals do to what is written: the character device of a domain is one.
func pty(t *testing.T) (string, io.ReadCloser) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/dev/pts/%d", number)
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0) // else the master fails while nobody writes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return path, f
}

func socket(t *testing.T) (string, io.ReadCloser) {
	dir, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	r := &accepted{listener: l, conn: make(chan net.Conn, 1)}
	go func() {
		if c, err := l.Accept(); err == nil {
			r.conn <- c
		}
	}()
	return path, r
}

// accepted reads the first connection of a listener.
type accepted struct {
	listener net.Listener
	conn     chan net.Conn
	open     net.Conn
}

func (a *accepted) Read(p []byte) (int, error) {
	if a.open == nil {
		a.open = <-a.conn
	}
	return a.open.Read(p)
}

func (a *accepted) Close() error { return a.listener.Close() }

// read reads lines until the end of a run, and checks that they are frames.
func read(t *testing.T, r io.Reader) (list []*entry.Entry, last xen.Frame) {
	t.Helper()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Errorf("after %d frames: %v", len(list), err)
			return list, last
		}
		if line = line[:len(line)-1]; len(line) == 0 {
			continue
		}
		f, ok := xen.CutFrame(line)
		if !ok || bytes.HasSuffix(line, []byte("\r")) {
			t.Errorf("no frame: %q", line)
		}
		if f.Kind == entry.FrameEnd {
			return list, f
		}
		if f.Kind == entry.FrameMessage {
			var e entry.Entry
			xen.New(nil).Parse(&e, bytes.Clone(line), 0)
			list = append(list, &e)
		}
	}
}

// reading begins to read, and returns what waits for the end of the run.
func reading(t *testing.T, r io.Reader) func() ([]*entry.Entry, xen.Frame) {
	var list []*entry.Entry
	var last xen.Frame
	done := make(chan struct{})
	go func() {
		defer close(done)
		list, last = read(t, r)
	}()
	return func() ([]*entry.Entry, xen.Frame) {
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the end of the run does not come")
			return nil, xen.Frame{}
		}
		return list, last
	}
}

func value(e *entry.Entry, name string) string {
	v, _ := e.Get(name)
	return string(v)
}

// TestChannels: what is logged comes out of every kind of channel, whole, numbered from 1, and of standard output.
func TestChannels(t *testing.T) {
	for kind, open := range kinds {
		t.Run(kind, func(t *testing.T) {
			path, r := open(t)
			defer r.Close()
			var out bytes.Buffer
			came := reading(t, r)
			log := station.New(station.Options{Channel: path, Domain: "vm-test", Out: &out, Timeout: patience})
			log.Debug("one", "Messagerie DomU")
			log.Info("deux\nlignes \x1b[2J", "")
			log.SetLogLevel(station.LevelWarn)
			log.Info("not this", "")
			log.Warn("é\xff", "a b")
			log.Error("", "m")
			log.Critical(strings.Repeat("é", 20000), "long")
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			log.Critical("too late", "")
			list, last := came()
			want := []string{"7|Messagerie DomU|one", "6||deux\nlignes \x1b[2J", "4|a b|é\xff", "3|m|"}
			for i, w := range want {
				if got := value(list[i], "PRIORITY") + "|" + value(list[i], "SYSLOG_IDENTIFIER") + "|" + value(list[i], "MESSAGE"); got != w {
					t.Errorf("%d: %q, want %q", i, got, w)
				}
			}
			long := list[4]
			var left int
			fmt.Sscan(value(long, "TRUNCATED_BYTES"), &left)
			if n := len(value(long, "MESSAGE")); n%2 != 0 || n < 10000 || n+left != 40000 {
				t.Errorf("of 40000 bytes %d kept and %d left out", n, left)
			}
			for i, e := range list {
				if value(e, entry.FrameNumber) != fmt.Sprint(i+1) || value(e, entry.FrameRun) != string(last.Run) || value(e, "HOSTNAME") != "vm-test" || !e.Event.Valid {
					t.Errorf("entry %d: %+v", i, e)
				}
			}
			if len(list) != 5 || last.Number != 5 {
				t.Errorf("%d entries, the last number is %d", len(list), last.Number)
			}
			lines := strings.Split(out.String(), "\n")
			if len(lines) != 6 || !strings.HasSuffix(lines[1], ` INFO     vm-test    [                    ] deux\x0alignes \x1b[2J`) {
				t.Errorf("standard output: %q", lines)
			}
			if s := log.Stats(); s.Logged != 6 || s.Dropped != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// TestBlocked: nobody reads. No call waits long, memory is bounded, and everything is a frame or a number that is missing.
func TestBlocked(t *testing.T) {
	for kind, open := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			path, r := open(t)
			defer r.Close()
			log := station.New(station.Options{Channel: path, Out: stuck{}, Timeout: 10 * time.Millisecond, Buffer: 64 << 10})
			const callers, each = 4, 1000
			var calls sync.WaitGroup
			for range callers {
				calls.Go(func() {
					for i := range each {
						log.Info(fmt.Sprint(strings.Repeat("x", 1000), i), "m")
					}
				})
			}
			calls.Wait()
			if log.Stats().Dropped == 0 {
				t.Error("nothing is dropped")
			}
			came := reading(t, r)
			log.Info("again", "m")
			if err := log.Close(); err == nil {
				t.Error("Close says nothing")
			}
			list, last := came()
			s := log.Stats()
			if s.Logged != callers*each+1 || last.Number != s.Logged || uint64(len(list))+s.Dropped != s.Logged {
				t.Errorf("%d frames, end at %d, %+v", len(list), last.Number, s)
			}
		})
	}
}

// stuck is a standard output that nobody reads.
type stuck struct{}

func (stuck) Write([]byte) (int, error) { select {} }

// TestAbsent: there is no channel, then there is one, it ends, and comes again: what is missing is a number.
func TestAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	c, err := station.OpenChannel(path, patience)
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("opened: %v", err)
	}
	if err := c.Send(station.Entry{Message: "lost"}); !errors.Is(err, station.ErrNotWritten) {
		t.Errorf("Send: %v", err)
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(station.Entry{Message: "nobody reads"}); !errors.Is(err, station.ErrNotWritten) {
		t.Errorf("Send to nobody: %v", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, bad := range []station.Field{{Name: "_X"}, {Name: "MESSAGE"}, {Name: "A", Value: strings.Repeat("\n", 1100)}} {
		if err := c.Send(station.Entry{Fields: []station.Field{bad}}); err == nil || errors.Is(err, station.ErrNotWritten) {
			t.Errorf("field %.20q: %v", bad, err)
		}
	}
	if err := errors.Join(c.Send(station.Entry{Message: "third"}), c.Heartbeat(), c.Heartbeat()); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err == nil || c.Dropped() != 2 {
		t.Errorf("Close: %v, %d dropped", err, c.Dropped())
	}
	list, last := read(t, f)
	if len(list) != 1 || value(list[0], entry.FrameNumber) != "3" || last.Number != 3 {
		t.Errorf("%+v %+v", list, last)
	}
}

// TestPanics: whatever standard output does, the caller goes on and the channel has the entry.
func TestPanics(t *testing.T) {
	path, r := fifo(t)
	defer r.Close()
	log := station.New(station.Options{Channel: path, Out: broken{}, Timeout: patience})
	log.Info("x", "")
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if list, _ := read(t, r); len(list) != 1 || log.Stats().Unsaid != 1 {
		t.Errorf("%d entries, %+v", len(list), log.Stats())
	}
}

// TestZero: an Api that nobody made writes nothing and does no harm.
func TestZero(t *testing.T) {
	for _, log := range []*station.Api{nil, new(station.Api)} {
		log.Error("x", "")
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { panic("broken") }
