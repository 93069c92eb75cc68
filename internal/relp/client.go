package relp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// ClientConfig says how a client behaves. The zero value is what librelp does.
type ClientConfig struct {
	// Window is how many messages may wait for their answer; 0 is [DefaultWindow].
	Window int
	// Timeout is how long the server may be silent while an answer is due; 0 is [DefaultTimeout].
	Timeout time.Duration
	// Software is what the client says of itself, such as "constat,1.0,https://example.org"; "" is nothing.
	Software string
}

// Defaults, those of librelp.
const (
	DefaultWindow  = 128
	DefaultTimeout = 90 * time.Second
)

// maxAnswer is how much of the data of an answer is kept, in octets.
const maxAnswer = 16 << 10

// ErrEnded says that the session has ended: by the server, by an error before, or by [Client.Close].
var ErrEnded = errors.New("the RELP session has ended")

// Client is the client's side of a session over one connection. Its methods are for one goroutine.
type Client struct {
	config ClientConfig
	conn   net.Conn
	w      *bufio.Writer
	r      *Reader
	last   uint32 // number of the last command
	begun  int    // messages of the last Send
	peer   offers
	window chan struct{} // holds a value for each message under way
	ended  chan struct{} // closed when nothing is read any more

	mu      sync.Mutex
	waiting []command // guarded by mu; in the order in which they were sent
	failed  error     // guarded by mu; why the session has ended
	closed  sync.Once
}

// command is one that is under way.
type command struct {
	number uint32
	done   bool
	told   func(err error) // called once, in order
}

// NewClient begins a session over a connection, and owns that from then on. It returns when the server has answered.
func NewClient(ctx context.Context, conn net.Conn, c ClientConfig) (*Client, error) {
	if c.Window <= 0 {
		c.Window = DefaultWindow
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	client := &Client{config: c, conn: conn, w: bufio.NewWriterSize(conn, 64<<10), r: NewReader(conn),
		window: make(chan struct{}, c.Window), ended: make(chan struct{})}
	if err := client.open(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("RELP session with %s: %w", conn.RemoteAddr(), err)
	}
	go client.read()
	return client, nil
}

// open sends "open" and reads the answer.
func (c *Client) open(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.conn.SetDeadline(time.Now().Add(c.config.Timeout))
	own := offers{version, c.config.Software, []string{Syslog}}
	c.last = 1
	if _, err := c.conn.Write(AppendFrame(nil, c.last, Open, own.append(nil))); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	h, data, err := c.frame()
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	if h.Command != Rsp || h.Number != c.last {
		return fmt.Errorf("%w: the answer to open is %d %.40q", ErrProtocol, h.Number, h.Command)
	}
	code, text, rest, err := parseResponse(data)
	if err != nil {
		return err
	}
	if code != OK {
		return &RefusedError{Command: Open, Code: code, Text: text}
	}
	if c.peer, err = parseOffers(rest); err != nil {
		return err
	}
	if !slices.Contains(c.peer.commands, Syslog) {
		return fmt.Errorf("%w: the server does not take syslog", ErrProtocol)
	}
	if !stop() {
		return ctx.Err()
	}
	return c.conn.SetDeadline(time.Time{})
}

// PeerSoftware is what the server says of itself.
func (c *Client) PeerSoftware() string { return c.peer.software }

// frame reads one frame.
func (c *Client) frame() (Header, []byte, error) {
	h, err := c.r.Next()
	if err == io.EOF {
		err = fmt.Errorf("%w: the server has closed the connection", ErrEnded)
	}
	if err != nil {
		return h, nil, err
	}
	data, _, err := c.r.Data(nil, maxAnswer)
	return h, data, err
}

// read takes answers until the session ends.
func (c *Client) read() {
	defer close(c.ended)
	for {
		h, data, err := c.frame()
		switch {
		case err != nil:
		case h.Number == 0 && h.Command == ServerClose:
			err = fmt.Errorf("%w: the server closes it", ErrEnded)
		case h.Number == 0:
			continue // a hint that is not known
		case h.Command != Rsp:
			err = fmt.Errorf("%w: the server sends the command %q", ErrProtocol, h.Command)
		default:
			err = c.answered(h.Number, data)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// answered takes an answer. Answers may come in any order; who waits is told in that of the commands.
func (c *Client) answered(number uint32, data []byte) error {
	code, text, _, err := parseResponse(data)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.waiting, func(w command) bool { return w.number == number && !w.done })
	if i < 0 {
		return fmt.Errorf("%w: an answer to %d, which is not under way", ErrProtocol, number)
	}
	c.waiting[i].done = true
	if code != OK {
		told, refused := c.waiting[i].told, &RefusedError{Command: Syslog, Code: code, Text: text}
		c.waiting[i].told = func(error) { told(refused) }
	}
	n := 0
	for n < len(c.waiting) && c.waiting[n].done {
		c.waiting[n].told(nil)
		n++
	}
	c.waiting = slices.Delete(c.waiting, 0, n)
	return c.expectLocked()
}

// expectLocked sets the time until which the next answer must come.
func (c *Client) expectLocked() error {
	if len(c.waiting) == 0 {
		return c.conn.SetReadDeadline(time.Time{})
	}
	return c.conn.SetReadDeadline(time.Now().Add(c.config.Timeout))
}

// fail ends the session and tells who waits.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		c.failed = err
	}
	for _, w := range c.waiting {
		w.told(c.failed)
	}
	c.waiting = nil
	c.conn.Close()
}

// Close says good-bye, waits for the answer until the context ends, and closes the connection. The error says that the
// server did not answer; what was acknowledged is not in doubt. A second call does nothing.
func (c *Client) Close(ctx context.Context) (err error) {
	c.closed.Do(func() {
		stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
		defer stop()
		answered := make(chan error, 1)
		if err = c.command(Close, nil, func(err error) { answered <- err }); err == nil {
			c.flush() // an error is told
			err = <-answered
		}
		c.fail(ErrEnded)
		<-c.ended
	})
	return err
}
