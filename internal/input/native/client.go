package native

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"constat/entry"
)

// Client is one request to a daemon.
type Client struct {
	conn net.Conn
	w    *bufio.Writer
	body []byte
	stop func() bool // stops waiting for the end of the context
}

// Dial begins a request to the daemon that listens on a socket.
func Dial(socket string, r Request) (*Client, error) {
	return DialContext(context.Background(), socket, r, 256<<10)
}

// DialContext is [Dial] with a context, whose end fails the request, and with the size of a buffer in bytes.
func DialContext(ctx context.Context, socket string, r Request, buffer int) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, w: bufio.NewWriterSize(conn, buffer)}
	c.stop = context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	if err := writeLine(c.w, r); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Log sends an entry.
func (c *Client) Log(e *entry.Entry) (err error) {
	// Epoch and received time are the daemon's. An entry above the limit of a leaf is spilled by the daemon.
	if c.body, err = entry.AppendLong(c.body[:0], e); err != nil {
		return err
	}
	return writeBlock(c.w, c.body)
}

// Write sends a piece of a stream to import.
func (c *Client) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), 256<<10)
		if err := writeBlock(c.w, rest[:n]); err != nil {
			return len(p) - len(rest), err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// Finish ends the request and waits for the answer: nil means that everything is durable and signed.
func (c *Client) Finish() (Answer, error) {
	defer c.Close()
	err := writeBlock(c.w, nil)
	if err == nil {
		err = c.w.Flush()
	}
	a, readErr := c.answer()
	switch {
	case err != nil && readErr != nil:
		return a, fmt.Errorf("%w; %w", readErr, err) // on one line
	case readErr != nil:
		return a, readErr
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, err
}

func (c *Client) answer() (a Answer, err error) {
	line, err := bufio.NewReader(io.LimitReader(c.conn, MaxLine)).ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("the daemon ended before it answered: %w", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return a, nil
}

// Close ends the request without waiting.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}
