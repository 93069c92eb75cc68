package xen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// Limits of a directory.
const (
	maxDomains = 256
	maxName    = 64 // octets of the name of a domain
)

// Proxy reads the channels of all domains.
type Proxy struct {
	config      Config
	dir         string
	left, right string        // what stands before and behind the name of the domain
	turn        chan struct{} // is full while a question is answered

	mu     sync.Mutex
	closed bool               // guarded by mu
	cancel context.CancelFunc // guarded by mu; ends Run
	ended  chan struct{}      // guarded by mu; closed when Run has ended
}

var _ input.Input = (*Proxy)(nil)

// Watch returns an input that reads the channels in a directory, which need not be there yet.
func Watch(c Config) (*Proxy, error) {
	dir, pattern, err := Split(c.Path)
	if err != nil {
		return nil, fmt.Errorf("xen: %w", err)
	}
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Poll <= 0 {
		c.Poll = DefaultPoll
	}
	p := &Proxy{config: c, dir: dir, turn: make(chan struct{}, 1)}
	p.left, p.right, _ = strings.Cut(pattern, "*")
	return p, nil
}

// Name implements [input.Input].
func (p *Proxy) Name() string { return "xen " + filepath.Join(p.dir, p.left+"*"+p.right) }

// Close implements [input.Input].
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	cancel, ended := p.cancel, p.ended
	p.mu.Unlock()
	if ended != nil {
		cancel()
		<-ended
	}
	return nil
}

// begin is called by Run, which works once, and not after Close. It returns what to defer.
func (p *Proxy) begin(ctx context.Context) (context.Context, func(), error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.ended != nil {
		return nil, nil, fmt.Errorf("%s: %w", p.Name(), net.ErrClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	p.cancel, p.ended = cancel, ended
	return ctx, func() { cancel(); close(ended) }, nil
}

// Run implements [input.Input]. Nothing that happens to a socket or the directory ends it.
func (p *Proxy) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	to, done := newHandover(ctx, sink)
	defer done()
	w := &watcher{Proxy: p, to: to, domains: map[string]*domain{}, askers: map[string]*asker{}, refused: map[string]bool{}}
	if p.config.Resume != nil {
		w.known = p.config.Resume()
	}
	defer w.running.Wait()
	for tick := time.NewTicker(p.config.Poll); ; {
		w.scan(ctx)
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// watcher is one Run. It belongs to one goroutine.
type watcher struct {
	*Proxy
	to      *handover
	domains map[string]*domain // by name; they stay, for the numbers that have come
	askers  map[string]*asker  // by name
	refused map[string]bool    // names that are counted already
	known   Known
	running sync.WaitGroup
}

// scan begins to read the sockets that nobody reads. A directory that is not there has none.
func (w *watcher) scan(ctx context.Context) {
	d, err := os.Open(w.dir)
	if err != nil {
		return
	}
	defer d.Close()
	for {
		list, err := d.ReadDir(maxDomains)
		for _, file := range list {
			if file.Type()&fs.ModeSocket != 0 {
				w.found(ctx, file.Name())
			}
		}
		if err != nil {
			return
		}
	}
}

// found is told the name of a socket.
func (w *watcher) found(ctx context.Context, file string) {
	if name, query := strings.CutSuffix(file, QuerySuffix); query && w.config.Answer != nil {
		w.foundQuery(ctx, name, file)
		return
	}
	name, left := strings.CutPrefix(file, w.left)
	name, right := strings.CutSuffix(name, w.right)
	if !left || !right {
		return
	}
	d := w.domains[name]
	switch {
	case d != nil:
	case !validName(name):
		w.refuse(name, reasonName)
		return
	case len(w.domains) >= maxDomains:
		w.refuse(name, reasonDomains)
		return
	default:
		d = w.newDomain(name, filepath.Join(w.dir, file))
		w.domains[name] = d
	}
	if d.reading.CompareAndSwap(false, true) {
		w.running.Go(func() {
			defer d.reading.Store(false)
			d.serve(ctx, d.read)
		})
	}
}

// refuse counts a socket that is not read, once.
func (w *watcher) refuse(name, reason string) {
	if len(w.refused) < maxDomains && !w.refused[name] {
		w.refused[name] = true
		w.to.Sink.Lose("xen "+w.dir, reason, 1, 0)
	}
}

func (w *watcher) newDomain(name, path string) *domain {
	fields := append([]entry.Field{observed("_TRANSPORT", "xen"), observed("_XEN_DOMAIN", name)}, w.config.Fields...)
	d := &domain{name: name, path: path, what: "log channel", to: w.to, limit: w.config.Limit,
		source: &input.Source{Name: "xen " + name, Format: input.Xen, Fields: fields}}
	d.runs.resume(w.known.Runs[name], w.known.All)
	return d
}

// validName reports whether a domain can have that name: printable ASCII without blanks.
func validName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxName
}

func observed(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed}
}

// isGone reports whether an error of connecting says that there is no socket.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
