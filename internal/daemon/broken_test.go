package daemon

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/vfs/crashfs"
	"constat/journal"
)

// TestBrokenDisk: syncs fail and lose for good what they should have kept. The daemon opens the store again and goes
// on; what was acknowledged is there, and of what came by the socket everything is kept or counted.
func TestBrokenDisk(t *testing.T) {
	p := newPlace(t, localOnly)
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	var failures, since atomic.Int32
	disk.SetHook(func(op crashfs.Op) error {
		if op.Kind != crashfs.Sync || !strings.Contains(op.Name, "/system/head-") || since.Add(1)%7 != 0 || failures.Load() == 5 {
			return nil
		}
		failures.Add(1)
		return syscall.EIO
	})
	socket, stream := d.endpoints().Socket, d.dial("unix")
	l := &ledger{acknowledged: map[string][]string{}}
	sent, refused := 0, 0
	for i := 0; failures.Load() < 5 || i < 100; i++ {
		if i == 2000 {
			t.Fatalf("%d failures only", failures.Load())
		}
		fmt.Fprintf(stream, "<13>stream message %d\n", i)
		sent++
		list := texts(i, 1+i%5)
		if err := logTo(socket, "audit", list...); err != nil {
			refused++
			time.Sleep(time.Millisecond)
			continue
		}
		l.add("audit", list)
	}
	stream.(io.Closer).Close()
	if err := d.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	disk.SetHook(nil)
	after := disk.Crash(nil)
	d.sound(t, after, l.copy())
	kept, lost := streamMessages(t, after, d.store)
	t.Logf("%d sent, %d kept, %d entries lost in %d failures; %d logs refused, %d acknowledged", sent, kept, lost,
		failures.Load(), refused, len(l.acknowledged["audit"]))
	if kept > sent || kept+lost < sent || refused == 0 {
		t.Errorf("%d of %d messages are neither kept nor counted", sent-kept-lost, sent)
	}
}

// streamMessages counts what came by the stream, and what the loss entries of the store speak of.
func streamMessages(t *testing.T, disk *crashfs.FS, store string) (kept, lost int) {
	t.Helper()
	r, err := journal.OpenReader(disk, store)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot("system")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := item.Entry.Get("MESSAGE"); strings.HasPrefix(string(text), "stream message ") {
			kept++
		}
		if item.Entry.Kind == entry.Loss {
			n := 0
			text, _ := item.Entry.Get(ingest.LossMessages)
			fmt.Sscan(string(text), &n)
			lost += n
		}
	}
	return kept, lost
}
