package mqtt

import (
	"errors"
	"fmt"
	"net"
)

// maxPacket is the longest packet that is read, in octets: the client library makes room for all of one at once.
const maxPacket = 32 << 20

// errPacket says that the broker sends what cannot be taken.
var errPacket = errors.New("packet too long")

// guard is a connection that ends at a packet above the limit. It follows the lengths of packets (MQTT 3.1.1 §2.2):
// an octet for the kind, up to four for the length of the rest, seven bits each, the least first.
type guard struct {
	net.Conn
	left   int // octets of the packet that follow
	length int // of the packet, as far as it is known
	at     int // octets of the header that were read
}

// Read implements [net.Conn]. It is called by one goroutine.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if failed := g.follow(p[:n]); failed != nil {
		g.Close()
		return 0, failed
	}
	return n, err
}

// follow looks at octets that were read.
func (g *guard) follow(p []byte) error {
	for len(p) > 0 {
		if g.left > 0 {
			n := min(g.left, len(p))
			g.left -= n
			p = p[n:]
			continue
		}
		if err := g.header(p[0]); err != nil {
			return err
		}
		p = p[1:]
	}
	return nil
}

// header takes an octet of a header.
func (g *guard) header(c byte) error {
	if g.at++; g.at == 1 {
		g.length = 0
		return nil
	}
	g.length |= int(c&0x7f) << (7 * (g.at - 2))
	if c&0x80 != 0 && g.at < 5 {
		return nil
	}
	g.at, g.left = 0, g.length
	if g.length > maxPacket || c&0x80 != 0 {
		return fmt.Errorf("%w: %d octets, the limit is %d; set message_size_limit of the broker", errPacket, g.length, maxPacket)
	}
	return nil
}
