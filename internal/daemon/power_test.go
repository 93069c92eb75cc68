package daemon

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"constat/internal/vfs/crashfs"
)

// ledger is what clients have been told.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[string][]string // guarded by mu; by journal
}

func (l *ledger) add(name string, texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged[name] = append(l.acknowledged[name], texts...)
}

// copy is what has been told by now.
func (l *ledger) copy() map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := maps.Clone(l.acknowledged)
	for name := range c {
		c[name] = slices.Clone(c[name])
	}
	return c
}

// work logs and imports through the socket, beside a stream and datagrams, until something fails or n is reached.
// Each acknowledgement is noted.
func (d *inside) work(l *ledger, n int, acknowledged func()) error {
	socket := d.endpoints().Socket
	stream := d.dial("unix")
	for i := range n {
		fmt.Fprintf(stream, "<%d>stream message %d\n", i%24*8+i%8, i) // some of them are urgent
		name, write := "system", logTo
		if i%3 == 1 {
			name = "audit"
		} else if i%3 == 2 {
			name, write = "imported", importTo
		}
		list := texts(i, 1+i*i%40)
		if err := write(socket, name, list...); err != nil {
			return err
		}
		l.add(name, list)
		acknowledged()
	}
	return nil
}

const localOnly = "listen:\n  datagram: [DIR/log]\n  stream: [DIR/slog]\nhttp: off\n"

// TestPowerCutAfterAcknowledgement: what a disk may hold right after each acknowledgement has all that was acknowledged.
func TestPowerCutAfterAcknowledgement(t *testing.T) {
	n := 60
	if testing.Short() {
		n = 12
	}
	p := newPlace(t, localOnly)
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	l := &ledger{acknowledged: map[string][]string{}}
	round := uint64(0)
	err := d.work(l, n, func() {
		told := l.copy()
		d.sound(t, disk.Crash(nil), told)
		for seed := range uint64(3) {
			d.sound(t, disk.Crash(rand.New(rand.NewPCG(round, seed))), told)
		}
		round++
	})
	if err != nil || t.Failed() {
		t.Fatalf("acknowledgement %d: %v", round, err)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	d.sound(t, disk.Crash(nil), l.copy())
}

// TestPowerCut: the power goes at any operation of the disk. Clients get an error, the daemon ends with one, and
// what was acknowledged before is there.
func TestPowerCut(t *testing.T) {
	cuts := 60
	if testing.Short() {
		cuts = 10
	}
	cutAnywhere(t, localOnly, cuts, 400, func(d *inside, l *ledger) error { return d.work(l, 40, func() {}) })
}

// cutAnywhere lets clients of daemons do their work, and the power of each daemon's disk go at another operation, one of
// the first so many. The work returns the error that stopped it, and then the daemon ends with one too. What was
// acknowledged before is there.
func cutAnywhere(t *testing.T, config string, cuts, most int, work func(*inside, *ledger) error) {
	for cut := range uint64(cuts) {
		rng := rand.New(rand.NewPCG(cut, 7))
		k := rng.IntN(most)
		p := newPlace(t, config)
		disk, code := p.newDisk()
		d := p.inside(disk, code)
		from := disk.Ops()
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == k {
				disk.PowerOff()
			}
			return nil
		})
		l := &ledger{acknowledged: map[string][]string{}}
		err := work(d, l)
		stopped := d.stop()
		if err != nil && stopped == nil {
			t.Errorf("the client has %v, the daemon ended well", err)
		}
		if err == nil {
			most = disk.Ops() - from
		}
		disk.SetHook(nil)
		for _, after := range []*crashfs.FS{disk.Crash(nil), disk.Crash(rng), disk.CrashKeepAll()} {
			d.sound(t, after, l.copy())
		}
		if t.Failed() {
			t.Fatalf("cut %d at operation %d", cut, k)
		}
	}
}

// TestFullDisk: streams are held back, datagrams counted, commands refused. With room again intake goes on, and what was
// lost stands in loss entries. It may be so full that not even these can be written.
func TestFullDisk(t *testing.T) {
	for name, reserve := range map[string]int64{"reserve": 8<<20 + 50_000, "nothing": 20_000} {
		t.Run(name, func(t *testing.T) { fullDisk(t, reserve) })
	}
}

func fullDisk(t *testing.T, left int64) {
	p := newPlace(t, everything+"limits:\n  queue: 1MiB\n")
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	socket := p.endpoints().Socket
	if err := logTo(socket, "system", "before"); err != nil {
		t.Fatal(err)
	}
	disk.SetCapacity(disk.Used() + left)
	const streamed, datagrams = 20_000, 3000
	var sending sync.WaitGroup
	sending.Go(func() {
		conn := p.dial("tcp")
		for i := range streamed {
			fmt.Fprintf(conn, "<13>stream message %d %s\n", i, p.dir)
		}
		conn.Close()
	})
	sending.Go(func() {
		conn := p.dial("unixgram")
		for i := range datagrams {
			fmt.Fprintf(conn, "<13>datagram %d", i)
			time.Sleep(300 * time.Microsecond)
		}
	})
	p.until("a command is refused", func() bool { return logTo(socket, "system", "refused, perhaps") != nil })
	p.until("an import is refused", func() bool { return importTo(socket, "imported", texts(1, 5000)...) != nil })
	time.Sleep(1500 * time.Millisecond) // timers of losses and signatures pass
	disk.SetCapacity(-1)
	sending.Wait()
	if err := logTo(socket, "system", "after"); err != nil {
		t.Error(err)
	}
	if err := d.stop(); err != nil {
		t.Errorf("stopped: %v", err)
	}
	next, kept := 0, 0
	list := entriesOf(t, disk, p.store, "system")
	for _, k := range list {
		n := 0
		if _, err := fmt.Sscanf(k.fields["MESSAGE"], "stream message %d", &n); err == nil {
			if n != next {
				t.Fatalf("message %d of the stream where %d should be", n, next)
			}
			next++
		} else if _, err := fmt.Sscanf(k.fields["MESSAGE"], "datagram %d", &n); err == nil {
			kept++
		}
	}
	lost := lostIn(t, list)
	if next != streamed || kept+sum(lost) != datagrams || lost["disk full"] == 0 {
		t.Errorf("kept %d of %d of the stream, %d of %d datagrams, counted %v", next, streamed, kept, datagrams, lost)
	}
	t.Logf("%d of %d datagrams kept, counted %v", kept, datagrams, lost)
	d.sound(t, disk.Crash(nil), map[string][]string{"system": {"before", "after"}})
}
