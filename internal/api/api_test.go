package api_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/api"
	"constat/internal/durable"
	"constat/journal/layout"
)

// TestAnswers is a table of what each path says, without the token ("-") and with it ("t").
func TestAnswers(t *testing.T) {
	s := newSite(t, nil)
	const bytes, plain = "application/octet-stream", "text/plain; charset=utf-8"
	for _, c := range []struct {
		who, target string
		status      int
		kind, cache string // Content-Type, Cache-Control
		length      int    // of the body, -1 for any
	}{
		{"-", "/", 200, "text/html; charset=utf-8", "no-store", -1},
		{"-", "/healthz", 200, plain, "no-store", 3},
		{"-", "/readyz", 200, plain, "no-store", 6},
		{"-", "/metrics", 200, plain, "no-store", -1},
		{"-", "/tlog/app/checkpoint", 200, plain, "no-cache", -1},
		{"-", "/tlog/system/checkpoint", 200, plain, "no-cache", -1},
		{"-", "/tlog/app/tile/0/000", 200, bytes, "public, max-age=604800, immutable", 8192},
		{"-", "/tlog/app/tile/0/002.p/88", 200, bytes, "public, max-age=604800, immutable", 88 * 32},
		{"-", "/tlog/app/tile/0/002.p/87", 200, bytes, "public, max-age=604800, immutable", 87 * 32},
		{"-", "/tlog/app/tile/1/000.p/2", 200, bytes, "public, max-age=604800, immutable", 64},
		{"t", "/tlog/app/tile/entries/000", 200, bytes, "private, max-age=604800, immutable", -1},
		{"t", "/tlog/app/tile/entries/002.p/88", 200, bytes, "private, max-age=604800, immutable", -1},
		{"-", "/tlog/app/tile/entries/000", 401, plain, "no-store", -1},
		{"-", "/tlog/app/tile/0/002.p/89", 404, plain, "no-store", -1},
		{"-", "/tlog/app/tile/0/002", 404, plain, "no-store", -1},
		{"-", "/tlog/app/tile/2/000.p/1", 404, plain, "no-store", -1},
		{"t", "/tlog/app/tile/entries/003.p/1", 404, plain, "no-store", -1},
		{"t", "/tlog/none/tile/entries/000", 404, plain, "no-store", -1},
		{"-", "/tlog/none/checkpoint", 404, plain, "no-store", -1},
		{"-", "/tlog/app", 404, plain, "no-store", -1},
		{"-", "/tlog/app/", 404, plain, "no-store", -1},
		{"-", "/tlog/", 404, plain, "no-store", -1},
		{"-", "/tlog/app/../system/checkpoint", 404, plain, "no-store", -1},
		{"-", "/tlog/../store.json", 404, plain, "no-store", -1},
		{"-", "/tlog/app/journal.json", 404, plain, "no-store", -1},
		{"-", "/tlog/app/head-0000000000000000.log", 404, plain, "no-store", -1},
		{"-", "//", 404, plain, "no-store", -1},
		{"-", "/index.html", 404, plain, "no-store", -1},
		{"-", "", 404, plain, "no-store", -1},
	} {
		a := s.get(c.target)
		if c.who == "t" {
			a = s.withToken(c.target)
		}
		if a.status != c.status || a.header.Get("Content-Type") != c.kind || a.header.Get("Cache-Control") != c.cache || c.length >= 0 && len(a.body) != c.length {
			t.Errorf("%s %s: %d, %d bytes, %v", c.who, c.target, a.status, len(a.body), a.header)
		}
		if a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: type may be guessed", c.target)
		}
	}
	if len(s.reports) != 0 {
		t.Errorf("reported: %v", s.reports)
	}
}

func TestMethods(t *testing.T) {
	s := newSite(t, nil)
	for _, target := range []string{"/", "/healthz", "/readyz", "/metrics", "/tlog/app/checkpoint", "/tlog/app/tile/entries/000"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get"} {
			if a := s.ask(method, target); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, Allow %q", method, target, a.status, a.header.Get("Allow"))
			}
		}
	}
	if a := s.ask("POST", "/nowhere"); a.status != 404 {
		t.Errorf("POST /nowhere: %d", a.status)
	}
}

// TestHead asks a real server: HEAD says what GET says, without a body.
func TestHead(t *testing.T) {
	s := newSite(t, nil)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	for _, target := range []string{"/healthz", "/tlog/app/checkpoint", "/tlog/app/tile/0/000", "/tlog/app/tile/entries/001", "/tlog/none/checkpoint"} {
		var said []string
		for _, method := range []string{"GET", "HEAD"} {
			r, err := http.NewRequest(method, server.URL+target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "bearer  "+string(token))
			got, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(got.Body)
			got.Body.Close()
			if method == "HEAD" && len(body) > 0 {
				t.Errorf("HEAD %s has a body", target)
			}
			got.Header.Del("Date")
			said = append(said, fmt.Sprint(got.StatusCode, got.ContentLength, got.Header))
		}
		if said[0] != said[1] {
			t.Errorf("%s: GET says %s, HEAD %s", target, said[0], said[1])
		}
	}
}

// TestEncodedPath wants one spelling of a path, also before it is decoded.
func TestEncodedPath(t *testing.T) {
	s := newSite(t, nil)
	for _, target := range []string{"/tlog%2Fapp/checkpoint", "/tlog/app%2Fcheckpoint", "/tlog/app/tile%2Fentries/000", "/tlog/app/%2e%2e/%2e%2e/store.json", "/tlog/app//checkpoint"} {
		a := s.send(httptest.NewRequest("GET", "http://127.0.0.1:8514"+target, nil), "Authorization", "Bearer "+string(token))
		if a.status != 404 {
			t.Errorf("%s: %d", target, a.status)
		}
	}
}

func TestReady(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.Ready = func() error { return errors.New("disk full") } })
	if a := s.get("/readyz"); a.status != 503 || a.body != "not ready: disk full\n" {
		t.Errorf("%d %q", a.status, a.body)
	}
	if a := s.get("/healthz"); a.status != 200 || a.body != "ok\n" {
		t.Errorf("%d %q", a.status, a.body)
	}
}

// TestTrouble wants an error of ours to be reported, and the client told nothing of it.
func TestTrouble(t *testing.T) {
	s := newSite(t, nil)
	if err := durable.WriteFile(s.fsys, filepath.Join(storeDir, "app", layout.CheckpointFile), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/tlog/app/checkpoint", "/tlog/app/tile/0/000"} {
		if a := s.get(target); a.status != 500 || a.body != "internal error\n" {
			t.Errorf("%s: %d %q", target, a.status, a.body)
		}
	}
	if len(s.reports) != 2 {
		t.Errorf("reported: %v", s.reports)
	}
	if a := s.get("/"); a.status != 200 || !strings.Contains(a.body, "cannot be read") || !strings.Contains(a.body, "test.example/log/system") {
		t.Errorf("the page without one journal: %d %s", a.status, a.body)
	}
	if a := s.get("/metrics"); !strings.Contains(a.body, `constat_journal_readable{journal="app"} 0`) {
		t.Errorf("figures without one journal: %s", a.body)
	}
}

// broken is a page that panics.
type broken struct{}

func (broken) Render(io.Writer, api.Page) error { panic("oops") }
func (broken) Policy() string                   { return "" }

func TestPanic(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.Page = broken{} })
	if a := s.get("/"); a.status != 500 || strings.Contains(a.body, "oops") {
		t.Errorf("%d %q", a.status, a.body)
	}
	if len(s.reports) != 1 || !strings.Contains(s.reports[0].Error(), "oops") {
		t.Errorf("reported: %v", s.reports)
	}
}

func TestNoPage(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.Page = nil })
	if a := s.get("/?token=" + string(token)); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}

// TestServer sends more header than anybody needs.
func TestServer(t *testing.T) {
	s := newSite(t, nil)
	server := httptest.NewUnstartedServer(s.handler)
	server.Config = api.Server(s.handler)
	server.Start()
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	a, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of header: %d", a.StatusCode)
	}
	c := api.Server(nil)
	if c.ReadHeaderTimeout <= 0 || c.ReadTimeout <= 0 || c.WriteTimeout <= 0 || c.IdleTimeout <= 0 {
		t.Errorf("a limit is missing: %+v", c)
	}
}

// FuzzPath sends any path, with and without the token.
func FuzzPath(f *testing.F) {
	s := newSite(f, nil)
	for _, p := range []string{"/", "/tlog/app/checkpoint", "/tlog/app/tile/0/000", "/tlog/app/tile/entries/002.p/3", "/tlog/../x", "/metrics", "/tlog/app/tile/63/x999/999"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		a, b := s.get(path), s.withToken(path)
		if a.status == 500 || b.status == 500 || len(s.reports) > 0 {
			t.Errorf("%q: %d, %d, %v", path, a.status, b.status, s.reports)
		}
		if strings.Contains(a.body, marker) && !strings.Contains(path, marker) {
			t.Errorf("%q shows content without the token", path)
		}
	})
}
