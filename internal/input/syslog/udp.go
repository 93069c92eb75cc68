package syslog

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input"
)

// DefaultReceiveBuffer is the receive buffer of a UDP socket, unless the configuration says otherwise: at 100,000 messages
// a second it bridges about a second in which the machine does something else. The kernel takes only what is in it.
const DefaultReceiveBuffer = 32 << 20

// maxPeers is how many network peers are remembered at most.
const maxPeers = 8192

// UDPConfig says how to receive syslog over UDP (RFC 5426).
type UDPConfig struct {
	// Address is host:port; an empty host is all addresses, IPv4 and IPv6.
	Address string
	// File, if set, is a bound socket that is used instead, such as one of socket activation. It is duplicated: the
	// caller may close it.
	File *os.File
	// ReceiveBuffer is the kernel's buffer in octets; 0 is [DefaultReceiveBuffer]. Without CAP_NET_ADMIN the system's
	// limit (net.core.rmem_max) holds: see [Datagram.ReceiveBuffer].
	ReceiveBuffer int
	// Limit is how many octets of a message are kept; 0 is [DefaultLimit].
	Limit int
	// Format says how the messages are written; 0 is [input.Syslog].
	Format input.Format
}

// ListenUDP binds.
func ListenUDP(c UDPConfig) (*Datagram, error) {
	conn, err := c.listen()
	if err != nil {
		return nil, fmt.Errorf("udp %s: %w", c.Address, err)
	}
	d := &Datagram{name: "udp " + conn.LocalAddr().String(), conn: conn, limit: orDefault(c.Limit, DefaultLimit),
		inherited: c.File != nil}
	d.senders = newPeers(c.Format, &d.admissions)
	d.life.release = conn.Close
	if err := d.prepare(orDefault(c.ReceiveBuffer, DefaultReceiveBuffer)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	return d, nil
}

// listen returns the socket. Its buffer is large before it has an address.
func (c UDPConfig) listen() (*net.UDPConn, error) {
	var conn net.PacketConn
	var err error
	if c.File != nil {
		conn, err = net.FilePacketConn(c.File)
	} else {
		lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
			return enlarge(raw, orDefault(c.ReceiveBuffer, DefaultReceiveBuffer))
		}}
		conn, err = lc.ListenPacket(context.Background(), "udp", c.Address)
	}
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		defer conn.Close()
		return nil, fmt.Errorf("file %s: not a UDP socket but %s", c.File.Name(), conn.LocalAddr().Network())
	}
	return udp, nil
}

// prepare sets the receive buffer, and where the counting of drops begins: of a socket that was passed to us, whoever
// had it before counted the others.
func (d *Datagram) prepare(buffer int) (err error) {
	if d.raw, err = d.conn.SyscallConn(); err != nil {
		return err
	}
	d.dropped.raw = d.raw
	if d.inherited {
		if err := enlarge(d.raw, buffer); err != nil {
			return err
		}
		if _, err := d.dropped.more(); err != nil {
			return err
		}
	}
	d.buffer, err = bufferSize(d.raw)
	return err
}

// Admit changes from where datagrams are taken; all of the list must admit an address. The others are counted.
func (d *Datagram) Admit(list ...Admission) { d.admissions.set(list) }

// peers are the senders of datagrams over the network, by address without port.
type peers struct {
	format     input.Format
	admissions *admissions
	judged     *[]Admission // of the admissions, when the last sender was looked at
	seen       recent[peer, *sender]
	last       peer // of sender, which is nil at first
	sender     *sender
}

// peer is a network address. The scope is that of a link-local one.
type peer struct {
	addr  netip.Addr
	scope uint32
}

func newPeers(f input.Format, a *admissions) *peers {
	return &peers{format: f, admissions: a, seen: newRecent[peer, *sender](maxPeers / 2)}
}

func (p *peers) of(b *batch, i int) *sender {
	who := peerOf(&b.names[i])
	judged := p.admissions.now.Load()
	if p.sender != nil && who == p.last && judged == p.judged {
		return p.sender
	}
	s, ok := p.seen.get(who)
	if !ok {
		s = &sender{source: networkSource("udp", who.String(), p.format)}
		s.source.Datagram = true
		p.seen.put(who, s)
	}
	p.last, p.sender, p.judged = who, s, judged
	s.refused = !admit(judged, who.addr)
	return s
}

func peerOf(name *unix.RawSockaddrInet6) peer {
	if name.Family == unix.AF_INET {
		return peer{addr: netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)}
	}
	return peer{netip.AddrFrom16(name.Addr).Unmap(), name.Scope_id}
}

// String is the address with its zone.
func (p peer) String() string {
	if p.scope == 0 {
		return p.addr.String()
	}
	zone := strconv.FormatUint(uint64(p.scope), 10)
	if i, err := net.InterfaceByIndex(int(p.scope)); err == nil {
		zone = i.Name
	}
	return p.addr.WithZone(zone).String()
}

// networkSource is a source with the address that the network gave.
func networkSource(protocol, addr string, f input.Format) *input.Source {
	return &input.Source{Name: protocol + " " + addr, Format: f, Fields: []entry.Field{
		observed("_TRANSPORT", "syslog-"+protocol),
		observed("_SOURCE_ADDR", addr),
	}}
}

func observed(name, value string) entry.Field {
	return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed}
}

func orDefault(n, standard int) int {
	if n <= 0 {
		return standard
	}
	return n
}
