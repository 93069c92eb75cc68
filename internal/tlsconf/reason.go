package tlsconf

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// More reasons, of handshakes that came to no end.
const (
	reasonTimeout = "TLS handshake not in time"
	reasonBroken  = "TLS handshake broken off"
	reasonPeer    = "TLS refused by the peer"
	reasonKey     = "certificate without its key"
	reasonOther   = "TLS handshake failed"
)

// wrongSignature is in the errors of crypto/tls about a peer that shows a certificate and does not have its key; it has no
// type for them. A test tells when the words change.
const wrongSignature = "invalid signature by the "

// noneShared is in the errors of crypto/tls about a peer with which there is no group for the exchange of keys, or no cipher for the
// kind of key that the certificate has.
const noneShared = "supported by both client and server"

// Reason says in few and fixed words why a handshake failed.
func Reason(err error) string {
	for _, known := range []error{ErrNoCertificate, ErrExpired, ErrNotYet, ErrUntrusted, ErrSelfSigned, ErrFingerprint, ErrUsage, ErrName, ErrRevoked, ErrNoList, ErrOldList, ErrNoTLS, ErrVersion} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	record, remote := tls.RecordHeaderError{}, (*net.OpError)(nil)
	switch {
	case errors.As(err, &record):
		return ErrNoTLS.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return reasonTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reasonBroken
	case errors.As(err, &remote) && remote.Op == "remote error":
		return reasonPeer
	case err != nil && strings.Contains(err.Error(), wrongSignature):
		return reasonKey
	case err != nil && strings.Contains(err.Error(), noneShared):
		return ErrVersion.Error()
	}
	return reasonOther
}

// Explain puts the reason in front of the error of a handshake, unless it begins with it.
func Explain(err error) error {
	if why := Reason(err); !strings.HasPrefix(err.Error(), why) {
		return fmt.Errorf("%s: %w", why, err)
	}
	return err
}
