package syslog

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/input"
)

const (
	firstRead  = 16 << 10  // octets of the first chunk of a connection
	largeRead  = 256 << 10 // what a chunk grows to while a sender fills it
	leastRead  = 4 << 10   // room in a chunk that is worth a system call
	keepRest   = 1 << 10   // memory that an idle connection may hold
	lastOctets = 8 << 20   // read at most when the input ends
)

// connection serves one sender. It belongs to one goroutine. It holds a chunk only while there is something to read:
// between reads there is no memory but the beginning of a message that has not ended.
type connection struct {
	in       *Stream
	to       *handover
	conn     net.Conn
	raw      syscall.RawConn
	addr     netip.Addr // of the peer; none of a local one
	secure   *secure    // nil without TLS
	greeting bool       // TLS begins; guarded by in.mu
	receiver receiver
	ready    func(fd uintptr) bool // isReady
	fill     func(fd uintptr)      // read
	peeked   [1]byte
	n        int   // octets of the last system call
	err      error // of the last system call

	source *input.Source
	writer unix.Ucred // who wrote what was read last; local sockets only
	framer framer
	chunk  *input.Chunk
	rest   []byte // beginning of a message, while there is no chunk
	size   int    // octets to have room for
	empty  uint64 // frames without octets that are not counted yet

	left    time.Duration // for the end of the message under way
	limited bool          // there is a deadline
}

func newConnection(s *Stream, conn net.Conn, to *handover) (*connection, error) {
	c := &connection{in: s, to: to, conn: conn, size: firstRead, left: s.config.FrameTimeout,
		framer: framer{limit: s.config.Limit, lineNUL: !s.config.KeepNUL, lineCR: s.config.CutCR}}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetKeepAliveConfig(keepAlive()); err != nil {
			return nil, err
		}
		c.addr = addressOf(tcp)
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	c.raw, c.ready, c.fill = raw, c.isReady, c.read
	return c, err
}

// serve reads until the stream or the context ends.
func (c *connection) serve(ctx context.Context) {
	for {
		err := c.wait(ctx)
		if err == nil {
			err = c.take(ctx)
		}
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil:
			c.takeLast()
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.finish(FlagTimeout)
			return
		}
		c.finish(FlagTruncated)
		return
	}
}

// wait returns nil when there is something to read.
func (c *connection) wait(ctx context.Context) error {
	began := time.Now()
	if len(c.rest) > 0 {
		c.conn.SetReadDeadline(began.Add(c.left))
		c.limited = true
	} else if c.limited {
		c.conn.SetReadDeadline(time.Time{})
		c.limited = false
	}
	if ctx.Err() != nil { // the end of the context set a deadline, perhaps before us
		return ctx.Err()
	}
	err := c.await()
	if c.limited {
		c.left -= time.Since(began)
	} else {
		c.left = c.in.config.FrameTimeout
	}
	return err
}

// await waits until there is something to read.
func (c *connection) await() error {
	if c.secure != nil {
		return c.secure.wait()
	}
	if err := c.raw.Read(c.ready); err != nil {
		return err
	}
	return c.err
}

// readNow reads once what there is, behind the octets of the chunk. The error is EAGAIN if that is nothing.
func (c *connection) readNow() error {
	if c.secure != nil {
		b := c.chunk.Octets
		c.n, c.err = c.secure.take(b[len(b):cap(b)])
		return c.err
	}
	if err := c.raw.Control(c.fill); err != nil {
		return err
	}
	return c.err
}

// isReady looks whether there is something to read, without memory to read into.
func (c *connection) isReady(fd uintptr) bool {
	c.n, c.err = c.receiver.receive(fd, c.peeked[:], unix.MSG_PEEK)
	return !errors.Is(c.err, unix.EAGAIN)
}

// take reads what there is at once, and hands it over. The error is io.EOF at the end of the stream.
func (c *connection) take(ctx context.Context) error {
	c.open()
	for {
		room := cap(c.chunk.Octets) - len(c.chunk.Octets)
		err := c.readNow()
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			c.close()
			return err
		}
		c.received()
		if c.n < room {
			break
		}
		if err := c.makeRoom(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if c.n < c.size/8 && c.size > firstRead {
		c.size /= 2
	}
	return c.close()
}

// takeLast hands over what the socket holds when the input ends.
func (c *connection) takeLast() {
	for octets := 0; octets < lastOctets; octets += c.n {
		if c.secure == nil {
			if err := c.raw.Control(func(fd uintptr) { c.isReady(fd) }); err != nil || c.err != nil || c.n == 0 {
				return
			}
		}
		if c.n = 0; c.take(c.to.Late) != nil || c.n == 0 {
			return
		}
	}
}

// read reads once, behind the octets of the chunk.
func (c *connection) read(fd uintptr) {
	b := c.chunk.Octets
	c.n, c.err = c.receiver.receive(fd, b[len(b):cap(b)], 0)
	if c.err == nil && c.n == 0 {
		c.err = io.EOF
	}
}

// received takes what was read into the chunk, and cuts it into messages.
func (c *connection) received() {
	if c.in.locals != nil {
		b := c.chunk.Octets
		c.identify(b[len(b) : len(b)+c.n])
	}
	c.chunk.Octets = c.chunk.Octets[:len(c.chunk.Octets)+c.n]
	for {
		m, found := c.framer.next(c.chunk.Octets)
		if !found {
			return
		}
		c.left = c.in.config.FrameTimeout
		if m.Start == m.End {
			c.empty++
			continue
		}
		c.chunk.Messages = append(c.chunk.Messages, m)
	}
}

// open takes a chunk, which begins with the rest.
func (c *connection) open() {
	c.chunk = c.to.chunk()
	c.chunk.Source = c.source
	size := max(c.size, 2*len(c.rest))
	c.chunk.Octets = slices.Grow(c.chunk.Octets[:0], size)
	c.chunk.Octets = append(c.chunk.Octets, c.rest...)
	if c.rest = c.rest[:0]; cap(c.rest) > keepRest {
		c.rest = nil
	}
}

// makeRoom is called when the chunk is full.
func (c *connection) makeRoom() error {
	c.size = min(2*c.size, largeRead)
	if len(c.chunk.Messages) > 0 {
		if err := c.close(); err != nil {
			return err
		}
		c.open()
		return nil
	}
	b := c.chunk.Octets[:c.framer.end(c.chunk.Octets)]
	if cap(b)-len(b) < leastRead {
		b = slices.Grow(b, max(c.size, len(b)))
	}
	c.chunk.Octets = b
	return nil
}

// close hands the chunk over and keeps the rest.
func (c *connection) close() error {
	b := c.chunk.Octets
	end := c.framer.end(b)
	begin := c.framer.begin()
	c.rest = append(c.rest[:0], b[begin:end]...)
	c.framer.moved()
	c.chunk.Octets = b[:begin]
	chunk := c.chunk
	c.chunk = nil
	if c.source != nil {
		c.to.empty(c.source, c.empty)
		c.empty = 0
	}
	if len(chunk.Messages) == 0 {
		c.to.keep(chunk)
		return nil
	}
	return c.to.put(chunk)
}

// finish hands over what is there of a message that will not end.
func (c *connection) finish(flag string) {
	if len(c.rest) == 0 {
		return
	}
	c.open()
	c.flag(flag)
	c.close()
}

// flag ends the message under way.
func (c *connection) flag(flag string) {
	if m, found := c.framer.finish(c.chunk.Octets, flag); found {
		c.chunk.Messages = append(c.chunk.Messages, m)
	}
}

// identify is told what was read, behind the octets of the chunk, before it belongs to it. A process that writes into
// the connection of another one (which it was born with) begins a message of its own, and a chunk of its own.
func (c *connection) identify(octets []byte) {
	writer, known := c.receiver.credentials()
	source := c.in.locals.sender(writer, known).source
	if c.source == nil {
		c.source, c.chunk.Source = source, source
	} else if source != c.source {
		octets = slices.Clone(octets)
		if writer != c.writer {
			c.flag(FlagTruncated)
		}
		c.close() // an error comes again with the next chunk
		c.source = source
		c.open()
		c.chunk.Octets = slices.Grow(c.chunk.Octets, len(octets))
		copy(c.chunk.Octets[len(c.chunk.Octets):cap(c.chunk.Octets)], octets)
	}
	c.writer = writer
}
