package xen

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"constat/internal/input"
)

// Sizes and times of a connection.
const (
	readSize   = 64 << 10
	lastOctets = 2 << 20                // read at most when the input ends
	hold       = 200 * time.Millisecond // an entry waits for further lines
	quiet      = 100 * time.Millisecond // after which nothing is waiting in the channel any more
	lastWait   = 20 * time.Millisecond  // for octets that are there, when the input ends
)

// reading is one connection. It belongs to one goroutine.
type reading struct {
	*domain
	conn    net.Conn
	buf     []byte
	chunk   *input.Chunk // of the sink; nil while it is empty
	lines   lines
	pending pending
	backlog backlog
	total   uint64 // octets
	counts  counts
	framed  bool // the last line was a frame: or none has come
}

// counts is what has come over a connection.
type counts struct{ lines, frames, torn uint64 }

func newReading(d *domain, conn net.Conn) *reading {
	return &reading{domain: d, conn: conn, buf: make([]byte, readSize), lines: lines{limit: d.limit},
		backlog: backlog{open: true}, framed: true}
}

// run reads until the stream or the context ends. A stream that ends is io.EOF or another error of the socket; if the
// context or the sink ended, that is the error.
func (r *reading) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { r.conn.SetReadDeadline(time.Unix(1, 0)) })()
	for {
		r.conn.SetReadDeadline(r.deadline())
		if ctx.Err() != nil { // the end of the context set a deadline, perhaps before us
			return errors.Join(ctx.Err(), r.drain())
		}
		began := time.Now()
		n, err := r.conn.Read(r.buf)
		r.backlog.took(n, time.Since(began))
		if err := r.take(n, isTimeout(err)); err != nil {
			return err
		}
		if err != nil && !isTimeout(err) {
			return err
		}
	}
}

// drain reads what is there when the context has ended.
func (r *reading) drain() error {
	for octets := 0; octets < lastOctets; {
		r.conn.SetReadDeadline(time.Now().Add(lastWait))
		n, err := r.conn.Read(r.buf)
		if err := r.take(n, false); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
		octets += n
	}
	return nil
}

// take takes what was read into the buffer, or that nothing was there, and hands over what is complete.
func (r *reading) take(n int, idle bool) error {
	r.total += uint64(n)
	r.lines.feed(r.buf[:n], r.line)
	if idle && r.backlog.octets > 0 || r.backlog.over() {
		r.endBacklog()
	}
	if idle && time.Since(r.pending.at) >= hold {
		r.flush("")
	}
	return r.handOver()
}

// deadline is until when to wait for octets.
func (r *reading) deadline() time.Time {
	switch {
	case r.backlog.open && r.backlog.octets > 0: // what is waiting comes with the next that the guest writes
		return time.Now().Add(quiet)
	case r.pending.any:
		return time.Now().Add(hold)
	}
	return time.Time{}
}

// finish hands over what is there of a line that will not end, and says how the connection went.
func (r *reading) finish(err error) {
	if len(r.lines.begun) > 0 {
		r.partial()
	}
	r.flush("")
	r.endBacklog()
	if !errors.Is(err, context.Canceled) {
		r.note(r.disconnected())
	}
	r.handOver()
}

// handOver gives the chunk to the sink. If that has to wait long, a backlog may form meanwhile.
func (r *reading) handOver() error {
	c := r.chunk
	if r.chunk = nil; c == nil {
		return nil
	}
	began := time.Now()
	err := r.to.put(c)
	r.backlog.waited(time.Since(began))
	return err
}

// add appends a message to the chunk.
func (r *reading) add(octets []byte, lost int64, flag string) {
	c := r.open()
	start := len(c.Octets)
	c.Octets = append(c.Octets, octets...)
	c.Messages = append(c.Messages, input.Message{Start: start, End: len(c.Octets), Lost: lost, Flag: flag})
}

// note appends a note to the chunk.
func (r *reading) note(n *input.Note) {
	c := r.open()
	c.Messages = append(c.Messages, input.Message{Start: len(c.Octets), End: len(c.Octets), Note: n})
}

func (r *reading) open() *input.Chunk {
	if r.chunk == nil {
		r.chunk = r.to.Sink.Chunk()
		r.chunk.Source = r.source
	}
	return r.chunk
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
