package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"constat/internal/ingest"
	"constat/internal/parse"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// collectAt is how much garbage there may be during an import before it is collected, in percent of what is in use: half
// of Go's own setting keeps it below 256 MB and costs nothing, since most memory is used again without it.
const collectAt = 50

func (a *app) importCommand() *cobra.Command {
	var format, into string
	c := &cobra.Command{
		Use:   "import FILE…",
		Short: "Load log files, one event a line (or entry); \"-\" is standard input",
		Long: `Load log files into a journal. Every line becomes one entry; what came in can be given back byte for byte
with 'constat show -o raw'. It returns when everything is durable and under a signed checkpoint.

Formats: auto looks at the first lines of each file; rfc3164 is what syslog daemons write, with or without <PRI>;
rfc5424; syslog is either and what senders make of them; jsonl is one JSON object a line; export is the journal export format;
zato is audit-pii.log as Zato writes it; text is anything else.`,
		Example: `  constat import /var/log/syslog /var/log/auth.log
  journalctl -o export | constat import -
  constat import --format jsonl app.log`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(collectAt)
			}
			return a.importFiles(format, into, files)
		},
	}
	c.Flags().StringVar(&format, "format", "auto", "auto, rfc3164, rfc5424, syslog, jsonl, export, zato or text")
	c.Flags().StringVar(&into, "journal", layout.ImportedName, "journal to load into")
	return c
}

func (a *app) importFiles(format, into string, files []string) (err error) {
	f, err := parse.FormatByName(format)
	if err != nil {
		return usage("--format: %w", err)
	}
	if err := layout.ValidJournalName(into); err != nil {
		return usage("--journal: %w", err)
	}
	inputs, err := a.openInputs(files)
	defer closeAll(inputs)
	if err != nil {
		return err
	}
	if done, err := a.importToDaemon(format, into, files, inputs); done || err != nil {
		return err
	}
	sink, err := a.newSharedSink()
	if err != nil {
		return err
	}
	for i, in := range inputs {
		before := sink.kept
		if err := a.importOne(sink, f, into, files[i], in); err != nil {
			return partly(err, sink, files, i, sink.kept-before)
		}
	}
	if err := sink.finishConverted(); err != nil {
		return hint(err)
	}
	a.say("imported %d entries into journal %s", sink.kept, into)
	return nil
}

// partly ends an import in which file number i went wrong: it says what of it is kept, and how to go on.
func partly(cause error, sink *sharedSink, files []string, i int, received uint64) error {
	finished := sink.finish()
	kept := "are kept"
	if !sink.durable {
		kept = "were received and may be lost ('constat status' counts what is kept)"
	}
	more := ""
	if rest := files[i+1:]; len(rest) > 0 {
		more = "\nnot begun: " + strings.Join(rest, " ")
	}
	err := fmt.Errorf("%s: its first %d entries %s, then: %w\nto go on in a file of lines: tail -n +%d FILE | constat import -%s",
		files[i], received, kept, hint(cause), received+1, more)
	return errors.Join(err, hint(finished))
}

// openInputs opens all files first, so that a wrong name is known before anything is kept. It returns what it has
// opened, also on an error.
func (a *app) openInputs(files []string) (inputs []io.ReadCloser, err error) {
	for i, name := range files {
		if name == "-" {
			if slices.Contains(files[:i], "-") {
				return inputs, usage("standard input (-) is named twice")
			}
			inputs = append(inputs, io.NopCloser(a.in))
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return inputs, err
		}
		inputs = append(inputs, f)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return inputs, fmt.Errorf("%s is a directory: name the files in it", name)
		}
	}
	return inputs, nil
}

func closeAll(inputs []io.ReadCloser) {
	for _, in := range inputs {
		in.Close()
	}
}

func (a *app) importOne(sink *sharedSink, f parse.Format, into, name string, in io.Reader) error {
	im := ingest.Import{Sink: sink, Journal: into, Format: f}
	progress := newProgress(a.err, isTerminal(a.err))
	im.Progress = func(s ingest.Stats) {
		progress.show("%s: %d entries, %d MB", printable(name), s.Entries, s.Octets>>20)
	}
	stats, err := im.Run(in)
	progress.clear()
	a.tellCut(name, stats.Cut)
	return err
}

// tellCut says how many entries of a file were too long.
func (a *app) tellCut(name string, cut uint64) {
	if cut > 0 {
		a.say("constat: %s: %d entries were longer than 16 MiB: their beginnings are kept, %s says how much is missing", name, cut, ingest.Truncated)
	}
}
