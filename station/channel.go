package station

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"constat/entry"
)

// Entry is what a frame says.
type Entry struct {
	Time    time.Time // the zero value is none
	Level   Level     // 0 (emerg) to 7 (debug)
	Module  string    // "" is none; at most [MaxModule] bytes are kept
	Message string    // what does not fit into a frame is left out at its end, and counted in the frame
	Fields  []Field

	left int // bytes of the message that were left out already
}

// Field is one more field of an entry.
type Field struct {
	Name  string // see [entry.ValidFrameName]
	Value string
}

// Limits of an entry, in bytes.
const (
	MaxModule = 256
	MaxFields = 4096 // all names and values together, as written in the frame
)

// ErrNotWritten says that a message could not be written in time. The reader will miss it.
var ErrNotWritten = errors.New("not written in time")

// Channel is one run on a log channel: a character device, a pseudo-terminal, a FIFO or a Unix stream socket. It opens it
// again if it breaks. Its methods may be called concurrently; each waits at most for the time limit, after those before it.
type Channel struct {
	path    string
	timeout time.Duration
	skipped atomic.Uint64 // messages that were given up before they got here, and are not numbered yet
	dropped atomic.Uint64 // all messages that were not written
	latest  atomic.Int64  // when a message came last, in ns since 1970

	mu     sync.Mutex // guards everything below
	file   file       // nil while it is broken
	failed error      // why
	run    [entry.FrameRunSize]byte
	number uint64 // of the last message
	said   uint64 // number of the last heartbeat
	rest   []byte // of a frame that was written in part
	buf    []byte
	closed bool
}

// OpenChannel opens a channel for writing; "" is [DefaultChannel], and a timeout of 0 is [DefaultTimeout]. Errors name the
// path; the channel can then be used all the same, and is tried again with each message.
func OpenChannel(path string, timeout time.Duration) (*Channel, error) {
	c := newChannel(path, timeout)
	return c, c.open()
}

// newChannel makes a channel that is not open yet.
func newChannel(path string, timeout time.Duration) *Channel {
	if path == "" {
		path = DefaultChannel
	}
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	c := &Channel{path: path, timeout: timeout}
	var id [entry.FrameRunSize / 2]byte
	rand.Read(id[:]) // never fails
	hex.Encode(c.run[:], id[:])
	return c
}

func (c *Channel) open() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connect(time.Now().Add(c.timeout))
}

// Run is the id of this run, 16 hex digits.
func (c *Channel) Run() string { return string(c.run[:]) }

// Dropped is how many messages were not written so far.
func (c *Channel) Dropped() uint64 { return c.dropped.Load() }

// skip gives up a message without trying: it keeps its number.
func (c *Channel) skip() {
	c.latest.Store(time.Now().UnixNano())
	c.skipped.Add(1)
	c.dropped.Add(1)
}

// Send writes a message. An error that wraps [ErrNotWritten] says that it is given up; another one that it cannot be
// written, because of a field, and has no number.
func (c *Channel) Send(e Entry) error {
	f, err := e.frame()
	if err != nil {
		return err
	}
	c.latest.Store(time.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number += c.skipped.Swap(0) + 1
	f.Kind, f.Run, f.Number = entry.FrameMessage, c.run[:], c.number
	c.buf = appendFrame(c.buf[:0], f)
	if err := c.write(c.buf); err != nil {
		c.dropped.Add(1)
		return fmt.Errorf("%s: message %d of run %s: %w (%w)", c.path, c.number, c.run, ErrNotWritten, err)
	}
	return nil
}

// Heartbeat says the number of the last message, unless that was said already.
func (c *Channel) Heartbeat() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.number += c.skipped.Swap(0); c.number == c.said {
		return nil
	}
	return c.mark(entry.FrameHeartbeat)
}

// Heartbeats writes heartbeats until the context ends: once no message has come for 5 seconds, and every 10 seconds while
// they come. So the reader misses the last ones too, if they got lost.
func (c *Channel) Heartbeats(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for said := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		if now.Sub(said) >= heartbeatEvery || now.UnixNano()-c.latest.Load() >= int64(heartbeatQuiet) {
			if c.Heartbeat() == nil {
				said = now
			}
		}
	}
}

// Close says that no more comes, for which it waits a second if the time limit is less, and closes the channel. An error
// says that this could not be written, or messages before it.
func (c *Channel) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.number += c.skipped.Swap(0)
	c.timeout = max(c.timeout, time.Second)
	err := c.mark(entry.FrameEnd)
	if err != nil && len(c.rest) > 1 { // of a message, whose end nobody will see
		c.dropped.Add(1)
	}
	c.closed = true
	if c.file != nil {
		err = errors.Join(err, c.file.Close())
		c.file = nil
	}
	if n := c.dropped.Load(); n > 0 {
		err = errors.Join(fmt.Errorf("%s: %d of %d messages are not written", c.path, n, c.number), err)
	}
	return err
}

// mark writes a frame that is no message.
func (c *Channel) mark(kind byte) error {
	f := &entry.Frame{Kind: kind, Run: c.run[:], Number: c.number, Time: stamp(time.Now()), Level: int(LevelInfo)}
	if n := c.dropped.Load(); n > 0 {
		f.Fields = []entry.Field{{Name: entry.FrameDropped, Value: strconv.AppendUint(nil, n, 10)}}
	}
	err := c.write(append([]byte{'\n'}, appendFrame(nil, f)...)) // not glued to what the backend left of a line
	if err == nil {
		c.said = c.number
	}
	return err
}

// write writes a frame, after what is left of the one before it. If only a part is written in time the rest is for the
// next call, and nil is returned.
func (c *Channel) write(frame []byte) error {
	if c.closed {
		return os.ErrClosed
	}
	deadline := time.Now().Add(c.timeout)
	if c.file == nil {
		if err := c.connect(deadline); err != nil {
			return err
		}
	}
	c.file.SetWriteDeadline(deadline) // what takes no deadline does not wait
	n, err := c.file.Write(c.rest)
	if c.rest = c.rest[n:]; err == nil {
		n, err = c.file.Write(frame)
		if n > 0 && isTimeout(err) {
			c.rest = append([]byte(nil), frame[n:]...)
			return nil
		}
	}
	if err != nil && !isTimeout(err) {
		c.broken(err)
	}
	return err
}

// broken lets go of a channel that cannot be written to. A frame of which a part was written is lost with it.
func (c *Channel) broken(err error) {
	if len(c.rest) > 1 || len(c.rest) == 1 && c.rest[0] != '\n' {
		c.dropped.Add(1)
	}
	c.file.Close()
	c.file, c.rest, c.failed = nil, nil, err
}

// connect opens the channel. It begins with an end of line, for whatever another program left there.
func (c *Channel) connect(deadline time.Time) error {
	f, err := open(c.path, deadline)
	if err != nil {
		c.failed = err
		return err
	}
	c.file, c.failed, c.rest = f, nil, []byte{'\n'}
	return nil
}
