package native

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a backend that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	entries []string // journal, message and origin
	private []string // private fields: journal and name
	erased  Erase
	by      string
	stream  []byte
	largest int   // entries at once
	fail    error // of Commit, after one entry
	begun   chan struct{}
	hold    chan struct{} // Commit waits for it, if set
}

func (r *recorder) Commit(ctx context.Context, journal string, entries []entry.Entry) (int, error) {
	if r.hold != nil {
		close(r.begun)
		<-r.hold
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range entries {
		if r.fail != nil && i == 1 {
			return 1, r.fail
		}
		message, _ := entries[i].Get("MESSAGE")
		for _, f := range entries[i].Fields {
			if f.Form == entry.Private {
				r.private = append(r.private, journal+" "+f.Name)
			}
		}
		uid, _ := entries[i].Get("_UID")
		r.entries = append(r.entries, fmt.Sprintf("%s %s %s %d", journal, message, uid, entries[i].Kind))
	}
	r.largest = max(r.largest, len(entries))
	return len(entries), ctx.Err()
}

func (r *recorder) Import(_ context.Context, journal, format string, in io.Reader) (kept, cut uint64, err error) {
	data, err := io.ReadAll(in)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream = data
	return uint64(bytes.Count(data, []byte("\n"))), 1, err
}

func (r *recorder) Seal(context.Context, string) error { return nil }

func (r *recorder) Vacuum(_ context.Context, journal string, v Vacuum) (Answer, error) {
	return Answer{Entries: uint64(v.MaxAge), Bytes: v.MaxBytes, Held: len(journal)}, nil
}
func (r *recorder) Rotate(context.Context) error { return errors.New("cannot rotate") }

func describe(pid, uid, gid int) []entry.Field {
	return []entry.Field{{Name: "_UID", Value: fmt.Append(nil, uid), Provenance: entry.Observed}}
}

// serve starts a server and returns its socket and how to stop it.
func serve(t testing.TB, b Backend) (socket string, stop func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nt")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	s, err := Listen(socket, b, describe)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("does not end")
		}
		os.RemoveAll(dir)
	})
	t.Cleanup(stop)
	return socket, stop
}

func event(text string) *entry.Entry {
	e := &entry.Entry{Kind: entry.Control} // it becomes an event
	e.AddString("MESSAGE", text, entry.Claimed)
	return e
}

func dial(t testing.TB, socket string, r Request) *Client {
	t.Helper()
	c, err := Dial(socket, r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLog(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	c := dial(t, socket, Request{Op: "log", Journal: "app"})
	const n = 5000
	for i := range n {
		if err := c.Log(event(fmt.Sprint("m", i))); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := c.Finish(); err != nil || a.Entries != n {
		t.Errorf("%+v %v", a, err)
	}
	for i, got := range r.entries {
		if want := fmt.Sprintf("app m%d %d %d", i, os.Getuid(), entry.Event); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	if len(r.entries) != n || r.largest > batchSize {
		t.Errorf("%d entries, at most %d at once", len(r.entries), r.largest)
	}
	r.largest = 0
	c = dial(t, socket, Request{Op: "log", Journal: "app"})
	for range 10 {
		c.Log(event(strings.Repeat("x", 1<<20)))
	}
	if a, err := c.Finish(); err != nil || a.Entries != 10 || r.largest > 1 {
		t.Errorf("%+v %v, %d large entries at once", a, err, r.largest)
	}
}

func TestImport(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	data := bytes.Repeat([]byte("a line of text\n"), 100_000)
	c := dial(t, socket, Request{Op: "import", Journal: "imported", Format: "text"})
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
	if a, err := c.Finish(); err != nil || a.Entries != 100_000 || a.Cut != 1 || !bytes.Equal(r.stream, data) {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := dial(t, socket, Request{Op: "rotate"}).Finish(); err == nil || err.Error() != "cannot rotate" {
		t.Errorf("rotate: %v", err)
	}
}

// TestFailure: the answer says what is kept, and why no more.
func TestFailure(t *testing.T) {
	r := &recorder{fail: errors.New("disk full")}
	socket, _ := serve(t, r)
	c := dial(t, socket, Request{Op: "log", Journal: "app"})
	for range 3 {
		c.Log(event("x"))
	}
	if a, err := c.Finish(); err == nil || err.Error() != "disk full" || a.Entries != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

// raw sends octets and returns the answer.
func raw(t testing.TB, socket, octets string) string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		io.WriteString(conn, octets)
		conn.(*net.UnixConn).CloseWrite()
	}()
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err.Error() // it was closed while we wrote
	} else if err != nil {
		t.Fatalf("%q: %v", octets, err)
	}
	return string(answer)
}

func block(b []byte) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
}

// TestProtocol: what is not the protocol is refused, and a request that ends early has failed.
func TestProtocol(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	observed := &entry.Entry{}
	observed.AddString("_UID", "0", entry.Observed)
	lie, err := entry.AppendLong(nil, observed)
	if err != nil {
		t.Fatal(err)
	}
	const log = `{"op":"log","journal":"app"}` + "\n"
	for octets, want := range map[string]string{
		"":                          "EOF",
		"GET / HTTP/1.1\r\n":        "not the protocol",
		strings.Repeat("x", 10_000): "",
		`{"op":"fly"}` + "\n":       "unknown op",
		log + "\xff\xff\xff\xff":    "the limit is",
		log + block([]byte("x")):    "not the protocol",
		log + "\x10\x00\x00\x00abc": "unexpected EOF",
		log:                         "unexpected EOF",
		log + block(lie):            "claimed values only",
		`{"op":"import","journal":"imported","format":"text"}` + "\n" + block([]byte("half\n")): "unexpected EOF",
	} {
		if answer := raw(t, socket, octets); !strings.Contains(answer, want) {
			t.Errorf("%.50q: %q, want %q", octets, answer, want)
		}
	}
	if len(r.entries) > 0 {
		t.Errorf("kept %q", r.entries)
	}
}

// TestStop: what has begun to be written is answered; a client that sends nothing keeps nobody.
func TestStop(t *testing.T) {
	r := &recorder{begun: make(chan struct{}), hold: make(chan struct{})}
	socket, stop := serve(t, r)
	silent, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c := dial(t, socket, Request{Op: "log", Journal: "app"})
	c.Log(event("x"))
	answered := make(chan error, 1)
	go func() { _, err := c.Finish(); answered <- err }()
	<-r.begun
	go func() { time.Sleep(50 * time.Millisecond); close(r.hold) }()
	stop()
	if err := <-answered; err != nil {
		t.Errorf("answered %v", err)
	}
}

// TestCrowd: one user cannot take all there is.
func TestCrowd(t *testing.T) {
	socket, _ := serve(t, &recorder{})
	var conns []net.Conn
	for range maxConnections {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for end := time.Now().Add(10 * time.Second); !strings.Contains(raw(t, socket, ""), "the limit"); {
		if time.Now().After(end) {
			t.Fatal("there is no limit")
		}
	}
	for _, c := range conns {
		c.Close()
	}
	for end := time.Now().Add(10 * time.Second); strings.Contains(raw(t, socket, ""), "the limit"); {
		if time.Now().After(end) {
			t.Fatal("the limit stays")
		}
	}
}

// TestClaimedLength: a length costs nothing, only what follows.
func TestClaimedLength(t *testing.T) {
	socket, _ := serve(t, &recorder{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range maxConnections {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, `{"op":"log","journal":"app"}`+"\n\x00\x00\x00\x02")
	}
	time.Sleep(100 * time.Millisecond)
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("%d bytes for %d lengths", grown, maxConnections)
	}
}

// FuzzServer: whatever a client sends, it gets an answer or an end, soon, and what is kept is sound.
func FuzzServer(f *testing.F) {
	body, err := entry.AppendLong(nil, event("hello"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"op":"log","journal":"app"}` + "\n" + block(body) + block(nil)))
	f.Add([]byte(`{"op":"import","journal":"imported","format":"text"}` + "\n" + block([]byte("a\nb\n")) + block(nil)))
	f.Add([]byte(`{"op":"rotate"}` + "\n"))
	f.Add([]byte("\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		r := &recorder{}
		socket, stop := serve(t, r)
		began := time.Now()
		raw(t, socket, string(octets))
		stop()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		for _, e := range r.entries {
			if !strings.HasSuffix(e, fmt.Sprintf(" %d %d", os.Getuid(), entry.Event)) {
				t.Errorf("kept %q", e)
			}
		}
	})
}

func (r *recorder) Erase(_ context.Context, x Erase, by string) (Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.erased, r.by = x, by
	return Answer{Entries: uint64(len(x.Entries["app"])), Values: 7}, nil
}

func TestPrivateFieldsByName(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	c := dial(t, socket, Request{Op: "log", Journal: "app", Private: []string{"EMAIL"}})
	e := event("m")
	e.AddString("EMAIL", "anna@example.org", entry.Claimed)
	if err := c.Log(e); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.private) != 1 || r.private[0] != "app EMAIL" {
		t.Errorf("private fields: %v", r.private)
	}
}

func TestErase(t *testing.T) {
	r := &recorder{}
	socket, _ := serve(t, r)
	c := dial(t, socket, Request{Op: "erase"})
	want := Erase{Field: "EMAIL", Reason: "asked", Selector: "*", Entries: map[string][]uint64{"app": {1, 2, 3}}}
	if err := json.NewEncoder(c).Encode(want); err != nil {
		t.Fatal(err)
	}
	a, err := c.Finish()
	if err != nil || a.Values != 7 || a.Entries != 3 || !reflect.DeepEqual(r.erased, want) || !strings.Contains(r.by, "uid ") {
		t.Errorf("%+v %v: %+v by %q", a, err, r.erased, r.by)
	}
	c = dial(t, socket, Request{Op: "erase"})
	if _, err := c.Write([]byte(`{"field":"EMAIL"} {}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Finish(); err == nil {
		t.Error("two objects: no error")
	}
}
