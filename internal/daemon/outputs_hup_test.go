package daemon

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/forward"
	"constat/internal/output/render"
	"constat/internal/output/target"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
)

// TestStuckOutputHoldsUpItselfAlone: when outputs are replaced, one that does not end holds up its successor, also the
// second one, and no other.
func TestStuckOutputHoldsUpItselfAlone(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "store")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "hup.example", Keys: 16})
	must(err)
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{Clock: journal.SystemClock})
	must(err)
	e := entry.Entry{Renderer: entry.RenderText}
	e.AddString("MESSAGE", "hello", entry.Claimed)
	_, err = w.Append("system", []entry.Entry{e})
	must(err)
	must(w.Checkpoint())
	must(w.Close())
	d := &Daemon{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	f := &d.outputs
	f.ledger, err = forward.OpenLedger(vfs.OS(), store)
	must(err)
	r, err := journal.OpenReader(vfs.OS(), store)
	must(err)
	f.plain, f.begun = forward.NewFeed(r), true
	output := func(name string) *forward.Output {
		a, err := target.Parse("file://" + filepath.Join(dir, name))
		must(err)
		dialer, err := a.Dialer(target.Options{})
		must(err)
		c := forward.Config{Name: name, Journals: []string{"system"}, FromStart: true}
		c.Targets = append(c.Targets, dialer)
		c.Render, err = render.New("message", nil)
		must(err)
		return forward.New(f.plain, f.ledger, c)
	}
	release := make(chan struct{})
	stuck := start(context.Background(), part{"output stuck", func(context.Context) error { <-release; return nil }, nil})
	f.running = append(f.running, stuck)
	until := func(name string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
			for _, s := range f.status() {
				if s.Name == name && s.Delivered > 0 {
					return
				}
			}
			if time.Now().After(end) {
				t.Fatalf("%s delivers nothing", name)
			}
		}
	}
	for range 2 {
		d.replaceOutputs([]*forward.Output{output("stuck"), output("good")})
		until("good")
	}
	for _, s := range f.status() {
		if s.Name == "stuck" && (s.Delivered > 0 || s.State != forward.StateStarting) {
			t.Errorf("before the one before it has ended: %+v", s)
		}
	}
	close(release)
	until("stuck")
	must(f.stop())
	text, err := os.ReadFile(filepath.Join(dir, "good"))
	if n := strings.Count(string(text), "hello"); n != 1 {
		t.Errorf("the good one has %d messages, %v", n, err)
	}
	if report := check.Store(vfs.OS(), store, check.Options{}); len(report.Findings) > 0 {
		t.Errorf("check: %v", report.Findings)
	}
}
