package daemon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input/native"
	"constat/internal/input/xen/xentest"
	"constat/internal/inquiry"
	"constat/station"
)

// guest is a domain with both channels.
type guest struct {
	name   string
	log    *station.Api
	query  string // the device of the query channel
	fifo   *os.File
	master *os.File // the backend's end of the query channel
}

// newTerminal makes a terminal: the device of a domain's channel is one.
func newTerminal(t *testing.T) (master *os.File, path string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	path = fmt.Sprintf("/dev/pts/%d", number)
	slave, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0) // else the master fails while nobody has it open
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close(); master.Close() })
	return master, path
}

func (p *place) guest(t *testing.T, name string) *guest {
	t.Helper()
	g := &guest{name: name}
	logs, err := xentest.Start(filepath.Join(p.dir, name+"-log.sock"))
	if err != nil {
		t.Fatal(err)
	}
	g.master, g.query = newTerminal(t)
	questions, err := xentest.StartBoth(filepath.Join(p.dir, name+"-query.sock"), g.master)
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(questions, g.master) // ends when the master is closed
	fifo := filepath.Join(p.dir, name+"-hvc2")
	if g.fifo, err = newGuest(fifo, logs); err != nil {
		t.Fatal(err)
	}
	g.log = station.New(station.Options{Channel: fifo, Domain: name, Out: io.Discard})
	t.Cleanup(func() { g.log.Close(); g.fifo.Close(); logs.Stop(); questions.Stop() })
	return g
}

// get reads the log of the domain as its programs do.
func (g *guest) get(t *testing.T, q station.Query) station.Log {
	t.Helper()
	l, err := station.Source{Channel: g.query}.GetLog(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l.Entries {
		if e.Domain != g.name || g.name == "gui" && strings.Contains(string(e.JSON), "secret") {
			t.Errorf("domain %s reads %s", g.name, e.JSON)
		}
		for _, of0 := range []string{"_MACHINE_ID", "_BOOT_ID", "_HOSTNAME"} {
			if strings.Contains(string(e.JSON), of0) {
				t.Errorf("domain %s learns of Dom0: %s", g.name, e.JSON)
			}
		}
	}
	return l
}

func messages(l station.Log) string {
	var list []string
	for _, e := range l.Entries {
		if !strings.Contains(string(e.JSON), "_XEN_EVENT") {
			list = append(list, e.Message)
		}
	}
	return strings.Join(list, "|")
}

// TestQueryChannel: a domain logs, reads its own entries back and no others, and saves them; one that is hostile gets no
// more, and keeps nobody from logging or reading.
func TestQueryChannel(t *testing.T) {
	p := newPlace(t, "listen:\n  xen: [DIR]\nhttp: off\n")
	usb, gui := p.guest(t, "usb"), p.guest(t, "gui")
	d := p.serve()
	usb.log.Error("secret of usb", "Messagerie")
	usb.log.Info("é\xff\nsecret", "disk")
	gui.log.Warn("of gui", "Fenêtre")
	for n := range 5 {
		gui.log.Debug(fmt.Sprint("Nummer ", n), "n")
	}
	claim(t, p.store, "_XEN_DOMAIN", "gui", "_TRANSPORT", "xen")
	p.until("all is there", func() bool {
		said := map[string]int{}
		for _, k := range p.events() {
			if k.fields["_XEN_EVENT"] == "" {
				said[k.fields["_XEN_DOMAIN"]]++
			}
		}
		return said["usb"] == 2 && said["gui"] == 6
	})

	if got := messages(gui.get(t, station.Query{})); got != "of gui|Nummer 0|Nummer 1|Nummer 2|Nummer 3|Nummer 4" {
		t.Errorf("gui reads %q", got)
	}
	if got := messages(usb.get(t, station.Query{Level: station.LevelError})); got != "secret of usb" {
		t.Errorf("errors: %q", got)
	}
	if got := messages(usb.get(t, station.Query{Module: "disk"})); got != "é\ufffd\nsecret" {
		t.Errorf("module: %q", got)
	}
	if l := gui.get(t, station.Query{Text: "NUMMER", Limit: 2}); messages(l) != "Nummer 3|Nummer 4" || !l.More {
		t.Errorf("text: %q, %v", messages(l), l.More)
	}
	now := time.Now()
	if l := gui.get(t, station.Query{Since: now}); messages(l) != "" || l.More {
		t.Errorf("since: %q", messages(l))
	}
	if l := gui.get(t, station.Query{Until: now, Text: "of gui"}); messages(l) != "of gui" || l.More {
		t.Errorf("until: %q", messages(l))
	}
	checkSaved(t, gui)
	checkHostile(t, p, usb, gui)
	checkDom0(t, p)
	d.stop()
	p.verify()
}

// claim tries to write an entry that says it comes from a domain.
func claim(t *testing.T, store string, pairs ...string) {
	t.Helper()
	e := &entry.Entry{}
	e.AddString("MESSAGE", "a secret that claims", entry.Claimed)
	for i := 0; i < len(pairs); i += 2 {
		e.AddString(pairs[i], pairs[i+1], entry.Claimed)
	}
	endpoints, err := native.Find(store)
	if err != nil {
		t.Fatal(err)
	}
	c, err := native.Dial(endpoints.Socket, native.Request{Op: "log", Journal: "system"})
	if err == nil {
		err = c.Log(e)
	}
	if err == nil {
		_, err = c.Finish()
	}
	if err == nil {
		t.Error("a program of Dom0 claims to be a domain")
	}
}

// checkSaved: what a domain saves is what it reads.
func checkSaved(t *testing.T, g *guest) {
	t.Helper()
	dir := t.TempDir()
	from := station.Source{Channel: g.query}
	saved, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j", AnyDirectory: true})
	if err != nil || saved.Note == "" || len(saved.Files) != 1 {
		t.Fatal(saved, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "j.jsonl"))
	if err != nil || bytes.Count(data, []byte("\n")) != saved.Entries || !bytes.Contains(data, []byte("of gui")) || bytes.Contains(data, []byte("secret")) {
		t.Errorf("saved %d entries: %v\n%s", saved.Entries, err, data)
	}
	if _, err := from.SaveLog(context.Background(), dir, station.Save{Name: "k", AnyDirectory: true, Evidence: station.EvidenceRequired}); err == nil {
		t.Error("evidence over a query channel")
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
}

// checkHostile: usb does what it should not; gui goes on.
func checkHostile(t *testing.T, p *place, usb, gui *guest) {
	t.Helper()
	device, err := os.OpenFile(gui.query, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	var cursor struct {
		Cursor string `json:"__CURSOR"`
	}
	foreign := usb.get(t, station.Query{Text: "secret of usb"})
	if err := json.Unmarshal(foreign.Entries[0].JSON, &cursor); err != nil || cursor.Cursor == "" {
		t.Fatal(err)
	}
	gui.get(t, station.Query{Limit: 1}) // the terminal is raw from here on
	ask1 := func(body string) []byte {
		return (&inquiry.Line{Kind: inquiry.KindQuestion, ID: []byte("00000000000000bb"), Body: []byte(body)}).Append([]byte{'\n'})
	}
	for _, body := range []string{
		`{"oldest":true,"cursor":"` + cursor.Cursor + `"}`, `{"module":"Messagerie"}`, `{"text":"secret"}`,
		`{"domain":"usb"}`, `{"_XEN_DOMAIN":"usb"}`, `{"limit":100000}`, `{"cursor":"x","oldest":true}`, `[]`, `{"text":"x OR _XEN_DOMAIN:usb"}`,
		`{"oldest":true,"cursor":"ffffffffffffffffffffffffffffffff"}`,
	} {
		if _, err := device.Write(ask1(body)); err != nil {
			t.Fatal(err)
		}
		answered := readAnswer(t, device)
		if strings.Contains(answered, "secret") || strings.Contains(answered, `"usb"`) && !strings.Contains(answered, `"error"`) {
			t.Errorf("%s: %s", body, answered)
		}
	}
	checkPages(t, gui, device)
	// A domain that asks without end, writes what is no question, and reads nothing.
	flood, _ := os.OpenFile(usb.query, os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	defer flood.Close()
	junk := append(bytes.Repeat([]byte("x"), 100_000), '\n')
	for range 20 {
		flood.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		flood.Write(ask1(`{}`))
		flood.Write(junk)
	}
	gui.log.Error("still here", "x")
	p.until("gui logs and reads", func() bool { return messages(gui.get(t, station.Query{Text: "still here"})) == "still here" })
}

// checkPages: asked for two at a time, all entries come, each once and in order.
func checkPages(t *testing.T, g *guest, device *os.File) {
	t.Helper()
	var want, got []string
	for _, e := range g.get(t, station.Query{}).Entries {
		want = append(want, string(e.JSON))
	}
	for cursor, pages := "", 0; pages < 20; pages++ {
		body, err := json.Marshal(inquiry.Question{Oldest: true, Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		device.Write((&inquiry.Line{Kind: inquiry.KindQuestion, ID: []byte("00000000000000bb"), Body: body}).Append(nil))
		var end inquiry.End
		for line := range strings.Lines(readAnswer(t, device)) {
			l, ok := inquiry.Parse([]byte(strings.TrimSuffix(line, "\n")))
			switch {
			case ok && l.Kind == inquiry.KindEntry:
				got = append(got, string(l.Body))
			case ok && json.Unmarshal(l.Body, &end) != nil:
				t.Fatal(line)
			}
		}
		if cursor = end.Next; !end.More {
			break
		}
	}
	if len(want) < 6 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("page by page:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// readAnswer reads until the end of an answer.
func readAnswer(t *testing.T, device *os.File) string {
	t.Helper()
	device.SetReadDeadline(time.Now().Add(patience))
	var all strings.Builder
	lines := bufio.NewReader(device)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(line)
		if strings.HasPrefix(line, "%q1 z ") {
			return all.String()
		}
	}
}

// checkDom0: Dom0 reads all domains, saves with evidence, and the evidence holds.
func checkDom0(t *testing.T, p *place) {
	t.Helper()
	for name, value := range map[string]string{asProgram: "1", "XDG_CONFIG_HOME": p.dir + "/config", "TZ": "UTC"} {
		t.Setenv(name, value)
	}
	from := station.Source{Store: p.store, Program: p.exe}
	l, err := from.GetLog(context.Background(), station.Query{Domain: "usb", Module: "Messagerie"})
	if err != nil || messages(l) != "secret of usb" {
		t.Errorf("Dom0 reads %q, %v", messages(l), err)
	}
	if l, err = from.GetLog(context.Background(), station.Query{Text: "number (", Limit: 1}); err != nil || len(l.Entries) != 0 {
		t.Error(l, err)
	}
	if l, err = from.GetLog(context.Background(), station.Query{Text: "nummer", Limit: 3}); err != nil || messages(l) != "Nummer 2|Nummer 3|Nummer 4" || !l.More {
		t.Error(messages(l), err)
	}
	dir := t.TempDir()
	saved, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j", Text: true, AnyDirectory: true, Query: station.Query{Domain: "usb"}})
	if err != nil || len(saved.Files) != 2 {
		t.Fatal(saved, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "j.log"))
	if err != nil || !strings.Contains(string(text), `Z ERROR    usb        [Messagerie          ] secret of usb`+"\n") || !strings.Contains(string(text), `é\xff\nsecret`) && !strings.Contains(string(text), `\x0asecret`) {
		t.Errorf("%v\n%s", err, text)
	}
	if out := p.run("verify", filepath.Join(dir, "j.evidence.zip")); !strings.Contains(out, "VERIFIED") && !strings.Contains(strings.ToLower(out), "ok") && !strings.Contains(out, "intact") {
		t.Errorf("evidence: %s", out)
	}
}
