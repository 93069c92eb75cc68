package main

import (
	"strconv"
	"strings"
	"time"
)

// Syntaxes of a line.
const (
	rfc5424 = "5424"
	rfc3164 = "3164"
)

// hosts is how many machines speak; few of them say most.
const hosts = 200

// firstNumber is where the numbers of things begin.
const firstNumber = 1000

// generator writes syslog lines as a site of some hundred machines sends them. The same seed gives the same lines.
type generator struct {
	random
	old      bool // RFC 3164
	apps     []program
	byDraw   [100]*program // each as often as its weight
	names    [hosts]string
	micros   int // within the second
	second   time.Time
	stamp    []byte // the second as text
	numbers  uint64 // the newest of {hex}
	requests uint64 // the newest of {id}
}

// program is an app with its texts taken apart.
type program struct {
	app
	parsed [][]piece // by text
}

// piece is a literal and the field behind it.
type piece struct {
	literal string
	field   string // "" for none
}

// newGenerator returns a generator of lines of that syntax.
func newGenerator(seed uint64, syntax string) *generator {
	g := &generator{random: random(seed), numbers: firstNumber, requests: firstNumber, old: syntax == rfc3164, second: time.Date(2026, 1, 15, 8, 0, 0, 0, time.UTC)}
	g.apps = make([]program, len(apps))
	draw := 0
	for i, a := range apps {
		g.apps[i].app = a
		for _, t := range a.texts {
			g.apps[i].parsed = append(g.apps[i].parsed, takeApart(t.format))
		}
		for range a.weight {
			g.byDraw[draw] = &g.apps[i]
			draw++
		}
	}
	for i := range g.names {
		g.names[i] = sites[i%len(sites)] + strconv.Itoa(10+i)
	}
	g.stampSecond()
	return g
}

func takeApart(format string) []piece {
	var list []piece
	for format != "" {
		literal, rest, found := strings.Cut(format, "{")
		field := ""
		if found {
			field, rest, _ = strings.Cut(rest, "}")
		}
		list = append(list, piece{literal, field})
		format = rest
	}
	return list
}

// append appends the next line, without its end.
func (g *generator) append(b []byte) []byte {
	g.tick()
	p := g.byDraw[g.below(100)]
	n := g.below(len(p.texts) * 4) // the first text is the usual one
	if n >= len(p.texts) {
		n = 0
	}
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(p.facility*8+p.texts[n].level), 10)
	b = append(b, '>')
	pid := 0
	if p.pids > 0 {
		pid = 400 + g.few(p.pids)*37
	}
	if g.old {
		b = g.appendOldHeader(b, p, pid)
	} else {
		b = g.appendHeader(b, p, pid)
	}
	for _, piece := range p.parsed[n] {
		b = append(b, piece.literal...)
		b = g.appendField(b, piece.field)
	}
	return b
}

func (g *generator) appendHeader(b []byte, p *program, pid int) []byte {
	b = append(b, "1 "...)
	b = append(b, g.stamp...)
	b = append(b, '.')
	b = appendDigits(b, g.micros, 6)
	b = append(b, "Z "...)
	b = append(b, g.host()...)
	b = append(b, ' ')
	b = append(b, p.name...)
	b = append(b, ' ')
	if pid > 0 {
		b = strconv.AppendInt(b, int64(pid), 10)
	} else {
		b = append(b, '-')
	}
	if !p.origin {
		return append(b, " - - "...)
	}
	b = append(b, ` - [origin@32473 ip="`...)
	b = g.appendField(b, "ip")
	return append(b, `"] `...)
}

func (g *generator) appendOldHeader(b []byte, p *program, pid int) []byte {
	b = append(b, g.stamp...)
	b = append(b, ' ')
	b = append(b, g.host()...)
	b = append(b, ' ')
	b = append(b, p.name...)
	if pid > 0 {
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(pid), 10)
		b = append(b, ']')
	}
	return append(b, ": "...)
}

// tick lets some time pass: half a millisecond in the mean.
func (g *generator) tick() {
	g.micros += g.below(1000)
	if g.micros >= 1e6 {
		g.micros -= 1e6
		g.second = g.second.Add(time.Second)
		g.stampSecond()
	}
}

func (g *generator) stampSecond() {
	layout := "2006-01-02T15:04:05"
	if g.old {
		layout = time.Stamp
	}
	g.stamp = g.second.AppendFormat(g.stamp[:0], layout)
}

func (g *generator) host() string { return g.names[g.few(hosts)] }
