package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"constat/internal/tiles"
)

// Cache headers (RFC 9111, RFC 8246). A week, not a year: if a damaged journal is set aside, another log takes its place.
const (
	cacheCheckpoint = "no-cache"
	cacheHashes     = "public, max-age=604800, immutable"
	cacheContent    = "private, max-age=604800, immutable"
)

// tlog serves <journal>/<path>.
func (h *handler) tlog(w http.ResponseWriter, r *http.Request, name string) {
	journal, rest, _ := strings.Cut(name, "/")
	if isContent(rest) && !h.Token.bearer(r) {
		unauthorized(w)
		return
	}
	path, err := tiles.ParsePath(rest)
	if err != nil || path.Content() != isContent(rest) {
		http.NotFound(w, r)
		return
	}
	data, err := h.logs.Read(r.Context(), journal, path)
	if errors.Is(err, tiles.ErrNotPublished) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	describe(w.Header(), path)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

// isContent reports whether a path is of bundles, be it right or wrong: whoever has no token learns nothing there.
func isContent(path string) bool { return strings.HasPrefix(path, "tile/entries") }

// describe sets the headers of c2sp.org/tlog-tiles.
func describe(h http.Header, path tiles.Path) {
	switch path.Kind {
	case tiles.Checkpoint:
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", cacheCheckpoint)
	case tiles.Bundle:
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Cache-Control", cacheContent)
	default:
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Cache-Control", cacheHashes)
	}
}
