package beeptest

import (
	"fmt"
	"net"
	"strings"

	"constat/internal/beep"
)

// TLS is the profile for it (RFC 3080 §3.1).
const TLS = "http://iana.org/beep/TLS"

// Greeting is what an initiator says first.
func Greeting() []byte {
	return beep.AppendFrame(nil, beep.Header{Kind: beep.RPY}, beep.XML("<greeting />"))
}

// Ready starts a channel for TLS behind the greeting, and says <ready> at once.
func Ready() []byte {
	start := beep.XML("<start number='1'><profile uri='" + TLS + "'><![CDATA[<ready />]]></profile></start>")
	return beep.AppendFrame(nil, beep.Header{Kind: beep.MSG, Number: 1, Seq: uint32(len(beep.XML("<greeting />")))}, start)
}

// Negotiate asks for TLS on a connection on which nothing was said yet, and returns when the listener awaits the handshake. It
// wants the listener to offer nothing else before.
func Negotiate(conn net.Conn) error {
	if _, err := conn.Write(Greeting()); err != nil {
		return err
	}
	r := beep.NewReader(conn)
	greeting, err := reply(r, 0)
	if err != nil {
		return err
	}
	if n := len(greeting.Children); greeting.Name != "greeting" || n != 1 || greeting.Children[0].Attr("uri") != TLS {
		return fmt.Errorf("the listener offers %d profiles in <%s>, want that of TLS", n, greeting.Name)
	}
	if _, err := conn.Write(Ready()); err != nil {
		return err
	}
	profile, err := reply(r, 1)
	switch {
	case err != nil:
		return err
	case profile.Name != "profile" || profile.Attr("uri") != TLS || strings.TrimSpace(profile.Text) != "<proceed />":
		return fmt.Errorf("the listener does not proceed: %+v", profile)
	case r.Buffered() > 0:
		return fmt.Errorf("the listener says more behind <proceed>: %d octets", r.Buffered())
	}
	return nil
}

// reply reads a reply on channel 0, which is one frame.
func reply(r *beep.Reader, number uint32) (*beep.Element, error) {
	h, err := r.Next()
	if err != nil {
		return nil, err
	}
	payload, err := r.Payload(nil)
	if err != nil {
		return nil, err
	}
	if h.Kind != beep.RPY || h.Channel != 0 || h.Number != number || h.More {
		return nil, fmt.Errorf("%+v %q: want the reply %d on channel 0", h, payload, number)
	}
	return beep.ParseElement(beep.Body(payload))
}
