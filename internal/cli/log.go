package cli

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/journal/layout"
	"constat/station"

	"github.com/spf13/cobra"
)

// logFlags are the flags of "log".
type logFlags struct {
	tag, priority, journal string
	fields, private        []string
	channel                string
	timeout                time.Duration
	to                     toFlags
}

func (a *app) logCommand() *cobra.Command {
	var f logFlags
	c := &cobra.Command{
		Use:   "log [MESSAGE…]",
		Short: "Write an event: the arguments, or standard input line by line",
		Long: `Write an event: the arguments joined by blanks, or standard input line by line.
It returns when the events are durable and under a signed checkpoint.

With --channel they go into the log channel of a domain of a station instead, as frames for the daemon in Dom0, and it
returns when they are written: nobody there answers. Each write has a time limit; what could not be written in time is
counted, and missed by the daemon.

The value of a --private field is kept encrypted beside the journal, shown only with the keys of the store, and can be
erased for good ('constat erase').

With --to the events are sent straight to a target, and no store is touched: udp://HOST[:PORT], tcp://HOST[:PORT],
tls://HOST[:PORT], relp://HOST:PORT, relp+tls://HOST:PORT, unix:///PATH (a stream) or unixgram:///PATH (such as /dev/log). It fails,
and says how many, if not all were accepted: by the server over RELP, by the kernel of the other machine over TCP and TLS;
over UDP nobody says so.`,
		Example: `  constat log -t backup -p daemon.warning "disk almost full"
  constat log --field ORDER_ID=42 "order shipped"
  make 2>&1 | constat log -t build
  constat log --to relp+tls://log.example:2514 --ca ca.pem "off it goes"
  constat log --channel /dev/hvc2 -t sys-usb "disk mounted"`,
		RunE: func(c *cobra.Command, args []string) error { return a.logSomewhere(c, f, args) },
	}
	c.Flags().StringVarP(&f.tag, "tag", "t", "", "SYSLOG_IDENTIFIER (default your login name)")
	c.Flags().StringVarP(&f.priority, "priority", "p", "user.notice", "[FACILITY.]LEVEL, such as daemon.err or info")
	c.Flags().StringVar(&f.journal, "journal", layout.System, "journal to write to")
	c.Flags().StringArrayVar(&f.fields, "field", nil, "further field, `NAME=VALUE`; may be repeated")
	c.Flags().StringArrayVar(&f.private, "private", nil, "further field whose value can be erased, `NAME=VALUE`; may be repeated")
	c.Flags().StringVar(&f.channel, "channel", "", "write frames into this log channel, such as "+station.DefaultChannel)
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "how long one message may take with --channel (2s), or the target with --to (10s)")
	f.to.flags(c)
	return c
}

// logSomewhere writes into a log channel, to a target, or into the store.
func (a *app) logSomewhere(c *cobra.Command, f logFlags, args []string) error {
	given := c.Flags().Changed("timeout")
	for _, name := range toOnly {
		if f.to.to == "" && c.Flags().Changed(name) {
			return usage("--%s: says nothing without --to", name)
		}
	}
	switch {
	case f.to.to != "" && c.Flags().Changed("journal"):
		return usage("--journal: says nothing with --to, which keeps nothing here")
	case f.channel != "" && f.to.to != "":
		return usage("--channel and --to: only one of them")
	case f.channel != "":
		if !given {
			f.timeout = 2 * time.Second
		}
		return a.logChannel(c, f, args)
	case f.to.to != "":
		if f.to.timeout = f.timeout; !given {
			f.to.timeout = 10 * time.Second
		}
		return a.logTo(c.Context(), f, args)
	case given:
		return usage("--timeout: says nothing without --channel or --to")
	}
	return a.log(f, args)
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
	if err := addFields(&e, "--field", f.fields, entry.Inline); err != nil {
		return e, err
	}
	if err := addFields(&e, "--private", f.private, entry.Private); err != nil {
		return e, err
	}
	ingest.Local("direct").AddTo(&e)
	return e, nil
}

// addFields adds what a flag gives as NAME=VALUE.
func addFields(e *entry.Entry, flag string, list []string, form entry.Form) error {
	for _, field := range list {
		name, value, found := strings.Cut(field, "=")
		if !found || !entry.ValidName(name) || name[0] == '_' {
			return usage("%s %q: want NAME=VALUE, where NAME does not begin with '_'", flag, field)
		}
		e.Fields = append(e.Fields, entry.Field{Name: name, Value: []byte(value), Form: form})
	}
	return nil
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

// write gives entries to the daemon, or appends them to a store that it opens and closes again, signed.
func (a *app) write(journal string, entries []entry.Entry) error {
	if done, err := a.writeToDaemon(journal, entries); done || err != nil {
		return err
	}
	w, err := a.openWriter()
	if err != nil {
		return err
	}
	before := w.Size(journal)
	if _, err = w.Append(journal, entries); err != nil && len(entries) > 1 {
		err = fmt.Errorf("the first %d of %d lines are kept, then: %w", w.Size(journal)-before, len(entries), err)
	}
	return hint(errors.Join(err, finish(w)))
}
