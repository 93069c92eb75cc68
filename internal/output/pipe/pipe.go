// Package pipe writes messages, a line each, to named pipes and to the standard input of programs. Nothing says what
// becomes of them there: a message counts as confirmed once the named pipe has it, or the program has read it.
package pipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"constat/internal/output"
)

// Defaults.
const (
	defaultTimeout = 30 * time.Second
	endWithin      = 5 * time.Second // a program, once its input has ended
	endsSoon       = time.Second     // one that has closed its standard input
)

// FIFO is a named pipe. It is opened without waiting: while nobody reads it, opening fails and is tried again.
type FIFO struct {
	Name    string
	Timeout time.Duration // how long a full pipe may stay full; 0: 30 s
}

// Open opens the pipe.
func (p FIFO) Open(context.Context, output.Lost) (output.Target, error) {
	f, err := os.OpenFile(p.Name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) {
		return nil, fmt.Errorf("%s: nobody reads it", p.Name)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s is no named pipe: make one with mkfifo", p.Name), f.Close())
	}
	return &target{name: p.Name, w: f, timeout: p.Timeout}, nil
}

// Program is a command that reads messages.
type Program struct {
	Args    []string      // the path and its arguments; no shell
	Timeout time.Duration // how long it may read nothing; 0: 30 s
	// Said, if set, is told what the program writes to its standard error, a line at a time.
	Said func(line string)
}

// Open starts the program.
func (p Program) Open(context.Context, output.Lost) (output.Target, error) {
	c := exec.Command(p.Args[0], p.Args[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = endWithin
	if p.Said != nil {
		c.Stderr = &lines{say: p.Said}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Stdin = r
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	r.Close() // ours of two
	t := &target{name: p.Args[0], w: w, timeout: p.Timeout, process: c, ended: make(chan struct{})}
	go func() { t.end = c.Wait(); close(t.ended) }()
	return t, nil
}

// maxLine is how much of a line of a program is told, in bytes.
const maxLine = 512

// lines cuts what a program says into lines.
type lines struct {
	say  func(string)
	part []byte
}

// Write implements [io.Writer].
func (l *lines) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, found := bytes.Cut(rest, []byte{'\n'})
		l.part = append(l.part, line[:min(len(line), maxLine-len(l.part))]...)
		if rest = after; found {
			l.say(string(l.part))
			l.part = l.part[:0]
		}
	}
	return len(p), nil
}

var _ io.Writer = (*lines)(nil)
