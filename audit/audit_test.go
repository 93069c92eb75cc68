package audit

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input/native"
)

// recorder is a daemon that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	entries []entry.Entry // guarded by mu
	fail    error
	hold    chan struct{} // Commit waits for it, if set
}

func (r *recorder) Commit(_ context.Context, journal string, entries []entry.Entry) (int, error) {
	if r.hold != nil {
		<-r.hold
	}
	if r.fail != nil || journal != Journal {
		return 0, r.fail
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entries...)
	return len(entries), nil
}

func (r *recorder) Import(context.Context, string, string, io.Reader) (kept, cut uint64, err error) {
	return 0, 0, errors.ErrUnsupported
}
func (r *recorder) Rotate(context.Context) error       { return errors.ErrUnsupported }
func (r *recorder) Seal(context.Context, string) error { return errors.ErrUnsupported }
func (r *recorder) Exported(context.Context, *entry.Entry) error {
	return errors.ErrUnsupported
}
func (r *recorder) Erase(context.Context, native.Erase, string) (native.Answer, error) {
	return native.Answer{}, errors.ErrUnsupported
}
func (r *recorder) Vacuum(context.Context, string, native.Vacuum) (native.Answer, error) {
	return native.Answer{}, errors.ErrUnsupported
}

// place is where a daemon may be.
func place(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "au")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// serve runs a daemon until the test ends.
func serve(t testing.TB, socket string, b native.Backend) {
	t.Helper()
	s, err := native.Listen(socket, b, func(int, int, int) []entry.Field { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestLog: an entry has the fields of the seed, in its order, and what the caller gave is as it was.
func TestLog(t *testing.T) {
	r, socket := &recorder{}, place(t)
	serve(t, socket, r)
	c := &Client{App: "crm", Socket: socket}
	extra := map[string]any{"found": true, "current_app": "CRM", "n": "12", "a=b": 1, "<": "é", "o": map[string]int{"x": 1}}
	at := time.Date(2026, 11, 25, 17, 0, 0, 123456789, time.UTC)
	err := c.Warn(t.Context(), "236960f66c182bc", "get_user", CurrentUser("usr1e39517"), TargetUser("usr25ec935"), Result("ok"),
		Extra(extra), RemoteAddr("127.0.0.1"), At(at))
	if err != nil || len(r.entries) != 1 {
		t.Fatalf("%v, %d entries", err, len(r.entries))
	}
	e := &r.entries[0]
	const want = `{"cid": "236960f66c182bc", "op": "get_user", "current_user": "usr1e39517", "target_user": "usr25ec935", "result": "ok", ` +
		`"extra": {"<": "\u00e9", "current_app": "CRM", "found": true, "n": "12", "o": {"x":1}, "remote_addr": "127.0.0.1", "a=b":1}}`
	if got := string(entry.AppendAudit(nil, e)); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	for name, want := range map[string]string{"MESSAGE": "get_user", "PRIORITY": "4", "SYSLOG_FACILITY": "13", "SYSLOG_IDENTIFIER": "crm",
		"extra.found": "true", "extra.n": `"12"`, "extra.current_app": "CRM", "extra": `{"a=b":1}`} {
		if got, _ := e.Get(name); string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if e.Event.Micros != at.UnixMicro() || len(extra) != 6 || extra["found"] != true {
		t.Errorf("time %v, extra %v", e.Event, extra)
	}
}

// TestPrivate: fields are private by name, in one entry or in all of a client, and a private operation is no message.
func TestPrivate(t *testing.T) {
	r, socket := &recorder{}, place(t)
	serve(t, socket, r)
	c := &Client{Socket: socket, Private: []string{"target_user", "extra.email"}}
	all := []Option{CurrentUser("u1"), TargetUser("u2"), Extra(map[string]any{"email": "a", "app": "b", "a=b": "c"})}
	for _, options := range [][]Option{nil, {Private("current_user", "nothing")}, {Private("extra", "op")}} {
		if err := c.Info(t.Context(), "c", "o", append(options, all...)...); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"target_user extra.email", "current_user target_user extra.email", "op target_user extra.app extra.email extra"} {
		var private []string
		for _, f := range r.entries[i].Fields {
			if f.Form == entry.Private {
				private = append(private, f.Name)
			}
		}
		if got := strings.Join(private, " "); got != want {
			t.Errorf("private are %s, want %s", got, want)
		}
	}
	if _, found := r.entries[2].Get("MESSAGE"); found {
		t.Error("the operation is in the message")
	}
}

// TestMinimal: cid and op are all that is needed; empty ones are kept too, and levels arrive as levels.
func TestMinimal(t *testing.T) {
	r, socket := &recorder{}, place(t)
	serve(t, socket, r)
	t.Setenv("CONSTAT_SOCKET", socket)
	for _, call := range []func(context.Context, string, string, ...Option) error{Info, Warn, Error} {
		if err := call(t.Context(), "", ""); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"6", "4", "3"} {
		e := &r.entries[i]
		level, _ := e.Get("PRIORITY")
		if object := string(entry.AppendAudit(nil, e)); string(level) != want || object != `{"cid": "", "op": ""}` {
			t.Errorf("level %s, want %s; %s", level, want, object)
		}
	}
}

// TestMistakes: what cannot be written is an error before anything is sent.
func TestMistakes(t *testing.T) {
	c := &Client{Socket: place(t)}
	for name, o := range map[string]Option{"list": Extra([]int{1}), "text": Extra("x"), "nan": Extra(map[string]any{"x": math.NaN()})} {
		if err := c.Info(t.Context(), "c", "o", o); err == nil || errors.Is(err, ErrNoDaemon) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Log(t.Context(), 8, "c", "o"); err == nil || errors.Is(err, ErrNoDaemon) {
		t.Errorf("level: %v", err)
	}
}

// TestNoDaemon: a call waits for a daemon, no longer than it should, and one that comes meanwhile gets the entry.
func TestNoDaemon(t *testing.T) {
	for name, c := range map[string]*Client{"socket": {Socket: place(t)}, "store": {Store: place(t)}} {
		c.Timeout = 60 * time.Millisecond
		began := time.Now()
		if err := c.Info(t.Context(), "c", "o"); !errors.Is(err, ErrNoDaemon) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took < c.Timeout || took > 10*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	late, r := &Client{Socket: place(t)}, &recorder{}
	answered := make(chan error, 1)
	go func() { answered <- late.Info(t.Context(), "c", "o") }()
	time.Sleep(50 * time.Millisecond)
	serve(t, late.Socket, r)
	if err := <-answered; err != nil || len(r.entries) != 1 {
		t.Errorf("%v, %d entries", err, len(r.entries))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&Client{Socket: place(t)}).Info(ctx, "c", "o"); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("context: %v", err)
	}
}

// TestNoAnswer: a daemon that does not answer, goes, or refuses is an error that says which.
func TestNoAnswer(t *testing.T) {
	slow := &recorder{hold: make(chan struct{})}
	c := &Client{Socket: place(t), Timeout: 80 * time.Millisecond}
	serve(t, c.Socket, slow)
	if err := c.Info(t.Context(), "c", "o"); !errors.Is(err, ErrUnknown) {
		t.Errorf("slow: %v", err)
	}
	close(slow.hold)

	gone := &Client{Socket: place(t)}
	l, err := net.Listen("unix", gone.Socket)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			io.ReadFull(conn, make([]byte, 10))
			conn.Close()
		}
	}()
	if err := gone.Info(t.Context(), "c", "o"); !errors.Is(err, ErrUnknown) {
		t.Errorf("gone: %v", err)
	}
	go func() {
		if conn, err := l.Accept(); err == nil {
			conn.Close()
		}
	}()
	// Neither sent nor answered: two errors, and one line in the log of whoever calls.
	if err := gone.Info(t.Context(), "c", "o", CurrentUser(strings.Repeat("x", 1<<19))); !errors.Is(err, ErrUnknown) || strings.Contains(err.Error(), "\n") {
		t.Errorf("gone at once: %q", err)
	}
	l.Close()

	full := &Client{Socket: place(t)}
	serve(t, full.Socket, &recorder{fail: errors.New("disk full")})
	if err := full.Info(t.Context(), "c", "o"); err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrNoDaemon) {
		t.Errorf("refused: %v", err)
	}
}

// TestCrowd: where a user has too many requests under way a call waits its turn.
func TestCrowd(t *testing.T) {
	r, c := &recorder{}, &Client{Socket: place(t)}
	serve(t, c.Socket, r)
	var calls sync.WaitGroup
	const n = 300 // the limit is 128
	for range n {
		calls.Go(func() {
			if err := c.Info(context.Background(), "c", "o"); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if len(r.entries) != n {
		t.Errorf("%d entries, want %d", len(r.entries), n)
	}
}
