package syslog

import (
	"io"
	"net"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// inPieces sends a stream to an input in pieces of so many octets and one, and returns when the input has closed the
// connection.
func inPieces(t *testing.T, in input.Input, stream []byte, piece byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			if _, err := conn.Write(rest[:n]); err != nil {
				break
			}
			rest = rest[n:]
		}
		conn.(*net.TCPConn).CloseWrite()
	}()
	conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
	io.Copy(io.Discard, conn)
}
