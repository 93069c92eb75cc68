package syslog

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"constat/internal/input"
	"constat/internal/relp"
)

// RELP says how to receive over RELP. A message is answered when it is durable, and not before.
type RELP struct {
	// Software is what the server says of itself.
	Software string
	// CutLong acknowledges messages above the limit of which only the beginning is kept. Otherwise they are refused, after their
	// beginning was kept, and the client has them still: it sends them again.
	CutLong bool
}

// relpSegment is the longest segment that RELP clients are asked for, in octets. librelp corks its connection and sends
// full segments only, until its window is full and 200 ms have passed: where segments are long, as on the loopback,
// each window would take so long. The usual segment of Ethernet is shorter than a window.
const relpSegment = 1400

// ListenRELP binds. With TLS the input is called "relp-tls", without it "relp".
func ListenRELP(c TCPConfig, r RELP) (*Stream, error) {
	kind := "relp"
	if c.TLS != nil {
		kind = "relp-tls"
	}
	c.segment = relpSegment
	s, err := c.stream(kind)
	if err == nil {
		s.relp = &r
	}
	return s, err
}

// Bounds of a session. What is handed over waits in the queue of the sink, which is bounded too.
const (
	maxUnanswered = 4096      // messages of a connection on their way to the disk
	maxWaiting    = 1 << 20   // octets of them
	maxOther      = 16 << 10  // octets of data of other commands
	fullHandover  = 128 << 10 // octets that are handed over though more is there
	reasonTooLong = "message is longer than this server keeps"
)

// session is a RELP connection. It belongs to one goroutine; answers are sent by another one.
type session struct {
	*connection
	reader   *relp.Reader
	protocol relp.Session
	answers  *answers
	batch    *answer // to the messages of the chunk
	closed   bool    // the last answer is put
}

func newSession(c *connection) *session {
	s := &session{connection: c, protocol: relp.Session{Software: c.in.relp.Software}}
	var stream io.ReadWriter = c.conn
	if c.secure != nil {
		stream = c.secure
	}
	s.reader, s.answers = relp.NewReader(stream), newAnswers(stream, c.conn)
	return s
}

// serve takes messages until the client or the input ends, and returns when everything is answered that can be.
func (s *session) serve(ctx context.Context) {
	stop := context.AfterFunc(s.to.Late, func() { s.answers.fail(context.Canceled) })
	defer stop()
	err := s.takeFrames(ctx)
	s.handOver(ctx)
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
		s.complain(err)
	}
	if err != nil && !s.closed {
		s.answers.put(&answer{ready: relp.AppendServerClose(nil)}, 0)
	}
	s.answers.end()
}

// complain counts a session that broke off.
func (s *session) complain(err error) {
	switch {
	case errors.Is(err, relp.ErrProtocol):
		s.in.refuse(s.to, s.source.Name, "not RELP", nil, err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.in.refuse(s.to, s.source.Name, reasonUnfinished, nil, err)
	}
}

// takeFrames takes frames until the session ends. Nil is that the client has said so.
func (s *session) takeFrames(ctx context.Context) error {
	for {
		if !s.reader.Whole() || s.chunk != nil && len(s.chunk.Octets) >= fullHandover {
			if err := s.handOver(ctx); err != nil {
				return err
			}
		}
		if err := s.awaitFrame(ctx); err != nil {
			return err
		}
		ended, err := s.takeFrame(ctx)
		if err != nil || ended {
			return err
		}
	}
}

// awaitFrame waits for a frame, which may take as long as it likes, and limits the time in which the rest of it comes.
func (s *session) awaitFrame(ctx context.Context) error {
	if s.reader.Whole() {
		return ctx.Err()
	}
	s.conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil { // its end set a deadline, perhaps before us
		return ctx.Err()
	}
	if err := s.reader.Await(); err != nil {
		return err
	}
	if !s.reader.Whole() {
		s.conn.SetReadDeadline(time.Now().Add(s.in.config.FrameTimeout))
	}
	return ctx.Err()
}

// takeFrame takes one. ended is that it was the last.
func (s *session) takeFrame(ctx context.Context) (ended bool, err error) {
	h, err := s.reader.Next()
	if err != nil {
		return false, err
	}
	if h.Command == relp.Syslog {
		return s.takeMessage(ctx, h)
	}
	data, lost, err := s.reader.Data(nil, maxOther)
	if err == nil && lost > 0 {
		err = relp.ErrProtocol
	}
	if err != nil {
		return false, err
	}
	step, reply, err := s.protocol.Take(h, data)
	s.closed = step == relp.End
	return s.closed, errors.Join(s.reply(ctx, reply), err)
}

// takeMessage takes a message into the chunk.
func (s *session) takeMessage(ctx context.Context, h relp.Header) (ended bool, err error) {
	if s.chunk == nil {
		s.chunk = s.to.chunk()
		s.chunk.Source, s.batch = s.source, &answer{}
	}
	c := s.chunk
	m := input.Message{Start: len(c.Octets)}
	octets, lost, err := s.reader.Data(c.Octets, s.in.config.Limit)
	if err != nil {
		return false, err
	}
	step, reply, err := s.protocol.Take(h, nil)
	switch {
	case step != relp.Message:
		s.closed = step == relp.End
		return s.closed, errors.Join(s.reply(ctx, reply), err)
	case len(octets) == m.Start:
		s.to.empty(s.source, 1)
		return false, s.reply(ctx, relp.AppendOK(nil, h.Number))
	}
	c.Octets, m.End = octets, len(octets)
	if lost > 0 {
		m.Lost, m.Flag = int64(lost), FlagOversize
	}
	c.Messages = append(c.Messages, m)
	s.batch.add(h.Number, lost > 0 && !s.in.relp.CutLong)
	return false, nil
}

// reply sends an answer, behind those to the messages that came before.
func (s *session) reply(ctx context.Context, octets []byte) error {
	if len(octets) == 0 {
		return nil
	}
	err := s.handOver(ctx)
	return errors.Join(err, s.answers.put(&answer{ready: octets}, 0))
}

// handOver hands the chunk over, as soon as few enough messages wait for their answers. What the sink does not take is
// refused: the client has it still.
func (s *session) handOver(ctx context.Context) error {
	c, a := s.chunk, s.batch
	if s.chunk, s.batch = nil, nil; c == nil {
		return nil
	}
	if len(c.Messages) == 0 {
		s.to.keep(c)
		return nil
	}
	size := len(c.Octets)
	if err := s.answers.put(a, size); err != nil {
		s.to.keep(c)
		return err
	}
	c.Done = func(err error) { s.answers.settle(a, size, err) }
	err := s.to.hand(c)
	if err != nil {
		s.answers.settle(a, size, err)
	}
	return err
}

// CutsLong reports whether messages above the limit are acknowledged.
func (s *Stream) CutsLong() bool { return s.relp != nil && s.relp.CutLong }
