package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"constat/internal/api"
	"constat/internal/config"
	"constat/internal/vfs"
	"constat/internal/web"
	"constat/journal"
	"constat/journal/layout"
)

// httpGrace is how long requests under way may take when the daemon ends.
const httpGrace = 2 * time.Second

// bindHTTP binds the published log, the metrics and the page. url is "" if the configuration wants none.
func (d *Daemon) bindHTTP() (url string, p part, err error) {
	address := d.config.HTTP
	if address == config.Off {
		return "", part{}, nil
	}
	if address == "" {
		address = config.DefaultHTTP
	}
	reader, err := journal.OpenReader(vfs.OS(), d.options.Dir)
	if err != nil {
		return "", part{}, err
	}
	token, err := api.LoadToken(vfs.OS(), layout.KeysDir(d.options.Dir))
	if err != nil {
		return "", part{}, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", part{}, err
	}
	server := api.Server(api.New(api.Config{FS: vfs.OS(), Reader: reader, Token: token, Version: version(), Endpoints: d.listens(),
		Witness: d.witness(), Vouched: d.vouched,
		Page: web.New(), Stats: d.stats, Ready: d.readiness, Report: func(err error) { d.log.Warn("http", "error", err) }}))
	url = "http://" + l.Addr().String()
	return url, part{url, serveHTTP(server, l), l.Close}, nil
}

// serveHTTP runs a server until the context ends; requests under way may end.
func serveHTTP(server *http.Server, l net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		stopped := make(chan error, 1)
		stop := context.AfterFunc(ctx, func() {
			grace, cancel := context.WithTimeout(context.Background(), httpGrace)
			defer cancel()
			if server.Shutdown(grace) != nil {
				server.Close()
			}
			stopped <- nil
		})
		err := server.Serve(l)
		if stop() || !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return <-stopped
	}
}

// stats is what the metrics tell of the intake.
func (d *Daemon) stats() api.Stats {
	s := d.intake.Stats()
	free, err := d.options.FS.Free(d.options.Dir)
	if err != nil {
		free = -1
	}
	limit := int64(d.config.Limits.Queue)
	return api.Stats{Accepted: s.Received, Durable: s.Durable, Dropped: s.Lost, QueueBytes: s.Queued, QueueLimit: limit, DiskFree: free,
		Inputs: d.bound.stats(), Outputs: d.outputStats(), Received: d.counts.received()}
}

// minFree is the free space below which the daemon says that it is not ready, in bytes: the intake stops there.
const minFree = 8 << 20

// readiness says why the daemon cannot take events now.
func (d *Daemon) readiness() error {
	free, err := d.options.FS.Free(d.options.Dir)
	if err == nil && free < minFree {
		err = fmt.Errorf("the disk of %s is full", d.options.Dir)
	}
	if err == nil && d.intake.Stalled() {
		err = fmt.Errorf("the store %s cannot be written; the daemon's diagnostics say why", d.options.Dir)
	}
	return err
}

// listens are the inputs as the page names them.
func (d *Daemon) listens() []api.Endpoint {
	var list []api.Endpoint
	for _, name := range d.endpoints.Inputs {
		kind, address, _ := strings.Cut(name, " ")
		list = append(list, api.Endpoint{Name: "syslog " + kind, Address: address})
	}
	return append(list, api.Endpoint{Name: "constat's own commands", Address: d.endpoints.Socket})
}

// version is that of the program as it was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
