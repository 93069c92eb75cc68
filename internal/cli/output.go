package cli

import (
	"errors"
	"io"

	"constat/internal/search"
	"constat/internal/show"
)

// output prints results through a printer, and through a pager if there is one.
type output struct {
	app     *app
	printer *show.Printer
	w       io.Writer
	buf     []byte
	every   int    // bytes after which the buffer is written
	begun   bool   // something was printed
	paged   bool   // a pager is wanted
	pager   *pager // nil before the first write
	quit    func() // called when the pager has ended
}

// The first entries are written as they are found, later ones by the buffer: it doubles with each write.
const (
	firstBuffer = 1
	outputLimit = 256 << 10
)

func (a *app) newOutput(f showFlags) (*output, error) {
	tty := isTerminal(a.out.w)
	printer, err := show.New(f.format, f.options(tty))
	if err != nil {
		return nil, usage("-o: %w", err)
	}
	return &output{app: a, printer: printer, w: a.out, every: firstBuffer, paged: tty && !f.follow && !f.noPager}, nil
}

// print prints one entry. Where nothing matches nothing is printed, no header either.
func (o *output) print(r search.Result) (err error) {
	if !o.begun {
		o.begun = true
		o.buf = o.printer.AppendHeader(o.buf)
	}
	record := show.Record{Journal: r.Journal.Name, ID: r.Journal.ID, Index: r.Index, EventAxis: r.Event, Entry: r.Entry}
	o.buf, err = o.printer.Append(o.buf, &record)
	if errors.Is(err, show.ErrOctets) {
		o.app.say("constat: journal %s index %d: %v", r.Journal.Name, r.Index, err)
		err = nil
	}
	if err == nil && len(o.buf) >= o.every {
		o.every = min(2*o.every, outputLimit)
		err = o.flush()
	}
	return err
}

func (o *output) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	if err := o.startPager(); err != nil {
		return err
	}
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	if o.pager != nil && err != nil {
		return &exitError{0, nil} // whoever reads has quit
	}
	return err
}

func (o *output) startPager() (err error) {
	if !o.paged {
		return nil
	}
	o.paged = false
	o.pager, err = startPager(o.app.out.w, o.quit)
	if o.pager != nil {
		o.w = o.pager
	}
	return err
}

// close waits until the reader has seen enough.
func (o *output) close() error {
	if o.pager == nil {
		return nil
	}
	return o.pager.close()
}
