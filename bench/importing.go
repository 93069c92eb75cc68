package main

import (
	"context"
	"path/filepath"
	"time"
)

// importCase loads a file. The peer copies it, which shows what the disk takes.
func (s *suite) importCase(context.Context) (benchCase, error) {
	c := constat{s.binary}
	if err := s.prepare(); err != nil {
		return benchCase{}, err
	}
	loading := func(ctx context.Context, dir string) (sample, error) { return c.keep(ctx, dir, s.textFile()) }
	copying := func(ctx context.Context, dir string) (sample, error) {
		one, err := timed(ctx, dir, s.messages, []string{"sh", "-c", `cat "$1" > "$2" && sync "$2"`, "sh", s.textFile(), filepath.Join(dir, "copy")})
		one.bytes = int64(len(s.load.lines))
		return one, err
	}
	return benchCase{name: "import", title: "import of a file, until all of it is signed and in segments", contenders: []contender{
		{name: "constat", run: loading}, {name: "cat and sync, for scale", run: copying}}}, nil
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
