package daemon

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"constat/internal/input/native"
)

// TestStartOnFullDisk: a daemon starts though the disk is full, holds its senders back, and goes on when there is room.
func TestStartOnFullDisk(t *testing.T) {
	p := newPlace(t, "http: off\nlisten: {tcp: ['127.0.0.1:0']}\n")
	disk := smallDisk(t, p, 12)
	code := p.make()
	p.serve().kill()
	disk.fill()
	d := p.serve()
	if _, err := native.Find(p.store); !errors.Is(err, native.ErrNoDaemon) {
		t.Errorf("commands find the daemon: %v", err)
	}
	_, address, _ := strings.Cut(d.out.String(), "listens on tcp ")
	address, _, _ = strings.Cut(address, "\n")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "<13>kept\n")
	conn.Close()
	p.until("held back", func() bool { return strings.Contains(d.errs.String(), "disk full") })
	disk.resize(64)
	p.until("found", func() bool { _, err := native.Find(p.store); return err == nil })
	p.until("kept", func() bool { return len(p.events()) == 1 })
	d.stop()
	p.verifies(code, p.store, 0)
}
