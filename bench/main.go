package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	messages, pairs int
	only            string
	dir             string
	long            bool
	corpus, peers   string
	needles         uint64
	big             int
	keep            string
	binary          string // constat; "": build it
	make            maker
}

func main() {
	var o options
	flag.IntVar(&o.messages, "n", 1_000_000, "`messages` of each run")
	flag.IntVar(&o.pairs, "pairs", 5, "`rounds` of each case")
	flag.StringVar(&o.only, "only", "", "`PARTS` with commas: "+strings.Join(partNames(), ", "))
	flag.StringVar(&o.dir, "dir", os.TempDir(), "`DIR` on the disk to measure; nothing stays there")
	flag.BoolVar(&o.long, "long", false, "look at idle daemons for 60 s instead of 20 s")
	flag.StringVar(&o.corpus, "corpus", "", "take the first -n lines of `FILE`, RFC 5424 in order of time, instead of the generator's")
	flag.StringVar(&o.peers, "peers", "", "archives to compare with, `NAMES` with commas: "+strings.Join(peerNames(), ", ")+" (default all)")
	flag.Uint64Var(&o.needles, "needles", uint64(time.Now().UnixNano()), "`seed` of what is searched for; 0 is one like any other (default: the time)")
	flag.IntVar(&o.big, "big", 0, "instead of all parts, compare a store of so many `EVENTS`, 2000000 and more, with one of 1,000,000")
	flag.StringVar(&o.keep, "keep", "", "with -big: make the stores in `DIR` and leave them there; a second run goes on where the first ended")
	o.make.flags()
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures and prints the tables to out, and to talk what is under way. It leaves nothing behind.
func (o options) run(ctx context.Context, out, talk io.Writer) (err error) {
	if o.make.file != "" {
		return o.make.write(o.messages, out)
	}
	if o.big != 0 {
		return o.runBig(ctx, out, talk)
	}
	only, err := o.check()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.dir, "cb")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	s, err := o.suite(ctx, work, talk)
	if err != nil {
		return err
	}
	m, err := s.look(ctx)
	if err != nil {
		return err
	}
	writeHead(out, s, m, time.Now())
	for _, p := range s.parts(only) {
		if err := p.run(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

// check refuses flags that make no sense, and returns the names of the wanted parts.
func (o options) check() (only []string, err error) {
	if o.messages < 1000 || o.pairs < 1 {
		return nil, errors.New("-n is at least 1000, -pairs at least 1")
	}
	for _, name := range strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' || r == ' ' }) {
		if !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("-only %s: want some of %s", name, strings.Join(partNames(), ", "))
		}
		only = append(only, name)
	}
	_, err = parsePeers(o.peers)
	return only, err
}

// suite builds constat into work and looks for the peer.
func (o options) suite(ctx context.Context, work string, talk io.Writer) (*suite, error) {
	work, err := filepath.Abs(work)
	if err != nil {
		return nil, err
	}
	s := &suite{work: work, binary: filepath.Join(work, "constat"), rounds: o.pairs, needles: o.needles, idle: 20 * time.Second,
		progress: func(format string, args ...any) { fmt.Fprintf(talk, format+"\n", args...) }}
	if o.long {
		s.idle = time.Minute
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	s.module = filepath.Dir(string(bytes.TrimSpace(mod)))
	if o.binary != "" {
		s.binary = o.binary
	} else if err := s.build(ctx); err != nil {
		return nil, err
	}
	s.rsyslogd = lookUp("rsyslogd")
	if s.peers, err = parsePeers(o.peers); err != nil {
		return nil, err
	}
	if o.corpus != "" {
		s.load, err = readLoad(o.corpus, o.messages)
	} else {
		s.load, err = newLoad(o.messages)
	}
	s.messages = s.load.messages
	return s, err
}

func (s *suite) build(ctx context.Context) error {
	s.progress("building constat")
	_, err := run(ctx, s.work, "env", "CGO_ENABLED=0", "go", "build", "-C", s.module, "-o", s.binary, "./cmd/constat")
	return err
}

// lookUp finds a program in the PATH or where daemons are.
func lookUp(name string) string {
	for _, try := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(try); err == nil {
			return path
		}
	}
	return ""
}

// caseMaker makes a case with its load.
type caseMaker func(context.Context) (benchCase, error)

// runCase is a part that makes a case, measures it and prints it.
func (s *suite) runCase(maker caseMaker) func(context.Context, io.Writer) error {
	return func(ctx context.Context, out io.Writer) error {
		c, err := maker(ctx)
		if err != nil {
			return err
		}
		r, err := s.measure(ctx, c)
		if err != nil {
			return err
		}
		writeCase(out, r)
		return nil
	}
}
