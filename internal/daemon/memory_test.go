package daemon

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// real makes the place run the program as it is built for users.
func (p *place) real() {
	p.t.Helper()
	p.exe = filepath.Join(p.dir, "constat")
	if out, err := exec.Command("go", "build", "-o", p.exe, "constat/cmd/constat").CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
}

// memory is what the kernel says of the memory of a daemon, in KiB: VmRSS now, VmHWM at most.
func (d *process) memory(name string) (kib int) {
	d.t.Helper()
	status, err := os.ReadFile("/proc/" + itoa(d.cmd.Process.Pid) + "/status")
	if err != nil {
		d.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\n"+name+":")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		d.t.Fatal(err)
	}
	return kib
}

// TestIdleMemory: a daemon that has nothing to do is small.
func TestIdleMemory(t *testing.T) {
	p := newPlace(t, everything)
	p.real()
	d := p.serve()
	p.send("tcp", "<13>one\n")
	p.send("udp", "<13>two")
	p.arrived(2)
	time.Sleep(3 * time.Second)
	rss := d.memory("VmRSS")
	t.Logf("VmRSS %d KiB after 3 s", rss)
	if rss > 40<<10 {
		t.Errorf("VmRSS %d KiB when idle", rss)
	}
	d.stop()
}

// TestManyConnections: 10,000 connections that have spoken and stay.
func TestManyConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("many connections")
	}
	n := 10_000
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if room := int(min(files.Cur, 1<<20)) - 1000; room < n {
		n = room
		t.Logf("only %d connections: RLIMIT_NOFILE is %d", n, files.Cur)
	}
	p := newPlace(t, everything)
	p.real()
	d := p.serve()
	addr := p.address("tcp")
	conns := make([]net.Conn, n)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conns[i], "<13>connection %d\n", i)
	}
	p.arrived(n)
	time.Sleep(2 * time.Second)
	rss, most := d.memory("VmRSS"), d.memory("VmHWM")
	t.Logf("%d connections: VmRSS %d KiB, VmHWM %d KiB", n, rss, most)
	if rss > 300<<10 {
		t.Errorf("VmRSS %d KiB with %d idle connections", rss, n)
	}
	for i := range 100 {
		fmt.Fprintf(conns[i*(n/100)], "<13>again\n")
	}
	p.arrived(n + 100)
	d.stop()
	p.verify()
}

// TestTooManyConnections: connections beyond what the limit of files allows are counted, and commands still work.
func TestTooManyConnections(t *testing.T) {
	p := newPlace(t, "listen:\n  tcp: ['127.0.0.1:0']\nhttp: off\n")
	d := p.serve(func(c *exec.Cmd) {
		c.Args = append([]string{"sh", "-c", `ulimit -n 400; exec "$@"`, "sh"}, c.Args...)
		c.Path = "/bin/sh"
	})
	for range 600 {
		p.dial("tcp")
	}
	p.run("log", "still there")
	p.until("the surplus is counted", func() bool {
		_, lost := p.balance()
		return lost["refused: too many connections"] >= 600-(400-otherFiles)
	})
	d.stop()
	p.verify()
}

// TestDribble: who sends a message octet by octet is cut off, and what came is kept.
func TestDribble(t *testing.T) {
	p := newPlace(t, everything+"limits:\n  frame_timeout: 500ms\n")
	d := p.serve()
	conn := p.dial("tcp")
	began := time.Now()
	for i := 0; ; i++ {
		if _, err := conn.Write([]byte{'x'}); err != nil || time.Since(began) > patience {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("cut off after %v", took)
	}
	want{"_FRAMING": "timeout", "MESSAGE": "*"}.check(t, p.arrived(1)[0])
	d.stop()
}

// TestLoadMemory: many senders at once, with long and with short messages, faster than they can be written.
func TestLoadMemory(t *testing.T) {
	p := newPlace(t, everything)
	p.real()
	d := p.serve()
	var sending sync.WaitGroup
	const senders, octets = 50, 3 << 20
	for i := range senders {
		conn := p.dial("tcp")
		line := []byte("<13>" + strings.Repeat("y", []int{40, 900, 60_000}[i%3]) + "\n")
		sending.Go(func() {
			for range octets / len(line) {
				if _, err := conn.Write(line); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	gram := p.dial("udp")
	for range 20_000 {
		gram.Write([]byte("<13>" + strings.Repeat("z", 1000)))
	}
	sending.Wait()
	most := d.memory("VmHWM")
	t.Logf("VmHWM %d KiB under load", most)
	if most > 256<<10 {
		t.Errorf("VmHWM %d KiB under load", most)
	}
	d.stop()
	p.verify()
}

// TestHeldBackMemory: senders of few octets each wait while the disk is full; the bound of the queue holds.
func TestHeldBackMemory(t *testing.T) {
	p := newPlace(t, everything)
	p.real()
	disk := smallDisk(t, p, 12)
	d := p.serve()
	disk.fill()
	var sending sync.WaitGroup
	const senders, each = 400, 400
	for range senders {
		conn := p.dial("tcp")
		sending.Go(func() {
			for range each {
				conn.Write([]byte("<13>small message\n"))
				time.Sleep(time.Millisecond)
			}
		})
	}
	sending.Wait()
	most := d.memory("VmHWM")
	t.Logf("VmHWM %d KiB with %d messages held back", most, senders*each)
	if most > 256<<10 {
		t.Errorf("VmHWM %d KiB", most)
	}
	disk.resize(200)
	p.arrived(senders * each)
	d.stop()
	p.verify()
}
