package daemon

import (
	"context"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"constat/internal/relp"
)

const relpOnly = "listen:\n  relp:\n  - address: 127.0.0.1:0\nhttp: off\n"

// dialRELP begins a session with the daemon of a place.
func (p *place) dialRELP(window int, timeout time.Duration) (*relp.Client, error) {
	conn, err := net.Dial("tcp", p.address("relp"))
	if err != nil {
		return nil, err
	}
	client, err := relp.NewClient(p.t.Context(), conn, relp.ClientConfig{Window: window, Timeout: timeout})
	if err == nil {
		p.t.Cleanup(func() { hangUp(client) })
	}
	return client, err
}

// hangUp ends a session without a word.
func hangUp(c *relp.Client) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	c.Close(ended)
}

func octetsOf(list []string) (messages [][]byte) {
	for _, text := range list {
		messages = append(messages, []byte("<13>"+text))
	}
	return messages
}

// TestKillAfterAnswer: the daemon is killed as soon as it has answered a message, while it has not answered others. Nothing
// that it has answered is missing. 10 rounds, 200 with CONSTAT_LONG=1.
func TestKillAfterAnswer(t *testing.T) {
	rounds := 10
	if long() {
		rounds = 200
	}
	p := newPlace(t, relpOnly)
	var told []string
	for n := range rounds {
		d := p.serve()
		client, err := p.dialRELP(32, patience)
		if err != nil {
			t.Fatal(err)
		}
		first := texts(n, 1+n%3*n)
		if k, err := client.Send(t.Context(), octetsOf(first)); k != len(first) {
			t.Fatalf("%d of %d answered: %v", k, len(first), err)
		}
		told = append(told, first...)
		more := make(chan int, 1)
		rest := texts(rounds+n, 5000)
		go func() {
			k, _ := client.Send(t.Context(), octetsOf(rest))
			more <- k
		}()
		if n%2 == 1 {
			time.Sleep(time.Duration(n%40) * time.Millisecond) // somewhere in the middle of it
		}
		d.kill()
		told = append(told, rest[:<-more]...)
		if n%10 == 9 {
			p.verify()
		}
		holds(t, p.all("system"), told)
		if t.Failed() {
			t.Fatalf("round %d", n)
		}
	}
	p.serve().stop()
	p.verify()
	holds(t, p.all("system"), told)
	t.Logf("%d messages were answered in %d rounds", len(told), rounds)
}

// TestPowerCutAfterAnswer: what a disk may hold right after each answer has all that was answered.
func TestPowerCutAfterAnswer(t *testing.T) {
	n := 12
	if long() {
		n = 100
	}
	cutAfterAnswers(t, newPlace(t, relpOnly), n, func(p *place) func([]string) (int, error) {
		client, err := p.dialRELP(0, patience)
		if err != nil {
			t.Fatal(err)
		}
		return func(list []string) (int, error) { return client.Send(t.Context(), octetsOf(list)) }
	})
}

// cutAfterAnswers looks n times, right after all that was sent has been answered, at what a disk may hold.
func cutAfterAnswers(t *testing.T, p *place, n int, dial func(*place) func([]string) (int, error)) {
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	send := dial(p)
	var told []string
	for round := range n {
		list := texts(round, 1+round*round%40)
		if k, err := send(list); err != nil || k != len(list) {
			t.Fatalf("%d answered: %v", k, err)
		}
		told = append(told, list...)
		d.sound(t, disk.Crash(nil), map[string][]string{"system": told})
		for seed := range uint64(3) {
			d.sound(t, disk.Crash(rand.New(rand.NewPCG(uint64(round), seed))), map[string][]string{"system": told})
		}
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	d.sound(t, disk.Crash(nil), map[string][]string{"system": told})
}

// TestPowerCutWhileAnswering: the power goes at any operation of the disk. What was answered before is there, and nothing is
// answered afterwards.
func TestPowerCutWhileAnswering(t *testing.T) {
	cuts := 3
	if long() {
		cuts = 60
	}
	cutAnywhere(t, relpOnly, cuts, 120, func(d *inside, l *ledger) error {
		client, err := d.dialRELP(8, 200*time.Millisecond) // a daemon that cannot write answers nothing
		for round := 0; err == nil && round < 30; round++ {
			list, n := texts(round, 20), 0
			n, err = client.Send(t.Context(), octetsOf(list))
			l.add("system", list[:n])
		}
		if client != nil {
			hangUp(client)
		}
		return err
	})
}

// TestRestartsUnderRsyslog: the daemon is killed ten times, and ended twice, while rsyslog sends over RELP. No message is missing; how
// many are there more than once is said.
func TestRestartsUnderRsyslog(t *testing.T) {
	total, restarts := 20_000, 2
	if long() {
		total, restarts = 200_000, 12
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	p := newPlace(t, "listen:\n  relp:\n  - address: "+address+"\nhttp: off\n")
	d := p.serve()
	dir := t.TempDir()
	lines(t, filepath.Join(dir, "messages"), "relp", total)
	rsyslog(t, dir, address, rsyslogActions["relp"])
	for n := range restarts {
		p.grown((n + 1) * total / (restarts + 1))
		if n%6 == 5 {
			d.stop()
		} else {
			d.kill()
		}
		d = p.serve()
	}
	r := p.complete(total, "relp")["relp"]
	t.Logf("%d messages over %d restarts: %d of them twice", total, restarts, r.duplicates)
	d.stop()
	p.verify()
}

// TestRELPFullDisk: with a full disk nothing is answered and nothing lost; with room again everything is.
func TestRELPFullDisk(t *testing.T) {
	p := newPlace(t, relpOnly+"limits:\n  queue: 1MiB\n")
	disk, code := p.newDisk()
	d := p.inside(disk, code)
	client, err := p.dialRELP(0, patience)
	if err != nil {
		t.Fatal(err)
	}
	disk.SetCapacity(disk.Used() + 8<<20 + 50_000)
	list := texts(1, 20_000)
	var sending sync.WaitGroup
	sending.Go(func() {
		if k, err := client.Send(t.Context(), octetsOf(list)); err != nil || k != len(list) {
			t.Errorf("%d of %d answered: %v", k, len(list), err)
		}
	})
	p.until("the disk is full", func() bool { return logTo(p.endpoints().Socket, "system", "refused, perhaps") != nil })
	disk.SetCapacity(-1)
	sending.Wait()
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if lost := lostIn(t, entriesOf(t, disk, p.store, "system")); len(lost) > 0 {
		t.Errorf("lost %v", lost)
	}
	d.sound(t, disk.Crash(nil), map[string][]string{"system": list})
}

// TestRELPEnds: a daemon that ends has answered what it kept, and says so to its clients.
func TestRELPEnds(t *testing.T) {
	p := newPlace(t, relpOnly)
	d := p.serve()
	client, err := p.dialRELP(0, patience)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	list := texts(1, 30_000)
	go func() {
		k, _ := client.Send(t.Context(), octetsOf(list))
		answered <- k
	}()
	p.until("messages", func() bool { return len(p.events()) > 0 })
	d.signal(syscall.SIGTERM)
	k := <-answered
	d.wait()
	if d.end != nil {
		t.Error(d.end)
	}
	kept := p.events()
	holds(t, kept, list[:k])
	if len(kept) != k {
		t.Errorf("%d kept, %d answered", len(kept), k)
	}
	p.verify()
}
