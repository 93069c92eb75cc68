package beep

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// other is the other side of a session, on channel 0.
type other struct {
	t      *testing.T
	s      *Session
	number uint32
	seq    uint32
}

// say sends a message, or the greeting, and returns what it brought.
func (o *other) say(kind Kind, element string) Event {
	o.t.Helper()
	payload := XML(element)
	h := Header{Kind: kind, Number: o.number, Seq: o.seq, Size: uint32(len(payload))}
	if err := o.s.Check(h); err != nil {
		o.t.Fatal(err)
	}
	e, err := o.s.Take(h, payload)
	if err != nil {
		o.t.Fatal(err)
	}
	o.number++
	o.seq += h.Size
	return e
}

// told takes what the session sends, and opens its window on channel 0.
func (o *other) told() string {
	sent := o.s.Output(nil)
	if err := o.s.Check(Header{Kind: SEQ, Seq: o.s.channels[0].out, Size: firstWindow}); err != nil {
		o.t.Fatal(err)
	}
	return string(sent)
}

// TestChannels: there may be 256 channels beside channel 0, and one that was closed begins anew with octet 0.
func TestChannels(t *testing.T) {
	s := NewListener(Config{Window: 8192, Limit: 1000})
	o := &other{t: t, s: s}
	o.told()
	o.say(RPY, "<greeting />")
	start := func(number int) Event {
		return o.say(MSG, fmt.Sprintf("<start number='%d'><profile uri='p' /></start>", number))
	}
	for i := range 256 {
		e := start(2*i + 1)
		if e.What != Start || e.Channel != uint32(2*i+1) {
			t.Fatalf("channel %d: %+v", i, e)
		}
		s.Accept(e, "p", "")
		o.told()
	}
	if e := start(513); e.What != Nothing || !strings.Contains(o.told(), "<error code='550'>more than 256 channels</error>") {
		t.Errorf("one too many: %+v", e)
	}
	payload := Binary([]byte("x"))
	for range 2 {
		h := Header{Kind: MSG, Channel: 7, Size: uint32(len(payload))}
		if err := s.Check(h); err != nil {
			t.Fatal(err)
		}
		e, err := s.Take(h, payload)
		if err != nil || e.What != Message || !bytes.Equal(e.Payload, payload) || !s.Busy(7) || !s.Busy(0) || s.Busy(9) {
			t.Fatalf("%+v %v", e, err)
		}
		s.Reply(7, 0, RPY, XML(OK))
		if sent := o.told(); s.Busy(7) || !strings.Contains(sent, "RPY 7 0 . 0 ") {
			t.Fatalf("sent %q", sent)
		}
		if e = o.say(MSG, "<close number='7' code='200' />"); e.What != Close || e.Channel != 7 {
			t.Fatalf("%+v", e)
		}
		s.Agree(e)
		o.told()
		if err := s.Check(h); err == nil {
			t.Error("a message on a channel that is closed")
		}
		s.Accept(start(7), "p", "")
		o.told()
	}
}

// TestCloseCrossing: both sides close a channel at the same time.
func TestCloseCrossing(t *testing.T) {
	s := NewListener(Config{Window: 8192, Limit: 1000})
	o := &other{t: t, s: s}
	o.told()
	o.say(RPY, "<greeting />")
	s.Accept(o.say(MSG, "<start number='1'><profile uri='p' /></start>"), "p", "")
	s.CloseChannel(1, CodeOK)
	if sent := o.told(); !strings.Contains(sent, "MSG 0 1 . ") {
		t.Fatalf("sent %q", sent)
	}
	s.Agree(o.say(MSG, "<close number='1' code='200' />"))
	o.number = 1 // of the listener's close
	if e := o.say(ERR, "<error code='553' />"); e.What != Nothing {
		t.Errorf("%+v", e)
	}
	o.number = 3
	if e := o.say(MSG, "<close code='200' />"); e.What != Close || e.Channel != 0 {
		t.Errorf("%+v", e)
	}
}
