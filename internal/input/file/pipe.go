package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/input"
)

// PipeConfig says which named pipe to read, and how.
type PipeConfig struct {
	Path   string
	Format input.Format
	// Limit is how many octets of a line are kept; 0 is [DefaultLimit].
	Limit int
	// Poll is how often is looked whether another pipe is under the path; 0 is 1 s.
	Poll time.Duration
	// Report, if set, is told what keeps that one from being read, for people, once for each reason.
	Report func(error)
}

// Pipe is an input that reads a named pipe.
type Pipe struct {
	config PipeConfig
	source *input.Source
	life   life
	told   string // the error that was reported last

	mu   sync.Mutex
	file *os.File // guarded by mu; only Run changes it

	rest []byte // of a line that has not ended, at most the limit
	lost int    // octets of it that are not in rest
}

var _ input.Input = (*Pipe)(nil)

// pipeMode are the permissions of a pipe that is made: everybody may write, as into /dev/log.
const pipeMode = 0o622

// OpenPipe opens a pipe for reading, and makes it if there is none. It is opened for writing too, so that it does not end when
// its writers go.
func OpenPipe(c PipeConfig) (*Pipe, error) {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Poll <= 0 {
		c.Poll = pipePoll
	}
	f, err := openPipe(c.Path)
	if err != nil {
		return nil, err
	}
	return &Pipe{config: c, source: sourceOf("pipe", c.Path, c.Format), file: f}, nil
}

func openPipe(path string) (*os.File, error) {
	err := unix.Mkfifo(path, pipeMode)
	if err == nil {
		err = os.Chmod(path, pipeMode)
	} else if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("pipe %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeNamedPipe == 0 {
		err = errors.New("is there and is no named pipe")
	}
	if err != nil {
		return nil, fmt.Errorf("pipe %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return f, nil
}

// Name implements [input.Input]: "pipe /run/pipe".
func (p *Pipe) Name() string { return p.source.Name }

// Close implements [input.Input]. The pipe stays.
func (p *Pipe) Close() error {
	p.life.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Run implements [input.Input]. What is in the pipe when the context ends is handed over.
func (p *Pipe) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := p.life.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name(), err)
	}
	defer end()
	defer func() { p.file.Close() }() // a pipe that nobody reads any more must not look as if somebody did
	to, done := input.NewHandover(ctx, sink)
	defer done()
	defer context.AfterFunc(ctx, func() {
		p.mu.Lock()
		p.file.SetReadDeadline(past())
		p.mu.Unlock()
	})()
	buf := make([]byte, readSize)
	for look := time.Now().Add(p.config.Poll); ctx.Err() == nil; {
		p.file.SetReadDeadline(look)
		if ctx.Err() != nil { // its end set a deadline, perhaps before us
			break
		}
		n, err := p.file.Read(buf)
		if n > 0 && p.take(to, buf[:n]) != nil {
			return nil // the sink takes nothing more; what it did not take is counted
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
		if now := time.Now(); now.After(look) {
			p.follow(to, buf)
			look = now.Add(p.config.Poll)
		}
	}
	return p.drain(to, buf)
}

// drain hands over what the pipe holds, also a line that has not ended.
func (p *Pipe) drain(to input.Handover, buf []byte) error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	for n := 1; n > 0; {
		failed := raw.Control(func(fd uintptr) { n, err = unix.Read(int(fd), buf) })
		if failed != nil || err != nil || n <= 0 || p.take(to, buf[:n]) != nil {
			break
		}
	}
	if len(p.rest) == 0 {
		return nil
	}
	c := to.Sink.Chunk()
	c.Source = p.source
	add(c, p.rest, len(p.rest)+p.lost)
	c.Messages[0].Flag = FlagTruncated
	p.put(to, c)
	return nil
}

// take hands over the lines that end in b, and keeps the beginning of the one that does not.
func (p *Pipe) take(to input.Handover, b []byte) error {
	c := to.Sink.Chunk()
	c.Source = p.source
	b = p.finish(c, b)
	end, empty := cut(c, b, p.config.Limit)
	p.keep(b[end:])
	if empty > 0 {
		to.Sink.Lose(p.source.Name, reasonEmpty, empty, 0)
	}
	if len(c.Messages) == 0 {
		return nil
	}
	return p.put(to, c)
}

// finish adds the line under way if it ends in b, and returns what is behind it.
func (p *Pipe) finish(c *input.Chunk, b []byte) []byte {
	if len(p.rest) == 0 {
		return b
	}
	for i, octet := range b {
		if octet == '\n' {
			p.keep(b[:i])
			add(c, p.rest, len(p.rest)+p.lost)
			p.rest, p.lost = p.rest[:0], 0
			return b[i+1:]
		}
	}
	return b
}

// keep keeps octets of a line that has not ended.
func (p *Pipe) keep(b []byte) {
	n := min(len(b), p.config.Limit-len(p.rest))
	p.rest = append(p.rest, b[:n]...)
	p.lost += len(b) - n
}

// put hands lines over, and waits for room for a moment after the context has ended. What is not taken is counted.
func (p *Pipe) put(to input.Handover, c *input.Chunk) error {
	err := to.Put(c)
	if err != nil {
		to.Sink.Lose(p.source.Name, reasonStopped, uint64(len(c.Messages)), c.Received())
	}
	return err
}
