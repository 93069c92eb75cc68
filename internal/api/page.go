package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"constat/internal/search"
	"constat/internal/show"
	"constat/journal"
)

// Renderer draws the page. It must escape everything that it is given, may be called concurrently, and keeps nothing.
type Renderer interface {
	// Render writes the whole document as HTML in UTF-8.
	Render(w io.Writer, p Page) error
	// Policy is the Content-Security-Policy under which the document works.
	Policy() string
}

// Page is what stands on the page.
type Page struct {
	Version    string
	Origin     string // of the store
	Code       string // verification code of the store
	Endpoints  []Endpoint
	Journals   []Journal
	Authorized bool   // the reader has the token
	Entries    []Line // the newest first; none without the token
}

// Endpoint is something that listens.
type Endpoint struct {
	Name    string // such as "syslog UDP"
	Address string // such as "127.0.0.1:5514"
}

// Line is an entry, or what is to be said in the place of entries that cannot be read.
type Line struct {
	Journal string
	Index   uint64
	Text    string // one line or more, without control characters
	Problem bool   // it is no entry
}

// What is shown of the entries.
const (
	pageEntries = 50
	pageText    = 2000 // bytes of an entry
	pagePatient = 5 * time.Second
)

func (h *handler) page(w http.ResponseWriter, r *http.Request) {
	if query := r.URL.Query(); query.Has("token") {
		h.logIn(w, r, query.Get("token"))
		return
	}
	if len(r.Header.Values("Authorization")) > 0 && !h.Token.bearer(r) {
		unauthorized(w)
		return
	}
	p, err := h.build(r.Context(), h.Token.bearer(r) || h.Token.cookie(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	var b bytes.Buffer
	if err := h.Page.Render(&b, p); err != nil {
		h.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", h.Page.Policy())
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(b.Len()))
	w.Write(b.Bytes())
}

func (h *handler) build(ctx context.Context, authorized bool) (p Page, err error) {
	c := h.Reader.Certificate()
	p = Page{Version: h.Version, Origin: c.Origin, Code: c.Code().String(), Endpoints: h.Endpoints, Authorized: authorized}
	if p.Journals, err = h.journals(); err != nil || !authorized {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, pagePatient)
	defer cancel()
	p.Entries, err = h.newest(ctx)
	return p, err
}

// newest returns the last entries of all journals that can be read.
func (h *handler) newest(ctx context.Context) (lines []Line, err error) {
	names, err := h.Reader.Journals()
	if err != nil {
		return nil, err
	}
	var views []*journal.View
	defer func() { err = errors.Join(err, journal.CloseViews(views)) }()
	for _, name := range names {
		v, err := h.Reader.Snapshot(name)
		if err != nil {
			h.Report(fmt.Errorf("http: %w", err))
			lines = append(lines, Line{Journal: name, Text: "journal " + name + " cannot be read", Problem: true})
			continue
		}
		views = append(views, v...)
	}
	printer, err := show.New("short-iso", show.Options{Location: time.UTC, Escape: true})
	if err != nil {
		return nil, err
	}
	for r, err := range search.Run(ctx, views, search.Query{Reverse: true, Limit: pageEntries}) {
		line, err := entryLine(printer, r, err)
		if err != nil {
			return lines, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// entryLine prints one result. What cannot be read is a line too.
func entryLine(printer *show.Printer, r search.Result, err error) (Line, error) {
	var missing *journal.MissingError
	if errors.As(err, &missing) {
		text := fmt.Sprintf("journal %s: entries %d to %d cannot be read", missing.Journal, missing.First, missing.Last)
		return Line{Journal: missing.Journal, Index: missing.First, Text: text, Problem: true}, nil
	}
	if err != nil {
		return Line{}, err
	}
	record := show.Record{Journal: r.Journal.Name, ID: r.Journal.ID, Index: r.Index, EventAxis: r.Event, Entry: r.Entry}
	text, err := printer.Append(nil, &record)
	return Line{Journal: r.Journal.Name, Index: r.Index, Text: cut(string(text))}, err
}

// cut shortens a text to what the page shows.
func cut(s string) string {
	s = strings.TrimRight(s, "\n")
	if len(s) > pageText {
		s = strings.ToValidUTF8(s[:pageText], "") + " …"
	}
	return s
}
