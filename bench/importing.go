package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// importCase loads a file. The peer copies it, which shows what the disk takes.
func (s *suite) importCase(context.Context) (benchCase, error) {
	l, err := newLoad(s.messages)
	if err != nil {
		return benchCase{}, err
	}
	file := filepath.Join(s.work, "lines.log")
	if err := os.WriteFile(file, l.lines, 0o644); err != nil {
		return benchCase{}, err
	}
	loading := func(ctx context.Context, dir string) (sample, error) { return s.load(ctx, dir, file) }
	copying := func(ctx context.Context, dir string) (sample, error) {
		one, err := timed(ctx, dir, s.messages, []string{"sh", "-c", `cat "$1" > "$2" && sync "$2"`, "sh", file, filepath.Join(dir, "copy")})
		one.bytes = int64(len(l.lines))
		return one, err
	}
	return benchCase{name: "import", title: "import of a file, until durable and signed", contenders: []contender{
		{name: "constat", run: loading}, {name: "cat and sync, for scale", run: copying}}}, nil
}

// load imports a file and counts what is in the store then.
func (s *suite) load(ctx context.Context, dir, file string) (sample, error) {
	c := constat{s.binary}
	one, err := timed(ctx, dir, s.messages, c.quietly(dir, "import", "--store", c.store(dir), file))
	if err != nil {
		return one, err
	}
	kept, err := c.journalSize(ctx, dir, "imported")
	if err != nil {
		return one, err
	}
	if kept != s.messages {
		return one, fmt.Errorf("%d of %d lines kept", kept, s.messages)
	}
	one.bytes, err = c.size(dir)
	return one, err
}

// timed runs a program to its end.
func timed(ctx context.Context, dir string, messages int, command []string) (sample, error) {
	begun := machineNow()
	p, err := run(ctx, dir, command[0], command[1:]...)
	if err != nil {
		return sample{}, err
	}
	end := time.Now()
	return sample{messages: messages, elapsed: end.Sub(begun.at), cpu: p.cpu(), limit: limitOf(begun.until(end, p.cpu()))}, nil
}
