package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/beep"
	"constat/internal/tlsconf"
)

// handshakeTime is how long the beginning of TLS may take.
const handshakeTime = 10 * time.Second

// secure is a TLS connection that can be read without waiting. Reading belongs to one goroutine.
type secure struct {
	*tls.Conn
	under *under
	first [1]byte
	held  bool // first was read and not taken
}

// under is the connection below TLS.
type under struct {
	net.Conn
	raw syscall.RawConn
	now bool // do not wait
}

// notNow says that there is nothing to read without waiting. TLS goes on after temporary errors.
type notNow struct{}

func (notNow) Error() string   { return "nothing to read now" }
func (notNow) Timeout() bool   { return true }
func (notNow) Temporary() bool { return true }

// Read implements net.Conn.
func (u *under) Read(b []byte) (n int, err error) {
	if !u.now {
		return u.Conn.Read(b)
	}
	controlled := u.raw.Control(func(fd uintptr) {
		for n, err = unix.Read(int(fd), b); errors.Is(err, unix.EINTR); {
			n, err = unix.Read(int(fd), b)
		}
	})
	switch {
	case controlled != nil:
		return 0, controlled
	case errors.Is(err, unix.EAGAIN):
		return 0, notNow{}
	case err != nil:
		return 0, err
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// wait waits for an octet.
func (s *secure) wait() error {
	if s.held {
		return nil
	}
	n, err := s.Conn.Read(s.first[:])
	s.held = n > 0
	return err
}

// take reads what there is at once; the error is EAGAIN if that is nothing.
func (s *secure) take(b []byte) (n int, err error) {
	if s.held && len(b) > 0 {
		b[0], n, s.held = s.first[0], 1, false
	}
	s.under.now = true
	defer func() { s.under.now = false }()
	for n < len(b) {
		more, err := s.Conn.Read(b[n:])
		if n += more; err == nil {
			continue
		}
		if errors.Is(err, notNow{}) {
			err = unix.EAGAIN
		}
		if n > 0 {
			err = nil // it comes again
		}
		return n, err
	}
	return n, nil
}

// Read waits for something and then reads what there is, so that messages that come in records of their own are not
// handed over one by one.
func (s *secure) Read(b []byte) (int, error) {
	if err := s.wait(); err != nil {
		return 0, err
	}
	return s.take(b)
}

// greet begins TLS, if it is spoken here, and says who the peer is. It reports whether to go on. When the input ends it
// may finish: what the peer has sent behind it is handed over too.
func (c *connection) greet(ctx context.Context) bool {
	c.source = c.in.sourceOf(c.addr, nil)
	config := c.in.tls.Load()
	if config == nil {
		return true
	}
	below := &under{Conn: c.conn, raw: c.raw}
	s := &secure{Conn: tls.Server(below, config.Server()), under: below}
	limit := time.Now().Add(c.in.config.HandshakeTimeout)
	limited, cancel := context.WithDeadline(c.to.Late, limit)
	defer cancel()
	var err error
	if c.in.StartsTLS() {
		err = c.tune(ctx, limit)
	}
	if err == nil {
		err = s.HandshakeContext(limited)
	}
	c.in.mu.Lock()
	c.greeting = false
	c.in.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			c.in.refuse(c.to, c.source.Name, reasonOf(limited, err), certificateFields(s.ConnectionState()), err)
		}
		return false
	}
	c.secure = s
	c.source = c.in.sourceOf(c.addr, peerFields(s.ConnectionState()))
	return true
}

// reasonOf says in few words why a peer is not let in.
func reasonOf(limited context.Context, err error) string {
	switch {
	case errors.Is(err, beep.ErrProtocol):
		return reasonNoBEEP
	case errors.Is(err, errEarly):
		return errEarly.Error()
	}
	return tlsconf.Reason(errors.Join(limited.Err(), err))
}

// peerFields are what TLS knows of a peer: _TLS_PEER is the subject of its certificate, _TLS_FINGERPRINT what tells it
// from all others.
func peerFields(s tls.ConnectionState) (fields []entry.Field) {
	return append(certificateFields(s), observed("_TLS_VERSION", tls.VersionName(s.Version)))
}

// certificateFields are those of the certificate that a peer shows. Before the handshake has ended well, nobody knows whether
// it is its own.
func certificateFields(s tls.ConnectionState) (fields []entry.Field) {
	if len(s.PeerCertificates) == 0 {
		return nil
	}
	leaf := s.PeerCertificates[0]
	if subject := tlsconf.Subject(leaf); subject != "" {
		fields = append(fields, observed("_TLS_PEER", subject))
	}
	return append(fields, observed("_TLS_FINGERPRINT", tlsconf.Fingerprint(leaf)))
}

// refuse counts a connection that is not let in, and tells people about it.
func (s *Stream) refuse(to *handover, source, reason string, shown []entry.Field, err error) {
	s.refused.Add(1)
	if s.config.Refused != nil && err != nil {
		s.config.Refused(source, err)
	}
	to.Sink.Refuse(source, reason, shown)
}
