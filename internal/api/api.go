package api

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"constat/internal/tiles"
	"constat/internal/vfs"
	"constat/journal"
)

// Config is what the handler serves. FS and Reader must be set.
type Config struct {
	FS     vfs.FS
	Reader *journal.Reader // of the store, reading from FS
	Token  Token           // "": nobody sees content

	Version   string
	Endpoints []Endpoint // what the daemon listens on, for the page
	Page      Renderer   // nil: there is no page

	Witness Witness          // the zero value: this daemon is none
	Vouched func() []Vouched // nil: nobody vouches for the journals

	Stats  func() Stats     // nil: only what the files say
	Ready  func() error     // why events are not taken in, for everybody to read; nil: they are
	Report func(error)      // gets what went wrong inside, of which the client is told no more than that; nil: nobody does
	Now    func() time.Time // nil: time.Now
}

// New returns the handler. It never panics, and may be used concurrently.
func New(c Config) http.Handler {
	if c.Stats == nil {
		c.Stats = func() Stats { return Stats{DiskFree: -1} }
	}
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &handler{Config: c, logs: tiles.New(c.FS, c.Reader)}
}

type handler struct {
	Config
	logs *tiles.Logs
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recover(w, r)
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	if h.witness(w, r) {
		return
	}
	serve := h.route(r)
	switch {
	case serve == nil:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	default:
		serve(w, r)
	}
}

// route chooses by the path, of which only one spelling counts; nil if nothing can be there.
func (h *handler) route(r *http.Request) http.HandlerFunc {
	if r.URL.RawPath != "" {
		return nil // %2F and the like
	}
	switch path := r.URL.Path; path {
	case "/":
		if h.Page == nil {
			return nil
		}
		return h.page
	case "/healthz":
		return h.health
	case "/readyz":
		return h.ready
	case "/metrics":
		return h.metrics
	default:
		if log, ok := strings.CutPrefix(path, "/tlog/"); ok {
			return func(w http.ResponseWriter, r *http.Request) { h.tlog(w, r, log) }
		}
		return nil
	}
}

func (h *handler) health(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok\n") }

func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	if err := h.Ready(); err != nil {
		text(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	text(w, http.StatusOK, "ready\n")
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write([]byte(body))
}

// fail reports an error and tells the client no more than that.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, r.Context().Err()) {
		h.Report(fmt.Errorf("http %s: %w", r.URL.Path, err))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "internal error", http.StatusInternalServerError)
}

// recover keeps a mistake of ours from ending more than the request.
func (h *handler) recover(w http.ResponseWriter, r *http.Request) {
	if v := recover(); v != nil {
		h.Report(fmt.Errorf("http %s: panic: %v\n%s", r.URL.Path, v, debug.Stack()))
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}
