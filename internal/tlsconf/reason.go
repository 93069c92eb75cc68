package tlsconf

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// More reasons, of handshakes that came to no end.
const (
	reasonNoTLS   = "no TLS"
	reasonTimeout = "TLS handshake not in time"
	reasonBroken  = "TLS handshake broken off"
	reasonPeer    = "TLS refused by the peer"
	reasonOther   = "TLS handshake failed"
)

// Reason says in few and fixed words why a handshake failed.
func Reason(err error) string {
	for _, known := range []error{ErrNoCertificate, ErrExpired, ErrNotYet, ErrUntrusted, ErrName, ErrVersion} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	record, remote := tls.RecordHeaderError{}, (*net.OpError)(nil)
	switch {
	case errors.As(err, &record):
		return reasonNoTLS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return reasonTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reasonBroken
	case errors.As(err, &remote) && remote.Op == "remote error":
		return reasonPeer
	}
	return reasonOther
}
