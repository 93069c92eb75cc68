package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"constat/bench/events"
)

// maker are the flags of the generator.
type maker struct {
	file   string
	format string
	events.Options
	markAt int
}

func (m *maker) flags() {
	flag.StringVar(&m.file, "write", "", "write -n events to `FILE` (- is standard output) and measure nothing")
	flag.StringVar(&m.format, "format", "rfc5424", "with -write: rfc5424 or json")
	flag.Uint64Var(&m.Seed, "seed", seed, "with -write: another seed, other events")
	flag.IntVar(&m.Hosts, "hosts", 40, "with -write: `machines` that speak")
	flag.Float64Var(&m.Rate, "rate", 20, "with -write: events per second of event time")
	flag.StringVar(&m.Mark, "mark", "", "with -write: `WORD` that stands in one event only")
	flag.IntVar(&m.markAt, "mark-at", 0, "with -write: `number` of that event, from 0")
}

// write makes a file of n events, or standard output for "-".
func (m maker) write(n int, out io.Writer) (err error) {
	if m.Format, err = events.FormatByName(m.format); err != nil {
		return fmt.Errorf("-format: %w", err)
	}
	if m.markAt < 0 || n < 1 {
		return errors.New("-n is at least 1, -mark-at at least 0")
	}
	m.MarkAt = uint64(m.markAt)
	g, err := events.New(m.Options)
	if err != nil {
		return err
	}
	if m.file == "-" {
		return pour(g, n, out)
	}
	f, err := os.OpenFile(m.file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("-write: %w; remove it first, or name another file", err)
	}
	if err != nil {
		return fmt.Errorf("-write: %w", err)
	}
	return errors.Join(pour(g, n, f), f.Close())
}

// pour writes the next n events.
func pour(g *events.Generator, n int, out io.Writer) error {
	w := bufio.NewWriterSize(out, 1<<20)
	var line []byte
	for range n {
		line = g.Append(line[:0])
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}
