package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"

	"github.com/spf13/cobra"
)

const verifyName = "verify"

// verifyFlags are the flags of "verify".
type verifyFlags struct {
	code, output string
	station      string
	deep         bool
	outside      outsideFlags
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   verifyName + " [DIR|FILE]",
		Short: "Check that nothing signed was changed, removed or reordered",
		Long: `Check a store, by default the one that --store names. It reads only the files, needs no key and writes nothing.

The store is pinned by --code, or by the known-codes file in which 'constat init' notes the stores made here. Without a
pin the store only vouches for itself.

What others have seen of the store it must continue: checkpoints that were offered to witnesses, cosigned by them, or
kept elsewhere (--checkpoint). --policy says whose cosignatures are wanted.
A FILE is evidence that 'constat prove' has made: a zip or a page. Neither a store nor a network is needed for that.

Exit status: 0 verified, 1 tampered, 2 sound but not pinned or below the policy, 3 cannot be read, or usage.`,
		Example: `  constat verify
  constat verify --code MFRGGZDFMZTWQ2LK… /mnt/copy
  constat verify --policy witnesses.policy --checkpoint mailed-last-week.txt
  constat verify --code MFRGGZDFMZTWQ2LK… case.evidence.zip
  constat verify -o json | jq .findings`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return asVerify(usage("verify checks one store at a time, not %d", len(args)))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return asVerify(a.verify(f, args)) },
	}
	c.Flags().StringVar(&f.code, "code", "", "verification `CODE` that the store must have, base32 or hex")
	c.Flags().StringVar(&f.station, "station", "", "`FILE` station.txt of the store that evidence is of, if --code is that of a station")
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text or json")
	c.Flags().BoolVar(&f.deep, "deep", false, "also name what a search believes and is wrong: bounds of time, kinds and filters of segments")
	f.outside.add(c)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exitError{int(check.Unreadable), fmt.Errorf("%w\nsee '%s --help'", err, c.CommandPath())}
	})
	return c
}

// asVerify gives errors the exit status that verify has for them.
func asVerify(err error) error {
	if e, ok := err.(*exitError); err == nil || ok && e.cause == nil {
		return err
	}
	return &exitError{int(check.Unreadable), err}
}

func (a *app) verify(f verifyFlags, args []string) error {
	dir, err := a.storeDir()
	if len(args) > 0 {
		dir, err = filepath.Abs(args[0])
	}
	if err != nil {
		return err
	}
	if f.output != "text" && f.output != "json" {
		return usage("-o %q: want text or json", f.output)
	}
	if f.station != "" && !isEvidence(dir) {
		return usage("--station: a store has its own %s", layout.StationFile)
	}
	if isEvidence(dir) {
		return a.verifyEvidence(f, dir)
	}
	options, err := pinOptions(f.code, dir)
	if err != nil {
		return err
	}
	if options.Vouching, err = f.outside.vouching(); err != nil {
		return err
	}
	progress := newProgress(a.err, isTerminal(a.err))
	options.Deep = f.deep
	options.Progress = func(n uint64) { progress.show("verified %d entries", n) }
	report := check.Store(vfs.OS(), dir, options)
	if report.Verdict == check.Tampered || report.Verdict == check.Unreadable { // somebody may have written meanwhile: only what two looks agree on counts
		report = check.Store(vfs.OS(), dir, options)
	}
	progress.clear()
	if err := a.printReport(report, f.output, dir); err != nil {
		return err
	}
	if report.Verdict != check.Verified {
		return &exitError{int(report.Verdict), nil}
	}
	return nil
}

// pinOptions finds what the store must be: the code given, or what the known-codes file says.
func pinOptions(code, dir string) (check.Options, error) {
	var o check.Options
	if code != "" {
		pin, err := seal.ParseCode(code)
		if err != nil {
			return o, fmt.Errorf("--code: %w", err)
		}
		o.Pin, o.PinnedBy = &pin, "--code"
		return o, nil
	}
	certificate := certificateOf(dir)
	var err error
	o.Pin, o.PinnedBy, err = pinFor(certificate, dir)
	return o, err
}

// certificateOf reads the certificate of a store, or returns an empty one: the check says what is wrong.
func certificateOf(dir string) seal.Certificate {
	data, err := durable.ReadFile(vfs.OS(), filepath.Join(dir, layout.StoreFile), layout.MaxDescriptor)
	if err != nil {
		return seal.Certificate{}
	}
	store, err := layout.ParseStore(data)
	if err != nil {
		return seal.Certificate{}
	}
	return store.Certificate
}

func (a *app) printReport(r *check.Report, format, dir string) error {
	if format == "json" {
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	line := func(format string, args ...any) {
		text := printable(fmt.Sprintf(format, args...))
		fmt.Fprintln(a.out, strings.ReplaceAll(text, "\n", "; "))
	}
	line("%s  %s", headline(r), dir)
	for _, f := range r.Findings {
		line("  %s", f)
	}
	if r.Code == "" {
		return a.out.err
	}
	line("  origin    %s", r.Origin)
	line("  code      %s", r.Code)
	if r.Pinned != "" {
		line("  pinned by %s", r.Pinned)
	}
	for _, j := range r.Journals {
		line("  journal   %-12s %d entries, signed up to %d, root %s", j.Name, j.Size, j.Checkpoint, j.Root)
	}
	line("  entries   %d, of which %d above the newest seal and %d above a checkpoint", r.Entries, r.Unsealed, r.Unsigned)
	printSealed(line, r, time.Now())
	printOutside(line, r)
	for _, p := range r.Pruned {
		line("  pruned    %-12s entries %d to %d, as signed control entries say", p.Journal, p.First, p.Last)
	}
	if r.Private+r.Erased > 0 {
		line("  private   %d values that can be erased, %d that were", r.Private, r.Erased)
	}
	for _, e := range r.Erasures {
		line("  erased    %-12s %d values of %s and what held them, as entry %d of system says: %s", e.Journal, e.Values, e.Field, e.Index, e.Reason)
	}
	for _, note := range r.Notes {
		line("  note      %s", note)
	}
	return a.out.err
}

// headline is the verdict for people.
func headline(r *check.Report) string {
	switch {
	case r.BelowPolicy() && r.Pinned != "":
		return "SOUND, BELOW POLICY"
	case r.BelowPolicy():
		return verdictLine[r.Verdict] + ", BELOW POLICY"
	}
	return verdictLine[r.Verdict]
}

var verdictLine = [...]string{"VERIFIED", "TAMPERED", "SOUND, NOT PINNED", "UNREADABLE"}

// sizeOf is the number of bytes of the files in a directory, 0 for what cannot be read.
func sizeOf(dir string) (total int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
