package beep

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
)

// TestFrames: what is written is read, in whatever pieces it comes.
func TestFrames(t *testing.T) {
	list := []Header{
		{Kind: RPY, Size: 3},
		{Kind: MSG, Channel: 1, Number: 7, More: true, Seq: math.MaxUint32, Size: 70000},
		{Kind: ANS, Channel: MaxNumber, Number: MaxNumber, Seq: 5, Answer: math.MaxUint32},
		{Kind: SEQ, Channel: 1, Seq: 4, Size: 4096},
		{Kind: NUL, Channel: 1, Number: 2, Seq: 9},
		{Kind: ERR, Channel: 1, Number: 3, Seq: 9, Size: 1},
	}
	var stream []byte
	for _, h := range list {
		payload := bytes.Repeat([]byte("END\r\n"), int(h.Size))[:h.Size]
		stream = AppendFrame(stream, h, payload)
	}
	for name, r := range map[string]io.Reader{"whole": bytes.NewReader(stream), "octets": iotest.OneByteReader(bytes.NewReader(stream))} {
		reader := NewReader(r)
		for _, want := range list {
			h, err := reader.Next()
			if err != nil || h != want {
				t.Fatalf("%s: %+v %v, want %+v", name, h, err, want)
			}
			if h.Kind == SEQ {
				continue
			}
			if payload, err := reader.Payload(nil); err != nil || len(payload) != int(want.Size) {
				t.Fatalf("%s: %d octets, %v", name, len(payload), err)
			}
		}
		if _, err := reader.Next(); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
}

// TestFramesRefused: what is no frame is refused as soon as that can be known; what is cut off, when it ends.
func TestFramesRefused(t *testing.T) {
	for stream, want := range map[string]error{
		"X":                                   ErrProtocol,
		"MSX":                                 ErrProtocol,
		"MSG 1 0 . 0 0\n":                     ErrProtocol,
		"\r\n":                                ErrProtocol,
		"MSG 1 0 . 0 0 \r\n":                  ErrProtocol,
		"MSG  1 0 . 0 0\r\n":                  ErrProtocol,
		"MSG 1 -1 . 0 0\r\n":                  ErrProtocol,
		"MSG 1 0 . 4294967296 0\r\n":          ErrProtocol,
		"MSG 1 0 . 0 2147483648\r\n":          ErrProtocol,
		"MSG 1 0 .. 0 0\r\n":                  ErrProtocol,
		"ANS 1 0 . 0 0\r\n":                   ErrProtocol,
		"NUL 1 0 * 0 0\r\n":                   ErrProtocol,
		"NUL 1 0 . 0 1\r\n":                   ErrProtocol,
		"SEQ 1 0\r\n":                         ErrProtocol,
		"SEQ 1 0 2147483648\r\n":              ErrProtocol,
		"MSG 1 " + strings.Repeat("0", 100):   ErrProtocol,
		"MSG 1 0 . 0 2\r\nabEND\n":            io.ErrUnexpectedEOF,
		"MSG 1 0 . 0 2\r\nabENDxx":            ErrProtocol,
		"MSG 1 0 . 0 2\r\nabcEND\r\n":         ErrProtocol,
		"MSG 1 0 . 0 0":                       io.ErrUnexpectedEOF,
		"MSG 1 0 . 0 2147483647\r\nfar too ":  io.ErrUnexpectedEOF,
		"":                                    io.EOF,
		"MSG 1 0 . 0 0\r\nEND\r\nMSG 1 0 . 0": io.ErrUnexpectedEOF,
	} {
		r := NewReader(strings.NewReader(stream))
		var err error
		for err == nil {
			var h Header
			if h, err = r.Next(); err == nil && h.Kind != SEQ {
				_, err = r.Payload(nil)
			}
		}
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", stream, err, want)
		}
	}
}

// TestWhole: a frame is whole when all of it is in the buffer, or when it is known to be none.
func TestWhole(t *testing.T) {
	for stream, want := range map[string]bool{
		"MSG 1 0 . 0 2\r\nabEND\r\n": true, "MSG 1 0 . 0 2\r\nabEND\r": false, "MSG 1 0 . 0 2\r\n": false, "MSG": false,
		"SEQ 1 0 1\r\n": true, "SEQ 1 0 1\r": false, "XYZ": true, "": false,
	} {
		r := NewReader(strings.NewReader(stream))
		r.Await()
		if got := r.Whole(); got != want {
			t.Errorf("%q: whole is %v", stream, got)
		}
	}
}

func TestBody(t *testing.T) {
	for payload, want := range map[string]string{
		"\r\n<13>a":                      "<13>a",
		"Content-Type: x/y\r\n\r\nbody":  "body",
		"A: b\r\n c: folded\r\n\r\n\r\n": "\r\n",
		"Content-Type: x/y\r\n":          "",
		"<13>a: b\r\n\r\nrest":           "<13>a: b\r\n\r\nrest",
		"<13>a\r\n":                      "<13>a\r\n",
		"":                               "",
		"\r\n":                           "",
		"\r\n\r\nx":                      "\r\nx",
	} {
		if got := string(Body([]byte(payload))); got != want {
			t.Errorf("%q: %q, want %q", payload, got, want)
		}
	}
}

// FuzzSession: whatever comes, a session neither panics nor keeps more than its bounds, and what it sends are frames that
// keep to the windows of the other side.
func FuzzSession(f *testing.F) {
	const greeting = "RPY 0 0 . 0 14\r\n\r\n<greeting />END\r\n"
	start := string(AppendFrame(nil, Header{Kind: MSG, Number: 1, Seq: 14}, XML("<start number='1'><profile uri='p'>x</profile></start>")))
	f.Add([]byte(greeting+start+"ANS 1 0 * 0 3 0\r\nabcEND\r\nANS 1 0 . 3 0 0\r\nEND\r\nNUL 1 0 . 3 0\r\nEND\r\n"), uint8(0))
	f.Add([]byte(greeting+start+"MSG 1 0 . 0 3\r\nabcEND\r\nSEQ 0 0 9999\r\n"), uint8(1))
	f.Add([]byte(greeting+"MSG 0 1 . 14 23\r\n\r\n<close number='0' c='1'END\r\n"), uint8(2))
	f.Fuzz(func(t *testing.T, stream []byte, how uint8) {
		s := NewListener(Config{Profiles: []string{"p"}, Window: 8192, Limit: 100})
		r := NewReader(bytes.NewReader(stream))
		sent := &checker{lanes: map[uint32]*sentLane{}}
		for {
			sent.check(t, s.Output(nil))
			h, err := r.Next()
			if err != nil || s.Check(h) != nil {
				return
			}
			if h.Kind == SEQ {
				sent.widen(h)
				continue
			}
			payload, err := r.Payload(nil)
			if err != nil {
				return
			}
			e, err := s.Take(h, payload)
			if err != nil {
				return
			}
			if len(e.Payload) > 100 {
				t.Fatalf("%d octets kept", len(e.Payload))
			}
			follow(s, e, how)
		}
	})
}

// follow does with an event what a user might do.
func follow(s *Session, e Event, how uint8) {
	switch e.What {
	case Start:
		if how&1 == 0 {
			s.Accept(e, e.Wanted[0].URI, "]]>")
			s.Message(e.Channel, Binary(bytes.Repeat([]byte("x"), int(how))))
		} else {
			s.Refuse(e, &Error{CodeRefused, "no"})
		}
	case Close:
		if s.Busy(e.Channel) {
			s.Refuse(e, &Error{CodeRefused, "still working"})
		} else {
			s.Agree(e)
		}
	case Message:
		s.Reply(e.Channel, e.Number, RPY, XML(OK))
	case Answer, Done:
		s.Release(e.Channel, e.Octets)
	}
}

// checker holds what a session sends to the windows of the other side.
type checker struct{ lanes map[uint32]*sentLane }

type sentLane struct{ next, edge uint32 }

func (c *checker) lane(channel uint32) *sentLane {
	l := c.lanes[channel]
	if l == nil {
		l = &sentLane{edge: firstWindow}
		c.lanes[channel] = l
	}
	return l
}

func (c *checker) widen(h Header) {
	if l := c.lane(h.Channel); int32(h.Seq+h.Size-l.edge) > 0 {
		l.edge = h.Seq + h.Size
	}
}

func (c *checker) check(t *testing.T, octets []byte) {
	r := NewReader(bytes.NewReader(octets))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("sent %q: %v", octets, err)
		}
		if h.Kind == SEQ {
			continue
		}
		if _, err := r.Payload(nil); err != nil {
			t.Fatalf("sent %q: %v", octets, err)
		}
		l := c.lane(h.Channel)
		if h.Channel != 0 && h.Seq == 0 {
			*l = sentLane{edge: max(l.edge, firstWindow)} // perhaps started again
		}
		if h.Seq != l.next || h.Size > l.edge-l.next {
			t.Fatalf("sent %+v, want octet %d of at most %d", h, l.next, l.edge)
		}
		l.next += h.Size
	}
}

// FuzzElement: what is read as an element is bounded, and can be sent in an answer.
func FuzzElement(f *testing.F) {
	for _, text := range []string{"<a b='c'>d<e/>&lt;</a>", "<!DOCTYPE a><a/>", "<?xml version='1.0' encoding='utf-8'?><a/>", "<a><![CDATA[<]]></a>", "<a>&b;</a>", "<x:a xmlns:x='y' x:b='c'/>"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := ParseElement(text)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T", err)
			}
			answer := err.(*Error).Element()
			if _, err := ParseElement([]byte(answer)); err != nil {
				t.Fatalf("the answer %q: %v", answer, err)
			}
			return
		}
		if len(e.Attrs) > maxAttrs || len(e.Text) > 2*len(text) {
			t.Fatalf("%+v of %q", e, text)
		}
	})
}

// TestLongReply: what the window of the other side has no room for waits, and goes in pieces.
func TestLongReply(t *testing.T) {
	s := NewListener(Config{Limit: 1000})
	sent := &checker{lanes: map[uint32]*sentLane{}}
	sent.check(t, s.Output(nil))
	take := func(h Header, payload []byte) Event {
		t.Helper()
		h.Size = uint32(len(payload))
		if err := s.Check(h); err != nil {
			t.Fatal(err)
		}
		e, err := s.Take(h, payload)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	hello := XML("<greeting />")
	take(Header{Kind: RPY}, hello)
	e := take(Header{Kind: MSG, Number: 1, Seq: uint32(len(hello))}, XML("<start number='1'><profile uri='p' /></start>"))
	s.Accept(e, "p", "")
	e = take(Header{Kind: MSG, Channel: 1}, Binary([]byte("x")))
	s.Reply(1, e.Number, RPY, bytes.Repeat([]byte("y"), 10000))
	s.Reply(1, e.Number, RPY, nil) // the first counts
	for edge := uint32(4096); ; edge += 4096 {
		octets := s.Output(nil)
		sent.check(t, octets)
		if !s.Busy(1) {
			break
		}
		if got := sent.lane(1).next; got != edge {
			t.Fatalf("%d octets sent where %d may be", got, edge)
		}
		widen := Header{Kind: SEQ, Channel: 1, Seq: edge, Size: 4096}
		if err := s.Check(widen); err != nil {
			t.Fatal(err)
		}
		sent.widen(widen)
	}
	if got := sent.lane(1).next; got != 10000 {
		t.Errorf("%d octets sent", got)
	}
}

// TestBounds: a session that begins more than it ends is ended.
func TestBounds(t *testing.T) {
	hello := XML("<greeting />")
	s := NewListener(Config{Window: 1 << 20, Limit: 1 << 19})
	s.Output(nil)
	if _, err := s.Take(Header{Kind: RPY, Size: uint32(len(hello))}, hello); err != nil {
		t.Fatal(err)
	}
	var err error
	n := 0
	for seq := uint32(len(hello)); err == nil && n < 2*maxDue; n++ {
		h := Header{Kind: MSG, Number: uint32(n + 1), Seq: seq}
		if err = s.Check(h); err == nil {
			_, err = s.Take(h, nil)
		}
	}
	if !errors.Is(err, ErrProtocol) || n > maxDue+1 {
		t.Errorf("%d messages without reply: %v", n, err)
	}
}
