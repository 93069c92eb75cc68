package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// Times of the end and of trouble.
const (
	backlogWait = 5 * time.Millisecond
	maxBacklog  = 4096
	errorPause  = 50 * time.Millisecond
)

// Server takes lines from connections, writes them into the file and hands them over.
type Server struct {
	config    Config // with all defaults
	listeners []deadliner
	gate      gate

	lines, clients, refused atomic.Uint64

	mu       sync.Mutex
	closed   bool                     // guarded by mu
	cancel   context.CancelFunc       // guarded by mu; ends Run
	ended    chan struct{}            // guarded by mu; closed when Run has ended
	conns    map[*connection]struct{} // guarded by mu
	stopping bool                     // guarded by mu
	failed   error                    // guarded by mu; the first error of the file
}

var _ input.Input = (*Server)(nil)

// Listen binds all addresses of the configuration.
func Listen(c Config) (*Server, error) {
	c = c.withDefaults()
	listeners, err := c.bind()
	if err != nil {
		return nil, err
	}
	return &Server{config: c, listeners: listeners, conns: map[*connection]struct{}{},
		gate: gate{allow: c.Allow, most: c.MaxClients, mostOfOne: c.MaxPerAddress, of: map[addrKey]int{}}}, nil
}

// Name implements [input.Input]: "record 127.0.0.1:55514 [::1]:55514".
func (s *Server) Name() string {
	var names []string
	for _, l := range s.listeners {
		names = append(names, l.Addr().String())
	}
	return "record " + strings.Join(names, " ")
}

// Addrs are the addresses that are bound.
func (s *Server) Addrs() []net.Addr {
	var out []net.Addr
	for _, l := range s.listeners {
		out = append(out, l.Addr())
	}
	return out
}

// Stats are what was done since the beginning.
type Stats struct{ Lines, Clients, Refused uint64 }

// Stats may be called at any time.
func (s *Server) Stats() Stats {
	return Stats{s.lines.Load(), s.clients.Load(), s.refused.Load()}
}

// Run implements [input.Input]. When the context has ended, what has arrived by then is written and handed over, also
// of connections that nobody has accepted. The error is that of the file, if something could not be written into it.
func (s *Server) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	defer end()
	to, done := input.NewHandover(ctx, sink)
	defer done()
	defer context.AfterFunc(ctx, s.stop)()
	h := &handover{Handover: to, server: s}
	var accepting, serving sync.WaitGroup
	for _, l := range s.listeners {
		accepting.Go(func() { s.accept(l, h, &serving) })
	}
	accepting.Wait()
	serving.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// begin is for Run, which works once and not after Close.
func (s *Server) begin(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.ended != nil {
		return nil, nil, net.ErrClosed
	}
	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = make(chan struct{})
	cancel, ended := s.cancel, s.ended
	return ctx, func() { cancel(); closeAll(s.listeners); close(ended) }, nil
}

// Close implements [input.Input].
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	cancel, ended := s.cancel, s.ended
	s.mu.Unlock()
	if ended != nil {
		cancel()
		<-ended
		return nil
	}
	if !first {
		return nil
	}
	return closeAll(s.listeners)
}

// accept takes connections until the context ends, and then those that were made before.
func (s *Server) accept(l deadliner, h *handover, serving *sync.WaitGroup) {
	for last := 0; last < maxBacklog; {
		ending := h.Ctx.Err() != nil
		if ending {
			last++
			l.SetDeadline(time.Now().Add(backlogWait))
		}
		conn, err := l.Accept()
		switch {
		case err == nil:
			s.welcome(conn, h, serving)
		case errors.Is(err, net.ErrClosed) || ending:
			return
		case h.Ctx.Err() == nil: // no file descriptor or no memory left: it may get better
			time.Sleep(errorPause)
		}
	}
}

// welcome begins to serve a connection, or closes it.
func (s *Server) welcome(conn net.Conn, h *handover, serving *sync.WaitGroup) {
	c := &connection{server: s, to: h, conn: conn, addr: addressOf(conn)}
	c.source = s.source(conn)
	if reason := s.gate.enter(c.addr); reason != "" {
		s.refuse(h, c, reason, nil)
		conn.Close()
		return
	}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	late := s.stopping
	s.mu.Unlock()
	if late {
		c.hurry()
	}
	serving.Go(func() {
		defer s.leave(c)
		c.serve()
	})
}

func (s *Server) leave(c *connection) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.gate.leave(c.addr)
	c.conn.Close()
}

func (s *Server) refuse(h *handover, c *connection, reason string, shown []entry.Field) {
	s.refused.Add(1)
	h.Sink.Refuse(c.source.Name, reason, shown)
}

// stop wakes everybody who waits for a client. The context has ended by then.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for _, l := range s.listeners {
		l.SetDeadline(time.Unix(1, 0))
	}
	for c := range s.conns {
		c.hurry()
	}
}

// fail notes that the file does not have what it should.
func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}
