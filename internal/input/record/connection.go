package record

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/tlsconf"
)

const (
	readSize  = 32 << 10
	lastReads = 256                   // of a connection at most when the input ends
	lastPause = 20 * time.Millisecond // in which something more must come by then
)

// addrKey is the address of a client; the zero value is the end of a tunnel.
type addrKey = netip.Addr

// connection serves one client. It belongs to one goroutine, but for hurry.
type connection struct {
	server    *Server
	to        *handover
	conn      net.Conn
	in        io.Reader // the connection, or what TLS makes of it
	addr      addrKey
	source    *input.Source
	assembler assembler
	spare     *input.Chunk // taken from the sink and not used
	hurried   atomic.Bool  // the input ends
}

// serve reads until the client or the input ends.
func (c *connection) serve() {
	if shown, err := c.greet(); err != nil {
		if c.to.Ctx.Err() == nil {
			c.server.refuse(c.to, c, tlsconf.Reason(err), shown)
		}
		return
	}
	c.server.clients.Add(1)
	c.assembler.limit = c.server.config.Limit
	buf := make([]byte, readSize)
	for last := 0; last < lastReads; {
		c.await()
		n, err := c.in.Read(buf)
		if n > 0 && !c.keep(buf[:n], false) {
			return
		}
		late := errors.Is(err, os.ErrDeadlineExceeded) && c.hurried.Load()
		if err != nil && !late {
			break
		}
		switch {
		case late && n == 0: // the first may be the one that woke us
			last += lastReads / 2
		case c.hurried.Load():
			last++
		}
	}
	c.keep(nil, true)
}

// await sets the time until which the next octets must come.
func (c *connection) await() {
	if idle := c.server.config.Idle; idle > 0 {
		c.conn.SetReadDeadline(time.Now().Add(idle))
	}
	if c.hurried.Load() { // perhaps only just now
		c.conn.SetReadDeadline(time.Now().Add(lastPause))
	}
}

// hurry tells the connection that the input ends.
func (c *connection) hurry() {
	c.hurried.Store(true)
	c.conn.SetReadDeadline(time.Unix(1, 0))
}

// greet begins TLS if it is wanted, and says what the client shows. A client that may say nothing for a while may say nothing
// for that long here too.
func (c *connection) greet() (shown []entry.Field, err error) {
	c.in = c.conn
	config := c.server.config.TLS
	if config == nil || !c.addr.IsValid() {
		return nil, nil
	}
	secure := tls.Server(c.conn, config)
	limit := handshakeTime
	if idle := c.server.config.Idle; idle > 0 {
		limit = min(limit, idle)
	}
	ctx, cancel := context.WithTimeout(c.to.Late, limit)
	defer cancel()
	err = secure.HandshakeContext(ctx)
	if certificates := secure.ConnectionState().PeerCertificates; len(certificates) > 0 {
		shown = certificateFields(certificates[0])
	}
	if err != nil {
		return shown, errors.Join(ctx.Err(), err)
	}
	c.in = secure
	c.source.Fields = append(c.source.Fields, shown...)
	return nil, nil
}

func certificateFields(c *x509.Certificate) (fields []entry.Field) {
	if subject := tlsconf.Subject(c); subject != "" {
		fields = append(fields, observed("_TLS_PEER", subject))
	}
	return append(fields, observed("_TLS_FINGERPRINT", tlsconf.Fingerprint(c)))
}

// keep writes octets into the file and hands over the lines that end in them; the last call of a connection ends its
// last line. It reports whether to go on.
func (c *connection) keep(octets []byte, last bool) bool {
	chunk := c.spare
	if c.spare = nil; chunk == nil {
		chunk = c.to.Sink.Chunk()
	}
	chunk.Source = c.source
	c.assembler.add(chunk, octets)
	if last {
		c.assembler.finish(chunk)
	}
	c.assembler.shrink()
	toFile := chunk.Octets
	if c.server.config.Raw {
		toFile = octets
	}
	good := c.to.write(toFile)
	c.server.lines.Add(uint64(len(chunk.Messages)))
	if len(chunk.Messages) == 0 {
		c.spare = chunk
		return good
	}
	return c.to.put(chunk) && good
}

func addressOf(conn net.Conn) addrKey {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return addrKey{}
}

// source describes a client.
func (s *Server) source(conn net.Conn) *input.Source {
	transport := observed("_TRANSPORT", "record")
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		via := s.config.Via
		return &input.Source{Name: "record " + via, Format: input.Text, Fields: []entry.Field{transport, observed("_VIA", via)}}
	}
	addr := tcp.AddrPort().Addr().Unmap().String()
	return &input.Source{Name: "record " + addr, Format: input.Text, Fields: []entry.Field{transport,
		observed("_SOURCE_ADDR", addr), observed("_SOURCE_PORT", strconv.Itoa(tcp.Port))}}
}

func observed(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed}
}
