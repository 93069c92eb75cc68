package xen_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/input/xen"
	"constat/internal/input/xen/xentest"
	parse "constat/internal/parse/xen"
)

// tally is a sink that holds every frame to its number and keeps the text of every domain.
type tally struct {
	testing.TB
	stalled sync.RWMutex // held for writing while nothing is taken

	mu     sync.Mutex
	next   map[string]uint64 // by run: all numbers before are accounted for
	kept   int
	missed uint64
	torn   int
	text   map[string]*bytes.Buffer // by source, without the LF behind a line that was cut
	other  map[string]int           // notes
}

func newTally(t testing.TB) *tally {
	return &tally{TB: t, next: map[string]uint64{}, text: map[string]*bytes.Buffer{}, other: map[string]int{}}
}

func (s *tally) Chunk() *input.Chunk        { return new(input.Chunk) }
func (s *tally) Offer(c *input.Chunk) error { return s.Put(context.Background(), c) }

func (s *tally) Lose(source, reason string, messages, _ uint64) {
	s.Errorf("%d messages of %s lost: %s", messages, source, reason)
}

func (s *tally) Refuse(source, reason string, _ []entry.Field) { s.Lose(source, reason, 1, 0) }

func (s *tally) Put(_ context.Context, c *input.Chunk) error {
	s.stalled.RLock()
	defer s.stalled.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range c.Messages {
		if m.Note != nil {
			s.note(inputtest.Note{Note: *m.Note, Source: c.Source})
		} else {
			s.message(c.Source.Name, c.Octets[m.Start:m.End], m.Flag)
		}
	}
	return nil
}

func (s *tally) note(n inputtest.Note) {
	if n.Reason != xen.ReasonMissing {
		s.other[field(n, xen.Happened)+n.Reason]++
		return
	}
	run := field(n, xen.LossRun)
	var first, last uint64
	fmt.Sscan(field(n, xen.LossFirst)+" "+field(n, xen.LossLast), &first, &last)
	if first != s.next[run]+1 || n.Lost != last-first+1 || !strings.HasPrefix(run, n.Source.Name[len("xen "):]) {
		s.Errorf("run %s: missing %d to %d, %d messages, after %d", run, first, last, n.Lost, s.next[run])
	}
	s.next[run] = last
	s.missed += n.Lost
}

func (s *tally) message(source string, octets []byte, flag string) {
	f, ok := parse.CutFrame(octets)
	switch {
	case ok:
		run := string(f.Run)
		if f.Number != s.next[run]+1 || flag != "" || string(octets) != loadFrame(run, f.Number) || !strings.HasPrefix(run, source[len("xen "):]) {
			s.Errorf("%s, after %d, %q: %.200q", source, s.next[run], flag, octets)
		}
		s.next[run] = f.Number
		s.kept++
	case strings.Contains(source, "f"): // sends only frames
		s.torn++
		if flag == "" && !bytes.HasPrefix(octets, []byte(fakeHeader)) { // a piece of a frame that is cut there is a line of text
			s.Errorf("%s: no frame, and nobody says so: %.200q", source, octets)
		}
	default:
		b := s.text[source]
		if b == nil {
			b = new(bytes.Buffer)
			s.text[source] = b
		}
		b.Write(octets)
		if flag != xen.FlagTruncated && !bytes.HasSuffix(octets, []byte("\n")) {
			b.WriteByte('\n')
		}
	}
}

// fakeHeader is in the middle of a message.
const fakeHeader = "2026-11-21 19:41:24,081 INFO     t1         [other               ] "

// loadFrame is a frame whose message looks like a line of another domain, and is long.
func loadFrame(run string, n uint64) string {
	message := fmt.Sprintf("%d %s fake of %s\n%s%s\r\x1b[2J", n, run, run, fakeHeader, strings.Repeat("é", int(n%120)))
	return string(frame(nil, 'm', run, n, message))
}

// loadText is an entry as the seed's programs write it, some of several lines.
func loadText(life int, n uint64) string {
	return fmt.Sprintf("2026-11-21 19:41:24,%03d INFO     f1         [life %d              ] line %d\xff%s\n", n%1000, life, n, strings.Repeat("\n f1 more ", int(n%3)))
}

// guest is a domain that writes. It belongs to one goroutine.
type guest struct {
	*station
	name       string
	backend    *xentest.Backend
	life       int
	n          uint64
	text       []*strings.Builder // what was written, by life
	wrote      time.Duration
	overflowed map[int]bool // lives of which the backend threw octets away
	ended      map[string]uint64
	cut        map[string]uint64 // runs that were killed
}

func (g *guest) run() string { return g.runOf(g.life) }

func (g *guest) runOf(life int) string {
	return fmt.Sprintf("%s%0*x", g.name, entry.FrameRunSize-len(g.name), life)
}

func (g *guest) frames() bool { return strings.HasPrefix(g.name, "f") }

func (g *guest) boot() {
	g.life++
	g.n = 0
	g.backend = g.station.start(g.name)
	if g.text = append(g.text, new(strings.Builder)); g.frames() {
		g.backend.Write([]byte("\n"))
	}
	g.write(1)
}

func (g *guest) write(lines int) {
	for range lines {
		g.n++
		if g.frames() {
			g.backend.Write([]byte(loadFrame(g.run(), g.n) + "\n"))
			continue
		}
		line := loadText(g.life, g.n)
		g.text[len(g.text)-1].WriteString(line)
		g.backend.Write([]byte(line))
	}
}

// restart ends the domain in good order or not, or only its connection.
func (g *guest) restart(how int) {
	switch how % 3 {
	case 0:
		g.shutdown()
		g.boot()
	case 1:
		g.backend.Kill()
		g.overflowed[g.life] = g.backend.Discarded() > 0
		g.cut[g.run()] = g.n
		g.boot()
	case 2:
		g.backend.Disconnect()
	}
}

func (g *guest) shutdown() {
	if g.frames() {
		g.backend.Write([]byte("\n" + ending(g.run(), g.n)))
		g.ended[g.run()] = g.n
	}
	flush(g, g.backend)
	g.backend.Stop()
	g.overflowed[g.life] = g.backend.Discarded() > 0
}

// TestLoad: 8 domains that write 5,000 lines a second each go through 20 restarts, while the sink stands still now and then,
// so that the channels overflow. CONSTAT_LONG=1 takes a minute.
func TestLoad(t *testing.T) {
	const rounds, tick = 20, 10 * time.Millisecond
	each := 6
	if os.Getenv("CONSTAT_LONG") == "1" {
		each = 250
	}
	s, sink := newStation(t), newTally(t)
	stop := inputtest.Start(t, s.watch(xen.Config{}), sink)
	var guests []*guest
	for _, name := range []string{"f1", "f2", "f3", "f4", "f5", "f6", "a1", "a2"} {
		guests = append(guests, &guest{station: s, name: name, ended: map[string]uint64{}, cut: map[string]uint64{}, overflowed: map[int]bool{}})
	}
	began := time.Now()
	var running sync.WaitGroup
	for i, g := range guests {
		running.Go(func() {
			g.boot()
			for round := range rounds {
				began := time.Now()
				due := time.Now()
				for range each {
					g.write(50)
					due = due.Add(tick)
					time.Sleep(time.Until(due))
				}
				g.wrote += time.Since(began)
				g.restart(round + i)
			}
			g.shutdown()
		})
	}
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	stalls(sink, done, min(time.Duration(2*each)*tick, 700*time.Millisecond)) // lets frames overflow, and text seldom
	took := time.Since(began)
	last := map[string]uint64{}
	for _, g := range guests {
		for run, n := range g.ended {
			last[run] = n
		}
	}
	until(t, "the ends of all runs", func() bool { return sink.reached(last) })
	if err := stop(); err != nil {
		t.Error(err)
	}
	sink.check(guests, took)
}

// reached reports whether these runs are accounted for up to these numbers.
func (s *tally) reached(last map[string]uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for run, n := range last {
		if s.next[run] < n {
			return false
		}
	}
	return true
}

// stalls lets the sink stand still a quarter of the time, until it is done.
func stalls(sink *tally, done <-chan struct{}, each time.Duration) {
	pause := func(d time.Duration) bool {
		select {
		case <-done:
			return false
		case <-time.After(d):
			return true
		}
	}
	for pause(3 * each) {
		sink.stalled.Lock()
		pause(each)
		sink.stalled.Unlock()
	}
}

// check holds what came to what was written.
func (s *tally) check(guests []*guest, took time.Duration) {
	s.Helper()
	var frames, tails uint64
	for _, g := range guests {
		if !g.frames() {
			s.checkText(g)
			continue
		}
		for run, n := range g.ended {
			frames += n
			if s.next[run] != n {
				s.Errorf("run %s: %d of %d messages accounted for", run, s.next[run], n)
			}
		}
		for run, n := range g.cut {
			frames += n
			if s.next[run] > n {
				s.Errorf("run %s: %d messages of %d", run, s.next[run], n)
			}
			tails += n - s.next[run]
		}
	}
	if s.kept == 0 || uint64(s.kept)+s.missed+tails != frames {
		s.Errorf("%d frames kept, %d missed and %d at the ends of killed runs of %d", s.kept, s.missed, tails, frames)
	}
	var wrote time.Duration
	for _, g := range guests {
		wrote += g.wrote / time.Duration(len(guests))
	}
	s.Logf("%v, of which each domain wrote for %v: %d frames, %d kept, %d missed, %d behind the last one of a run that was killed; %d torn; notes %v",
		took.Round(time.Millisecond), wrote.Round(time.Millisecond), frames, s.kept, s.missed, tails, s.torn, s.other)
}

// checkText wants every octet of each life of which nothing was thrown away; of a life that was killed the first ones, or
// none.
func (s *tally) checkText(g *guest) {
	s.Helper()
	rest, octets, exact := s.text["xen "+g.name].Bytes(), 0, 0
	for i := len(g.text) - 1; i >= 0; i-- {
		written, killed := g.text[i].String(), g.cut[g.runOf(i+1)] > 0
		begin := bytes.LastIndex(rest, []byte(loadText(i+1, 1)))
		if begin < 0 {
			if !killed {
				s.Errorf("%s: life %d is missing", g.name, i+1)
			}
			continue
		}
		life := string(rest[begin:])
		rest = rest[:begin]
		octets += len(life)
		if g.overflowed[i+1] {
			continue
		}
		if exact++; !strings.HasPrefix(written, strings.TrimSuffix(life, "\n")) || !killed && life != written {
			s.Errorf("%s: life %d (killed %v): %d of %d octets, and not as they were written", g.name, i+1, killed, len(life), len(written))
		}
	}
	if len(rest) > 0 || exact == 0 {
		s.Errorf("%s: %d octets, and %d of no life; %d lives without overflow", g.name, octets, len(rest), exact)
	}
	s.Logf("%s: %d octets of text, %d of %d lives without overflow, these as they were written", g.name, octets, exact, len(g.text))
}
