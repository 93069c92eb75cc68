package cli

import (
	"context"

	"constat/entry"
	"constat/internal/show"
	"constat/journal/layout"
	"constat/query"

	"github.com/spf13/cobra"
)

// auditFlags are the flags of "audit" beside those that it has in common with "show".
type auditFlags struct {
	cids, ops, users, results []string
}

func (a *app) auditCommand() *cobra.Command {
	var f showFlags
	var own auditFlags
	c := &cobra.Command{
		Use:   "audit [QUERY…]",
		Short: "Search the audit log: by request, operation, user and result",
		Long: `Search the journal audit, oldest first: the entries of one request stand in the order in which they were written.
Values of one flag are alternatives, different flags must all match. QUERY is a filter as for 'constat show', such as
extra.found:true. The default format is a line of audit-pii.log, one entry a line.`,
		Example: `  constat audit --cid 236960f66c182bc      everything that one request did
  constat audit --user usr25ec935 -S -30d  who did what to this account, or as it
  constat audit --op user.login --result ok -o json
  constat audit --journal imported         what 'constat import --format zato' has loaded`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.also = own.filter()
			return a.audit(cmd.Context(), f, args)
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&own.cids, "cid", nil, "correlation `ID`; may be repeated")
	flags.StringArrayVar(&own.ops, "op", nil, "`OPERATION`; may be repeated")
	flags.StringArrayVar(&own.users, "user", nil, "`USER` who did it, or whose account it is about; may be repeated")
	flags.StringArrayVar(&own.results, "result", nil, "`RESULT`; may be repeated")
	flags.IntVarP(&f.lines, "lines", "n", 0, "only the newest `N` entries")
	flags.BoolVarP(&f.reverse, "reverse", "r", false, "newest first")
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with new entries as they come")
	flags.StringVarP(&f.since, "since", "S", "", "from this `TIME` on")
	flags.StringVarP(&f.until, "until", "U", "", "up to this `TIME`")
	flags.StringVarP(&f.priority, "priority", "p", "", "`LEVEL` and worse, or a range such as err..notice")
	flags.StringVarP(&f.format, "output", "o", "zato", "format: zato, or one of 'constat show'")
	flags.StringArrayVar(&f.journals, "journal", nil, "in place of the journal audit; may be repeated")
	flags.BoolVar(&f.utc, "utc", false, "show times in UTC")
	flags.BoolVar(&f.private, "private", false, "show private values, and let the query match them; needs the keys of the store")
	flags.BoolVar(&f.noPager, "no-pager", false, "do not start a pager on a terminal")
	c.Args = func(*cobra.Command, []string) error {
		if f.lines < 0 {
			return usage("-n %d: want a number of entries", f.lines)
		}
		f.noLines, f.formatGiven = f.lines == 0 && flags.Changed("lines"), flags.Changed("output")
		return nil
	}
	complete(c, "output", show.Formats()...)
	return c
}

// filter is what the flags ask for.
func (f auditFlags) filter() (c conjunction) {
	equal := func(values []string, names ...string) {
		var any query.Or
		for _, name := range names {
			any.Nodes = append(any.Nodes, query.Match{Field: name, Op: query.Equal{Values: values}})
		}
		if len(values) > 0 {
			c.add(any)
		}
	}
	equal(f.cids, entry.AuditCID)
	equal(f.ops, entry.AuditOp)
	equal(f.users, entry.AuditCurrent, entry.AuditTarget)
	equal(f.results, entry.AuditResult)
	return c
}

// audit shows the journal audit, which a store has only when something was audited.
func (a *app) audit(ctx context.Context, f showFlags, args []string) error {
	if len(f.journals) > 0 {
		return a.show(ctx, f, args)
	}
	f.journals = []string{layout.AuditName}
	if _, err := f.query(args); err != nil {
		return err
	}
	if _, err := a.newOutput(f); err != nil { // so that mistakes are found whether there are entries or not
		return err
	}
	r, err := a.openReader()
	if err != nil {
		return err
	}
	names, err := r.Journals()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == layout.AuditName {
			return a.show(ctx, f, args)
		}
	}
	a.say("constat: nothing was audited yet: the store has no journal %s", layout.AuditName)
	return nil
}
