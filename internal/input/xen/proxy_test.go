package xen_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/input/xen"
	"constat/internal/input/xen/xentest"
)

// poll is how often the tests look at the directory.
const poll = 5 * time.Millisecond

// station is a directory with channels.
type station struct {
	testing.TB
	dir string
}

func newStation(t testing.TB) *station {
	dir, err := os.MkdirTemp("", "xen") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &station{t, dir}
}

func (s *station) path(domain string) string { return filepath.Join(s.dir, domain+"-log.sock") }

// start starts the backend of a domain.
func (s *station) start(domain string) *xentest.Backend {
	s.Helper()
	b, err := xentest.Start(s.path(domain))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(b.Stop)
	return b
}

func (s *station) watch(c xen.Config) *xen.Proxy {
	s.Helper()
	if c.Path == "" {
		c.Path = s.dir
	}
	c.Poll = poll
	p, err := xen.Watch(c)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// flush pushes what the backend holds to its client, as a guest that writes does.
func flush(t testing.TB, b *xentest.Backend) {
	t.Helper()
	for end := time.Now().Add(inputtest.Patience); b.Waiting() > 0; time.Sleep(time.Millisecond) {
		if b.Write(nil); time.Now().After(end) {
			t.Fatalf("%d octets are not taken", b.Waiting())
		}
	}
}

func send(t testing.TB, b *xentest.Backend, text string) {
	t.Helper()
	b.Write([]byte(text))
	flush(t, b)
}

// channel is an input whose backend ends with it.
type channel struct {
	*xen.Proxy
	backend *xentest.Backend
}

func (c *channel) Run(ctx context.Context, sink input.Sink) error {
	defer c.backend.Stop()
	return c.Proxy.Run(ctx, sink)
}

func TestContract(t *testing.T) {
	backends := map[input.Input]*xentest.Backend{}
	inputtest.Run(t, inputtest.Subject{
		Open: func(t testing.TB) input.Input {
			s := newStation(t)
			in := &channel{s.watch(xen.Config{}), s.start("usb")}
			backends[in] = in.backend
			return in
		},
		Send: func(t testing.TB, in input.Input, messages []string) {
			send(t, backends[in], strings.Join(messages, "\n")+"\n")
		},
	})
}

// frames makes the frames of a run with these numbers, a line each.
func frames(run string, numbers ...uint64) string {
	var out []byte
	for _, n := range numbers {
		out = append(frame(out, 'm', run, n, fmt.Sprint("message ", n)), '\n')
	}
	return string(out)
}

func frame(dst []byte, kind byte, run string, n uint64, message string) []byte {
	return entry.AppendFrame(dst, &entry.Frame{Kind: kind, Run: []byte(run), Number: n, Level: 6, Message: []byte(message)})
}

func heartbeat(run string, n uint64) string { return string(frame(nil, 'h', run, n, "")) + "\n" }
func ending(run string, n uint64) string    { return string(frame(nil, 'e', run, n, "")) + "\n" }

const (
	runA = "00000000000000aa"
	runB = "00000000000000bb"
)

// losses lists the notes about losses as RUN FIRST-LAST or the reason.
func losses(sink *inputtest.Sink) (list []string) {
	for _, n := range sink.Notes() {
		switch {
		case n.Reason == xen.ReasonMissing:
			list = append(list, fmt.Sprintf("%s %s-%s", field(n, xen.LossRun), field(n, xen.LossFirst), field(n, xen.LossLast)))
		case n.Reason != "":
			list = append(list, n.Reason)
		}
	}
	return list
}

func field(n inputtest.Note, name string) string {
	for _, f := range n.Fields {
		if f.Name == name {
			return string(f.Value)
		}
	}
	return ""
}

// happened counts the notes of one kind.
func happened(sink *inputtest.Sink, what string) (n int) {
	for _, note := range sink.Notes() {
		if field(note, xen.Happened) == what {
			n++
		}
	}
	return n
}

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(inputtest.Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: does not happen", what)
		}
	}
}

// flagged lists messages with their flags.
func flagged(sink *inputtest.Sink) (list []string) {
	for _, m := range sink.Messages() {
		list = append(list, strings.TrimPrefix(m.Flag+": ", ": ")+m.Octets)
	}
	return list
}

func expect(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestNumbers: whatever is missing is said exactly, before what came next.
func TestNumbers(t *testing.T) {
	s := newStation(t)
	b, sink := s.start("usb"), inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	torn := frames(runA, 9)
	send(t, b, "\n"+frames(runA, 1, 2, 5)+torn[:30]+"\n"+heartbeat(runA, 8)+frames(runB, 3)+frames(runA, 10, 10, 4, 1<<63-1)+
		heartbeat(runB, 3)+ending(runB, 5)+ending(runA, 10)+"\n")
	sink.Wait(9)
	until(t, "the end of a run", func() bool { return len(losses(sink)) >= 5 })
	expect(t, losses(sink), runA+" 3-4", runA+" 6-8", runB+" 1-2", runA+" 9-9", runB+" 4-5")
	line := func(n uint64) string { return strings.TrimSuffix(frames(runA, n), "\n") }
	expect(t, flagged(sink), line(1), line(2), line(5), xen.FlagTorn+": "+torn[:30], strings.TrimSuffix(frames(runB, 3), "\n"),
		line(10), xen.FlagRepeated+": "+line(10), xen.FlagRepeated+": "+line(4), xen.FlagNumber+": "+line(1<<63-1))
	for _, n := range sink.Notes() {
		if n.Reason == xen.ReasonMissing && (n.Lost == 0 || n.Source.Name != "xen usb") {
			t.Errorf("note %+v", n)
		}
	}
}

// TestResumed: numbers from before the daemon began are no loss, and are named.
func TestResumed(t *testing.T) {
	s := newStation(t)
	b, sink := s.start("usb"), inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	send(t, b, frames(runA, 5001, 5003))
	sink.Wait(2)
	expect(t, losses(sink), runA+" 5002-5002")
	if happened(sink, "resumed") != 1 {
		t.Errorf("notes %+v", sink.Notes())
	}
}

// TestKnown: numbers go on where they were before the daemon began; what is missing in between is a loss.
func TestKnown(t *testing.T) {
	s := newStation(t)
	b, sink := s.start("usb"), inputtest.NewSink(t)
	known := xen.Known{All: true, Runs: map[string][]xen.KnownRun{"usb": {{Run: "odd", Last: 1}, {Run: runA, Last: 7}}, "gui": {{Run: runB, Last: 9}}}}
	inputtest.Start(t, s.watch(xen.Config{Resume: func() xen.Known { return known }}), sink)
	send(t, b, frames(runA, 8, 9)+frames(runB, 3)+heartbeat(runA, 10)+frames(runA, 11))
	sink.Wait(4)
	expect(t, losses(sink), runB+" 1-2", runA+" 10-10")
	if n := happened(sink, "resumed"); n != 0 {
		t.Errorf("%d notes about numbers before", n)
	}
}

const header = "2026-11-21 19:41:24,081 INFO     vm-sys-usb [Messagerie DomU     ] "

// TestText: a line without a header goes on with the entry before; octets come back.
func TestText(t *testing.T) {
	s := newStation(t)
	b, sink := s.start("usb"), inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	stream := "splice\r\n" + header + "ligne 1\nligne 2\r\n\n" + header + "x\n\n\n" + header + "\xff\x00\x1b[2J\n" + frames(runA, 1) + "\n" + header + "last"
	for _, c := range []byte(stream) { // octet by octet
		b.Write([]byte{c})
	}
	flush(t, b)
	sink.Wait(5)
	b.Stop()
	sink.Wait(6)
	expect(t, flagged(sink), xen.FlagNoHeader+": splice\r", header+"ligne 1\nligne 2\r\n\n", header+"x\n\n\n",
		header+"\xff\x00\x1b[2J", strings.TrimSuffix(frames(runA, 1), "\n"), xen.FlagTruncated+": "+header+"last")
	until(t, "the end is noted", func() bool { return happened(sink, "disconnected") == 1 })
}

// TestRestarts: one connection at a time, however a domain goes and comes; the file is never touched.
func TestRestarts(t *testing.T) {
	s := newStation(t)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	const lives = 12
	for i := range lives {
		b := s.start("usb")
		send(t, b, fmt.Sprintf("%slife %d\n", header, i))
		if i%3 == 0 {
			b.Disconnect()
			send(t, b, fmt.Sprintf("%slife %d again\n", header, i))
		}
		if served, _ := b.Clients(); served != 1 && (served != 2 || i%3 != 0) {
			t.Errorf("life %d: %d connections", i, served)
		}
		if i%2 == 0 {
			b.Kill()
			if _, err := os.Lstat(s.path("usb")); err != nil {
				t.Errorf("the stale file is gone: %v", err)
			}
		} else {
			b.Stop()
		}
	}
	sink.Wait(lives + lives/3)
	until(t, "the last end", func() bool { return happened(sink, "disconnected") == lives+lives/3 })
	if kept, lost := sink.Total(); kept != lives+lives/3 || lost != 0 {
		t.Errorf("%d kept, %d lost", kept, lost)
	}
}

// TestBeginsLate: what QEMU threw away for want of a reader is a gap of the right size, and of text lines a possible loss.
func TestBeginsLate(t *testing.T) {
	s := newStation(t)
	framed, text := s.start("framed"), s.start("text")
	const many = 20000
	for n := uint64(1); n <= many; n++ {
		framed.Write([]byte(frames(runA, n)))
		fmt.Fprintf(text, "%sline %d\n", header, n)
	}
	if framed.Discarded() == 0 || text.Discarded() == 0 {
		t.Fatal("nothing was thrown away")
	}
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	flush(t, framed)
	flush(t, text)
	send(t, framed, ending(runA, many))
	until(t, "both are accounted for", func() bool { return len(losses(sink)) >= 2 && numbersOf(t, sink, runA).sum() == many })
	if list := losses(sink); !slices.Contains(list, xen.ReasonBuffer) {
		t.Errorf("losses %q", list)
	}
}

// numbers are those of a run that came, and those that were missed.
type numbers struct{ kept, missed map[uint64]bool }

func (n numbers) sum() int { return len(n.kept) + len(n.missed) }

// numbersOf reads them from the octets and notes, and fails where a number came twice or both came and was missed.
func numbersOf(t testing.TB, sink *inputtest.Sink, run string) numbers {
	t.Helper()
	n := numbers{map[uint64]bool{}, map[uint64]bool{}}
	for _, m := range sink.Messages() {
		if at := strings.Index(m.Octets, " "+run+" "); at >= 0 && m.Flag == "" {
			var number uint64
			fmt.Sscan(m.Octets[at+len(run)+2:], &number)
			if n.kept[number] || m.Octets != strings.TrimSuffix(frames(run, number), "\n") {
				t.Errorf("twice or changed: %q", m.Octets)
			}
			n.kept[number] = true
		}
	}
	for _, l := range losses(sink) {
		var first, last uint64
		if _, err := fmt.Sscanf(l, run+" %d-%d", &first, &last); err != nil {
			continue
		}
		for i := first; i <= last; i++ {
			if n.kept[i] || n.missed[i] {
				t.Errorf("number %d of run %s: missed, and kept %v, missed before %v", i, run, n.kept[i], n.missed[i])
			}
			n.missed[i] = true
		}
	}
	return n
}

// TestOddSockets: what is no channel is left alone and does not end the input.
func TestOddSockets(t *testing.T) {
	s := newStation(t)
	for _, name := range []string{"file-log.sock", "dir-log.sock"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.start("with blank")
	s.start("other").Kill()
	if err := os.Rename(s.path("other"), filepath.Join(s.dir, "other-msg.sock")); err != nil {
		t.Fatal(err)
	}
	good, sink := s.start("good"), inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	send(t, good, header+"x\n")
	sink.Wait(2) // and the name
	if kept, lost := sink.Total(); kept != 1 || lost != 1 {
		t.Errorf("%d kept, %d lost: %v", kept, lost, sink.Losses())
	}
	m := sink.Messages()[0]
	if i := slices.IndexFunc(m.Source.Fields, func(f entry.Field) bool { return f.Name == "_XEN_DOMAIN" }); i < 0 || !bytes.Equal(m.Source.Fields[i].Value, []byte("good")) {
		t.Errorf("source %+v", m.Source)
	}
}

func TestSplit(t *testing.T) {
	for path, want := range map[string]string{"": "/var/run/panoptiscan *-log.sock", "/run/x/": "/run/x *-log.sock", "/run/x": "/run/x *-log.sock",
		"/run/x/*.s": "/run/x *.s", "run": "", "/run/*/x*": "", "/run/**": ""} {
		dir, pattern, err := xen.Split(path)
		if (err != nil) != (want == "") || err == nil && dir+" "+pattern != want {
			t.Errorf("%q: %q %q %v", path, dir, pattern, err)
		}
	}
}
