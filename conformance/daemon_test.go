package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
)

// daemons is the program over its sockets: "constat serve", one for each limit that cases want, and what "constat show"
// says of the entries. Datagrams go over UDP, all at once; connections are TCP, one for each case.
type daemons struct {
	running  map[int]*daemon // by limit
	messages map[string]kept // by the octets of their datagram
	counted  string          // the word under which the empty datagram was counted
}

func newDaemons(t *testing.T) target {
	to := &daemons{running: map[int]*daemon{}, messages: map[string]kept{}}
	d := to.with(t, 0)
	conn, err := net.Dial("udp", d.address(t, "udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var sent [][]byte
	for _, c := range cases(t, "syslog") {
		if _, err := conn.Write(c.input); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if len(c.input) > 0 {
			sent = append(sent, c.input)
		}
	}
	for i, k := range d.take(t, len(sent)) {
		to.messages[string(sent[i])] = k
	}
	to.counted = d.lost(t)
	return to
}

func (to *daemons) message(t *testing.T, octets []byte) (entries []kept, counted, skip string) {
	if k, found := to.messages[string(octets)]; found {
		return []kept{k}, "", ""
	}
	if len(octets) == 0 {
		return nil, to.counted, ""
	}
	t.Fatalf("%q was not kept", octets)
	return nil, "", ""
}

func (to *daemons) stream(t *testing.T, octets []byte, writes []int, limit int) ([]kept, string) {
	d := to.with(t, limit)
	conn, err := net.Dial("tcp", d.address(t, "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, n := range append(writes, len(octets)) {
		n = min(n, len(octets))
		if _, err := conn.Write(octets[:n]); err != nil {
			t.Fatal(err)
		}
		octets = octets[n:]
		time.Sleep(2 * time.Millisecond) // so that it is read alone
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("not closed at its end: %v", err)
	}
	return d.takeBefore(t, d.mark(t)), ""
}

// mark sends a message that is kept behind all that was received before, and returns it.
func (d *daemon) mark(t *testing.T) []byte {
	t.Helper()
	d.marks++
	octets := fmt.Appendf(nil, "<13>mark %d", d.marks)
	conn, err := net.Dial("tcp", d.address(t, "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(append(octets, '\n')); err != nil {
		t.Fatal(err)
	}
	return octets
}

// with returns the daemon with a limit for messages, 0 for the default.
func (to *daemons) with(t *testing.T, limit int) *daemon {
	if d := to.running[limit]; d != nil {
		return d
	}
	text := "listen:\n  udp: ['127.0.0.1:0']\n  tcp: ['127.0.0.1:0']\nhttp: off\n"
	if limit > 0 {
		text += fmt.Sprintf("limits:\n  message: %d\n", limit)
	}
	to.running[limit] = serve(t, text)
	return to.running[limit]
}

// patience is how long a daemon may take for anything.
const patience = 20 * time.Second

// daemon is a running "constat serve".
type daemon struct {
	store string
	seen  uint64 // entries of the system journal that were taken
	marks int    // that were sent
}

// serve starts a daemon, and ends it with the test, which it must do well.
func serve(t *testing.T, configuration string) *daemon {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(built, "d")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{store: filepath.Join(dir, "store")}
	file := filepath.Join(dir, "constat.yaml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "serve", "--config", file)
	c.Env = environment(d.store)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("constat serve: %v\n%s", err, &complaint)
		}
		constat(t, d.store, nil, "verify")
	})
	for said := ""; !strings.Contains(said, "bring in"); {
		b := make([]byte, 4096)
		n, err := out.Read(b)
		if said += string(b[:n]); err != nil {
			t.Fatalf("constat serve: %v\n%s%s", err, said, &complaint)
		}
	}
	return d
}

// address is where the daemon listens, as it says itself.
func (d *daemon) address(t *testing.T, kind string) string {
	t.Helper()
	data, err := os.ReadFile(d.store + ".run/daemon.json")
	if err != nil {
		t.Fatal(err)
	}
	var published struct{ Inputs []string }
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	for _, name := range published.Inputs {
		if address, found := strings.CutPrefix(name, kind+" "); found {
			return address
		}
	}
	t.Fatalf("no %s in %s", kind, data)
	return ""
}

// take waits for at least n events that were not taken before, and returns them.
func (d *daemon) take(t *testing.T, n int) []kept {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		octets, size := d.events(t)
		if len(octets) < n && time.Now().Before(end) {
			continue
		}
		if len(octets) < n {
			t.Fatalf("%d events, want %d", len(octets), n)
		}
		d.seen = size
		return d.described(t, octets)
	}
}

// takeBefore waits for a mark, and takes the events before it.
func (d *daemon) takeBefore(t *testing.T, mark []byte) []kept {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		octets, size := d.events(t)
		for index, text := range octets {
			if bytes.Equal(text, mark) {
				d.seen = size
				delete(octets, index)
				return d.described(t, octets)
			}
		}
	}
	t.Fatalf("%q was not kept", mark)
	return nil
}

// events returns the octets of the events that were not taken, by index, and the size of the journal.
func (d *daemon) events(t *testing.T) (octets map[uint64][]byte, size uint64) {
	t.Helper()
	octets = map[uint64][]byte{}
	d.each(t, func(index uint64, e *entry.Entry) {
		size = index + 1
		if e.Kind != entry.Event || index < d.seen {
			return
		}
		received, _, err := entry.AppendReceived(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		octets[index] = received
	})
	return octets, size
}

// described returns those events as "constat show" prints them, in order.
func (d *daemon) described(t *testing.T, octets map[uint64][]byte) (list []kept) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSuffix(constat(t, d.store, nil, "show", "--journal", "system", "-o", "json"), []byte("\n")), []byte("\n"))
	for _, line := range lines {
		var at struct {
			Index uint64 `json:"__INDEX"`
		}
		if err := json.Unmarshal(line, &at); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if received, wanted := octets[at.Index]; wanted {
			list = append(list, keptOf(t, line, received))
		}
	}
	if len(list) != len(octets) {
		t.Fatalf("show prints %d of %d entries", len(list), len(octets))
	}
	return list
}

// lost waits for a loss entry and returns its reason.
func (d *daemon) lost(t *testing.T) (reason string) {
	t.Helper()
	for end := time.Now().Add(patience); reason == "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		d.each(t, func(_ uint64, e *entry.Entry) {
			if e.Kind == entry.Loss {
				value, _ := e.Get("LOSS_REASON")
				reason = string(value)
			}
		})
	}
	return reason
}

// each calls f with the entries of the system journal.
func (d *daemon) each(t *testing.T, f func(index uint64, e *entry.Entry)) {
	t.Helper()
	r, err := journal.OpenReader(vfs.OS(), d.store)
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
		f(item.Index, item.Entry)
	}
}
