package syslog

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStreamSlow: a receiver that takes longer for a batch than the timeout, and reads on all the time, gets it.
func TestStreamSlow(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target, err := Stream{Network: "tcp", Address: l.Addr().String(), Timeout: time.Second}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []func(int) error{conn.(*net.TCPConn).SetReadBuffer, target.(*stream).wire.Conn.(*net.TCPConn).SetWriteBuffer} {
		if err := set(32 << 10); err != nil {
			t.Fatal(err)
		}
	}
	read := make(chan int)
	go func() {
		defer conn.Close()
		total := 0
		for buffer := make([]byte, 16<<10); ; time.Sleep(25 * time.Millisecond) {
			n, err := conn.Read(buffer)
			if total += n; err != nil {
				read <- total
				return
			}
		}
	}()
	m := messages()
	for range 1024 {
		m.Add([]byte(strings.Repeat("x", 1000)))
	}
	if err := target.Send(t.Context(), m); err != nil {
		t.Error(err)
	}
	confirmed(t, target, 1024)
	target.Close()
	if n := <-read; n != 1024*1005 {
		t.Errorf("%d octets arrived, want %d", n, 1024*1005)
	}
}

// TestDatagramSlow: what a full socket has taken before the timeout counts.
func TestDatagramSlow(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target, err := Datagram{Network: "unixgram", Address: name, Timeout: 100 * time.Millisecond}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	m := messages()
	for range 5000 {
		m.Add([]byte("x"))
	}
	if err := target.Send(t.Context(), m); err == nil {
		t.Fatal("5000 datagrams that nobody reads were taken")
	}
	n, err := target.Confirmed(true)
	if err != nil || n == 0 {
		t.Fatalf("confirmed %d, %v", n, err)
	}
	buffer := make([]byte, 10)
	for i := range n {
		l.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := l.Read(buffer); err != nil {
			t.Fatalf("datagram %d of %d: %v", i, n, err)
		}
	}
}

// TestDatagramRefused: when the kernel says that nobody listens, nothing of a batch counts, though a part of it was sent.
func TestDatagramRefused(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there
	target, err := Datagram{Network: "udp", Address: l.LocalAddr().String()}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := target.Send(t.Context(), messages("one", "two", "three")); err == nil {
		t.Fatal("nobody listens, and that is no error")
	}
	if n, err := target.Confirmed(true); n != 0 || err != nil {
		t.Errorf("confirmed %d, %v", n, err)
	}
}
