package target

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"constat/internal/output"
	"constat/internal/output/file"
	"constat/internal/output/pipe"
	"constat/internal/output/relp"
	"constat/internal/output/syslog"
	"constat/internal/output/terminal"
	"constat/internal/tlsconf"
)

// Options are how messages are sent. The zero value is the default of each target.
type Options struct {
	Framing syslog.Framing
	Size    int // of a datagram, in octets
	Window  int // of RELP
	Timeout time.Duration
	TLS     *tlsconf.Config // for tls and relp+tls
	Brief   bool            // a connection in the clear counts at once, for few messages
	File    file.Config     // all but the name
	Args    []string        // of a program
	Said    func(string)    // by a program
}

// Dialer returns what opens the target.
func (a Address) Dialer(o Options) (output.Dialer, error) {
	d := output.Dialer{Name: a.String()}
	stream := syslog.Stream{Network: "tcp", Framing: o.Framing, Timeout: o.Timeout}
	if !o.Brief {
		stream.Trial = syslog.DefaultTrial
	}
	if a.IsNetwork() {
		stream.Address = a.HostPort()
	}
	if a.IsSecure() {
		if o.TLS == nil {
			return d, fmt.Errorf("%s: say whom to trust, in tls", a)
		}
		stream.Secure = secure(o.TLS, a.Host)
	}
	switch a.Scheme {
	case UDP:
		d.Open = syslog.Datagram{Network: "udp", Address: stream.Address, Size: o.Size, Timeout: o.Timeout}.Open
	case Unixgram:
		d.Open = syslog.Datagram{Network: "unixgram", Address: a.Path, Size: o.Size, Timeout: o.Timeout}.Open
	case TCP, TLS:
		d.Open = stream.Open
	case Unix:
		stream.Network, stream.Address = "unix", a.Path
		d.Open = stream.Open
	case RELP, RELPTLS:
		d.Open = (&relp.Session{Stream: stream, Window: o.Window}).Open
	case File:
		f := o.File
		f.Name = a.Path
		d.Open = f.Open
	case FIFO:
		d.Open = pipe.FIFO{Name: a.Path, Timeout: o.Timeout}.Open
	case Program:
		d.Open = pipe.Program{Args: append([]string{a.Path}, o.Args...), Timeout: o.Timeout, Said: o.Said}.Open
	case Terminal:
		d.Open = terminal.Device{Name: a.Path}.Open
	case Users:
		d.Open = terminal.Users{Names: a.Names}.Open
	default:
		return d, errors.New(example)
	}
	return d, nil
}

// session is a connection over TLS of a client, which the server has asked for a certificate or not.
type session struct {
	*tls.Conn
	asked bool
}

// Unproven implements [syslog.Unproven]: with TLS 1.2 the server has looked at the certificate before it ends the handshake.
func (s *session) Unproven() bool {
	return s.asked && s.ConnectionState().Version >= tls.VersionTLS13
}

// secure begins TLS as a client.
func secure(c *tlsconf.Config, host string) func(context.Context, net.Conn) (net.Conn, error) {
	return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
		config := c.Client(host)
		secured := &session{}
		own := config.GetClientCertificate
		config.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if secured.asked = true; own == nil {
				return &tls.Certificate{}, nil
			}
			return own(r)
		}
		secured.Conn = tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, tlsconf.Explain(err)
		}
		return secured, nil
	}
}
