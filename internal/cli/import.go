package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"constat/internal/ingest"
	"constat/internal/parse"
	"constat/journal"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

func (a *app) importCommand() *cobra.Command {
	var format, into string
	c := &cobra.Command{
		Use:   "import FILE…",
		Short: "Load log files, one event a line (or entry); \"-\" is standard input",
		Long: `Load log files into a journal. Every line becomes one entry; what came in can be given back byte for byte
with 'constat show -o raw'. It returns when everything is durable and under a signed checkpoint.

Formats: auto looks at the first lines of each file; rfc3164 is what syslog daemons write, with or without <PRI>;
rfc5424; jsonl is one JSON object a line; export is the journal export format; text is anything else.`,
		Example: `  constat import /var/log/syslog /var/log/auth.log
  journalctl -o export | constat import -
  constat import --format jsonl app.log`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error { return a.importFiles(format, into, files) },
	}
	c.Flags().StringVar(&format, "format", "auto", "auto, rfc3164, rfc5424, jsonl, export or text")
	c.Flags().StringVar(&into, "journal", layout.ImportedName, "journal to load into")
	return c
}

func (a *app) importFiles(format, into string, files []string) error {
	f, err := parse.FormatByName(format)
	if err != nil {
		return usage("--format: %w", err)
	}
	if err := layout.ValidJournalName(into); err != nil {
		return usage("--journal: %w", err)
	}
	inputs, err := a.openInputs(files)
	if err != nil {
		return err
	}
	w, err := a.openWriter()
	if err != nil {
		return err
	}
	start := w.Size(into)
	for i, in := range inputs {
		before := w.Size(into)
		if err := a.importOne(w, f, into, files[i], in); err != nil {
			kept := w.Size(into) - before
			return errors.Join(fmt.Errorf("%s: its first %d entries are kept, then: %w", files[i], kept, err), finish(w))
		}
	}
	total := w.Size(into) - start
	if err := finish(w); err != nil {
		return err
	}
	a.say("imported %d entries into journal %s", total, into)
	return nil
}

// openInputs opens all files first, so that a wrong name is known before anything is kept.
func (a *app) openInputs(files []string) ([]io.ReadCloser, error) {
	var inputs []io.ReadCloser
	for _, name := range files {
		if name == "-" {
			inputs = append(inputs, io.NopCloser(a.in))
			continue
		}
		f, err := os.Open(name)
		if err == nil {
			if info, statErr := f.Stat(); statErr == nil && info.IsDir() {
				err = fmt.Errorf("%s is a directory: name the files in it", name)
			}
		}
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, f)
	}
	return inputs, nil
}

func (a *app) importOne(w *journal.Writer, f parse.Format, into, name string, in io.ReadCloser) error {
	defer in.Close()
	im := ingest.Import{Sink: w, Journal: into, Format: f}
	progress := newProgress(a.err, isTerminal(a.err))
	im.Progress = func(s ingest.Stats) {
		progress.show("%s: %d entries, %d MB", name, s.Entries, s.Octets>>20)
	}
	stats, err := im.Run(in)
	progress.clear()
	if stats.Cut > 0 {
		a.say("constat: %s: %d entries were longer than 16 MiB: their beginnings are kept, %s says how much is missing", name, stats.Cut, ingest.Truncated)
	}
	return err
}

// progress shows how far long work is: a line that is overwritten on a terminal, nothing elsewhere.
type progress struct {
	w    io.Writer
	on   bool
	last time.Time
}

const progressEvery = 200 * time.Millisecond

func newProgress(w io.Writer, on bool) *progress { return &progress{w: w, on: on, last: time.Now()} }

func (p *progress) show(format string, args ...any) {
	if p.on && time.Since(p.last) > progressEvery {
		p.last = time.Now()
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
	}
}

func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
