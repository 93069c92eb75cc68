package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"constat/entry"
	"constat/internal/input/native"
	"constat/internal/search"
	"constat/journal"

	"github.com/spf13/cobra"
)

// eraseFlags are the flags of "erase".
type eraseFlags struct {
	showFlags
	field, reason string
	dryRun        bool
}

func (a *app) eraseCommand() *cobra.Command {
	var f eraseFlags
	c := &cobra.Command{
		Use:   "erase QUERY… --field NAME --reason TEXT",
		Short: "Remove the values of a private field for good",
		Long: `Remove the values of a private field from all entries that QUERY finds, for good: value and salt, and with them those of
the received octets and of the command line of the same entries, which may hold them too. Nothing else changes: what was
signed stays verified, and a signed control entry says who erased how many values, how they were chosen, and why.

QUERY is that of 'constat show' (docs/query.md); "*" is everything. It is logged as it is. With --private it may match
private values: then only a salted digest of it is logged, and the salt is printed. Only fields that were private from
the beginning can be erased: 'constat log --private', or the rules of the daemon.`,
		Example: `  constat erase 'CUSTOMER_ID=4711' --field EMAIL --reason 'asked by the person, ticket 12'
  constat erase --private 'EMAIL=anna@example.org' --field EMAIL --reason 'asked by the person'
  constat erase '*' --journal audit -U '2 years ago' --field ADDRESS --reason 'kept two years'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.erase(cmd.Context(), f, args) },
	}
	c.Args = func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage("want a query; \"*\" is everything")
		case !entry.ValidName(f.field):
			return usage("--field %q: want the name of a field", f.field)
		case (f.reason == "" || len(f.reason) > journal.MaxReason) && !f.dryRun:
			return usage("--reason: want 1 to %d bytes; it is logged with the erasure", journal.MaxReason)
		}
		return nil
	}
	flags := c.Flags()
	flags.StringVar(&f.field, "field", "", "`NAME` of the field")
	flags.StringVar(&f.reason, "reason", "", "why, as it is logged")
	flags.StringArrayVar(&f.journals, "journal", nil, "only this journal; may be repeated (default all)")
	flags.StringVarP(&f.since, "since", "S", "", "only entries from this `TIME` on")
	flags.StringVarP(&f.until, "until", "U", "", "only entries up to this `TIME`")
	flags.BoolVar(&f.private, "private", false, "let the query match private values; needs the keys of the store")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say how many entries have the field, and erase nothing")
	return c
}

func (a *app) erase(ctx context.Context, f eraseFlags, args []string) error {
	x := native.Erase{Field: f.field, Reason: f.reason, Selector: f.selector(args)}
	if len(x.Selector) > journal.MaxSelector {
		return usage("the query is %d bytes, and is logged: the limit is %d", len(x.Selector), journal.MaxSelector)
	}
	found, err := a.findToErase(ctx, f, args, &x)
	if err != nil {
		return err
	}
	n := 0
	for _, list := range x.Entries {
		n += len(list)
	}
	switch {
	case n == 0:
		return fmt.Errorf("%d entries match, and none has a field %s: nothing was erased", found, f.field)
	case f.dryRun:
		_, err := fmt.Fprintf(a.out, "would erase %s of %d entries\n", f.field, n)
		return err
	}
	if f.private {
		x.Selector = a.hideSelector(x.Selector)
	}
	answer, err := a.eraseValues(ctx, x)
	if answer.Values > 0 || err == nil {
		fmt.Fprintf(a.out, "erased %d values of %d entries; %d were erased before\n", answer.Values, answer.Entries, answer.Before)
	}
	return err
}

// selector is how the entries are chosen, as it is logged.
func (f eraseFlags) selector(args []string) string {
	words := append([]string(nil), args...)
	for _, name := range f.journals {
		words = append(words, "--journal "+name)
	}
	for _, flag := range []struct{ name, value string }{{"--since", f.since}, {"--until", f.until}} {
		if flag.value != "" {
			words = append(words, flag.name+" "+flag.value)
		}
	}
	return strings.Join(words, " ")
}

// hideSelector returns what is logged of a query that may hold private values: whoever has it and the salt can show that
// it was this one.
func (a *app) hideSelector(text string) string {
	var salt [entry.SaltSize]byte
	rand.Read(salt[:])
	digest := entry.PrivateDigest(salt, "SELECTOR", []byte(text))
	a.say("constat: the query is logged as a digest; its salt is %x", salt[:])
	return fmt.Sprintf("digest %x", digest[:])
}

// findToErase notes which entries have the field, and returns how many match.
func (a *app) findToErase(ctx context.Context, f eraseFlags, args []string, x *native.Erase) (found uint64, err error) {
	q, err := f.query(args)
	if err != nil {
		return 0, err
	}
	if len(q.Pipes) > 0 {
		return 0, usage("want a filter, without \"|\"")
	}
	r, err := a.openReader()
	if err != nil {
		return 0, err
	}
	if f.private {
		if err := r.Reveal(); err != nil {
			return 0, fmt.Errorf("--private: %w", err)
		}
	}
	views, err := r.Snapshot(f.journals...)
	defer journal.CloseViews(views)
	if err != nil {
		return 0, err
	}
	x.Entries = map[string][]uint64{}
	for result, err := range search.Run(ctx, views, q) {
		if err != nil {
			return found, fmt.Errorf("nothing was erased: %w", err)
		}
		found++
		if hasField(result.Entry, f.field) {
			x.Entries[result.Journal.Name] = append(x.Entries[result.Journal.Name], result.Index)
		}
	}
	return found, nil
}

func hasField(e *entry.Entry, name string) bool {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return true
		}
	}
	return false
}

// eraseValues has the daemon erase, or does it in a store that no daemon has.
func (a *app) eraseValues(ctx context.Context, x native.Erase) (native.Answer, error) {
	answer, done, err := a.request(native.Request{Op: "erase"}, func(c *native.Client) error { return json.NewEncoder(c).Encode(x) })
	if done || err != nil {
		return answer, err
	}
	w, err := a.openWriter()
	if err != nil {
		return answer, err
	}
	by := fmt.Sprintf("uid %d", os.Getuid())
	if u, err := user.Current(); err == nil {
		by += " (" + u.Username + ")"
	}
	gone, err := w.Erase(ctx, journal.Erasure{Field: x.Field, Entries: x.Entries, Reason: x.Reason, Selector: x.Selector, By: by})
	answer = native.Answer{Entries: gone.Entries, Values: gone.Values, Before: gone.Before}
	return answer, hint(errors.Join(err, finish(w)))
}
