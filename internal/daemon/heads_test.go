package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/config"
	"constat/internal/ingest"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
	"constat/seal"
)

// earlier runs the daemon in this process as it ran so long ago, before the machine was started again, on a store that
// it makes. stop ends it.
func (p *place) earlier(ago time.Duration) (w *journal.Writer, code string, stop func()) {
	p.t.Helper()
	code = p.make()
	c, err := config.Read(p.file)
	if err != nil {
		p.t.Fatal(err)
	}
	floors := c.Kept().Policy(1 << 40)
	w, err = journal.OpenWriter(vfs.OS(), p.store, journal.Options{Floors: &floors,
		Clock: func() journal.Reading {
			r := journal.SystemClock()
			return journal.Reading{Wall: r.Wall - ago.Microseconds(), Boot: r.Boot}
		},
		Machine: func() journal.Machine {
			m := journal.ThisMachine()
			m.Boot = seal.BootID{1}
			return m
		}})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- Run(ctx, c, Options{Store: w, Dir: p.store, Log: slog.New(slog.DiscardHandler),
			Ready: func(native.Endpoints) { close(ready) }})
	}()
	p.t.Cleanup(cancel)
	select {
	case <-ready:
	case err := <-ended:
		p.t.Fatalf("daemon ended: %v", err)
	}
	return w, code, func() {
		p.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			p.t.Fatal(err)
		}
	}
}

// unconverted is how many complete heads of the journal system are no segments, as status says.
func (p *place) unconverted() int {
	p.t.Helper()
	var s struct {
		Journals map[string]struct{ Unconverted int }
	}
	if err := json.Unmarshal([]byte(p.run("status", "-o", "json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s.Journals["system"].Unconverted
}

func (p *place) count(pattern string) int {
	p.t.Helper()
	list, err := filepath.Glob(filepath.Join(p.store, "system", pattern))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(list)
}

// TestConvertNever: a relay leaves heads as they are and removes the oldest once they are too many. What was passed on is
// passed on, what was not is told, and the store verifies. Segments are made by hand, and when the configuration says so.
func TestConvertNever(t *testing.T) {
	up, late := newCollector(t, "tcp"), newCollector(t, "tcp")
	late.close()
	p := newPlace(t, "")
	port := freePort(t)
	configure := func(more string) {
		p.configure(outputsTo(port, up, late) + "retention:\n  max_size: 40KiB\n  floor: 1h\n" + more)
	}
	configure("convert: never\n")
	const heads, each = 8, 1000
	w, code, stop := p.earlier(2 * time.Hour)
	send := p.sender()
	for i := range heads {
		send(i*each, (i+1)*each)
		p.until("they came in", func() bool { return w.Size("system") >= uint64((i+1)*each) })
		if err := w.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	p.until("they went out", func() bool { return up.last() == heads*each-1 })
	stop()
	if n := p.unconverted(); n != heads || p.count("*.seg")+p.count("*.kept") > 0 {
		t.Fatalf("%d heads, %d segments", n, p.count("*.seg"))
	}

	d := p.serve() // which looks what is to be removed at once
	p.until("heads are pruned", func() bool { return p.count("*.kept") > 0 && p.unconverted() < heads })
	p.run("vacuum") // waits for the first look
	left := p.unconverted()
	if n := p.count("*.kept"); n+left != heads || left == 0 || p.count("*.seg") > 0 {
		t.Errorf("%d pruned, %d left, %d segments", n, left, p.count("*.seg"))
	}
	if said := p.run("status"); !strings.Contains(said, fmt.Sprintf("heads   %d complete and no segments", left)) {
		t.Errorf("status says %s", said)
	}
	late.listen()
	p.until("the late target has the rest", func() bool { return late.last() == heads*each-1 })
	got := len(late.numbers())
	p.until("what it did not get is told", func() bool { return got < heads*each && p.lostOf("out1") == heads*each-got })
	if n := inOrder(t, "out0", up.numbers(), heads*each); n != 0 || p.lostOf("out0") != 0 {
		t.Errorf("%d came again, %d were lost", n, p.lostOf("out0"))
	}
	p.verifies(code, p.store, 0)

	p.run("stats")
	p.run("backup", "copy")
	p.verifies(code, "copy", 0)
	p.run("prove", "seq=000007999", "-o", "last.zip")
	p.run("verify", "--code", code, "last.zip")

	hup := func(say string) {
		t.Helper()
		before := len(d.errs.String())
		d.signal(syscall.SIGHUP)
		p.until(say, func() bool { return strings.Contains(d.errs.String()[before:], say) })
	}
	configure("convert: sometimes\n") // which changes nothing
	hup("configuration not changed")
	configure("convert: never\nstatistics: 1h\n")
	hup("configuration changed")
	if n := p.unconverted(); n != left {
		t.Errorf("%d heads are left of %d", n, left)
	}
	p.run("rotate")
	if n := p.unconverted(); n != 0 || p.count("*.seg") != left+1 {
		t.Errorf("after rotate: %d heads, %d segments", n, p.count("*.seg"))
	}
	d.stop()
	p.verifies(code, p.store, 0)
}

// lostOf is how many messages an output did not get before retention removed them, as status and the journal say; -1
// while they do not agree.
func (p *place) lostOf(name string) int {
	p.t.Helper()
	const reason = "removed by retention before it was sent"
	n, told := int(p.outputs()[name].Dropped[reason]), 0
	for _, k := range p.all("system") {
		if k.kind == entry.Loss && k.fields[ingest.LossSource] == "output "+name {
			told += lostIn(p.t, []kept{k})[reason]
		}
	}
	if n != told {
		return -1
	}
	return n
}

// TestConvertAgain: heads that were left become segments when the configuration says so.
func TestConvertAgain(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\nconvert: never\n")
	w, code, stop := p.earlier(0)
	send := p.sender()
	for i := range 3 {
		send(i*50, i*50+50)
		p.until("they came in", func() bool { return w.Size("system") >= uint64(i*50+50) })
		if err := w.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	d := p.serve()
	p.run("log", "another")
	if n := p.unconverted(); n != 3 {
		t.Errorf("%d heads are left of 3", n)
	}
	p.configure("http: off\nlisten:\n  tcp: ['127.0.0.1:0']\n")
	d.signal(syscall.SIGHUP)
	p.until("all are segments", func() bool { return p.unconverted() == 0 })
	d.stop()
	if n := p.count("*.seg"); n != 3 {
		t.Errorf("%d segments", n)
	}
	p.verifies(code, p.store, 0)
}

// TestHeadsChange: a conversion that is not wanted any more is cut short, none begins, and one that is wanted again is told of.
func TestHeadsChange(t *testing.T) {
	h := newHeads(true)
	ctx, end, ok := h.begin(t.Context())
	if !ok || ctx.Err() != nil {
		t.Fatal("no conversion begins")
	}
	h.set(true)
	if ctx.Err() != nil {
		t.Error("cut short though nothing has changed")
	}
	<-h.wanted
	h.set(false)
	if ctx.Err() == nil {
		t.Error("goes on though it is not wanted any more")
	}
	end()
	if _, _, ok := h.begin(t.Context()); ok {
		t.Error("begins though it is not wanted")
	}
	h.set(true)
	<-h.wanted
	if _, _, ok := h.begin(t.Context()); !ok {
		t.Error("does not begin again")
	}
}
