package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/input"
)

// DefaultLimit is how many octets of a message are kept, unless the configuration says otherwise.
const DefaultLimit = 64 << 10

const (
	batchSize  = 64                     // datagrams by one system call
	fullChunk  = 256 << 10              // octets of one sender that are handed over before the batch ends
	pollDrops  = 200 * time.Millisecond // how often the kernel is asked what it dropped
	maxErrors  = 100                    // of receiving, in a row, before the input gives up
	errorPause = 10 * time.Millisecond

	scarcePause = 100 * time.Millisecond // before trying again when the machine has nothing left
)

// Datagram is an input of datagrams: [ListenUDP], [ListenUnixgram]. It never holds its senders back.
type Datagram struct {
	name      string
	conn      datagramConn
	raw       syscall.RawConn
	limit     int
	senders   senders
	local     bool // credentials instead of addresses, and no drops
	inherited bool // the socket outlives us
	dropped   drops
	buffer    int
	life      life

	admissions admissions // of the network
}

var _ input.Input = (*Datagram)(nil)

// datagramConn is *net.UDPConn or *net.UnixConn.
type datagramConn interface {
	net.PacketConn
	syscall.Conn
}

// senders knows who sent a datagram.
type senders interface {
	of(b *batch, i int) *sender
}

// sender is a source with what has come of it in the batch at hand.
type sender struct {
	source *input.Source
	chunk  *input.Chunk // nil unless it has messages
	empty  uint64       // datagrams without octets
	active bool         // it is in the list of the batch

	refused bool   // it is not to be taken from
	denied  uint64 // datagrams of the batch that were not
	octets  uint64 // of these
}

// Name implements [input.Input]: "udp 127.0.0.1:5514" or "unixgram /dev/log".
func (d *Datagram) Name() string { return d.name }

// Addr is the address of the socket.
func (d *Datagram) Addr() net.Addr { return d.conn.LocalAddr() }

// ReceiveBuffer is the receive buffer in octets that the kernel granted. It is in the unit of the configuration: the
// kernel allots twice that, for its overhead.
func (d *Datagram) ReceiveBuffer() int { return d.buffer }

// Close implements [input.Input].
func (d *Datagram) Close() error { return d.life.close() }

// Run implements [input.Input]. A socket of our own takes nothing more once the context has ended; what it holds by
// then is handed over. A socket that was passed to us keeps what it holds, for whoever has it next.
func (d *Datagram) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := d.life.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	defer end()
	to, done := newHandover(ctx, sink)
	defer done()
	defer context.AfterFunc(ctx, func() { d.conn.SetReadDeadline(past()) })()

	polling, stop := context.WithCancel(ctx)
	polled := make(chan struct{})
	go func() { defer close(polled); d.pollDrops(polling, sink) }()
	r := &reading{Datagram: d, to: to, batch: newBatch(batchSize, d.limit, d.local)}
	err = r.receive(ctx)
	if err == nil && !d.inherited {
		err = r.drain()
	}
	stop()
	<-polled
	d.countDrops(sink)
	if err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	return nil
}

// pollDrops counts what the kernel drops, also when nothing is ever received again.
func (d *Datagram) pollDrops(ctx context.Context, sink input.Sink) {
	if d.local {
		return // the kernel makes senders wait instead
	}
	tick := time.NewTicker(pollDrops)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.countDrops(sink)
		}
	}
}

// countDrops is called by one goroutine at a time.
func (d *Datagram) countDrops(sink input.Sink) {
	if d.local {
		return
	}
	if n, err := d.dropped.more(); err == nil && n > 0 {
		sink.Lose(d.name, reasonKernel, n, 0)
	}
}

// silence makes the socket take nothing more, so that there is an end to what it holds. Senders on this machine get an
// error; what comes over the network is counted as dropped.
func (d *Datagram) silence() error {
	if d.local {
		return onSocket(d.raw, func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RD) })
	}
	return mute(d.raw)
}

// temporary is whether receiving may succeed after a while.
func temporary(err error) bool {
	return !errors.Is(err, unix.EBADF) && !errors.Is(err, unix.ENOTSOCK) && !errors.Is(err, unix.EFAULT)
}

// scarce reports whether an error says that file descriptors or memory are used up, by whomever. That may last, and is no
// reason to give up.
func scarce(err error) bool {
	for _, one := range []error{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}
