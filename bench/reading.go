package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// dumpCase prints everything as JSON to nowhere.
func (s *suite) dumpCase(ctx context.Context) (benchCase, error) {
	c := benchCase{name: "dump", title: "every event as a JSON object, to /dev/null"}
	err := s.reading(ctx, &c, everything, func(command []string) []string {
		return append([]string{"sh", "-c", `exec "$@" >/dev/null`, "sh"}, command...)
	})
	if err != nil {
		return c, err
	}
	return c, s.checkDump(ctx)
}

// verifyCase checks everything on one core.
func (s *suite) verifyCase(ctx context.Context) (benchCase, error) {
	c := benchCase{name: "verify", title: "everything checked, on one core"}
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return c, fmt.Errorf("%w: it keeps a process on one core; apt-get install util-linux", err)
	}
	return c, s.reading(ctx, &c, sound, func(command []string) []string {
		return append([]string{"env", "GOMAXPROCS=1", taskset, "-c", "0"}, command...)
	})
}

// reading makes contenders of all archives that can answer; wrap makes the command to run.
func (s *suite) reading(ctx context.Context, c *benchCase, k kind, wrap func([]string) []string) error {
	if err := s.loaded(ctx); err != nil {
		return err
	}
	for _, sh := range s.shelves {
		command := sh.ask(sh.dir, question{kind: k})
		if command == nil {
			continue
		}
		c.contenders = append(c.contenders, contender{name: sh.name(), run: func(ctx context.Context, dir string) (sample, error) {
			return timed(ctx, dir, s.messages, wrap(command))
		}})
	}
	return nil
}

// checkDump counts the objects that constat prints.
func (s *suite) checkDump(ctx context.Context) error {
	r, err := ask(ctx, s.shelves[0].ask(s.shelves[0].dir, question{kind: everything}), true)
	if n := bytes.Count(r.out, []byte("\n")); err == nil && n != s.messages {
		return fmt.Errorf("dump: constat printed %d objects of %d events", n, s.messages)
	}
	return err
}
