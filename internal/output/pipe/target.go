package pipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"constat/internal/output"
)

type target struct {
	name    string
	w       *os.File
	timeout time.Duration
	buffer  []byte
	sent    uint64
	begun   uint64 // messages that may have left

	process *exec.Cmd // nil: a named pipe
	ended   chan struct{}
	end     error  // set when ended is closed
	written int64  // octets that the pipe of the program has had
	marks   []mark // of what the program has not read, in order
	read    uint64 // messages that it has
}

// Send implements [output.Target]. What a full named pipe has taken before the time is over counts. When its reader has
// gone, nothing does: it may not have read what was in the pipe.
func (t *target) Send(ctx context.Context, m *output.Messages) error {
	defer context.AfterFunc(ctx, func() { t.w.SetWriteDeadline(time.Unix(1, 0)) })()
	before := t.sent
	for i := 0; i < m.Len(); {
		n := t.piece(m, i)
		t.begun = t.sent + uint64(n-i)
		if err := t.write(ctx); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.sent = before
			}
			return errors.Join(ctx.Err(), t.failed(err))
		}
		t.sent += uint64(n - i)
		i = n
	}
	return nil
}

// atomic is how many octets a pipe takes all or none of: PIPE_BUF of pipe(7). So only longer lines can be torn.
const atomic = 4096

// piece fills the buffer with messages from i on, as many as a pipe takes at once, and at least one. It returns the
// first message that is not in it.
func (t *target) piece(m *output.Messages, i int) (next int) {
	t.buffer = t.buffer[:0]
	for n := t.sent; ; i++ {
		t.buffer = appendLine(t.buffer, m.At(i))
		n++
		t.mark(n)
		if i+1 == m.Len() || len(t.buffer)+len(m.At(i+1))+1 > atomic {
			return i + 1
		}
	}
}

func (t *target) write(ctx context.Context) error {
	timeout := t.timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if err := t.w.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	n, err := t.w.Write(t.buffer)
	t.written += int64(n)
	return err
}

// Begun implements [output.Partial]. What a program has not read has not left.
func (t *target) Begun() uint64 {
	if t.process != nil {
		return t.read
	}
	return t.begun
}

// failed says what is wrong with the reader.
func (t *target) failed(err error) error {
	if errors.Is(err, syscall.EPIPE) && t.process == nil {
		return fmt.Errorf("%s: the reader has gone", t.name)
	}
	if errors.Is(err, syscall.EPIPE) {
		select {
		case <-t.ended:
			return fmt.Errorf("%s has ended: %v", t.name, t.process.ProcessState)
		case <-time.After(endsSoon):
			return fmt.Errorf("%s has closed its standard input", t.name)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%s: the reader takes nothing: %w", t.name, err)
	}
	return fmt.Errorf("%s: %w", t.name, err)
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
