package xen

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"constat/internal/input"
)

// How long to wait before connecting again: longer each time that nothing comes.
const (
	firstPause = 20 * time.Millisecond
	maxPause   = time.Second
)

// domain is one domain, for as long as the input runs. All but reading belongs to the one goroutine that reads it.
type domain struct {
	name, path string
	what       string // the kind of channel, for people
	to         *handover
	limit      int
	source     *input.Source
	reading    atomic.Bool // somebody reads it

	runs    runs
	trouble string // why it cannot be connected to, as it was said last
}

// serve reads the socket until the context ends or the socket is gone: whoever looks at the directory begins anew when it
// is back. A domain that restarts has another socket under the same name. read is given each connection and reports whether
// anything came over it.
func (d *domain) serve(ctx context.Context, read func(context.Context, net.Conn) bool) {
	var inode uint64
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, maxPause) {
		if now := inodeOf(d.path); now != inode {
			inode, pause = now, firstPause
		}
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "unix", d.path)
		switch {
		case err == nil:
			d.trouble = ""
			if read(ctx, conn) {
				pause = firstPause
			}
		case isGone(err) || ctx.Err() != nil:
			return
		default:
			d.say(err)
		}
		wait(ctx, pause)
	}
}

// read reads a connection to its end and reports whether anything came.
func (d *domain) read(ctx context.Context, conn net.Conn) bool {
	defer conn.Close()
	r := newReading(d, conn)
	r.note(d.connected())
	if r.handOver() == nil {
		err := r.run(ctx)
		r.finish(err)
	}
	return r.total > 0
}

// say notes why a socket cannot be connected to, unless that was said already. A refusal is what a domain that was killed
// leaves behind, and what one that starts gives for a moment.
func (d *domain) say(err error) {
	if cause := causeOf(err); cause != d.trouble && !errors.Is(err, syscall.ECONNREFUSED) {
		d.trouble = cause
		c := d.to.Sink.Chunk()
		c.Source = d.source
		c.Messages = append(c.Messages, input.Message{Note: d.unreachable(cause)})
		d.to.put(c)
	}
}

// causeOf is why a socket cannot be connected to, without its name.
func causeOf(err error) string {
	if errors.Is(err, syscall.EAGAIN) {
		return "it serves one client, and others wait already"
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// inodeOf tells sockets of one name apart; 0 is none.
func inodeOf(path string) uint64 {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}

// wait waits, or until the context ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
