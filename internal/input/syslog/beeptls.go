package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"constat/internal/beep"
	"constat/internal/tlsconf"
)

// profileTLS is the tuning profile for TLS (RFC 3080 §3.1).
const profileTLS = "http://iana.org/beep/TLS"

// tuning is what is spoken in the clear before TLS where a listener wants that. It takes no message of syslog: no other profile is
// offered, and nothing of it outlasts it but the connection.
type tuning struct {
	*connection
	protocol *beep.Session
	reader   *beep.Reader
	ready    bool // the other side wants to begin, and may
}

// errEarly is that of a client that did not wait.
var errEarly = errors.New("octets behind <ready> in the clear")

// Bounds of the tuning.
const (
	tuningLimit    = 4 << 10 // octets of a message, and of the window
	tuningChannels = 1       // for TLS is tuned alone
)

// tune speaks BEEP in the clear until the client has been told to begin TLS. An error says why it was not; the time for
// that ends at the limit.
func (c *connection) tune(ctx context.Context, limit time.Time) error {
	t := &tuning{connection: c, reader: beep.NewReader(c.conn)}
	t.protocol = beep.NewListener(beep.Config{Profiles: []string{profileTLS}, Window: tuningLimit, Limit: tuningLimit, MaxChannels: tuningChannels})
	c.conn.SetDeadline(limit)
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(past()) })
	err := t.send()
	for err == nil && !t.ready {
		if err = t.takeFrame(); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the client has closed the connection before: %w", tlsconf.ErrNoTLS, err)
		}
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	c.conn.SetDeadline(time.Time{}) // that of the handshake is in its context
	return err
}

// send sends what there is to send.
func (t *tuning) send() error {
	_, err := t.conn.Write(t.protocol.Output(nil))
	return err
}

// takeFrame takes a frame, and answers it.
func (t *tuning) takeFrame() error {
	h, err := t.reader.Next()
	if err == nil {
		err = t.protocol.Check(h)
	}
	if err != nil {
		return err
	}
	if h.Kind == beep.SEQ {
		return t.send()
	}
	payload, err := t.reader.Payload(nil)
	if err != nil {
		return err
	}
	e, err := t.protocol.Take(h, payload)
	if err == nil {
		err = t.takeEvent(e)
	}
	if err == nil {
		err = t.send()
	}
	if err == nil && t.ready && t.protocol.Waiting() {
		err = fmt.Errorf("%w: the window of the client has no room for the answer to <ready>", beep.ErrProtocol)
	}
	return err
}

// takeEvent is the switch over what a frame may bring.
func (t *tuning) takeEvent(e beep.Event) error {
	switch e.What {
	case beep.Start:
		return t.start(e)
	case beep.Message:
		reply, err := t.begin(beep.Body(e.Payload))
		if err != nil {
			t.protocol.Reply(e.Channel, e.Number, beep.ERR, beep.XML(err.Element()))
			return nil
		}
		t.protocol.Reply(e.Channel, e.Number, beep.RPY, beep.XML(reply))
		return t.alone()
	case beep.Close:
		if t.protocol.Agree(e); e.Channel == 0 {
			return errors.Join(t.send(), fmt.Errorf("%w: the client has ended the session before", tlsconf.ErrNoTLS))
		}
	}
	return nil
}

// start starts the channel for TLS, or refuses what is not offered.
func (t *tuning) start(e beep.Event) error {
	i := slices.IndexFunc(e.Wanted, func(p beep.Profile) bool { return p.URI == profileTLS })
	if i < 0 {
		text := "all requested profiles are unsupported"
		if slices.ContainsFunc(e.Wanted, func(p beep.Profile) bool { return profileOf(p.URI) != "" }) {
			text = "not before TLS: start " + profileTLS + " first"
		}
		t.protocol.Refuse(e, &beep.Error{Code: beep.CodeRefused, Text: text})
		return nil
	}
	reply := ""
	if content := e.Wanted[i].Content; len(content) > 0 {
		var err *beep.Error
		if reply, err = t.begin(content); err != nil {
			reply = err.Element()
		}
	}
	t.protocol.Accept(e, profileTLS, reply)
	return t.alone()
}

// begin takes <ready> (RFC 3080 §3.1.3.1). Its version is that of TLS which is the earliest that will do; there is 1.
func (t *tuning) begin(octets []byte) (reply string, wrong *beep.Error) {
	e, err := beep.ParseElement(octets)
	switch {
	case errors.As(err, &wrong):
		return "", wrong
	case e.Name != "ready":
		return "", &beep.Error{Code: beep.CodeSyntax, Text: fmt.Sprintf("unexpected element %.40s: want ready", e.Name)}
	case len(e.Children) > 0 || strings.TrimSpace(e.Text) != "":
		return "", &beep.Error{Code: beep.CodeParameters, Text: "the <ready> element is empty"}
	}
	if version, found := e.Lookup("version"); found && version != "1" {
		return "", &beep.Error{Code: beep.CodeParameters, Text: "version attribute poorly formed in <ready> element: want 1"}
	}
	t.ready = true
	return "<proceed />", nil
}

// alone refuses a client that has sent something behind <ready>, where it has to wait for the answer: what came in the clear
// must never be taken for what came over TLS.
func (t *tuning) alone() error {
	if n := t.reader.Buffered(); t.ready && n > 0 {
		return fmt.Errorf("%w: %d", errEarly, n)
	}
	return nil
}
