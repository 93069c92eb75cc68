package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// contender is one side of a case.
type contender struct {
	name    string
	missing string // why it cannot run here; "" if it can
	run     runner
}

// runner must take the load once. dir is an empty directory of its own.
type runner func(ctx context.Context, dir string) (sample, error)

// benchCase is a load and those who take it, constat first.
type benchCase struct {
	name, title string
	contenders  []contender
	once        bool // one round tells enough
}

// suite is what all parts need.
type suite struct {
	work     string // directory of this run
	binary   string // constat
	rsyslogd string // "" if there is none
	module   string // directory of the module
	load     load
	messages int      // of the load
	events   []event  // the load taken apart; nil before prepare
	shelves  []shelf  // archives that are loaded
	peers    []string // archives besides constat that are wanted; all if none is named
	needles  uint64   // seed of what is searched for
	rounds   int
	idle     time.Duration
	progress func(format string, args ...any)
}

// part is one table of the output.
type part struct {
	name string
	run  func(ctx context.Context, out io.Writer) error
}

// parts lists the wanted parts, in their order; all if none is named.
func (s *suite) parts(only []string) (list []part) {
	for _, p := range []part{
		{"import", s.runCase(s.importCase)},
		{"tcp", s.runCase(s.tcpCase)},
		{"tcp-octet", s.runCase(s.octetCase)},
		{"udp", s.runCase(s.udpCase)},
		{"relay", s.runCase(s.relayCase)},
		{"relay-relp", s.runCase(s.relayRELPCase)},
		{"memory", s.runCase(s.memoryCase)},
		{"library", s.runCase(s.libraryCase)},
		{"size", s.runCase(s.sizeCase)},
		{"questions", s.questions},
		{"dump", s.runCase(s.dumpCase)},
		{"verify", s.runCase(s.verifyCase)},
	} {
		if len(only) == 0 || slices.Contains(only, p.name) {
			list = append(list, p)
		}
	}
	return list
}

// partNames are the names of all parts.
func partNames() (names []string) {
	for _, p := range new(suite).parts(nil) {
		names = append(names, p.name)
	}
	return names
}

// result is a case that has run. Without samples a contender is missing.
type result struct {
	benchCase
	samples [][]sample // by contender and round
}

// measure runs the contenders of a case, interleaved.
func (s *suite) measure(ctx context.Context, c benchCase) (result, error) {
	r := result{c, make([][]sample, len(c.contenders))}
	rounds := s.rounds
	if c.once {
		rounds = 1
	}
	for round := range rounds {
		for i, who := range c.contenders {
			if who.missing != "" {
				continue
			}
			one, err := s.once(ctx, who)
			if err != nil {
				return r, fmt.Errorf("%s, %s: %w", c.name, who.name, err)
			}
			s.progress("%s %d/%d %s: %s", c.name, round+1, rounds, who.name, one)
			r.samples[i] = append(r.samples[i], one)
		}
	}
	return r, nil
}

// once runs one contender on a disk that has nothing left to write.
func (s *suite) once(ctx context.Context, who contender) (sample, error) {
	dir := filepath.Join(s.work, "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return sample{}, err
	}
	defer os.RemoveAll(dir)
	syscall.Sync()
	one, err := who.run(ctx, dir)
	if ctx.Err() != nil {
		return one, ctx.Err()
	}
	return one, err
}

// peer is rsyslogd as a contender.
func (s *suite) peer(name string, synced bool, run func(server) runner) contender {
	if s.rsyslogd == "" {
		return contender{name: name, missing: "peer missing: apt-get install rsyslog"}
	}
	return contender{name: name, run: run(rsyslog{s.rsyslogd, synced})}
}
