package record

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// recorder is a running server with its file.
type recorder struct {
	t    testing.TB
	path string
	file *File
	*Server
	sink *inputtest.Sink
	stop func() error
}

func start(t testing.TB, c Config, f FileConfig) *recorder {
	t.Helper()
	sink := inputtest.NewSink(t)
	r := startInto(t, sink, c, f)
	r.sink = sink
	return r
}

func startInto(t testing.TB, sink input.Sink, c Config, f FileConfig) *recorder {
	t.Helper()
	r := &recorder{t: t, path: filepath.Join(t.TempDir(), "file")}
	if f.Path != "" {
		r.path = f.Path
	}
	f.Path, f.Raw = r.path, c.Raw
	var err error
	if r.file, err = OpenFile(f); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.file.Close() }) // after the server's end
	c.File = r.file
	if c.Addresses == nil {
		c.Addresses = []string{"127.0.0.1:0"}
	}
	if r.Server, err = Listen(c); err != nil {
		t.Fatal(err)
	}
	r.stop = inputtest.Start(t, r.Server, sink)
	return r
}

func (r *recorder) dial() net.Conn {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		r.t.Fatal(err)
	}
	return conn
}

// say connects, writes and closes.
func (r *recorder) say(text string) {
	r.t.Helper()
	conn := r.dial()
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		r.t.Error(err)
	}
}

func (r *recorder) content() string {
	r.t.Helper()
	b, err := os.ReadFile(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// until waits for something that should happen at once.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(inputtest.Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

func (r *recorder) untilContent(want string) {
	r.t.Helper()
	until(r.t, fmt.Sprintf("content %q", want), func() bool { return r.content() == want })
}

func TestContract(t *testing.T) {
	inputtest.Run(t, inputtest.Subject{
		Open: func(t testing.TB) input.Input {
			in, err := Listen(Config{Addresses: []string{"127.0.0.1:0"}})
			if err != nil {
				t.Fatal(err)
			}
			return in
		},
		Send: func(t testing.TB, in input.Input, messages []string) {
			conn, err := net.Dial("tcp", in.(*Server).Addrs()[0].String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, strings.Join(messages, "\n")+"\n"); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// A line is in the file while its connection is open, and one without an end does not join the next client's.
func TestLinesAreThereAtOnce(t *testing.T) {
	r := start(t, Config{}, FileConfig{})
	conn := r.dial()
	io.WriteString(conn, "one\r\nhalf")
	r.untilContent("one\n")
	r.say("other")
	r.untilContent("one\nother\n")
	io.WriteString(conn, " more\n")
	r.untilContent("one\nother\nhalf more\n")
	io.WriteString(conn, "end")
	conn.Close()
	r.untilContent("one\nother\nhalf more\nend\n")
	r.sink.Wait(4)
	flags := map[string]string{}
	for _, m := range r.sink.Messages() {
		flags[m.Octets] = m.Flag
	}
	if len(flags) != 4 || flags["other"] != FlagTruncated || flags["half more"] != "" || flags["end"] != FlagTruncated {
		t.Errorf("handed over with flags: %q", flags)
	}
	if s := r.Stats(); s != (Stats{Lines: 4, Clients: 2}) {
		t.Errorf("statistics %+v", s)
	}
}

// An entry says who sent the line.
func TestSource(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		r := start(t, Config{Addresses: []string{address}}, FileConfig{})
		conn := r.dial()
		io.WriteString(conn, "hello\n")
		r.sink.Wait(1)
		peer := conn.LocalAddr().(*net.TCPAddr).AddrPort()
		source := r.sink.Messages()[0].Source
		want := fmt.Sprintf("_TRANSPORT=record _SOURCE_ADDR=%s _SOURCE_PORT=%d", peer.Addr().Unmap(), peer.Port())
		var got []string
		for _, f := range source.Fields {
			got = append(got, f.Name+"="+string(f.Value))
		}
		if strings.Join(got, " ") != want || source.Name != "record "+peer.Addr().Unmap().String() {
			t.Errorf("%s: source %q %q, want %q", address, source.Name, got, want)
		}
		conn.Close()
	}
}

// Both families get the same free port.
func TestBothFamilies(t *testing.T) {
	r := start(t, Config{Addresses: []string{"127.0.0.1:0"}, Optional: []string{"[::1]:0", "[2001:db8::1]:0"}}, FileConfig{})
	list := r.Addrs()
	if len(list) != 2 || list[0].(*net.TCPAddr).Port != list[1].(*net.TCPAddr).Port {
		t.Fatalf("bound %v", list)
	}
	for _, a := range list {
		conn, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(conn, "over", a)
		conn.Close()
	}
	r.sink.Wait(2)
}

// A client that never ends a line takes no more memory than the limit, and nothing of what it says is lost.
func TestLineWithoutEnd(t *testing.T) {
	r := start(t, Config{Limit: 1000}, FileConfig{})
	r.say(strings.Repeat("x", 10_500))
	r.untilContent(strings.Repeat(strings.Repeat("x", 1000)+"\n", 10) + strings.Repeat("x", 500) + "\n")
	r.sink.Wait(11)
	for i, m := range r.sink.Messages() {
		if want := map[bool]string{true: FlagSplit, false: FlagTruncated}[i < 10]; m.Flag != want {
			t.Errorf("piece %d: flag %q, want %q", i, m.Flag, want)
		}
	}
}

// In raw mode the file has what came, octet for octet.
func TestRaw(t *testing.T) {
	r := start(t, Config{Raw: true}, FileConfig{})
	random := rand.New(rand.NewPCG(1, 2))
	want := make([]byte, 300_000)
	for i := range want {
		want[i] = byte(random.Uint32())
	}
	want[len(want)-1] = 'x'
	r.say(string(want))
	r.untilContent(string(want))
	r.say("y\r\n")
	r.untilContent(string(want) + "y\r\n")
}

func TestAllowed(t *testing.T) {
	r := start(t, Config{Addresses: []string{"127.0.0.1:0"}, Optional: []string{"[::1]:0"}, MaxClients: 3, MaxPerAddress: 2,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, FileConfig{})
	if conn, err := net.Dial("tcp", r.Addrs()[1].String()); err != nil {
		t.Fatal(err)
	} else if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("an address that is not allowed is served")
	}
	first, second, third := r.dial(), r.dial(), r.dial()
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection of one address is served")
	}
	first.Close()
	second.Close()
	until(t, "room", func() bool {
		conn := r.dial()
		defer conn.Close()
		io.WriteString(conn, "hello\n")
		return r.Stats().Lines > 0
	})
	if n := r.sink.Lost(input.Refused + reasonNotAllowed); n.Messages != 1 {
		t.Errorf("%d counted as not allowed", n.Messages)
	}
	if n := r.sink.Lost(input.Refused + reasonPerAddress); n.Messages < 1 {
		t.Errorf("%d counted as too many of one address", n.Messages)
	}
}

func TestTooMany(t *testing.T) {
	r := start(t, Config{MaxClients: 1}, FileConfig{})
	first := r.dial()
	io.WriteString(first, "a\n")
	r.untilContent("a\n")
	if _, err := r.dial().Read(make([]byte, 1)); err == nil {
		t.Error("a second connection is served")
	}
	if n := r.sink.Lost(input.Refused + reasonTooMany); n.Messages != 1 {
		t.Errorf("%d counted", n.Messages)
	}
}

func TestIdle(t *testing.T) {
	r := start(t, Config{Idle: 30 * time.Millisecond}, FileConfig{})
	conn := r.dial()
	io.WriteString(conn, "prompt> ")
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read: %v, want the end", err)
	}
	r.untilContent("prompt> \n")
}

// What has arrived when the server ends is kept, also of connections that nobody has accepted yet.
func TestEndKeepsWhatArrived(t *testing.T) {
	r := start(t, Config{Idle: time.Hour}, FileConfig{})
	open := r.dial()
	io.WriteString(open, "open\n")
	r.untilContent("open\n")
	io.WriteString(open, "unended")
	for i := range 50 {
		r.say(fmt.Sprintf("client %d\n", i))
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if got := r.content(); strings.Count(got, "\n") != 52 || !strings.Contains(got, "unended\n") {
		t.Errorf("kept %q", got)
	}
}

// Without a file lines are still handed over.
func TestNoFile(t *testing.T) {
	s, err := Listen(Config{Addresses: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s, sink)
	conn, err := net.Dial("tcp", s.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, "x")
	sink.Wait(1)
}

func TestListenErrors(t *testing.T) {
	s, err := Listen(Config{Addresses: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for address, want := range map[string]string{
		s.Addrs()[0].String(): "ss -ltnp",
		"192.0.2.1:0":         "name an address of this machine",
		"nonsense":            "want host:port",
	} {
		if _, err := Listen(Config{Addresses: []string{address}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

// The end of a tunnel is a socket that nobody else may open.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := Listen(Config{Socket: path, Via: "ssh anna@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, s, sink)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conn, "x")
	conn.Close()
	sink.Wait(1)
	if f := sink.Messages()[0].Source.Fields; len(f) != 2 || string(f[1].Value) != "ssh anna@example.org" {
		t.Errorf("fields %v", f)
	}
	stop()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

// Many clients at once: no line is torn, none is missing, and each client's are in order, across rotations.
func TestManyClients(t *testing.T) {
	clients, lines := 50, 200
	if os.Getenv("CONSTAT_LONG") != "" {
		lines = 10_000
	}
	r := startInto(t, new(counter), Config{}, FileConfig{MaxBytes: int64(clients*lines) * 4500 / 7})
	stopRotating := make(chan struct{})
	var rotating, sending sync.WaitGroup
	rotating.Go(func() { rotateUntil(r, stopRotating) })
	counting := make(chan struct{})
	for n := range clients {
		sending.Go(func() { sendLines(t, r, n, lines) })
	}
	go func() { sending.Wait(); close(counting) }()
	<-counting
	until(t, "all lines", func() bool { return r.Stats().Lines == uint64(clients*lines) })
	close(stopRotating)
	rotating.Wait()
	checkLines(t, r.path, clients, lines)
}

// rotateUntil does what logrotate does, in its two ways.
func rotateUntil(r *recorder, stop chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if i > 20 {
			continue
		}
		if i%2 == 0 {
			os.Rename(r.path, fmt.Sprintf("%s.moved%d", r.path, i))
		}
		if err := r.file.Rotate(); err != nil {
			r.t.Error(err)
		}
	}
}

// lineOf is line i of client n: up to 9,000 octets that say what they should be.
func lineOf(n, i int) string {
	size := (n*7919 + i*104729) % 8960
	return fmt.Sprintf("%d %d %d %s", n, i, size, strings.Repeat(string(rune('a'+(n+i)%26)), size))
}

func sendLines(t testing.TB, r *recorder, n, lines int) {
	conn, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	var buf []byte
	for i := range lines {
		buf = append(append(buf, lineOf(n, i)...), '\n')
		if len(buf) > 30_000 || i == lines-1 {
			if _, err := conn.Write(buf); err != nil {
				t.Error(err)
				return
			}
			buf = buf[:0]
		}
	}
}

// checkLines looks at all files that the lines went to. Which file is older is not known: the numbers of each
// client's lines grow within a file.
func checkLines(t *testing.T, path string, clients, lines int) {
	files, _ := filepath.Glob(path + "*")
	seen := make([][]bool, clients)
	for n := range seen {
		seen[n] = make([]bool, lines)
	}
	total := 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		next := make([]int, clients)
		for line := range strings.Lines(string(content)) {
			var n, i int
			if _, err := fmt.Sscanf(line[:min(len(line), 20)], "%d %d ", &n, &i); err != nil || n >= clients || i >= lines || line != lineOf(n, i)+"\n" {
				t.Fatalf("%s: torn line %.60q", name, line)
			}
			if i < next[n] || seen[n][i] {
				t.Fatalf("%s: line %d of client %d after %d, or twice", name, i, n, next[n])
			}
			seen[n][i], next[n] = true, i
			total++
		}
	}
	if len(files) < 3 || total != clients*lines {
		t.Errorf("%d lines in %d files, want %d in at least 3", total, len(files), clients*lines)
	}
}

// counter is a sink for more lines than a test wants to keep.
type counter struct{ n atomic.Int64 }

func (c *counter) Chunk() *input.Chunk { return new(input.Chunk) }
func (c *counter) Put(_ context.Context, chunk *input.Chunk) error {
	c.n.Add(int64(len(chunk.Messages)))
	return nil
}
func (c *counter) Offer(*input.Chunk) error             { return input.ErrFull }
func (c *counter) Lose(string, string, uint64, uint64)  {}
func (c *counter) Refuse(string, string, []entry.Field) {}

// A sink that takes nothing any more does not keep the file from getting the lines.
func TestFileWithoutSink(t *testing.T) {
	r := start(t, Config{}, FileConfig{})
	r.sink.Close()
	r.say("hello\n")
	r.untilContent("hello\n")
}
