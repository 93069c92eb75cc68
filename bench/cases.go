package main

import (
	"context"
	"fmt"
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

// suite is what all cases need.
type suite struct {
	work     string // directory of this run
	binary   string // constat
	rsyslogd string // "" if there is none
	module   string // directory of the module
	messages int
	rounds   int
	idle     time.Duration
	progress func(format string, args ...any)
}

// caseNames are all cases, in their order.
var caseNames = []string{"import", "tcp", "tcp-octet", "udp", "memory", "library"}

// caseMaker makes a case with its load.
type caseMaker func(context.Context) (benchCase, error)

// cases lists the makers of the wanted cases; of all if none is named.
func (s *suite) cases(only []string) []caseMaker {
	makers := []caseMaker{s.importCase, s.tcpCase, s.octetCase, s.udpCase, s.memoryCase, s.libraryCase}
	if len(only) == 0 {
		return makers
	}
	var list []caseMaker
	for i, name := range caseNames {
		if slices.Contains(only, name) {
			list = append(list, makers[i])
		}
	}
	return list
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
