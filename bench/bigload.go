package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"constat/bench/events"
	"constat/internal/measure"
)

// What the generator puts into a big store to be found: a word that one event has, and a host that most come from.
const (
	mark       = "unmistakable"
	commonHost = "web01"
)

// known is what is known of events because they have been made.
type known struct {
	last, common []string // the newest ten lines; and of the common host
	marked       string
	from         time.Time // a minute in the middle
	inWindow     int
	minutes      map[string]int
}

// bigStore is a store that is loaded.
type bigStore struct {
	constat
	known
	dir    string
	events int
	took   time.Duration // of the import; 0 if an earlier run has made it
	fed    int           // events that this run has imported
	bytes  int64
	peak   int64 // memory of the import
}

func (st bigStore) rate() string {
	if st.fed == 0 {
		return "made by an earlier run"
	}
	return measure.Number(float64(st.fed) / st.took.Seconds())
}

// store makes a store of n events, or goes on where an earlier run has ended.
func (b big) store(ctx context.Context, n int) (st bigStore, err error) {
	st = bigStore{constat: constat{b.binary}, dir: filepath.Join(b.keep, fmt.Sprint("events-", n)), events: n}
	if err := os.MkdirAll(st.dir, 0o755); err != nil {
		return st, err
	}
	kept := 0
	if _, err := os.Stat(st.constat.store(st.dir)); err == nil {
		if kept, err = st.journalSize(ctx, st.dir, "imported"); err != nil {
			return st, err
		}
	}
	if kept > n {
		return st, fmt.Errorf("%s holds %d events instead of %d: remove it", st.dir, kept, n)
	}
	if err := b.feed(ctx, &st, kept); err != nil {
		return st, err
	}
	if kept, err = st.journalSize(ctx, st.dir, "imported"); err != nil || kept != n {
		return st, errors.Join(err, fmt.Errorf("%s holds %d of %d events", st.dir, kept, n))
	}
	st.bytes, err = st.size(st.dir)
	return st, err
}

// feed makes all events and imports those behind the first kept.
func (b big) feed(ctx context.Context, st *bigStore, kept int) error {
	var in io.WriteCloser
	var c *exec.Cmd
	if kept < st.events {
		var err error
		if c, in, err = st.importer(ctx); err != nil {
			return err
		}
	}
	begun := time.Now()
	err := b.generate(ctx, st, kept, in)
	if c == nil {
		return err
	}
	if err = errors.Join(err, in.Close()); err != nil {
		return errors.Join(err, c.Wait())
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("constat import: %w", err)
	}
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		st.peak = u.Maxrss << 10
	}
	rotate := st.quietly(st.dir, "rotate", "--store", st.constat.store(st.dir))
	if _, err := ask(ctx, rotate, false); err != nil {
		return err
	}
	st.took, st.fed = time.Since(begun), st.events-kept
	return nil
}

// importer starts an import of standard input.
func (st *bigStore) importer(ctx context.Context) (*exec.Cmd, io.WriteCloser, error) {
	command := st.quietly(st.dir, "import", "--store", st.constat.store(st.dir), "--format", "rfc5424", "-")
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	return c, in, c.Start()
}

// generate makes the events of a store, notes what will be asked of them, and writes those behind the first kept.
func (b big) generate(ctx context.Context, st *bigStore, kept int, in io.Writer) error {
	g, err := events.New(events.Options{Seed: seed, Mark: mark, MarkAt: uint64(st.events / 2)})
	if err != nil {
		return err
	}
	st.minutes = map[string]int{}
	var block, line []byte
	said := time.Now()
	for i := range st.events {
		line = g.Append(line[:0])
		st.note(line, i, st.events)
		if i < kept {
			continue
		}
		if block = append(block, line...); len(block) < 1<<20 && i < st.events-1 {
			continue
		}
		if _, err := in.Write(block); err != nil {
			return errors.Join(ctx.Err(), err)
		}
		block = block[:0]
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			b.progress("%s of %s events", measure.Number(float64(i)), measure.Number(float64(st.events)))
		}
	}
	st.inWindow = st.minutes[st.from.Format(minuteLayout)]
	st.minutes = nil
	return nil
}

// note keeps of event number i of n what will be asked for.
func (k *known) note(line []byte, i, n int) {
	_, rest, _ := bytes.Cut(line, []byte(" "))
	minute, host := rest[:len(minuteLayout)], rest[len("2006-01-02T15:04:05.000000Z "):]
	k.minutes[string(minute)]++
	if i == n/2 {
		k.marked = string(bytes.TrimSuffix(line, []byte("\n")))
		k.from, _ = time.Parse(minuteLayout, string(minute))
	}
	if n-i <= 10 {
		k.last = append(k.last, string(bytes.TrimSuffix(line, []byte("\n"))))
	}
	if n-i <= 10_000 && bytes.HasPrefix(host, []byte(commonHost+" ")) {
		k.common = append(k.common, string(bytes.TrimSuffix(line, []byte("\n"))))
		k.common = k.common[max(len(k.common)-10, 0):]
	}
}
