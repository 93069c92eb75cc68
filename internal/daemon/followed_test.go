package daemon

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"constat/internal/tlsconf/tlstest"
	"constat/internal/vfs/crashfs"
)

// add adds text to a file, which it makes.
func (p *place) add(name, text string) {
	p.t.Helper()
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		p.t.Fatal(err)
	}
}

// TestFollowed: files and pipes are read, rotated files over restarts and a kill too, and nothing comes twice that was written
// down.
func TestFollowed(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  files:\n  - path: DIR/app.log\n  - {path: DIR/messages, format: syslog}\n  pipes:\n  - path: DIR/pipe\n")
	p.add("app.log", "first\n")
	p.add("messages", "<34>Oct 11 22:14:15 alpha su[7]: second\n")
	d := p.serve()
	p.add("pipe", "<13>third\n")
	fields := map[string]map[string]string{}
	for _, k := range p.arrived(3) {
		fields[k.fields["MESSAGE"]] = k.fields
	}
	for text, want := range map[string][3]string{"first": {"file", "/app.log"}, "second": {"file", "/messages", "alpha"}, "third": {"pipe", "/pipe"}} {
		if f := fields[text]; f["_TRANSPORT"] != want[0] || f["_FILE"] != p.dir+want[1] || f["HOSTNAME"] != want[2] {
			t.Errorf("%s: %v", text, f)
		}
	}
	d.stop()
	p.add("app.log", "fourth\n")
	if err := os.Rename(filepath.Join(p.dir, "app.log"), filepath.Join(p.dir, "app.log.1")); err != nil {
		t.Fatal(err)
	}
	p.add("app.log", "fifth\n")
	d = p.serve()
	p.arrived(5)
	state := func() (total string) {
		files, _ := filepath.Glob(p.store + ".inputs/*.json")
		for _, name := range files {
			data, _ := os.ReadFile(name)
			total += string(data)
		}
		return total
	}
	p.until("the position is written down", func() bool {
		return strings.Contains(state(), `app.log","device"`) && strings.Contains(state(), `"offset":6,`)
	})
	d.kill()
	p.add("app.log", "sixth\n")
	d = p.serve()
	p.arrived(6)
	d.stop()
	p.verify()
}

// TestFollowedPattern: files that a pattern fits are read, each under its own name and once, over a restart and a kill; one that
// is named by itself is read as it says there.
func TestFollowedPattern(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  files:\n  - path: 'DIR/app-*/*.log*'\n  - {path: DIR/app-1/messages.log, format: syslog}\n")
	d := p.serve()
	for _, dir := range []string{"app-1", "app-2"} {
		if err := os.Mkdir(filepath.Join(p.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		p.add(dir+"/a.log", "first of "+dir+"\n")
	}
	p.add("app-1/messages.log", "<34>Oct 11 22:14:15 alpha su[7]: second\n")
	fields := map[string]map[string]string{}
	for _, k := range p.arrived(3) {
		fields[k.fields["MESSAGE"]] = k.fields
	}
	for text, want := range map[string][2]string{"first of app-1": {"/app-1/a.log"}, "first of app-2": {"/app-2/a.log"}, "second": {"/app-1/messages.log", "alpha"}} {
		if f := fields[text]; f["_FILE"] != p.dir+want[0] || f["HOSTNAME"] != want[1] {
			t.Errorf("%s: %v", text, f)
		}
	}
	d.stop()
	p.add("app-1/a.log", "third\n")
	if err := os.Rename(filepath.Join(p.dir, "app-1/a.log"), filepath.Join(p.dir, "app-1/a.log.1")); err != nil {
		t.Fatal(err)
	}
	p.add("app-1/a.log", "fourth\n")
	d = p.serve()
	p.arrived(5)
	p.until("the position is written down", func() bool {
		files, _ := filepath.Glob(p.store + ".inputs/*.json")
		for _, name := range files {
			if data, _ := os.ReadFile(name); strings.Contains(string(data), `"offset":7,`) {
				return true
			}
		}
		return false
	})
	d.kill()
	p.add("app-2/b.log", "fifth\n")
	d = p.serve()
	p.arrived(6)
	d.stop()
	p.verify()
}

// TestFollowedReload: SIGHUP adds and removes files, and says that how one is read cannot be changed so.
func TestFollowedReload(t *testing.T) {
	configuration := "http: off\nlisten:\n  files:\n  - path: DIR/app.log\n"
	p := newPlace(t, configuration)
	d := p.serve()
	reload := func(text, want string) {
		t.Helper()
		before := d.errs.String()
		p.configure(text)
		d.signal(syscall.SIGHUP)
		p.until("reloaded", func() bool { return strings.Contains(strings.TrimPrefix(d.errs.String(), before), want) })
	}
	reload(configuration+"    format: syslog\n", "format and from of file")
	reload(configuration+"  - path: DIR/more.log\n", "configuration changed")
	p.add("more.log", "more\n")
	p.arrived(1)
	reload(configuration, "configuration changed")
	p.add("more.log", "unread\n")
	p.add("app.log", "<13>app\n")
	if list := p.arrived(2); list[1].fields["MESSAGE"] != "<13>app" {
		t.Errorf("%v", list[1].fields)
	}
	reload(configuration+"  - path: DIR/more.log\n", "configuration changed")
	if list := p.arrived(3); list[2].fields["MESSAGE"] != "unread" {
		t.Errorf("%v", list[2].fields)
	}
	p.add("more.log", "just now\n") // within a second of the other: the position is not written down
	p.arrived(4)
	pattern := configuration + "  - path: 'DIR/mor[e].log'\n"
	reload(pattern, "configuration changed")
	p.add("more.log", "by a pattern\n")
	if list := p.arrived(5); list[4].fields["MESSAGE"] != "by a pattern" { // and what was read is not read again
		t.Errorf("%v", list[4].fields)
	}
	reload(pattern+"  - path: DIR/more.log\n", "which files are followed beside the pattern")
	d.stop()
	p.verify()
}

// TestPowerCutFollowed: the power goes at any operation of the disk while a file is followed, by its path or by a pattern. After the next start every
// line is there, the first time in order; only some are there twice.
func TestPowerCutFollowed(t *testing.T) {
	cuts, most := 5, 80
	if long() {
		cuts = 60
	}
	for cut := range uint64(cuts) {
		rng := rand.New(rand.NewPCG(cut, 5))
		p := newPlace(t, "http: off\nlisten:\n  files: [{path: '"+[]string{"DIR/app.log", "DIR/app.*"}[cut%2]+"'}]\n")
		disk, code := p.newDisk()
		d := p.inside(disk, code)
		from, k := disk.Ops(), rng.IntN(most)
		off := make(chan struct{})
		var once sync.Once
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from >= k { // some may come before this hook
				once.Do(func() { disk.PowerOff(); close(off) })
			}
			return nil
		})
		var want []string
		for cutOff := false; !cutOff; {
			list := texts(len(want), 20)
			want = append(want, list...)
			p.add("app.log", strings.Join(list, "\n")+"\n")
			select {
			case <-off:
				cutOff = true
			case <-time.After(20 * time.Millisecond):
			}
		}
		d.stop() // with an error
		disk.SetHook(nil)
		d = p.inside(disk.Crash(rng), code)
		first := map[string]bool{}
		var got []string
		p.until("all lines", func() bool {
			first, got = map[string]bool{}, nil
			for _, e := range entriesOf(t, d.disk, p.store, "system") {
				if text := e.fields["MESSAGE"]; e.fields["_TRANSPORT"] == "file" {
					if !first[text] {
						got = append(got, text)
					}
					first[text] = true
				}
			}
			return len(got) >= len(want)
		})
		if !slices.Equal(got, want) {
			t.Errorf("cut %d at operation %d: %d lines, or in another order, want %d", cut, k, len(got), len(want))
		}
		if err := d.stop(); err != nil {
			t.Error(err)
		}
		d.sound(t, d.disk.Crash(nil), map[string][]string{"system": want})
	}
}

// TestTLSReload: SIGHUP changes whom a TLS listener trusts, from where it takes connections, and its certificate, without closing it;
// what cannot be changes nothing. The metrics say how long the certificate is valid.
func TestTLSReload(t *testing.T) {
	configuration := "http: 127.0.0.1:0\nlisten:\n  tls:\n  - address: 127.0.0.1:0\n    tls: " + secured + "\n"
	p := newPlace(t, configuration)
	p.pki()
	d := p.serve()
	address := p.address("tls")
	try := func() error {
		cert, err := tls.LoadX509KeyPair(filepath.Join(p.dir, "client.pem"), filepath.Join(p.dir, "client.key"))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}})
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if _, err = conn.Read(make([]byte, 1)); err != nil && strings.Contains(err.Error(), "timeout") {
			return nil // let in: nothing is ever said
		}
		return fmt.Errorf("closed: %w", err)
	}
	reload := func(text, want string) {
		t.Helper()
		before := d.errs.String()
		p.configure(text)
		d.signal(syscall.SIGHUP)
		p.until("reloaded", func() bool { return strings.Contains(strings.TrimPrefix(d.errs.String(), before), want) })
	}
	const changed, refused = "configuration changed", "configuration not changed"
	if err := try(); err != nil {
		t.Fatalf("the client is refused: %v", err)
	}
	reload(strings.Replace(configuration, "[client.test]", "[else.test]", 1), changed)
	if err := try(); err == nil {
		t.Error("let in under another name")
	}
	reload(strings.Replace(configuration, "DIR/server.key", "DIR/client.key", 1), refused)
	reload(configuration+"    deny: [127.0.0.0/8]\n", changed)
	if err := try(); err == nil {
		t.Error("let in from a network that is denied")
	}
	reload(configuration, changed)
	if err := try(); err != nil {
		t.Errorf("refused: %v", err)
	}
	if p.address("tls") != address {
		t.Errorf("listens on %s, before on %s", p.address("tls"), address)
	}
	response, err := http.Get(p.endpoints().HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	metrics, _ := io.ReadAll(response.Body)
	for _, want := range []string{`constat_tls_certificate_days{input="tls ` + address + `"} 0.9`, `constat_input_refused_total{input="tls ` + address + `"} 2`,
		`constat_input_connections{input="tls ` + address + `"} `} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	d.stop()
	lost := lostIn(t, p.all("system"))
	if lost["refused: wrong name in the certificate"] != 1 || lost["refused: not allowed"] != 1 {
		t.Errorf("counted %v", lost)
	}
	p.verify()
}

// TestRefusalsInJournal: each peer that is refused stands in the journal with its address and the reason, and people are
// told more.
func TestRefusalsInJournal(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  tls:\n  - address: 127.0.0.1:0\n    tls: "+secured+"\n")
	p.pki()
	d := p.serve()
	ca := tlstest.New(t, t.TempDir(), "stranger")
	own := tlstest.Of(t, p.dir, "ca")
	refused := map[string]tlstest.Pair{
		"certificate not trusted":       ca.Issue("stranger", []string{"client.test"}, nil),
		"certificate expired":           own.Issue("expired", []string{"client.test"}, tlstest.Expired),
		"wrong name in the certificate": own.Issue("else", []string{"else.test"}, nil),
		"no certificate":                {},
	}
	for _, pair := range refused {
		config := &tls.Config{InsecureSkipVerify: true}
		if pair.Certificate != "" {
			cert, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{cert}
		}
		if conn, err := tls.Dial("tcp", p.address("tls"), config); err == nil {
			conn.Read(make([]byte, 1))
			conn.Close()
		}
	}
	for reason, octets := range map[string]string{"no TLS": "<13>plain\n", "TLS handshake broken off": "\x16\x03\x01\x02\x00\x01"} {
		conn, err := net.Dial("tcp", p.address("tls"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, octets)
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
		refused[reason] = tlstest.Pair{}
	}
	p.until("entries about all", func() bool {
		found := map[string]bool{}
		for _, k := range p.all("system") {
			found[k.fields["MESSAGE"]] = true
		}
		for reason := range refused {
			if !found["1 connections of tls 127.0.0.1 refused: "+reason] {
				return false
			}
		}
		return true
	})
	if said := d.errs.String(); !strings.Contains(said, "peer refused") {
		t.Errorf("people are told %q", said)
	}
	d.stop()
	p.verify()
}
