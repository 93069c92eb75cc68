package syslog

import (
	"net"
	"testing"
	"time"

	"constat/internal/output"
)

// settle waits until all messages are confirmed, or the target fails.
func settle(target output.Target, all uint64) (n uint64, err error) {
	for end := time.Now().Add(10 * time.Second); n < all && err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		n, err = target.Confirmed(true)
	}
	return n, err
}

// TestTrial: what a connection has taken that ends at once does not count, and what one that lasts has taken does.
func TestTrial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, ends := range []bool{true, false} {
		target, err := Stream{Network: "tcp", Address: l.Addr().String(), Trial: time.Second}.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Send(t.Context(), messages("one", "two")); err != nil {
			t.Fatal(err)
		}
		want := uint64(2)
		if ends {
			want = 0
			conn.Close()
			<-target.(*stream).gone
			time.Sleep(time.Until(target.(*stream).triedAt)) // not looked at before
		}
		if n, err := settle(target, 2); n != want || (err != nil) != ends {
			t.Errorf("ends %v: confirmed %d, %v", ends, n, err)
		}
		target.Close()
		conn.Close()
	}
}
