package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"constat/evidence"
	"constat/internal/search"
	"constat/journal"
	"constat/query"

	"github.com/spf13/cobra"
)

// proveFlags are the flags of "prove": those of "show" that select, and where the evidence goes.
type proveFlags struct {
	showFlags
	file, form string
	upgrade    string
	question   string // as it was asked
	custody    sessionFlags
}

func (a *app) proveCommand() *cobra.Command {
	var f proveFlags
	c := &cobra.Command{
		Use:   "prove QUERY… -o FILE",
		Short: "Make evidence: a file that proves a selection to somebody who has neither the store nor the network",
		Long: `Make a file that holds what matches QUERY, as 'constat show' selects it, with everything that proves it: that every entry
is unchanged and in its place, how many others exist in the window, by which seals it is bounded, who vouches.

The store is sealed first, and an entry of kind control is written that holds the question and the hash of every file
in the evidence that people read. Where the store cannot be written to, the evidence says that it is not logged.

With --session it is the proof of a user whose files went through a station: what was read, scanned and delivered, in plain
words, in French and English, on one page (docs/custody.md).

Formats: zip (everything), html (one page for mail, at most 200 entries, of a session 5000), tlog-proof (one entry, for tools of others; the leaf
stands beside it as FILE.leaf). Check it with 'constat verify FILE' or 'constat-verify FILE'.`,
		Example: `  constat prove -o case.evidence.zip sshd failed -S yesterday
  constat prove -o page.html -t sudo -p warning
  constat prove --session 4OZP2W --lang fr -o preuve.html
  constat prove --upgrade case.evidence.zip`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.upgrade != "" {
				return a.upgrade(f, args)
			}
			if err := f.custody.ask(&f); err != nil {
				return err
			}
			f.question = f.asked(args)
			return a.prove(cmd.Context(), f, args)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.file, "output", "o", "", "`FILE` to write")
	flags.StringVar(&f.form, "format", "", "zip, html or tlog-proof (default by the name of the file, else zip)")
	flags.StringVar(&f.upgrade, "upgrade", "", "add to evidence `FILE` the seals, cosignatures and time stamps that came later")
	flags.IntVarP(&f.lines, "lines", "n", 0, "only the newest `N` entries")
	flags.StringVarP(&f.since, "since", "S", "", "from this `TIME` on")
	flags.StringVarP(&f.until, "until", "U", "", "up to this `TIME`")
	flags.StringArrayVarP(&f.units, "unit", "u", nil, "systemd `UNIT`; may be repeated")
	flags.StringArrayVarP(&f.tags, "tag", "t", nil, "SYSLOG_IDENTIFIER or program; may be repeated")
	flags.StringVarP(&f.priority, "priority", "p", "", "`LEVEL` and worse, or a range such as err..notice")
	flags.StringVarP(&f.grep, "grep", "g", "", "MESSAGE matches this `REGEXP` (RE2); in any case if it has no capitals")
	flags.StringArrayVar(&f.journals, "journal", nil, "only this journal; may be repeated (default all)")
	flags.StringVar(&f.axis, "time", "", "time axis for -S and -U: received or event (default that of each journal)")
	flags.StringSliceVar(&f.kinds, "kind", nil, "kinds of entries: event, loss, seal, control (default event,loss)")
	flags.BoolVar(&f.private, "private", false, "disclose private values with their salts, and let the query match them; needs the keys of the store")
	flags.BoolVar(&f.utc, "utc", false, "read times without a zone as UTC")
	f.custody.add(c)
	c.Args = func(*cobra.Command, []string) error {
		if f.lines < 0 {
			return usage("-n %d: want a number of entries", f.lines)
		}
		return nil
	}
	complete(c, "format", "zip", "html", "tlog-proof")
	return c
}

// asked is what was asked, as a line that people read: the flags that select, and the query.
func (f proveFlags) asked(args []string) string {
	var parts []string
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				parts = append(parts, "--"+flag+" "+v)
			}
		}
	}
	add("session", f.custody.session)
	add("file", f.custody.file)
	add("journal", f.journals...)
	add("kind", strings.Join(f.kinds, ","))
	add("since", f.since)
	add("until", f.until)
	add("time", f.axis)
	add("tag", f.tags...)
	add("unit", f.units...)
	add("priority", f.priority)
	add("grep", f.grep)
	if f.lines > 0 {
		add("lines", strconv.Itoa(f.lines))
	}
	if len(args) > 0 || len(parts) == 0 {
		parts = append(parts, cmp.Or(strings.Join(args, " "), "*"))
	}
	return strings.Join(parts, " ")
}

// formOf is the format that is asked for, or that the name of the file says.
func (f proveFlags) formOf() (string, error) {
	if f.file == "" {
		return "", usage("-o FILE is missing; end it in .evidence.zip")
	}
	form := f.form
	if form == "" {
		form = "zip"
		for suffix, of := range map[string]string{".html": "html", ".tlog-proof": "tlog-proof"} {
			if strings.HasSuffix(f.file, suffix) {
				form = of
			}
		}
	}
	if form != "zip" && form != "html" && form != "tlog-proof" {
		return "", usage("--format %q: want zip, html or tlog-proof", f.form)
	}
	return form, nil
}

// prove makes evidence and writes it.
func (a *app) prove(ctx context.Context, f proveFlags, args []string) error {
	form, err := f.formOf()
	if err != nil {
		return err
	}
	q, err := f.query(args)
	if err != nil {
		return err
	}
	if len(q.Pipes) > 0 {
		return usage("prove selects entries; %q computes something else", query.Query{Pipes: q.Pipes}.String())
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
	p := proving{app: a, reader: r, flags: f, query: q, form: form}
	zip, err := p.run(ctx)
	if err != nil {
		return err
	}
	if err := a.writeEvidence(f.file, form, zip); err != nil {
		return err
	}
	return f.custody.hand(f.file)
}

// proving is one run of prove.
type proving struct {
	app    *app
	reader *journal.Reader
	flags  proveFlags
	query  search.Query
	form   string
	logged bool
	writer storeWriter
}

// run makes the zip.
func (p *proving) run(ctx context.Context) (zip []byte, err error) {
	if p.writer, err = p.app.proofWriter(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.writer.close()) }()
	p.logged = p.writer.canWrite()
	if err := p.writer.seal(); err != nil {
		return nil, err
	}
	logs, err := p.openLogs(p.flags.journals)
	if err != nil {
		return nil, err
	}
	defer logs.close()
	d, err := p.draft(ctx, logs)
	if err != nil {
		return nil, err
	}
	at, err := p.export(d)
	if err != nil {
		return nil, err
	}
	return p.finish(d, at)
}

// draft selects entries and makes what people read.
func (p *proving) draft(ctx context.Context, logs *openLogs) (*evidence.Draft, error) {
	selections, n, err := p.selections(ctx, logs)
	if err != nil {
		return nil, err
	}
	limit := p.flags.custody.pageEntries()
	switch {
	case n == 0 && p.flags.custody.session != "":
		return nil, fmt.Errorf("--session %s: no entry speaks of it; 'constat audit' lists what there is", p.flags.custody.session)
	case n == 0:
		p.app.say("constat: nothing matches; the evidence says that, and how many entries there are")
	case n != 1 && p.form == "tlog-proof":
		return nil, fmt.Errorf("--format tlog-proof proves one entry, and %d match; narrow the question, or use --format zip", n)
	case n > limit && p.form == "html":
		return nil, fmt.Errorf("--format html holds at most %d entries, and %d match; use --format zip", limit, n)
	}
	return evidence.Prepare(evidence.Request{Question: p.flags.question, By: askedBy(), Made: time.Now(), Logged: p.logged,
		Certificate: p.reader.Certificate(), Journals: selections, Session: p.flags.custody.question(), Disclose: p.discloser(logs)})
}

// maxPageEntries is how many entries a page holds.
const maxPageEntries = 200

// writeEvidence writes what was asked for, at once or not at all.
func (a *app) writeEvidence(name, form string, zip []byte) error {
	files := map[string][]byte{name: zip}
	var err error
	switch form {
	case "html":
		files[name], err = evidence.Page(zip)
	case "tlog-proof":
		var leaf []byte
		leaf, files[name], err = evidence.Single(zip)
		files[name+".leaf"] = leaf
	}
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := replaceFile(name, data); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := readBack(name, data); err != nil {
			return err
		}
	}
	r := evidence.Verify(zip, evidence.Options{})
	if len(r.Findings) > 0 {
		return fmt.Errorf("%s does not verify: %s; please report this", name, r.Findings[0])
	}
	a.say("%s: %d entries shown, %d withheld; check it with: constat verify --code %s %s", name, r.Shown, r.Withheld, r.Code, name)
	return nil
}
