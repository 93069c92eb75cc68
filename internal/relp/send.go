package relp

import (
	"context"
	"fmt"
	"time"
)

// Send sends messages, in order, as many at once as the window allows, and returns when all are answered: acknowledged
// is how many of the first are, without a gap. An error says why the next one is not. A [RefusedError] leaves the
// session as it is: what the server refuses, or has not got any more, may be sent again, the first of it
// messages[acknowledged]. Messages behind it that were under way may have been acknowledged too; whoever sends them
// again sends duplicates. After any other error, also the end of the context, the session has ended, and nobody knows
// whether the server has those that are not acknowledged.
func (c *Client) Send(ctx context.Context, messages [][]byte) (acknowledged int, err error) {
	if c.begun = 0; ctx.Err() != nil {
		return 0, ctx.Err()
	}
	stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	defer stop()
	s := &sending{changed: make(chan struct{}, 1)}
	sent, err := c.sendAll(messages, s)
	c.begun = sent
	if err == nil {
		err = c.flush()
	}
	acknowledged, told := s.wait(sent)
	if told != nil {
		err = told // it comes first
	}
	return acknowledged, err
}

// Begun is how many messages of the last Send, acknowledged or not, may have left.
func (c *Client) Begun() int { return c.begun }

// sendAll sends messages until one fails or is refused, and says how many are under way or answered.
func (c *Client) sendAll(messages [][]byte, s *sending) (sent int, err error) {
	for _, m := range messages {
		if len(m) > MaxData {
			return sent, fmt.Errorf("a message of %d octets: RELP has at most %d", len(m), MaxData)
		}
		if err := c.slot(); err != nil {
			return sent, err
		}
		if s.failed() {
			<-c.window
			return sent, nil
		}
		err := c.command(Syslog, m, func(err error) {
			<-c.window
			s.tell(err)
		})
		if err != nil {
			<-c.window
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// slot waits for a place in the window. Before it waits it sends what is in the buffer.
func (c *Client) slot() error {
	select {
	case c.window <- struct{}{}:
		return nil
	default:
	}
	if err := c.flush(); err != nil {
		return err
	}
	select {
	case c.window <- struct{}{}:
		return nil
	case <-c.ended:
		return c.why()
	}
}

// command writes a command into the buffer. told is called when it is answered, unless there is an error.
func (c *Client) command(name string, data []byte, told func(error)) error {
	c.mu.Lock()
	if c.failed != nil {
		defer c.mu.Unlock()
		return c.failed
	}
	c.last = next(c.last)
	c.waiting = append(c.waiting, command{number: c.last, told: told})
	if len(c.waiting) == 1 {
		c.expectLocked() // an error comes again when reading
	}
	c.mu.Unlock()
	if c.w.Available() < maxHeader+len(data)+2 {
		c.conn.SetWriteDeadline(time.Now().Add(c.config.Timeout))
	}
	if _, err := c.w.Write(AppendFrame(c.w.AvailableBuffer(), c.last, name, data)); err != nil {
		c.fail(err) // which tells
	}
	return nil
}

func (c *Client) flush() error {
	c.conn.SetWriteDeadline(time.Now().Add(c.config.Timeout))
	if err := c.w.Flush(); err != nil {
		c.fail(err)
		return err
	}
	return nil
}

// Ended is why the session has ended; nil if it has not, as far as is known.
func (c *Client) Ended() error {
	select {
	case <-c.ended:
		return c.why()
	default:
		return nil
	}
}

// why is the reason why the session has ended.
func (c *Client) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}
