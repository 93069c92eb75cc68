package daemon

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/vfs"
	"constat/journal"
)

// long reports whether tests are to take their full size.
func long() bool { return os.Getenv("CONSTAT_LONG") == "1" }

// each calls f with every entry of a journal.
func (p *place) each(name string, f func(*entry.Entry)) {
	p.t.Helper()
	r, err := journal.OpenReader(vfs.OS(), p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	views, err := r.Snapshot(name)
	if err != nil {
		p.t.Fatal(err)
	}
	defer journal.CloseViews(views)
	for _, v := range views {
		for item, err := range v.Entries(v.All()) {
			if err != nil {
				p.t.Fatal(err)
			}
			f(item.Entry)
		}
	}
}

// balance counts events, and the messages of loss entries by reason.
func (p *place) balance() (kept int, lost map[string]int) {
	p.t.Helper()
	lost = map[string]int{}
	p.each("system", func(e *entry.Entry) {
		switch e.Kind {
		case entry.Event:
			kept++
		case entry.Loss:
			var n int
			text, _ := e.Get(ingest.LossMessages)
			reason, _ := e.Get(ingest.LossReason)
			if _, err := fmt.Sscan(string(text), &n); err != nil || n <= 0 {
				p.t.Errorf("loss of %q messages", text)
			}
			lost[string(reason)] += n
		}
	})
	return kept, lost
}

// TestCorpus: two connections at once, one that counts octets and one of lines. Nothing is lost or mixed, each
// connection's order holds, and every octet comes back.
func TestCorpus(t *testing.T) {
	lines := 100_000
	if long() {
		lines = 500_000
	}
	p := newPlace(t, everything)
	d := p.serve()
	var sent [2][][]byte
	var sending sync.WaitGroup
	began := time.Now()
	for i, who := range []string{"a", "b"} {
		data := sample(t, lines, who)
		sent[i] = bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		if who == "b" {
			var counted bytes.Buffer
			for _, line := range sent[i] {
				fmt.Fprintf(&counted, "%d %s", len(line), line)
			}
			data = counted.Bytes()
		}
		conn := p.dial("tcp")
		sending.Go(func() {
			if _, err := conn.Write(data); err != nil {
				t.Error(err)
			}
			conn.Close()
		})
	}
	sending.Wait()
	d.stop()
	took := time.Since(began)
	t.Logf("%d messages in %v, %.0f/s, %s", 2*lines, took.Round(time.Millisecond), float64(2*lines)/took.Seconds(), d.usage())
	p.verify()
	var next [2]int
	p.each("system", func(e *entry.Entry) {
		if e.Kind != entry.Event {
			if e.Kind == entry.Loss {
				t.Errorf("lost: %v", e.Fields)
			}
			return
		}
		octets, _, err := entry.AppendReceived(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		if bytes.Contains(octets, []byte(" b#")) {
			i = 1
		}
		if next[i] >= lines || !bytes.Equal(octets, sent[i][next[i]]) {
			t.Fatalf("message %d of connection %d came back as %q", next[i], i, octets)
		}
		next[i]++
	})
	if next != [2]int{lines, lines} {
		t.Errorf("kept %v, sent %d each", next, lines)
	}
}

// usage is what an ended daemon has used.
func (d *process) usage() string {
	s := d.cmd.ProcessState
	return fmt.Sprintf("CPU %v", (s.UserTime() + s.SystemTime()).Round(time.Millisecond))
}

// TestUDPRate: what one sender sent is kept or counted, exactly, though nothing is ever sent again.
func TestUDPRate(t *testing.T) {
	const rate, tick = 100_000, 2 * time.Millisecond
	span := 3 * time.Second
	if long() {
		span = 10 * time.Second
	}
	p := newPlace(t, "listen:\n  udp: ['127.0.0.1:0']\nhttp: off\n")
	d := p.serve()
	conn, err := net.Dial("udp", p.address("udp"))
	if err != nil {
		t.Fatal(err)
	}
	sent, began := 0, time.Now()
	for time.Since(began) < span {
		for due := int(time.Since(began).Seconds() * rate); sent < due; sent++ {
			if _, err := fmt.Fprintf(conn, "<13>Jun  3 08:00:10 alpha app[12]: message number %d of many that come fast", sent); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(tick)
	}
	took := time.Since(began)
	conn.Close()
	var kept int
	var lost map[string]int
	p.until("all is kept or counted", func() bool {
		time.Sleep(200 * time.Millisecond)
		kept, lost = p.balance()
		return kept+sum(lost) >= sent
	})
	time.Sleep(1500 * time.Millisecond) // is anything counted twice?
	if kept, lost = p.balance(); kept+sum(lost) != sent {
		t.Errorf("sent %d, kept %d, counted %v", sent, kept, lost)
	}
	d.stop()
	used := d.cmd.ProcessState.UserTime() + d.cmd.ProcessState.SystemTime()
	t.Logf("sent %d at %.0f/s, kept %d, counted %v (%.3f %%); the daemon used %v of processors, %.2f s for each of sending", sent, float64(sent)/took.Seconds(),
		kept, lost, 100*float64(sum(lost))/float64(sent), used, used.Seconds()/took.Seconds())
	p.verify()
}

// TestLossWithoutMore: a daemon that does not read for a while has the kernel drop; that is counted without another message.
func TestLossWithoutMore(t *testing.T) {
	p := newPlace(t, "listen:\n  udp: ['127.0.0.1:0']\nhttp: off\nlimits:\n  receive_buffer: 64KiB\n")
	d := p.serve()
	addr := p.address("udp")
	freeze(d)
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	const n = 5000
	for i := range n {
		fmt.Fprintf(conn, "<13>message %d %s", i, strings.Repeat("x", 100))
	}
	conn.Close()
	thaw(d)
	var kept int
	var lost map[string]int
	p.until("all is kept or counted", func() bool {
		kept, lost = p.balance()
		return kept+sum(lost) >= n
	})
	if kept+lost["kernel"] != n || lost["kernel"] == 0 {
		t.Errorf("sent %d, kept %d, counted %v", n, kept, lost)
	}
	d.stop()
	p.verify()
}

// TestRateLimit: what a source sends beyond its limit is counted, under its name.
func TestRateLimit(t *testing.T) {
	p := newPlace(t, everything+"limits:\n  rate: 50\n  burst: 100\n")
	d := p.serve()
	const n = 3000
	for _, kind := range []string{"udp", "tcp", "unixgram"} {
		conn := p.dial(kind)
		for i := range n {
			fmt.Fprintf(conn, "<13>%s %d\n", kind, i)
		}
		conn.Close()
	}
	d.stop()
	p.verify()
	counted := map[string]int{}
	for _, k := range p.all("system") {
		if k.kind == entry.Loss && k.fields[ingest.LossReason] == "rate limit" {
			m := 0
			fmt.Sscan(k.fields[ingest.LossMessages], &m)
			counted[k.fields[ingest.LossSource]] += m
		}
	}
	kept, lost := p.balance()
	if kept+sum(lost) != 3*n || kept < 300 || kept > 1500 {
		t.Errorf("kept %d, counted %v", kept, lost)
	}
	for _, source := range []string{"udp 127.0.0.1", "tcp 127.0.0.1", "unix uid " + itoa(os.Getuid())} {
		if counted[source] < n/2 {
			t.Errorf("%s: counted %d, all are %v", source, counted[source], counted)
		}
	}
}

// TestAcknowledgementUnderLoad: a flood on TCP and UDP keeps nobody from being answered, and nothing from being durable.
func TestAcknowledgementUnderLoad(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	stop := make(chan struct{})
	var sending sync.WaitGroup
	for _, kind := range []string{"tcp", "tcp", "udp"} {
		conn := p.dial(kind)
		data := []byte("<13>Jun  3 08:00:10 alpha app[12]: one of many messages\n")
		if kind == "tcp" {
			data = bytes.Repeat(data, 1000)
		}
		sending.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					conn.Write(data)
				}
			}
		})
	}
	var slowest time.Duration
	for began := time.Now(); time.Since(began) < 3*time.Second; {
		asked := time.Now()
		if err := logTo(p.endpoints().Socket, "audit", "hello"); err != nil {
			t.Error(err)
			break
		}
		slowest = max(slowest, time.Since(asked))
	}
	close(stop)
	sending.Wait()
	d.stop()
	p.verify()
	kept, lost := p.balance()
	t.Logf("slowest answer %v, kept %d, counted %v", slowest, kept, lost)
	if slowest > patience/2 {
		t.Errorf("an answer took %v", slowest)
	}
}
