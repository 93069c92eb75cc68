package conformance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/tiles"
	"constat/internal/vfs"
	"constat/internal/web"
	"constat/journal"
	"constat/journal/layout"
)

// published is the journal whose log is checked.
const published = "app"

// entriesOf is the size of the log: two levels of tiles and a bit. A million with CONSTAT_LONG=1.
func entriesOf() int {
	if os.Getenv("CONSTAT_LONG") == "1" {
		return 1_000_000
	}
	return 70_000
}

// store is a store on disk with its writer.
type store struct {
	dir    string
	writer *journal.Writer
	reader *journal.Reader
}

// newStore makes a store with n signed entries.
func newStore(t *testing.T, n int) *store {
	t.Helper()
	s := &store{dir: filepath.Join(t.TempDir(), "store")}
	if _, err := journal.CreateWith(vfs.OS(), s.dir, journal.New{Origin: "peers.example/log", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.writer, err = journal.OpenWriter(vfs.OS(), s.dir, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.writer.Close() })
	if s.reader, err = journal.OpenReader(vfs.OS(), s.dir); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; from += 1000 {
		s.append(t, from, min(1000, n-from))
	}
	if err := s.writer.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *store) append(t *testing.T, from, n int) {
	batch := make([]entry.Entry, n)
	for i := range batch {
		e := &batch[i]
		e.Renderer = entry.RenderText
		e.AddString("MESSAGE", fmt.Sprintf("connection %d from 192.0.2.%d closed after %d ms", from+i, (from+i)%256, (from+i)*7919%60000), entry.Claimed)
		e.AddString("SYSLOG_IDENTIFIER", "sshd", entry.Claimed)
		e.AddString("_HOSTNAME", "peers.example", entry.Observed)
	}
	if _, err := s.writer.Append(published, batch); err != nil {
		t.Error(err)
	}
}

// grow appends and signs all the time, until the function that it returns is called.
func (s *store) grow(t *testing.T) (stop func()) {
	done := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
			s.append(t, n*1000, 1+n*37%300)
			if err := s.writer.Checkpoint(); err != nil {
				t.Error(err)
			}
		}
	})
	return sync.OnceFunc(func() { close(done); writing.Wait() })
}

// key writes the verifier key of the log into a file.
func (s *store) key(t *testing.T) string {
	t.Helper()
	p, err := tiles.New(vfs.OS(), s.reader).Published(published)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "log.vkey")
	if err := os.WriteFile(file, []byte(s.reader.Certificate().Identity.VKey(p.Origin)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestFsckServed lets fsck check the log over HTTP while more is written.
func TestFsckServed(t *testing.T) {
	fsck := buildPeer(t, "github.com/transparency-dev/tessera/cmd/fsck")
	s := newStore(t, entriesOf())
	token, err := api.LoadToken(vfs.OS(), layout.KeysDir(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	handler := api.New(api.Config{FS: vfs.OS(), Reader: s.reader, Token: token, Page: web.New(),
		Report: func(err error) { t.Error(err) }})
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	url := server.URL + "/tlog/" + published + "/"
	key := s.key(t)

	if size, out := fsck.check(t, url, key); size != 0 {
		t.Errorf("fsck accepted the log without the token:\n%s", out)
	}
	requests.Store(0)
	began := time.Now()
	size, out := fsck.check(t, url, key, "--bearer_token="+string(token))
	if size != entriesOf() {
		t.Errorf("fsck of a log at rest: size %d, want %d:\n%s", size, entriesOf(), out)
	}
	took := time.Since(began)
	t.Logf("%d entries in %v, %d requests, %.0f/s", size, took.Round(time.Millisecond), requests.Load(), float64(requests.Load())/took.Seconds())

	stop := s.grow(t)
	defer stop()
	before := int(s.writer.Size(published))
	for range 3 {
		size, out := fsck.check(t, url, key, "--bearer_token="+string(token))
		if size < before {
			t.Fatalf("fsck of a log that grows: size %d, had %d before:\n%s", size, before, out)
		}
		before = size
	}
	stop()
	if grown := int(s.writer.Size(published)); grown <= entriesOf() {
		t.Errorf("the log did not grow: %d entries", grown)
	} else {
		t.Logf("grew to %d entries meanwhile", grown)
	}
}

// TestFsckExported lets fsck check an export, and what somebody did to it.
func TestFsckExported(t *testing.T) {
	fsck := buildPeer(t, "github.com/transparency-dev/tessera/cmd/fsck")
	s := newStore(t, entriesOf())
	dir := filepath.Join(t.TempDir(), "tiles")
	began := time.Now()
	var last tiles.Progress
	if err := tiles.Export(t.Context(), vfs.OS(), s.reader, dir, func(p tiles.Progress) { last = p }); err != nil {
		t.Fatal(err)
	}
	t.Logf("exported in %v, %d files", time.Since(began).Round(time.Millisecond), last.Written)
	url, key := "file://"+filepath.Join(dir, published)+"/", s.key(t)
	began = time.Now()
	size, out := fsck.check(t, url, key)
	if size != entriesOf() {
		t.Fatalf("fsck of the export: size %d, want %d:\n%s", size, entriesOf(), out)
	}
	t.Logf("checked in %v", time.Since(began).Round(time.Millisecond))
	for _, m := range mutilations(size) {
		t.Run(m.name, func(t *testing.T) {
			undo := m.apply(t, filepath.Join(dir, published))
			defer undo()
			if size, out := fsck.check(t, url, key); size != 0 {
				t.Errorf("accepted, size %d:\n%s", size, out)
			}
		})
	}
	if size, out := fsck.check(t, url, key); size != entriesOf() {
		t.Errorf("not accepted after everything was put right:\n%s", out)
	}
}
