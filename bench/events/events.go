package events

import (
	"fmt"
	"time"
)

// Format is the syntax of a line.
type Format int

// The formats.
const (
	RFC5424 Format = iota // syslog text without framing
	JSON                  // one object with string values
)

// FormatByName returns the format of that name, which is "rfc5424" or "json".
func FormatByName(name string) (Format, error) {
	for f, n := range []string{RFC5424: "rfc5424", JSON: "json"} {
		if n == name {
			return Format(f), nil
		}
	}
	return 0, fmt.Errorf("format %q: want rfc5424 or json", name)
}

// Options say what a [Generator] makes. The zero value is usable.
type Options struct {
	Seed   uint64
	Format Format
	Hosts  int     // machines that speak, 1 to 65536; 0: 40
	Rate   float64 // events per second of event time, at least 0.001; 0: 20
	Mark   string  // a word that ends the message of one event; "": none
	MarkAt uint64  // the number of that event, from 0
}

// withDefaults fills in what is 0, or says what is out of range.
func (o Options) withDefaults() (Options, error) {
	if o.Hosts == 0 {
		o.Hosts = 40
	}
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Hosts < 1 || o.Hosts > 1<<16 {
		return o, fmt.Errorf("%d hosts: want 1 to 65536", o.Hosts)
	}
	if !(o.Rate >= 0.001 && o.Rate <= 1e6) {
		return o, fmt.Errorf("rate %v: want 0.001 to 1000000 events a second", o.Rate)
	}
	return o, nil
}

// Generator makes events, one after the other. It is not safe for use by several goroutines.
type Generator struct {
	Options
	random
	made     uint64
	gap      int // mean time between events in ns
	nanos    int // within the second
	second   time.Time
	stamp    [19]byte // the second as text
	hosts    []host
	byWeight []*service // each as often as its weight
	pools    [slotKinds]pool
	burst    burst
	text     []byte // the message, before it is rendered
}

// host is a machine.
type host struct {
	name     string
	services []*process
}

// process is a service of a host.
type process struct {
	*service
	pid int
}

// burst is who speaks now, and for how many more events.
type burst struct {
	host *host
	*process
	left int
}

// New returns a generator at its first event.
func New(o Options) (*Generator, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &Generator{Options: o, random: random(o.Seed), gap: int(1e9 / o.Rate), second: time.Date(2026, 1, 15, 8, 0, 0, 0, time.UTC)}
	g.stampSecond()
	for i := range services {
		s := services[i].compile()
		for range s.weight {
			g.byWeight = append(g.byWeight, s)
		}
	}
	g.hosts = make([]host, o.Hosts)
	for i := range g.hosts {
		g.hosts[i].name = fmt.Sprintf("%s%02d", roles[i%len(roles)], 1+i/len(roles))
	}
	for i := range g.pools {
		g.pools[i].fill(&g.random)
	}
	return g, nil
}

// Append appends the next event to b as one line, with its LF.
func (g *Generator) Append(b []byte) []byte {
	t := g.next()
	if g.Format == JSON {
		b = g.appendJSON(b, t)
	} else {
		b = g.appendSyslog(b, t)
	}
	return append(b, '\n')
}

// Skip passes over n events.
func (g *Generator) Skip(n uint64) {
	for range n {
		g.next()
	}
}

// next makes the next event: its time, its speaker and its text.
func (g *Generator) next() *template {
	g.tick()
	if g.burst.left == 0 {
		g.speak()
	}
	g.burst.left--
	t := g.burst.texts[g.few(len(g.burst.texts))]
	g.text = g.text[:0]
	for i := range t.pieces {
		g.text = append(g.text, t.pieces[i].literal...)
		g.text = g.appendSlot(g.text, t.pieces[i].slot)
	}
	if g.Mark != "" && g.made == g.MarkAt {
		g.text = append(append(g.text, ' '), g.Mark...)
	}
	g.made++
	return t
}

// speak chooses who speaks next: a host, one of its processes, and for how long.
func (g *Generator) speak() {
	h := &g.hosts[g.few(len(g.hosts))]
	s := g.byWeight[g.below(len(g.byWeight))]
	g.burst = burst{host: h, process: g.processOf(h, s), left: 1 + g.few(s.burst)}
}

// processOf is the process of a service on a host; now and then it has begun anew.
func (g *Generator) processOf(h *host, s *service) *process {
	for _, p := range h.services {
		if p.service == s {
			if g.below(s.lives) == 0 {
				p.pid = g.newPID()
			}
			return p
		}
	}
	p := &process{s, g.newPID()}
	h.services = append(h.services, p)
	return p
}

func (g *Generator) newPID() int { return 300 + g.below(65000) }

// tick lets some time pass, up to twice the mean gap.
func (g *Generator) tick() {
	g.nanos += g.below(2*g.gap + 1)
	if g.nanos < 1e9 {
		return
	}
	g.second = g.second.Add(time.Duration(g.nanos/1e9) * time.Second)
	g.nanos %= 1e9
	g.stampSecond()
}

func (g *Generator) stampSecond() { g.second.AppendFormat(g.stamp[:0], "2006-01-02T15:04:05") }
