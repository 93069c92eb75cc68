package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/vfs/crashfs"
	"constat/internal/web"
	"constat/journal"
	"constat/journal/layout"
)

const (
	storeDir = "/store"
	token    = api.Token("dGhpcyBpcyBhIHRva2VuIG9mIDMyIGJ5dGVzICEhISE")
	marker   = "kumquat"                                                   // stands in every entry, and nowhere else
	nasty    = `<script>alert("kumquat")</script>` + "\u202e&amp;\x1b[31m" // what a page must not show as it is
)

// site is a store with its handler.
type site struct {
	fsys    *crashfs.FS
	writer  *journal.Writer
	handler http.Handler
	reports []error
}

// newSite makes a store with 600 entries in app and one in system. change may alter the configuration.
func newSite(t testing.TB, change func(*api.Config)) *site {
	t.Helper()
	s := &site{fsys: crashfs.New()}
	if _, err := journal.CreateWith(s.fsys, storeDir, journal.New{Origin: "test.example/log", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.writer, err = journal.OpenWriter(s.fsys, storeDir, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.writer.Close() })
	s.append(t, "app", 600, marker)
	s.append(t, layout.System, 1, nasty)
	if err := s.writer.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	c := api.Config{FS: s.fsys, Token: token, Version: "1.2.3", Page: web.New(), Report: func(err error) { s.reports = append(s.reports, err) },
		Endpoints: []api.Endpoint{{Name: "syslog UDP", Address: "127.0.0.1:5514"}}}
	if c.Reader, err = journal.OpenReader(s.fsys, storeDir); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	s.handler = api.New(c)
	return s
}

func (s *site) append(t testing.TB, name string, n int, message string) {
	t.Helper()
	list := make([]entry.Entry, n)
	for i := range list {
		list[i].AddString("MESSAGE", message, entry.Claimed)
		list[i].AddString("SYSLOG_IDENTIFIER", marker, entry.Claimed)
		list[i].Renderer = entry.RenderText
	}
	if _, err := s.writer.Append(name, list); err != nil {
		t.Fatal(err)
	}
}

// answer is a response with its body.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. headers are names and values.
func (s *site) ask(method, target string, headers ...string) answer {
	r := httptest.NewRequest(method, "http://127.0.0.1:8514/", nil)
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	return s.send(r, headers...)
}

func (s *site) send(r *http.Request, headers ...string) answer {
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return answer{w.Code, w.Result().Header, string(body)}
}

func (s *site) get(target string) answer { return s.ask(http.MethodGet, target) }

// withToken gets as somebody who may see content.
func (s *site) withToken(target string) answer {
	return s.ask(http.MethodGet, target, "Authorization", "Bearer "+string(token))
}
