package syslog

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"constat/internal/beep"
	"constat/internal/input"
)

// beepSession is a BEEP connection. It belongs to one goroutine; another one sends, and the sink tells what is durable.
type beepSession struct {
	*connection
	reader   *beep.Reader
	channels map[uint32]*channel
	batch    []pending // what is to be answered or released when the chunk is durable
	payload  []byte    // of a frame
	began    time.Time
	sent     sync.WaitGroup

	mu        sync.Mutex
	changed   *sync.Cond    // of mu
	protocol  *beep.Session // guarded by mu
	unsettled int           // guarded by mu; octets of chunks that are not durable
	over      bool          // guarded by mu; nothing more is to be sent than what there is
	failed    error         // guarded by mu
}

// pending is what is to be done when something is durable.
type pending struct {
	channel *channel
	number  uint32      // of a COOKED message, which is answered
	octets  int         // of an answer of RAW, to be released
	refused *beep.Error // though it is durable: only the beginning is
}

// elementOverhead is how much longer than the limit of a message the element may be that it comes in.
const elementOverhead = 16 << 10

func newBEEPSession(c *connection) *beepSession {
	s := &beepSession{connection: c, channels: map[uint32]*channel{}, began: time.Now()}
	s.changed = sync.NewCond(&s.mu)
	s.protocol = beep.NewListener(beep.Config{Profiles: []string{profileCOOKED, profileRAW}, Window: beepWindow,
		Limit: c.in.config.Limit + elementOverhead})
	var stream io.ReadWriter = c.conn
	if c.secure != nil {
		stream = c.secure
	}
	s.reader = beep.NewReader(stream)
	s.sent.Go(func() { s.send(stream) })
	return s
}

// serve takes messages until the sender or the input ends, and returns when everything is answered that can be.
func (s *beepSession) serve(ctx context.Context) {
	stop := context.AfterFunc(s.to.Late, func() { s.fail(context.Canceled) })
	defer stop()
	err := s.takeFrames(ctx)
	if ctx.Err() != nil {
		s.takeRest()
	}
	s.keepParts(err)
	s.handOver()
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, beep.ErrProtocol):
		s.in.refuse(s.to, s.source.Name, reasonNoBEEP, nil, err) // and that is not answered (RFC 3080 §2.2.1.1)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.in.refuse(s.to, s.source.Name, reasonUnfinished, nil, err)
	}
	s.await(func() bool { return s.unsettled == 0 })
	s.locked(func() {
		if ctx.Err() != nil {
			s.protocol.CloseChannel(0, beep.CodeUnavailable)
		}
		s.over = true
	})
	s.sent.Wait()
}

// locked does something with what mu guards, and lets everybody look whether that changes things.
func (s *beepSession) locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	s.changed.Broadcast()
}

// await waits until is reports true, or the session fails. It is called with the lock held.
func (s *beepSession) await(is func() bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !is() && s.failed == nil {
		s.changed.Wait()
	}
	return s.failed
}

// fail ends everything.
func (s *beepSession) fail(err error) {
	s.locked(func() {
		if s.failed == nil {
			s.failed = err
		}
	})
	s.conn.Close()
}

// send sends what there is to send, until there is nothing more and nothing more comes.
func (s *beepSession) send(w io.Writer) {
	for {
		s.mu.Lock()
		var octets []byte
		for s.failed == nil {
			if octets = s.protocol.Output(nil); len(octets) > 0 || s.over {
				break
			}
			s.changed.Wait()
		}
		s.changed.Broadcast() // something may have been answered
		s.mu.Unlock()
		if len(octets) == 0 {
			return
		}
		s.conn.SetWriteDeadline(time.Now().Add(answerTime))
		if _, err := w.Write(octets); err != nil {
			s.fail(err)
			return
		}
	}
}

// takeFrames takes frames until the session ends. Nil is that both sides have agreed on that.
func (s *beepSession) takeFrames(ctx context.Context) error {
	for {
		if !s.reader.Whole() || s.chunk != nil && len(s.chunk.Octets) >= fullHandover {
			if err := s.handOver(); err != nil {
				return err
			}
		}
		if err := s.awaitFrame(ctx); err != nil {
			return err
		}
		ended, err := s.takeFrame()
		if err != nil || ended {
			return err
		}
	}
}

// takeRest takes what the socket holds when the input ends: of RAW nobody else has it.
func (s *beepSession) takeRest() {
	for octets := 0; octets < lastOctets; octets += len(s.payload) {
		s.conn.SetReadDeadline(time.Now().Add(backlogWait))
		if ended, err := s.takeFrame(); ended || err != nil {
			return
		}
	}
}

// awaitFrame waits for a frame. It may take as long as it likes, but not if it is the greeting, nor if it is the rest of a
// message that has begun.
func (s *beepSession) awaitFrame(ctx context.Context) error {
	if s.reader.Whole() {
		return ctx.Err()
	}
	if cap(s.payload) > leastRead {
		s.payload = nil // while nothing comes
	}
	greeted, unfinished := false, false
	s.locked(func() {
		greeted = s.protocol.Greeted()
		unfinished = s.unsettled == 0 && s.protocol.Unfinished() // else it may be we who hold the sender back
	})
	var limit time.Time
	switch {
	case !greeted:
		limit = s.began.Add(s.in.config.FrameTimeout)
	case unfinished:
		limit = time.Now().Add(s.in.config.FrameTimeout)
	}
	s.conn.SetReadDeadline(limit)
	if ctx.Err() != nil { // its end set a deadline, perhaps before us
		return ctx.Err()
	}
	if err := s.reader.Await(); err != nil {
		return err
	}
	if greeted && !s.reader.Whole() {
		s.conn.SetReadDeadline(time.Now().Add(s.in.config.FrameTimeout))
	}
	return ctx.Err()
}

// takeFrame takes one. ended is that it was the last.
func (s *beepSession) takeFrame() (ended bool, err error) {
	h, err := s.reader.Next()
	if err != nil {
		return false, err
	}
	s.locked(func() { err = s.protocol.Check(h) })
	if err != nil || h.Kind == beep.SEQ {
		return false, err
	}
	if s.payload, err = s.reader.Payload(s.payload[:0]); err != nil {
		return false, err
	}
	var e beep.Event
	s.locked(func() { e, err = s.protocol.Take(h, s.payload) })
	if err != nil {
		return false, err
	}
	return s.takeEvent(e)
}

// takeEvent is the switch over what a frame may bring.
func (s *beepSession) takeEvent(e beep.Event) (ended bool, err error) {
	ch := s.channels[e.Channel]
	switch e.What {
	case beep.Start:
		s.locked(func() { s.start(e) })
	case beep.Close:
		return s.close(e)
	case beep.Closed:
		delete(s.channels, e.Channel)
	case beep.Message:
		if ch.cooked {
			s.takeCOOKED(ch, e)
			return false, nil
		}
		s.answer(pending{channel: ch, number: e.Number,
			refused: &beep.Error{Code: beep.CodeRefused, Text: "no messages on a RAW channel, only answers"}}, nil)
	case beep.Answer:
		s.takeRAW(ch, e, "")
	case beep.Done:
		if e.Kind == beep.RPY { // where there should be none
			s.takeRAW(ch, e, "")
		}
		err := s.handOver()
		s.locked(func() {
			ch.ended = true
			s.closeEnded(ch)
		})
		return false, err
	}
	return false, nil
}

// close answers a close: not while something is not answered, and not before everything is durable.
func (s *beepSession) close(e beep.Event) (ended bool, err error) {
	if err := s.handOver(); err != nil {
		return false, err
	}
	busy := false
	s.locked(func() {
		if busy = s.protocol.Busy(e.Channel); busy {
			s.protocol.Refuse(e, &beep.Error{Code: beep.CodeRefused, Text: "still working: not everything on the channel is answered"})
		}
	})
	if busy {
		return false, nil
	}
	if err := s.await(func() bool { return s.unsettled == 0 }); err != nil {
		return false, err
	}
	s.locked(func() { s.protocol.Agree(e) })
	delete(s.channels, e.Channel)
	return e.Channel == 0, nil
}

// localAddress is our side of a connection.
func localAddress(conn net.Conn) (addr netip.Addr) {
	if tcp, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		addr = tcp.AddrPort().Addr().Unmap()
	}
	return addr
}

// open makes the chunk one for the messages of a channel.
func (s *beepSession) open(ch *channel) {
	if s.chunk != nil && s.chunk.Source != ch.source {
		s.handOver() // an error comes again
	}
	if s.chunk == nil {
		s.chunk = s.to.chunk()
		s.chunk.Source = ch.source
	}
}

// add puts a message into the chunk.
func (s *beepSession) add(ch *channel, m input.Message, octets []byte) {
	s.open(ch)
	m.Start = len(s.chunk.Octets)
	s.chunk.Octets = append(s.chunk.Octets, octets...)
	m.End = len(s.chunk.Octets)
	s.chunk.Messages = append(s.chunk.Messages, m)
}
