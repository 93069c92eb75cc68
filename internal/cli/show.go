package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"syscall"

	"constat/internal/search"
	"constat/internal/show"
	"constat/journal"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// showFlags are the flags of "show".
type showFlags struct {
	lines                               int
	noLines                             bool // -n 0
	reverse, follow, utc, boot, noPager bool
	explain, names, boots               bool
	private                             bool
	field                               string
	formatGiven                         bool
	since, until, priority, grep        string
	units, tags, journals, kinds        []string
	format, cursor, axis                string
	fields                              []string
	also                                conjunction // what must hold besides; of other commands
}

func (a *app) showCommand() *cobra.Command {
	var f showFlags
	c := &cobra.Command{
		Use:   "show [QUERY…]",
		Short: "Read the journals, oldest first, all merged by time",
		Long: `Read the journals, all merged by time, oldest first. QUERY is a filter and pipes (docs/query.md): words and
"phrases" of messages, field:value, AND, OR, NOT and brackets, then | stats, top, sort, fields and others. FIELD=VALUE
selects as journalctl does: values of one field are alternatives, different fields must all match, "+" stands between
alternatives.

Times: RFC 3339, "2025-06-15 15:30", "15:30", "yesterday", "-1h", "2 hours ago", "@1760000000".
Entries of kind seal and control are hidden unless --kind asks for them. Private values are shown as <private>, or <erased>
once they are gone, and match no query, unless --private is given and the keys of the store can be read.`,
		Example: `  constat show -n 20 -p warning            the newest 20 warnings and worse
  constat show -f -t sshd                  follow one program
  constat show -S "2 hours ago" -g refused what matched a regular expression
  constat show _UID=0 _COMM=sudo + _COMM=su
  constat show 'failed (host:web1 OR host:web2)'
  constat show sshd failed '| stats count() by (host)'
  constat show -o json --journal imported`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.show(cmd.Context(), f, args) },
	}
	flags := c.Flags()
	flags.IntVarP(&f.lines, "lines", "n", 0, "only the newest `N` entries; with --cursor the first N from there")
	flags.BoolVarP(&f.reverse, "reverse", "r", false, "newest first")
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with new entries as they come; begins with the newest 10 unless -n or -S says otherwise")
	flags.StringVarP(&f.since, "since", "S", "", "from this `TIME` on")
	flags.StringVarP(&f.until, "until", "U", "", "up to this `TIME`")
	flags.StringArrayVarP(&f.units, "unit", "u", nil, "systemd `UNIT`; may be repeated")
	flags.StringArrayVarP(&f.tags, "tag", "t", nil, "SYSLOG_IDENTIFIER or program; may be repeated")
	flags.StringVarP(&f.priority, "priority", "p", "", "`LEVEL` and worse, or a range such as err..notice")
	flags.StringVarP(&f.grep, "grep", "g", "", "MESSAGE matches this `REGEXP` (RE2); in any case if it has no capitals")
	flags.BoolVarP(&f.boot, "boot", "b", false, "only this boot")
	flags.StringVarP(&f.format, "output", "o", "short", "format: short, short-iso, full, json, export, cat, raw, logfmt, csv or zato")
	flags.StringSliceVar(&f.fields, "fields", nil, "only these fields, `LIST` with commas")
	flags.StringArrayVar(&f.journals, "journal", nil, "only this journal; may be repeated (default all)")
	flags.StringVar(&f.cursor, "cursor", "", "begin at this entry, included (__CURSOR of -o json)")
	flags.StringVar(&f.axis, "time", "", "time axis for -S, -U and merging: received or event (default that of each journal)")
	flags.StringSliceVar(&f.kinds, "kind", nil, "kinds of entries: event, loss, seal, control (default event,loss)")
	flags.BoolVar(&f.utc, "utc", false, "show times in UTC")
	flags.BoolVarP(&f.names, "field-names", "N", false, "print the names of all fields")
	flags.StringVarP(&f.field, "field", "F", "", "print the values that `FIELD` has in what matches")
	flags.BoolVar(&f.private, "private", false, "show private values, and let the query match them; needs the keys of the store")
	flags.BoolVar(&f.boots, "list-boots", false, "print the boots that entries belong to")
	flags.BoolVar(&f.explain, "explain", false, "tell on standard error what was read, and what was skipped by what")
	flags.BoolVar(&f.noPager, "no-pager", false, "do not start a pager on a terminal")
	c.Args = func(*cobra.Command, []string) error {
		if f.lines < 0 {
			return usage("-n %d: want a number of entries", f.lines)
		}
		f.noLines, f.formatGiven = f.lines == 0 && flags.Changed("lines"), flags.Changed("output")
		return nil
	}
	complete(c, "output", show.Formats()...)
	complete(c, "time", string(layout.Received), string(layout.Event))
	complete(c, "kind", "event", "loss", "seal", "control")
	complete(c, "priority", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
	return c
}

func (a *app) show(ctx context.Context, f showFlags, args []string) error {
	collectLate()
	q, err := f.query(args)
	if err != nil {
		return err
	}
	if err := f.list(&q, f.formatGiven); err != nil {
		return err
	}
	r, err := a.openReader()
	if err != nil {
		return err
	}
	if f.private {
		if err := r.Reveal(); err != nil {
			return fmt.Errorf("--private: %w", err)
		}
	}
	out, err := a.newOutput(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out.quit = cancel
	err = a.showStore(ctx, r, f, q, out)
	if out.pager != nil && errors.Is(err, context.Canceled) {
		err = nil // whoever reads has quit
	}
	return errors.Join(err, out.close())
}

func (a *app) showStore(ctx context.Context, r *journal.Reader, f showFlags, q search.Query, out *output) error {
	if f.follow {
		return a.follow(ctx, r, f, q, out)
	}
	views, whole, err := a.snapshot(r, f.journals)
	if err != nil {
		return err
	}
	defer journal.CloseViews(views)
	if f.noLines {
		return nil
	}
	if f.explain {
		q.Explain = new(search.Explain)
		defer func() { q.Explain.Write(a.err) }()
	}
	a.tellPruned(views, f, q)
	missing, err := a.printAsked(ctx, r, f, views, q, out)
	if err == nil && (missing || !whole) {
		return &exitError{exitFailed, nil}
	}
	return err
}

// printAsked prints what the flags ask for.
func (a *app) printAsked(ctx context.Context, r *journal.Reader, f showFlags, views []*journal.View, q search.Query, out *output) (missing bool, err error) {
	switch {
	case f.names:
		return a.printNames(ctx, views, out)
	case f.boots:
		return a.printBoots(ctx, views, out)
	}
	q.Store, q.Say = r, func(text string) { a.say("constat: %s", text) }
	q.BootBefore = bootBefore(ctx, views)
	return a.print(ctx, views, q, out)
}

// print prints what a query finds. What cannot be read is told on standard error; missing says that there was some.
func (a *app) print(ctx context.Context, views []*journal.View, q search.Query, out *output) (missing bool, err error) {
	if out.parallel {
		pieces, ok, err := search.Render(ctx, views, q, out.renderer)
		if ok || err != nil {
			return a.printPieces(pieces, out, err)
		}
	}
	for result, err := range search.Run(ctx, views, q) {
		var gone *journal.MissingError
		if errors.As(err, &gone) {
			missing = true
			a.say("constat: %v", err)
			continue
		}
		if errors.Is(err, search.ErrNoEntry) {
			return missing, fmt.Errorf("--cursor: %w", err)
		}
		if err != nil {
			return missing, err
		}
		if err := out.print(result); err != nil {
			return missing, err
		}
	}
	return missing, out.finish()
}

// printPieces prints what is rendered already.
func (a *app) printPieces(pieces iter.Seq2[[]byte, error], out *output, err error) (missing bool, _ error) {
	if err != nil {
		return false, err
	}
	for piece, err := range pieces {
		var gone *journal.MissingError
		if errors.As(err, &gone) {
			missing = true
			a.say("constat: %v", err)
		} else if err != nil {
			return missing, err
		}
		if err := out.piece(piece); err != nil {
			return missing, err
		}
	}
	return missing, out.finish()
}

// followLines is how many entries a follower shows first.
const followLines = 10

// follow prints the newest entries, and then new ones as they come, until the context ends.
func (a *app) follow(ctx context.Context, r *journal.Reader, f showFlags, q search.Query, out *output) error {
	if q.Limit == 0 && q.Cursor == nil && f.since == "" {
		q.Limit = followLines
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	changed, failed, err := r.Watch(ctx)
	if err != nil {
		return err
	}
	from := map[[8]byte]uint64{}
	for first := true; ; first = false {
		if _, ok := <-changed; !ok {
			return failed()
		}
		views, _, err := a.snapshot(r, f.journals)
		if err != nil {
			return err
		}
		if !first {
			q.Limit, q.Cursor, q.From = 0, nil, fromOf(views, from)
		}
		if !first || !f.noLines {
			_, err = a.printAsked(ctx, r, f, views, q, out)
		}
		for _, v := range views {
			from[v.Journal.ID] = v.Size
		}
		if err := errors.Join(err, journal.CloseViews(views)); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func fromOf(views []*journal.View, from map[[8]byte]uint64) []uint64 {
	list := make([]uint64, len(views))
	for i, v := range views {
		list[i] = from[v.Journal.ID]
	}
	return list
}
