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
	table   *show.Table // of records
	cells   []show.Cell

	parallel bool // entries may be printed by several printers
	format   string
	options  show.Options
	w        io.Writer
	buf      []byte
	every    int    // bytes after which the buffer is written
	begun    bool   // something was printed
	paged    bool   // a pager is wanted
	pager    *pager // nil before the first write
	quit     func() // called when the pager has ended
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
	table, err := show.NewTable(f.format, f.options(tty))
	return &output{app: a, printer: printer, table: table, w: a.out, every: firstBuffer, paged: tty && !f.follow && !f.noPager,
		parallel: !tty && !f.follow && f.format != "raw", format: f.format, options: f.options(tty)}, err
}

// entryPrinter prints entries for [search.Render].
type entryPrinter struct{ printer *show.Printer }

// renderer returns one more printer of the same format.
func (o *output) renderer() search.Renderer {
	printer, _ := show.New(o.format, o.options) // the format is known
	return entryPrinter{printer}
}

// Append implements [search.Renderer].
func (p entryPrinter) Append(dst []byte, r *search.Result) ([]byte, error) {
	record := show.Record{Journal: r.Journal.Name, ID: r.Journal.ID, Index: r.Index, EventAxis: r.Event, Entry: r.Entry}
	return p.printer.Append(dst, &record)
}

// piece writes entries that were printed already.
func (o *output) piece(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if !o.begun {
		o.begun = true
		o.buf = o.printer.AppendHeader(o.buf)
		if err := o.flush(); err != nil {
			return err
		}
	}
	_, err := o.w.Write(data)
	return err
}

// print prints one entry. Where nothing matches nothing is printed, no header either.
func (o *output) print(r search.Result) (err error) {
	if r.Entry == nil {
		return o.record(r.Record)
	}
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
	return o.flushFull(err)
}

// record prints one record.
func (o *output) record(record []search.Value) (err error) {
	o.cells = o.cells[:0]
	for _, v := range record {
		o.cells = append(o.cells, show.Cell(v))
	}
	o.buf, err = o.table.Append(o.buf, o.cells)
	return o.flushFull(err)
}

// flushFull writes the buffer if there is enough in it, unless an error came before.
func (o *output) flushFull(err error) error {
	if err == nil && len(o.buf) >= o.every {
		o.every = min(2*o.every, outputLimit)
		err = o.flush()
	}
	return err
}

// finish writes all that there is, also what the table keeps back.
func (o *output) finish() (err error) {
	if o.buf, err = o.table.Flush(o.buf); err != nil {
		return err
	}
	return o.flush()
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
