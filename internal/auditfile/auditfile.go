// Package auditfile writes the entries of the journal audit into a flat file as well, in the form that Zato gave it:
// one line an entry, 20 MB and ten older files beside it.
//
// It is a reader of the journal like any other, with a cursor of its own: a full disk or a wrong permission holds up
// the file, never the journal, and what was missed is written later. The cursor stands beside the file and says up to
// which entry how many bytes of the file are written; lines behind that, which a crash leaves, are counted when it goes
// on, so that no entry is written twice and none is left out.
package auditfile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"constat/entry"
	"constat/internal/show"
	"constat/journal"
	"constat/journal/layout"
)

// Limits of the file, as Zato's.
const (
	DefaultMaxBytes = 20_000_000
	DefaultBackups  = 10
)

// Times between two looks at the journal, and between two notes of how far the file has come.
const (
	lookEvery = 100 * time.Millisecond
	noteEvery = time.Second
)

// Config says what is written where.
type Config struct {
	File     string         // absolute path
	Location *time.Location // of the stamps; nil: time.Local
	MaxBytes int64          // of one file; 0: [DefaultMaxBytes]
	Backups  int            // older files; 0: [DefaultBackups]
	// Report, if set, is told what goes wrong, once for each kind of trouble.
	Report func(error)
}

// Writer follows the journal audit of a store.
type Writer struct {
	config  Config
	reader  *journal.Reader
	printer *show.Printer
	file    *file
	told    string // the trouble that was reported last
}

// New returns a writer. It touches no file yet.
func New(r *journal.Reader, c Config) (*Writer, error) {
	if c.MaxBytes <= 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.Backups <= 0 {
		c.Backups = DefaultBackups
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	p, err := show.New("zato", show.Options{Location: c.Location})
	return &Writer{config: c, reader: r, printer: p}, err
}

// Run follows the journal until the context ends, and then writes what is signed by then.
func (w *Writer) Run(ctx context.Context) error {
	changed, failed, err := w.reader.Watch(ctx)
	if err != nil {
		return err
	}
	for range changed {
		w.report(w.CatchUp(ctx))
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
		}
	}
	err = w.CatchUp(context.WithoutCancel(ctx))
	return errors.Join(failed(), err, w.Close())
}

// report tells of trouble, once until it is another or over.
func (w *Writer) report(err error) {
	if err == nil {
		w.told = ""
	} else if text := err.Error(); text != w.told {
		w.told = text
		w.config.Report(fmt.Errorf("audit file %s: entries are kept in the journal and written here later: %w", w.config.File, err))
	}
}

// CatchUp writes what is signed and not written yet.
func (w *Writer) CatchUp(ctx context.Context) error {
	views, err := w.reader.Snapshot(layout.AuditName)
	if err != nil {
		if names, listed := w.reader.Journals(); listed == nil && !contains(names, layout.AuditName) {
			return nil // nothing was audited yet
		}
		return err
	}
	defer journal.CloseViews(views)
	c, err := w.reader.Checkpoint(layout.AuditName)
	if err != nil {
		return err
	}
	if err := w.open(views[0]); err != nil {
		return err
	}
	if w.file.cursor.Next >= c.Size {
		return w.file.note(noteEvery)
	}
	return errors.Join(w.write(ctx, views[0], c.Size), w.file.note(noteEvery))
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// open opens the file, or another cursor if the journal is not the one that was followed.
func (w *Writer) open(v *journal.View) (err error) {
	id := fmt.Sprintf("%x", v.Journal.ID)
	if w.file != nil && w.file.cursor.Journal == id && !w.file.moved() {
		return nil
	}
	if err := w.Close(); err != nil {
		return err
	}
	f, lines, err := openFile(w.config, id)
	if err != nil {
		return err
	}
	// What a crash left behind the cursor is a line for each of the entries from there on.
	for item, err := range v.Entries(journal.Range{From: f.cursor.Next, To: v.Size}) {
		var gone *journal.MissingError
		if lines == 0 {
			break
		} else if errors.As(err, &gone) {
			continue
		} else if err != nil {
			return errors.Join(err, f.close())
		}
		if isLine(item.Entry) {
			lines--
		}
		f.cursor.Next = item.Index + 1
	}
	if err := f.note(0); err != nil {
		return errors.Join(err, f.close())
	}
	w.file = f
	return nil
}

// write writes the entries up to an index. Those that retention has removed are passed over.
func (w *Writer) write(ctx context.Context, v *journal.View, end uint64) error {
	var line []byte
	for item, err := range v.Entries(journal.Range{From: w.file.cursor.Next, To: end}) {
		var gone *journal.MissingError
		if errors.As(err, &gone) {
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if isLine(item.Entry) {
			line, err = w.printer.Append(line[:0], &show.Record{Journal: v.Journal.Name, ID: v.Journal.ID, Index: item.Index, Entry: item.Entry})
			if err == nil {
				err = w.file.write(line)
			}
			if err != nil {
				return err
			}
		}
		w.file.cursor.Next = item.Index + 1
	}
	w.file.cursor.Next = end
	return w.file.flush()
}

// isLine reports whether an entry has a line in the file: control entries of the store have none.
func isLine(e *entry.Entry) bool { return e.Kind == entry.Event }

// Close notes how far the file has come and closes it. It may be called twice.
func (w *Writer) Close() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	return errors.Join(f.note(0), f.close())
}
