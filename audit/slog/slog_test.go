package slog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/slogtest"

	"constat/audit"
	"constat/entry"
	"constat/internal/input/native"
)

// recorder is a daemon that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	entries []entry.Entry // guarded by mu
}

func (r *recorder) Commit(_ context.Context, _ string, entries []entry.Entry) (int, error) {
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

// daemon runs one until the test ends, and returns a client of it.
func daemon(t testing.TB, r *recorder) *audit.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "as")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	s, err := native.Listen(socket, r, func(int, int, int) []entry.Field { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		os.RemoveAll(dir)
	})
	return &audit.Client{Socket: socket}
}

// result is an entry as slogtest wants to see it.
func result(t *testing.T, e *entry.Entry) map[string]any {
	var object map[string]any
	if err := json.Unmarshal(entry.AppendAudit(nil, e), &object); err != nil {
		t.Fatal(err)
	}
	level, _ := e.Get("PRIORITY")
	found := map[string]any{slog.LevelKey: string(level), slog.MessageKey: object["op"]}
	if e.Event.Valid {
		found[slog.TimeKey] = e.Event.Time()
	}
	extra, _ := object["extra"].(map[string]any)
	for key, value := range extra {
		found[key] = value
	}
	return found
}

func TestHandler(t *testing.T) {
	r := &recorder{}
	h := New(Options{Client: daemon(t, r), Failed: func(err error) { t.Error(err) }})
	err := slogtest.TestHandler(h, func() (list []map[string]any) {
		for i := range r.entries {
			list = append(list, result(t, &r.entries[i]))
		}
		return list
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFields: attributes with a name of the audit log are what they say, all levels arrive, and groups are objects.
func TestFields(t *testing.T) {
	r := &recorder{}
	log := slog.New(New(Options{Client: daemon(t, r)}))
	log.With("cid", "c1").Error("user.login", "current_user", "u1", "target_user", 7, "result", "ok", "remote_addr", "::1",
		slog.Group("g", "cid", "inner"), "msg", "mine", "level", "mine", "found", true)
	const want = `{"cid": "c1", "op": "user.login", "current_user": "u1", "target_user": "7", "result": "ok", ` +
		`"extra": {"g": {"cid":"inner"}, "msg": "mine", "level": "mine", "found": true, "remote_addr": "::1"}}`
	if got := string(entry.AppendAudit(nil, &r.entries[0])); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	for level, want := range map[slog.Level]string{-100: "7", slog.LevelDebug: "7", slog.LevelInfo: "6", slog.LevelInfo + 1: "6", slog.LevelWarn: "4", slog.LevelError: "3", 100: "3"} {
		log.Log(t.Context(), level, "x")
		e := &r.entries[len(r.entries)-1]
		if got, _ := e.Get("PRIORITY"); string(got) != want {
			t.Errorf("level %d: %s, want %s", level, got, want)
		}
	}
}

// TestFailed: an entry that could not be written is not dropped in silence.
func TestFailed(t *testing.T) {
	var told error
	log := slog.New(New(Options{Client: &audit.Client{Socket: t.TempDir() + "/s", Timeout: 1}, Failed: func(err error) { told = err }}))
	if log.Info("x"); !errors.Is(told, audit.ErrNoDaemon) {
		t.Errorf("told %v", told)
	}
}
