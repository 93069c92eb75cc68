package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// reply is what asking once took, from the start of the process to its end.
type reply struct {
	out     []byte
	elapsed time.Duration
	memory  int64 // the most of the process or the child with the most, in bytes
}

// ask runs a command and returns what it prints. Without keep it prints to nowhere.
func ask(ctx context.Context, command []string, keep bool) (r reply, err error) {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	begun := time.Now()
	if keep {
		r.out, err = c.Output()
	} else {
		err = c.Run()
	}
	r.elapsed = time.Since(begun)
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return r, fmt.Errorf("%q: %w\n%s", command, err, failed.Stderr)
	}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = u.Maxrss << 10
	}
	return r, err
}

// output is what a program prints, however it ends.
func output(ctx context.Context, program string, args ...string) []byte {
	out, _ := exec.CommandContext(ctx, program, args...).CombinedOutput()
	return out
}

// asked are the times of a question by shelf; none where the archive has no command for it.
type asked struct {
	question
	times [][]time.Duration
}

// questions asks every archive everything, and prints the table.
func (s *suite) questions(ctx context.Context, out io.Writer) error {
	if err := s.loaded(ctx); err != nil {
		return err
	}
	qs, err := draw(rand.New(rand.NewPCG(s.needles, 0)), s.events)
	if err != nil {
		return err
	}
	var list []asked
	for _, q := range qs {
		a, err := s.askAll(ctx, q)
		if err != nil {
			return err
		}
		list = append(list, a)
	}
	writeQuestions(out, s, list)
	return nil
}

// askAll asks every archive: once to check the answer, and then in turns for the time.
func (s *suite) askAll(ctx context.Context, q question) (asked, error) {
	a := asked{q, make([][]time.Duration, len(s.shelves))}
	want := truth(s.events, q)
	a.hits = len(want)
	for _, sh := range s.shelves {
		if err := s.check(ctx, sh, q, want); err != nil {
			return a, err
		}
	}
	for range s.rounds {
		for i, sh := range s.shelves {
			command := sh.ask(sh.dir, q)
			if command == nil {
				continue
			}
			r, err := ask(ctx, command, true)
			if err != nil {
				return a, err
			}
			a.times[i] = append(a.times[i], r.elapsed)
		}
	}
	s.progress("%s: %d rows", q, a.hits)
	return a, nil
}

// check asks an archive and compares its answer with what is right.
func (s *suite) check(ctx context.Context, sh shelf, q question, want answer) error {
	command := sh.ask(sh.dir, q)
	if command == nil {
		return nil
	}
	r, err := ask(ctx, command, true)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", sh.name(), q, err)
	}
	got, err := sh.read(q, r.out)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", sh.name(), q, err)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s, %s: %s\nthe command was %q", sh.name(), q, difference(got, want), command)
	}
	return nil
}

// difference tells how two sorted answers differ.
func difference(got, want answer) string {
	text := fmt.Sprintf("%d rows where %d are right", len(got), len(want))
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = fmt.Sprintf("%q", got[i])
		}
		if i < len(want) {
			w = fmt.Sprintf("%q", want[i])
		}
		if g != w {
			return fmt.Sprintf("%s; the first difference: %s where %s is right", text, g, w)
		}
	}
	return text
}
