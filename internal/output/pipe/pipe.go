// Package pipe writes messages, a line each, to named pipes and to the standard input of programs. Nothing says what
// becomes of them there: a message counts as confirmed once the pipe has it.
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

type target struct {
	name    string
	w       *os.File
	timeout time.Duration
	buffer  []byte
	sent    uint64

	process *exec.Cmd // nil: a named pipe
	ended   chan struct{}
	end     error // set when ended is closed
}

// Send implements [output.Target].
func (t *target) Send(ctx context.Context, m *output.Messages) error {
	t.buffer = t.buffer[:0]
	for i := range m.Ends {
		t.buffer = appendLine(t.buffer, m.At(i))
	}
	timeout := t.timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if err := t.w.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { t.w.SetWriteDeadline(time.Unix(1, 0)) })()
	if _, err := t.w.Write(t.buffer); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	t.sent += uint64(m.Len())
	return nil
}

// appendLine appends a message as one line.
func appendLine(dst, message []byte) []byte {
	message = bytes.TrimRight(message, "\n")
	begin := len(dst)
	dst = append(append(dst, message...), '\n')
	for i := begin; i < len(dst)-1; i++ {
		if dst[i] == '\n' {
			dst[i] = ' '
		}
	}
	return dst
}

// Confirmed implements [output.Target].
func (t *target) Confirmed(bool) (uint64, error) {
	if t.process != nil {
		select {
		case <-t.ended:
			return t.sent, fmt.Errorf("%s has ended: %v", t.name, t.process.ProcessState)
		default:
		}
	}
	return t.sent, nil
}

// Close implements [output.Target]: a program may read to the end, and is killed if it does not end then.
func (t *target) Close() error {
	err := t.w.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil
	}
	if t.process == nil {
		return err
	}
	select {
	case <-t.ended:
	case <-time.After(endWithin):
		syscall.Kill(-t.process.Process.Pid, syscall.SIGKILL) // with its children
		<-t.ended
		return errors.Join(err, fmt.Errorf("%s did not end with its input and was killed", t.name))
	}
	return err
}
