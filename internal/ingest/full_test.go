package ingest

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"constat/entry"
)

// TestFull: an Append that keeps a part. Of the rest, streams wait in order and datagrams are counted.
func TestFull(t *testing.T) { synctest.Test(t, testFull) }

func testFull(t *testing.T) {
	f := newFake()
	f.room = 7
	in, stop := startIntake(t, f, Config{})
	var want []string
	for i := range 10 {
		put(t, in, chunkOf(in, streamSource, fmt.Sprint("<13>stream ", i)))
		put(t, in, chunkOf(in, gramSource, fmt.Sprint("<13>datagram ", i)))
		want = append(want, fmt.Sprint("stream ", i))
	}
	told := make(chan error, 2)
	c := chunkOf(in, streamSource, "<13>stream 10")
	c.Done = func(err error) { told <- err }
	put(t, in, c)
	want = append(want, "stream 10")
	until(t, "full", func() bool { return in.Stats().Lost[reasonDiskFull] > 0 })
	if kept, err := in.Commit(t.Context(), "system", []entry.Entry{{}}); kept != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("commit: %d %v", kept, err)
	}
	select {
	case err := <-told:
		t.Errorf("told %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	f.set(func(f *fakeStore) { f.room = -1 })
	if err := <-told; err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	messages, _, signed := f.events()
	var streams []string
	grams := 0
	for _, m := range messages {
		if m[0] == 's' {
			streams = append(streams, m)
		} else {
			grams++
		}
	}
	if lost := f.lost(t)["udp 192.0.2.2: disk full"]; !same(streams, want) || grams+lost != 10 || lost == 0 || signed != len(f.kept) {
		t.Errorf("%q, %d datagrams, %d lost, %d signed of %d", streams, grams, lost, signed, len(f.kept))
	}
}

// TestReserve: below the reserve only loss entries are written, and nothing else tries.
func TestReserve(t *testing.T) {
	f := newFake()
	f.free = diskReserve
	in, stop := startIntake(t, f, Config{})
	put(t, in, chunkOf(in, gramSource, "<13>lost", "<13>lost"))
	until(t, "a loss entry", func() bool { return f.lost(t)["udp 192.0.2.2: disk full"] == 2 })
	if _, err := in.Commit(t.Context(), "system", []entry.Entry{{}}); !errors.Is(err, errDiskFull) {
		t.Errorf("commit: %v", err)
	}
	if _, err := in.Bulk().Append("imported", []entry.Entry{{}}); !errors.Is(err, errDiskFull) {
		t.Errorf("import: %v", err)
	}
	f.set(func(f *fakeStore) { f.free = 1 << 40 })
	until(t, "room again", func() bool {
		put(t, in, chunkOf(in, gramSource, "<13>after"))
		time.Sleep(50 * time.Millisecond)
		messages, _, _ := f.events()
		return len(messages) > 0
	})
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestFullLosses: when not even loss entries fit, they are counted on, and nothing is counted twice.
func TestFullLosses(t *testing.T) { synctest.Test(t, testFullLosses) }

func testFullLosses(t *testing.T) {
	f := newFake()
	f.room, f.unsign = 1, true
	in, stop := startIntake(t, f, Config{})
	in.Lose("a", "kernel", 1, 0)
	in.Lose("b", "kernel", 2, 0)
	in.Lose("c", "kernel", 4, 0)
	until(t, "one loss entry", func() bool { return len(f.lost(t)) == 1 })
	in.Lose("c", "kernel", 8, 0)
	time.Sleep(1200 * time.Millisecond)
	f.set(func(f *fakeStore) { f.room, f.unsign = -1, false })
	until(t, "the others", func() bool { return len(f.lost(t)) == 3 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	lost := f.lost(t)
	if lost["a: kernel"] != 1 || lost["b: kernel"] != 2 || lost["c: kernel"] != 12 || in.Stats().Lost["kernel"] != 15 {
		t.Errorf("%v, %v", lost, in.Stats().Lost)
	}
	if f.signed != len(f.kept) {
		t.Errorf("%d signed of %d", f.signed, len(f.kept))
	}
}

// TestFullAtEnd: what still waits when the daemon ends is counted, all of it, and whoever waits is told.
func TestFullAtEnd(t *testing.T) { synctest.Test(t, testFullAtEnd) }

func testFullAtEnd(t *testing.T) {
	f := newFake()
	f.free = diskReserve
	in, stop := startIntake(t, f, Config{})
	told := make(chan error, 200)
	for i := range 100 {
		c := chunkOf(in, streamSource, fmt.Sprint("<13>stream ", i))
		c.Done = func(err error) { told <- err }
		put(t, in, c)
		if i == 10 {
			time.Sleep(100 * time.Millisecond) // these are in the batch that waits, the others in the queue
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	for range 100 {
		if err := <-told; !errors.Is(err, errDiskFull) {
			t.Fatalf("told %v", err)
		}
	}
	if lost := f.lost(t)["tcp 192.0.2.1: disk full"]; lost != 100 || len(told) > 0 {
		t.Errorf("%d counted, %d told twice", lost, len(told))
	}
}

// TestUnsigned: a signature for which there is no room is tried again; who waited for it is told.
func TestUnsigned(t *testing.T) {
	f := newFake()
	f.unsign = true
	in, stop := startIntake(t, f, Config{})
	if kept, err := in.Commit(t.Context(), "system", []entry.Entry{{}}); kept != 1 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d %v", kept, err)
	}
	f.set(func(f *fakeStore) { f.unsign = false })
	until(t, "signed", func() bool { _, _, signed := f.events(); return signed == 1 })
	f.set(func(f *fakeStore) { f.unsign = true })
	put(t, in, chunkOf(in, streamSource, "<13>x"))
	if err := stop(); !errors.Is(err, errDiskFull) {
		t.Errorf("ended with %v though not all is signed", err)
	}
}
