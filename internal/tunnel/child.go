package tunnel

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a running ssh.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  chan string // lines; closed at the end of its output
	errs lastWords
	done chan struct{} // closed when it has ended
	err  error         // then
}

// shielded starts a program that Ctrl-C does not reach: a terminal sends it to every process in front, and the end has
// an order. ssh lets an ignored signal be ignored.
func shielded(ctx context.Context, args []string) *exec.Cmd {
	return exec.CommandContext(ctx, "sh", append([]string{"-c", `trap "" INT; exec "$@"`, "sh"}, args...)...)
}

func startChild(args []string) (*child, error) {
	c := &child{cmd: shielded(context.Background(), args), out: make(chan string, 4096), done: make(chan struct{})}
	c.cmd.Stderr = &c.errs
	c.cmd.WaitDelay = time.Second
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			select {
			case c.out <- s.Text():
			default: // more than anybody asked for
			}
		}
		close(c.out)
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// why is the reason for an end: what the program said last, or its status.
func (c *child) why() error {
	if text := c.errs.String(); text != "" {
		return errors.New(text)
	}
	if c.err != nil {
		return c.err
	}
	return errors.New("ssh has ended")
}

// end closes the input of a program. If it does not end by that it is asked to, and then killed: ssh that asks for a
// password puts the terminal right first.
func (c *child) end(patience time.Duration) {
	c.in.Close()
	for _, s := range []os.Signal{syscall.SIGTERM, os.Kill} {
		select {
		case <-c.done:
			return
		case <-time.After(patience):
			c.cmd.Process.Signal(s)
		}
	}
	<-c.done
}

// lastWords keeps the end of what a program writes to standard error.
type lastWords struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

const maxWords = 2000

// Write implements [io.Writer].
func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if n := len(l.text); n > maxWords {
		l.text = append(l.text[:0], l.text[n-maxWords:]...)
	}
	return len(p), nil
}

// String is what was written, in one line.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(strings.FieldsFunc(string(l.text), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
