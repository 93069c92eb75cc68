package api

import (
	"net/http"
	"time"
)

// Limits of a connection. A bundle has at most 16 MiB, so a client needs 140 kB/s to get one.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = time.Minute
	maxHeader         = 16 << 10
)

// Server returns a server with limits on everything that a client can drag out or blow up. The caller sets ErrorLog, and
// runs it: Serve, then Shutdown.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}
