package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"constat/internal/input"
	"constat/internal/tlsconf"
)

// Connections that are made while the input ends. Accept wants some time to look whether there are any.
const (
	maxBacklog  = 4096
	backlogWait = 2 * time.Millisecond
)

// Stream is an input of connections: [ListenTCP], [ListenRELP], [ListenBEEP], [ListenUnix]. It holds its senders back while the sink is full.
type Stream struct {
	name      string
	listener  streamListener
	config    TCPConfig // with all defaults
	locals    *locals   // nil for TCP
	relp      *RELP     // nil for syslog
	beep      *BEEP     // nil for syslog
	inherited bool      // the socket outlives us
	life      life

	mu    sync.Mutex
	conns map[*connection]struct{} // guarded by mu
	from  map[netip.Addr]int       // guarded by mu; connections by address, of the network

	admissions admissions
	tls        atomic.Pointer[tlsconf.Config] // nil is none
	refused    atomic.Uint64                  // connections
}

var _ input.Input = (*Stream)(nil)

// streamListener is *net.TCPListener or *net.UnixListener.
type streamListener interface {
	net.Listener
	SetDeadline(time.Time) error
}

func newStream(name string, l streamListener, c TCPConfig) *Stream {
	c.Limit = orDefault(c.Limit, DefaultLimit)
	c.MaxConnections = orDefault(c.MaxConnections, DefaultConnections)
	if c.FrameTimeout <= 0 {
		c.FrameTimeout = DefaultFrameTimeout
	}
	if c.HandshakeTimeout <= 0 {
		c.HandshakeTimeout = handshakeTime
	}
	s := &Stream{name: name, listener: l, config: c, inherited: c.File != nil, conns: map[*connection]struct{}{}, from: map[netip.Addr]int{}}
	s.life.release = l.Close
	s.tls.Store(c.TLS)
	return s
}

// Name implements [input.Input]: "tcp 127.0.0.1:5514" or "unix /run/constat/log"; also "tls", "relp" and "beep".
func (s *Stream) Name() string { return s.name }

// Addr is the address of the socket.
func (s *Stream) Addr() net.Addr { return s.listener.Addr() }

// Connections is how many connections there are.
func (s *Stream) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Refused is how many connections were not let in, since the beginning.
func (s *Stream) Refused() uint64 { return s.refused.Load() }

// SetTLS changes the TLS of a listener that speaks it, for those who connect from then on.
func (s *Stream) SetTLS(c *tlsconf.Config) { s.tls.Store(c) }

// Admit changes from where connections are taken; all of the list must admit an address. What is connected stays.
func (s *Stream) Admit(list ...Admission) { s.admissions.set(list) }

// Close implements [input.Input].
func (s *Stream) Close() error { return s.life.close() }

// Run implements [input.Input]. When the context has ended, what the connections hold is handed over, and they are
// closed. Connections that nobody has accepted stay in a socket that was passed to us, for whoever has it next.
func (s *Stream) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := s.life.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	to, done := newHandover(ctx, sink)
	defer done()
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() { defer close(stopped); s.stop() })

	var serving sync.WaitGroup
	err = s.accept(ctx, to, &serving)
	cancel()
	<-stopped
	if !s.inherited {
		s.acceptLast(to, &serving)
	}
	serving.Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// accept takes connections until the context ends.
func (s *Stream) accept(ctx context.Context, to *handover, serving *sync.WaitGroup) error {
	for failures := 0; ; {
		conn, err := s.listener.Accept()
		switch {
		case err == nil:
			failures = 0
			s.welcome(conn, to, serving)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed) || failures == maxErrors:
			return err
		case scarce(err): // those who wait are taken when there is room again
			failures = 0
			pause(ctx, scarcePause)
		default:
			failures++
			pause(ctx, time.Duration(failures)*errorPause)
		}
	}
}

// acceptLast takes the connections that were made before the context ended.
func (s *Stream) acceptLast(to *handover, serving *sync.WaitGroup) {
	for range maxBacklog {
		s.listener.SetDeadline(time.Now().Add(backlogWait))
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.welcome(conn, to, serving)
	}
}

// welcome begins to serve a connection, or closes it if it is not let in.
func (s *Stream) welcome(conn net.Conn, to *handover, serving *sync.WaitGroup) {
	c, err := newConnection(s, conn, to)
	if err != nil {
		conn.Close() // it was gone already
		return
	}
	if reason := s.admit(c); reason != "" {
		source := s.name
		if reason != reasonConnections {
			source = s.sourceOf(c.addr, nil).Name
		}
		s.refuse(to, source, reason, nil, nil) // first, so that whoever sees the end finds it counted
		if s.beep != nil && reason != reasonNotAllowed {
			s.sayUnavailable(conn)
		}
		conn.Close()
		return
	}
	serving.Go(func() {
		defer s.leave(c)
		switch {
		case s.locals == nil && !c.greet(to.Ctx):
		case s.relp != nil:
			newSession(c).serve(to.Ctx)
		case s.beep != nil:
			newBEEPSession(c).serve(to.Ctx)
		default:
			c.serve(to.Ctx)
		}
	})
}

// admit lets a connection in, or says why not.
func (s *Stream) admit(c *connection) string {
	if s.locals == nil && !s.admissions.admit(c.addr) {
		return reasonNotAllowed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.config.MaxConnections {
		return reasonConnections
	}
	if s.locals == nil {
		if s.config.MaxPerAddress > 0 && s.from[c.addr] >= s.config.MaxPerAddress {
			return reasonPerAddress
		}
		s.from[c.addr]++
	}
	c.greeting = s.tls.Load() != nil
	s.conns[c] = struct{}{}
	return ""
}

func (s *Stream) leave(c *connection) {
	s.mu.Lock()
	delete(s.conns, c)
	if s.from[c.addr]--; s.from[c.addr] <= 0 {
		delete(s.from, c.addr)
	}
	s.mu.Unlock()
	if c.secure != nil {
		c.secure.Close() // which says so (RFC 5425 §4.4)
	}
	c.conn.Close()
}

// stop wakes everybody who waits for a sender. The context has ended by then.
func (s *Stream) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener.SetDeadline(past())
	for c := range s.conns {
		if !c.greeting {
			c.conn.SetReadDeadline(past())
		}
	}
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
