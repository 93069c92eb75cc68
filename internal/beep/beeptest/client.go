// Package beeptest is an initiator of syslog over BEEP for tests (RFC 3195): it sends by the profiles RAW and COOKED, keeps
// to the windows of the listener, and fails when the listener does not keep to its own.
package beeptest

import (
	"encoding/xml"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"constat/internal/beep"
)

// Profiles.
const (
	RAW    = "http://xml.resource.org/profiles/syslog/RAW"
	COOKED = "http://xml.resource.org/profiles/syslog/COOKED"
)

const window = 4096 // octets, of each channel and direction

// Client is a session with one channel, number 1.
type Client struct {
	conn net.Conn
	r    *beep.Reader

	mu      sync.Mutex
	changed *sync.Cond
	lanes   [2]lane           // guarded by mu; by channel
	replies map[uint32]string // guarded by mu; of channel 1, by message: "" is an ok
	zero    []string          // guarded by mu; what came on channel 0
	asked   bool              // guarded by mu; the listener awaits answers
	closed  bool              // guarded by mu; the listener has closed channel 1
	failed  error             // guarded by mu
	number  uint32            // of the next message on channel 1
	manage  uint32            // likewise on channel 0
}

// lane is one channel: what was sent and may be, what came and may, and what came of a message that has not ended.
type lane struct {
	out, may, next, edge uint32
	part                 []byte
}

// Dial connects and begins a session: see [New].
func Dial(address, profile string, patience time.Duration) (*Client, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return New(conn, profile, patience)
}

// New begins a session and starts channel 1. All of the session takes at most the patience.
func New(conn net.Conn, profile string, patience time.Duration) (*Client, error) {
	conn.SetDeadline(time.Now().Add(patience))
	c := &Client{conn: conn, r: beep.NewReader(conn), replies: map[uint32]string{}, manage: 1}
	c.changed = sync.NewCond(&c.mu)
	for i := range c.lanes {
		c.lanes[i] = lane{may: window, edge: window}
	}
	go c.read()
	c.write(beep.RPY, 0, 0, beep.XML("<greeting />"))
	c.write(beep.MSG, 0, 1, beep.XML("<start number='1'><profile uri='"+profile+"' /></start>"))
	c.manage = 2
	if err := c.await(func() bool { return len(c.zero) >= 2 }); err != nil {
		conn.Close()
		return nil, err
	}
	if err := c.agreed(1); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// agreed is whether the reply on channel 0 with that index is a good one.
func (c *Client) agreed(i int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.HasPrefix(c.zero[i], "RPY") {
		return fmt.Errorf("refused: %s", c.zero[i])
	}
	return nil
}

// HangUp ends the connection without a word.
func (c *Client) HangUp() { c.conn.Close() }

func (c *Client) await(is func() bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !is() && c.failed == nil {
		c.changed.Wait()
	}
	if is() {
		return nil
	}
	return c.failed
}

// write sends a message in frames, each as large as the window has room for.
func (c *Client) write(kind beep.Kind, channel, number uint32, payload []byte) error {
	for more := true; more; {
		l := &c.lanes[channel]
		if err := c.await(func() bool { return l.may != l.out }); err != nil {
			return err
		}
		c.mu.Lock()
		n := min(len(payload), int(l.may-l.out))
		more = n < len(payload)
		h := beep.Header{Kind: kind, Channel: channel, Number: number, More: more, Seq: l.out, Answer: number}
		if kind == beep.ANS {
			h.Number = 0
		}
		l.out += uint32(n)
		_, err := c.conn.Write(beep.AppendFrame(nil, h, payload[:n]))
		c.mu.Unlock()
		if err != nil {
			return err
		}
		payload = payload[n:]
	}
	return nil
}

// Entry is a message of the COOKED profile.
func Entry(text string) []byte {
	var b strings.Builder
	b.WriteString("<entry facility='8' severity='6'>")
	xml.EscapeText(&b, []byte(text))
	b.WriteString("</entry>")
	return beep.XML(b.String())
}

// SendCooked sends entries, and returns how many of the first were acknowledged, without a gap. An error says why the
// next one was not.
func (c *Client) SendCooked(messages []string) (acknowledged int, err error) {
	first := c.number
	for _, m := range messages {
		if err = c.write(beep.MSG, 1, c.number, Entry(m)); err != nil {
			break
		}
		c.number++
	}
	for n := first; n < c.number; n++ {
		reply := ""
		told := c.await(func() (found bool) { reply, found = c.replies[n]; return found })
		if told == nil && reply != "" {
			told = fmt.Errorf("refused: %s", reply)
		}
		if told != nil {
			return acknowledged, told
		}
		acknowledged++
	}
	return acknowledged, err
}

// SendRaw sends messages as answers, each of so many.
func (c *Client) SendRaw(messages []string, each int) error {
	if err := c.await(func() bool { return c.asked }); err != nil {
		return err
	}
	for len(messages) > 0 {
		n := min(each, len(messages))
		if err := c.write(beep.ANS, 1, c.number, beep.Binary([]byte(strings.Join(messages[:n], "\r\n")))); err != nil {
			return err
		}
		c.number++
		messages = messages[n:]
	}
	return nil
}

// End says that no more answers come, and waits until the listener closes the channel: everything is durable then.
func (c *Client) End() error {
	c.mu.Lock()
	c.conn.Write(beep.AppendFrame(nil, beep.Header{Kind: beep.NUL, Channel: 1, Seq: c.lanes[1].out}, nil))
	c.mu.Unlock()
	return c.await(func() bool { return c.closed })
}

// Release ends the session as both sides agree, and closes the connection.
func (c *Client) Release() error {
	defer c.conn.Close()
	seen := 0
	c.await(func() bool { seen = len(c.zero); return true })
	if err := c.write(beep.MSG, 0, c.manage, beep.XML("<close number='0' code='200' />")); err != nil {
		return err
	}
	if err := c.await(func() bool { return len(c.zero) > seen }); err != nil {
		return err
	}
	return c.agreed(seen)
}

// read takes what comes until the connection ends.
func (c *Client) read() {
	for {
		h, err := c.r.Next()
		var payload []byte
		if err == nil && h.Kind != beep.SEQ {
			payload, err = c.r.Payload(nil)
		}
		c.mu.Lock()
		if err == nil {
			err = c.takeLocked(h, payload)
		}
		c.failed = err
		c.changed.Broadcast()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *Client) takeLocked(h beep.Header, payload []byte) error {
	if h.Channel > 1 {
		return fmt.Errorf("%s on channel %d", h.Kind, h.Channel)
	}
	l := &c.lanes[h.Channel]
	if h.Kind == beep.SEQ {
		if edge := h.Seq + h.Size; int32(edge-l.may) > 0 && int32(l.out-h.Seq) >= 0 {
			l.may = edge
			return nil
		}
		return fmt.Errorf("SEQ %d %d %d: the window was at %d, %d octets were sent", h.Channel, h.Seq, h.Size, l.may, l.out)
	}
	if h.Seq != l.next || h.Size > l.edge-l.next {
		return fmt.Errorf("%+v: want octet %d of at most %d", h, l.next, l.edge)
	}
	l.next += h.Size
	if l.edge-l.next < window/2 {
		l.edge = l.next + window
		c.conn.Write(beep.AppendFrame(nil, beep.Header{Kind: beep.SEQ, Channel: h.Channel, Seq: l.next, Size: window}, nil))
	}
	if l.part = append(l.part, payload...); h.More {
		return nil
	}
	body := string(beep.Body(l.part))
	l.part = nil
	switch {
	case h.Channel == 0 && h.Kind == beep.MSG:
		c.closed = strings.Contains(body, "number='1'")
		ok := beep.XML(beep.OK)
		c.conn.Write(beep.AppendFrame(nil, beep.Header{Kind: beep.RPY, Number: h.Number, Seq: l.out}, ok))
		l.out += uint32(len(ok))
	case h.Channel == 0:
		c.zero = append(c.zero, h.Kind.String()+" "+body)
	case h.Kind == beep.MSG:
		c.asked = true
	case h.Kind == beep.RPY:
		c.replies[h.Number] = ""
	default:
		c.replies[h.Number] = body
	}
	return nil
}
