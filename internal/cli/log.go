package cli

import (
	"bufio"
	"errors"
	"io"
	"os/user"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/parse"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// logFlags are the flags of "log".
type logFlags struct {
	tag, priority, journal string
	fields                 []string
}

func (a *app) logCommand() *cobra.Command {
	var f logFlags
	c := &cobra.Command{
		Use:   "log [MESSAGE…]",
		Short: "Write an event: the arguments, or standard input line by line",
		Long: `Write an event: the arguments joined by blanks, or standard input line by line.
It returns when the events are durable and under a signed checkpoint.`,
		Example: `  constat log -t backup -p daemon.warning "disk almost full"
  constat log --field ORDER_ID=42 "order shipped"
  make 2>&1 | constat log -t build`,
		RunE: func(_ *cobra.Command, args []string) error { return a.log(f, args) },
	}
	c.Flags().StringVarP(&f.tag, "tag", "t", "", "SYSLOG_IDENTIFIER (default your login name)")
	c.Flags().StringVarP(&f.priority, "priority", "p", "user.notice", "[FACILITY.]LEVEL, such as daemon.err or info")
	c.Flags().StringVar(&f.journal, "journal", layout.System, "journal to write to")
	c.Flags().StringArrayVar(&f.fields, "field", nil, "further field, `NAME=VALUE`; may be repeated")
	return c
}

func (a *app) log(f logFlags, args []string) error {
	template, err := f.template()
	if err != nil {
		return err
	}
	if err := layout.ValidJournalName(f.journal); err != nil {
		return usage("--journal: %w", err)
	}
	if len(args) > 0 {
		return a.write(f.journal, []entry.Entry{withMessage(template, []byte(strings.Join(args, " ")))})
	}
	return a.logLines(f.journal, template)
}

// template is the entry without its message.
func (f logFlags) template() (entry.Entry, error) {
	e := entry.Entry{Renderer: entry.RenderText}
	facility, level, err := parsePriority(f.priority)
	if err != nil {
		return e, err
	}
	tag := f.tag
	if u, err := user.Current(); tag == "" && err == nil {
		tag = u.Username
	}
	e.AddString("PRIORITY", strconv.Itoa(level), entry.Claimed)
	e.AddString("SYSLOG_FACILITY", strconv.Itoa(facility), entry.Claimed)
	if tag != "" {
		e.AddString("SYSLOG_IDENTIFIER", tag, entry.Claimed)
	}
	for _, field := range f.fields {
		name, value, found := strings.Cut(field, "=")
		if !found || !entry.ValidName(name) || name[0] == '_' {
			return e, usage("--field %q: want NAME=VALUE, where NAME does not begin with '_'", field)
		}
		e.AddString(name, value, entry.Claimed)
	}
	ingest.Local("direct").AddTo(&e)
	return e, nil
}

func withMessage(template entry.Entry, message []byte) entry.Entry {
	e := template
	e.Fields = append([]entry.Field{{Name: "MESSAGE", Value: message}}, template.Fields...)
	return e
}

// parsePriority reads [FACILITY.]LEVEL.
func parsePriority(s string) (facility, level int, err error) {
	facility = 1 // user
	name := s
	if before, after, found := strings.Cut(s, "."); found {
		var ok bool
		if facility, ok = entry.ParseFacility(before); !ok {
			return 0, 0, usage("-p %q: unknown facility %q; want kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp or local0 to local7", s, before)
		}
		name = after
	}
	level, ok := entry.ParseLevel(name)
	if !ok {
		return 0, 0, usage("-p %q: unknown level %q; want emerg, alert, crit, err, warning, notice, info or debug", s, name)
	}
	return facility, level, nil
}

// write appends entries to a store that it opens and closes again, signed.
func (a *app) write(journal string, entries []entry.Entry) error {
	w, err := a.openWriter()
	if err != nil {
		return err
	}
	_, err = w.Append(journal, entries)
	return errors.Join(err, finish(w))
}

// Lines that arrive together are written together: the store is held for at most this long at a time.
const (
	maxHold  = 200 * time.Millisecond
	maxLines = 4096
)

func (a *app) logLines(journal string, template entry.Entry) error {
	lines := make(chan entry.Entry, maxLines)
	failed := make(chan error, 1)
	go func() {
		defer close(lines)
		failed <- readLines(a.in, func(line []byte, lost int64) {
			e := withMessage(template, append([]byte(nil), line...))
			if lost > 0 {
				e.AddString(ingest.Truncated, strconv.FormatInt(lost, 10), entry.Observed)
			}
			lines <- e
		})
	}()
	for first := range lines {
		if err := a.write(journal, gather(first, lines)); err != nil {
			return err
		}
	}
	return <-failed
}

// gather takes what has arrived behind the first line, without waiting for more.
func gather(first entry.Entry, lines <-chan entry.Entry) []entry.Entry {
	batch := []entry.Entry{first}
	for start := time.Now(); len(batch) < maxLines && time.Since(start) < maxHold; {
		select {
		case e, ok := <-lines:
			if !ok {
				return batch
			}
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

func readLines(r io.Reader, take func(line []byte, lost int64)) error {
	s := parse.NewSplitter(bufio.NewReader(r), parse.Text, 0)
	for {
		line, lost, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		take(line, lost)
		s.Recycle()
	}
}
