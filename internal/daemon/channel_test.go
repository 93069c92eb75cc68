package daemon

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"constat/entry"
	"constat/internal/input/xen/xentest"
	"constat/station"
)

// TestChannels: two domains of a station, one with frames and one with lines as the seed's programs write them, go on while
// the daemon is killed and comes back; octets and numbers are accounted for, and nobody believes a domain about another one.
func TestChannels(t *testing.T) {
	p := newPlace(t, "listen:\n  xen: [DIR/channels]\nhttp: off\n")
	dir := filepath.Join(p.dir, "channels")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	channel := func(domain string) *xentest.Backend {
		b, err := xentest.Start(filepath.Join(dir, domain+"-log.sock"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Stop)
		return b
	}
	usb, gui := channel("sys-usb"), channel("gui")
	const header = "2026-11-21 19:41:24,081 ERROR    sys-usb    [Messagerie DomU     ] " // says gui
	number := uint64(0)
	var lines []string
	say := func(what string, n int) {
		for range n {
			number++
			frame := entry.AppendFrame(nil, &entry.Frame{Kind: entry.FrameMessage, Run: []byte("00000000000000aa"), Number: number, Level: 3, Message: []byte(what)})
			usb.Write(append(frame, '\n'))
			line := fmt.Sprintf("%s%s %d\nligne 2 \xff\r\n", header, what, number)
			lines = append(lines, line)
			gui.Write([]byte(line))
		}
	}
	taken := func() bool {
		usb.Write(nil)
		gui.Write(nil)
		return usb.Waiting() == 0 && gui.Waiting() == 0
	}
	say("early", 300)
	for round := range 3 {
		d := p.serve()
		p.until("the daemon reads", taken)
		say(fmt.Sprint("running ", round), 300)
		p.until("the daemon reads", taken)
		if round == 1 {
			d.kill()
		} else {
			d.stop()
		}
		say(fmt.Sprint("away ", round), 300)
	}
	d := p.serve()
	p.until("the daemon reads", taken)
	end := entry.AppendFrame(nil, &entry.Frame{Kind: entry.FrameEnd, Run: []byte("00000000000000aa"), Number: number, Level: 6})
	usb.Write(append(end, '\n'))
	p.until("the daemon reads", taken)
	d.stop()
	checkChannels(t, p, number, lines)
	p.verify()
}

// checkChannels wants every number of the one domain, and of the other every octet but what the killed daemon had not
// made durable.
func checkChannels(t *testing.T, p *place, numbers uint64, lines []string) {
	t.Helper()
	seen := map[string]int{}
	var raw strings.Builder
	for _, k := range p.all("system") {
		switch {
		case k.fields["_XEN_DOMAIN"] == "sys-usb" && k.fields["CHANNEL_NUMBER"] != "" && k.fields["_FRAMING"] == "":
			seen[k.fields["CHANNEL_NUMBER"]]++
		case k.fields["LOSS_RUN"] != "" && k.kind == entry.Loss:
			var first, last uint64
			fmt.Sscan(k.fields["LOSS_FIRST"]+" "+k.fields["LOSS_LAST"], &first, &last)
			for ; first <= last; first++ {
				seen[fmt.Sprint(first)]++
			}
		case k.fields["_XEN_DOMAIN"] == "gui" && k.fields["_XEN_EVENT"] == "":
			raw.WriteString(k.octets + "\n")
			if k.fields["HOSTNAME"] == "sys-usb" && k.fields["PRIORITY"] != "3" {
				t.Errorf("entry %v", k.fields)
			}
		case k.fields["HOSTNAME"] == "sys-usb":
			t.Errorf("believed: %v", k.fields)
		}
	}
	for n := uint64(1); n <= numbers; n++ {
		if seen[fmt.Sprint(n)] != 1 {
			t.Errorf("number %d: %d times kept or missed", n, seen[fmt.Sprint(n)])
		}
	}
	kept := 0
	for _, line := range lines {
		if strings.Contains(raw.String(), line) {
			kept++
		} else if !strings.Contains(line, "away 0") && !strings.Contains(line, "running 1") { // read by the one that was killed
			t.Errorf("missing: %q", line)
		}
	}
	if kept < len(lines)-600 {
		t.Errorf("%d of %d lines are kept", kept, len(lines))
	}
}

// TestStation: what a program logs by the library is in the journal of Dom0.
func TestStation(t *testing.T) {
	p := newPlace(t, "listen:\n  xen: ['DIR/*.channel']\nhttp: off\n")
	path := filepath.Join(p.dir, "usb.channel")
	b, err := xentest.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	d := p.serve()
	defer d.stop()
	p.until("the daemon is connected", func() bool { _, connected := b.Clients(); return connected })
	fifo := filepath.Join(p.dir, "hvc2")
	guest, err := newGuest(fifo, b)
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	log := station.New(station.Options{Channel: fifo, Domain: "vm-usb", Out: io.Discard})
	log.Error("disk gone\nreally", "sys-usb")
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	p.until("the entry is there", func() bool {
		for _, k := range p.all("system") {
			if k.fields["MESSAGE"] == "disk gone\nreally" {
				return k.fields["_XEN_DOMAIN"] == "usb" && k.fields["HOSTNAME"] == "vm-usb" && k.fields["SYSLOG_IDENTIFIER"] == "sys-usb" && k.fields["PRIORITY"] == "3"
			}
		}
		return false
	})
}

// newGuest is the end of a channel in a domain: what is written there goes to the backend.
func newGuest(path string, b *xentest.Backend) (*os.File, error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err == nil {
		go io.Copy(b, f) // ends when f is closed
	}
	return f, err
}
