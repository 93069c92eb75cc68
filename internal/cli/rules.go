package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"constat/internal/rule"

	"github.com/spf13/cobra"
)

// ruleFlags are the flags that the commands of "rules" have in common.
type ruleFlags struct {
	dialect, format string
}

func (a *app) rulesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Check, explain and try a syslog.conf",
		Long: `Check a syslog.conf, show what its rules select, and where a message would go. Nothing is changed.

The same selectors mean different things to different daemons: --dialect accumulate (the default) reads them as
sysklogd and rsyslog do, --dialect bsd as FreeBSD does.`,
		Example: `  constat rules lint /etc/rsyslog.conf
  constat rules explain --dialect bsd /etc/syslog.conf
  constat rules test /etc/rsyslog.conf -p auth.err -t sshd "Failed password for root"`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("rules: unknown command %q; want lint, explain or test", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.rulesLintCommand(), a.rulesExplainCommand(), a.rulesTestCommand())
	for _, sub := range c.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return c
}

// add declares the flags on a command.
func (f *ruleFlags) add(c *cobra.Command, json string) {
	c.Flags().StringVar(&f.dialect, "dialect", rule.Accumulate.String(), "what selectors mean: accumulate or bsd")
	c.Flags().StringVarP(&f.format, "output", "o", "text", "text or json ("+json+")")
	complete(c, "dialect", rule.Dialects()...)
	complete(c, "output", "text", "json")
}

// readRules reads a file of rules; "-" is standard input.
func (a *app) readRules(f ruleFlags, name string) (*rule.Set, []rule.Problem, rule.Dialect, error) {
	d, err := rule.ParseDialect(f.dialect)
	if err != nil {
		return nil, nil, d, usage("--dialect: %w", err)
	}
	if f.format != "text" && f.format != "json" {
		return nil, nil, d, usage("-o %q: want text or json", f.format)
	}
	if name != "-" {
		set, problems, err := rule.Read(name, d)
		return set, problems, d, err
	}
	text, err := io.ReadAll(io.LimitReader(a.in, rule.MaxFile+1))
	if err == nil && len(text) > rule.MaxFile {
		err = fmt.Errorf("standard input: more than %d bytes", rule.MaxFile)
	}
	if err != nil {
		return nil, nil, d, err
	}
	host, err := os.Hostname()
	set, problems := rule.Parse("-", text, rule.Options{Dialect: d, Host: host, Files: rule.Disk{}, Accounts: rule.Disk{}})
	return set, problems, d, err
}

func (a *app) rulesLintCommand() *cobra.Command {
	var f ruleFlags
	c := &cobra.Command{
		Use:   "lint FILE",
		Short: "Find what is wrong or surprising in a syslog.conf",
		Long: `Find what is wrong or surprising in a syslog.conf and the files that it includes: FILE:LINE:COLUMN, what it is, and the
way out. Errors are what cannot be read; warnings are rules that select nothing or come too late, lines that mean
something else in the other dialect, directories that are missing, and directives of other daemons, which do nothing.

Exit status: 0 without errors, 1 with errors.`,
		Example: `  constat rules lint /etc/rsyslog.conf
  constat rules lint --dialect bsd - < syslog.conf`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.lintRules(f, args[0]) },
	}
	f.add(c, "one object a problem")
	return c
}

// problem is what "rules lint -o json" prints; the names are a contract.
type problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"` // error or warning
	Text     string `json:"text"`
}

func (a *app) lintRules(f ruleFlags, name string) error {
	set, problems, dialect, err := a.readRules(f, name)
	if err != nil {
		return err
	}
	problems = append(problems, rule.Lint(set, dialect, isDirectory)...)
	rule.Sort(problems)
	errs := 0
	for _, p := range problems {
		if p.Severity == rule.Error {
			errs++
		}
		if f.format == "json" {
			a.printJSON(problem{p.File, p.Line, p.Column, p.Severity.String(), p.Text})
		} else {
			fmt.Fprintln(a.out, printable(p.Error()))
		}
	}
	a.say("%d rules, %d errors, %d warnings", len(set.Rules), errs, len(problems)-errs)
	if errs > 0 {
		return &exitError{exitFailed, nil}
	}
	return nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// printJSON prints one object on a line of its own.
func (a *app) printJSON(object any) {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil && a.out.err == nil {
		a.out.err = err
	}
}

// sayErrors tells the errors of a file. What was printed holds without the rules that they are about.
func (a *app) sayErrors(problems []rule.Problem) error {
	if !rule.Failed(problems) {
		return nil
	}
	for _, p := range problems {
		if p.Severity == rule.Error {
			a.say("%v", p)
		}
	}
	return errors.New("the rules with errors are left out; 'constat rules lint' tells more")
}
