package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/vfs"
)

// Config says what to read.
type Config struct {
	Path  string // such as /dev/kmsg
	State string // the file that keeps the position
	FS    vfs.FS
	Boot  string // the identifier of this boot
	// Fields are what the machine knows of itself, all observed.
	Fields []entry.Field
	// Report is told what goes wrong meanwhile; nil is nobody.
	Report func(error)
}

// Input reads the messages of the kernel. It works once.
type Input struct {
	config Config
	source *input.Source
	file   *os.File
	close  sync.Once
	runs   sync.Mutex // held by Run

	at, saved position // of Run
	saveAt    time.Time
	told      string // the error that was reported last
}

var _ input.Input = (*Input)(nil)

const (
	recordSize = 16 << 10 // octets of a record at most; the kernel's are shorter than 9 KiB
	maxRecords = 256      // handed over at once
	saveEvery  = time.Second

	reasonKernel  = "kernel"    // thrown away by it, as of sockets
	reasonBroken  = "no record" // not as the kernel writes
	reasonStopped = "stopped"
)

// Open opens the device and reads the position.
func Open(c Config) (*Input, error) {
	f, err := os.OpenFile(c.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("kernel: %w; it takes root, or CAP_SYSLOG", err)
	}
	return newInput(c, f)
}

func newInput(c Config, f *os.File) (*Input, error) {
	if c.Report == nil {
		c.Report = func(error) {}
	}
	i := &Input{config: c, file: f, source: &input.Source{Name: "kernel " + c.Path, Format: input.Text, Local: true,
		Fields: append([]entry.Field{{Name: "_TRANSPORT", Value: []byte("kernel"), Provenance: entry.Observed}}, c.Fields...)}}
	var err error
	if i.at, err = load(c.FS, c.State, c.Boot); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	i.saved = i.at
	return i, nil
}

// Name implements [input.Input]: "kernel /dev/kmsg".
func (i *Input) Name() string { return i.source.Name }

// Close implements [input.Input].
func (i *Input) Close() (err error) {
	i.close.Do(func() { err = i.file.Close() })
	i.runs.Lock() // until Run has ended
	defer i.runs.Unlock()
	return err
}

// Run implements [input.Input].
func (i *Input) Run(ctx context.Context, sink input.Sink) error {
	i.runs.Lock()
	defer i.runs.Unlock()
	defer i.close.Do(func() { i.file.Close() }) // it was only read
	to, done := input.NewHandover(ctx, sink)
	defer done()
	defer context.AfterFunc(ctx, func() { i.file.SetReadDeadline(time.Unix(1, 0)) })()
	buf := make([]byte, recordSize)
	for ctx.Err() == nil {
		err := i.step(to, buf)
		if errors.Is(err, os.ErrClosed) || errors.Is(err, input.ErrClosed) {
			break
		}
		i.report(err)
		i.save(false)
		if err != nil {
			pause(ctx, saveEvery)
		}
	}
	i.save(true)
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// report tells people, once for each reason.
func (i *Input) report(err error) {
	if err != nil && err.Error() != i.told {
		i.config.Report(fmt.Errorf("%s: %w", i.Name(), err))
	}
	if i.told = ""; err != nil {
		i.told = err.Error()
	}
}

// save writes the position down, if it is time to.
func (i *Input) save(now bool) {
	if i.at == i.saved || !now && time.Since(i.saveAt) < saveEvery {
		return
	}
	i.saveAt = time.Now()
	if err := i.at.save(i.config.FS, i.config.State); err != nil {
		i.config.Report(fmt.Errorf("%s: %w", i.Name(), err))
		return
	}
	i.saved = i.at
}
