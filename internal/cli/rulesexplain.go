package cli

import (
	"fmt"
	"strings"

	"constat/entry"
	"constat/internal/rule"

	"github.com/spf13/cobra"
)

func (a *app) rulesExplainCommand() *cobra.Command {
	var f ruleFlags
	c := &cobra.Command{
		Use:   "explain FILE",
		Short: "Show what each rule of a syslog.conf selects: facilities by levels",
		Long: `Show what each rule of a syslog.conf selects, as a table of 24 facilities by 8 levels. A rule with an error is left out,
told on standard error, and makes the exit status 1. Owner and permissions of a file are shown where directives say them.

With -o json one object a rule and line: {"line", "selector", "action", "set": {FACILITY: [LEVEL…]}}, and "file",
"program", "host" and "property" where there is such a condition; "owner", "group", "mode", "dir_owner", "dir_group",
"dir_mode", "umask" and "no_dirs" where directives say how the file is made.`,
		Example: `  constat rules explain /etc/rsyslog.conf
  constat rules explain --dialect bsd -o json /etc/syslog.conf | jq .set
  echo '*.=info;*.=debug /x' | constat rules explain -`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, problems, _, err := a.readRules(f, args[0])
			if err != nil {
				return err
			}
			for i := range set.Rules {
				if f.format == "json" {
					a.printJSON(explained(&set.Rules[i]))
				} else {
					a.explain(&set.Rules[i], i > 0)
				}
			}
			return a.sayErrors(problems)
		},
	}
	f.add(c, "one object a rule")
	return c
}

// explainedRule is what "rules explain -o json" prints of a rule; the names are a contract.
type explainedRule struct {
	File     string              `json:"file"`
	Line     int                 `json:"line"`
	Selector string              `json:"selector"`
	Action   string              `json:"action"` // as written
	Set      map[string][]string `json:"set"`    // names of facilities that select a level, and of these levels
	Program  string              `json:"program,omitempty"`
	Host     string              `json:"host,omitempty"`
	Property string              `json:"property,omitempty"`
	// How the file is made, as far as directives say it. Modes are what the umask leaves of them.
	Owner    string `json:"owner,omitempty"`
	Group    string `json:"group,omitempty"`
	Mode     string `json:"mode,omitempty"`
	DirOwner string `json:"dir_owner,omitempty"`
	DirGroup string `json:"dir_group,omitempty"`
	DirMode  string `json:"dir_mode,omitempty"`
	Umask    string `json:"umask,omitempty"`
	NoDirs   bool   `json:"no_dirs,omitempty"`
}

func explained(r *rule.Rule) explainedRule {
	e := explainedRule{File: r.File, Line: r.Line, Selector: r.Selector, Action: r.Written, Set: map[string][]string{},
		Program: r.Program.String(), Host: r.Host.String()}
	if r.Property != nil {
		e.Property = r.Property.String()
	}
	m := r.Making
	mode, dirMode := m.Permissions()
	e.Owner, e.Group, e.Mode, e.Umask, e.NoDirs = m.Owner.Name, m.Group.Name, mode.String(), m.Umask.String(), m.NoDirs
	e.DirOwner, e.DirGroup, e.DirMode = m.DirOwner.Name, m.DirGroup.Name, dirMode.String()
	for f := range rule.Facilities {
		for l := range rule.Levels {
			if r.Select.Has(f, l) {
				e.Set[entry.FacilityName(f)] = append(e.Set[entry.FacilityName(f)], entry.LevelName(l))
			}
		}
	}
	return e
}

// explain prints a rule and its table.
func (a *app) explain(r *rule.Rule, more bool) {
	if more {
		fmt.Fprintln(a.out)
	}
	fmt.Fprintf(a.out, "%s:%d  %s  %s\n", printable(r.File), r.Line, printable(r.Selector), printable(r.Written))
	if !r.Program.IsZero() {
		fmt.Fprintf(a.out, "  only of programs: %s\n", printable(onlyOf(r.Program)))
	}
	if !r.Host.IsZero() {
		fmt.Fprintf(a.out, "  only of hosts: %s\n", printable(onlyOf(r.Host)))
	}
	if r.Property != nil {
		fmt.Fprintf(a.out, "  only if %s\n", printable(r.Property.String()))
	}
	if made := r.Making.String(); made != "" {
		fmt.Fprintf(a.out, "  made with %s\n", printable(made))
	}
	fmt.Fprintf(a.out, "  %-10s", "")
	for l := range rule.Levels {
		fmt.Fprintf(a.out, " %s", entry.LevelName(l))
	}
	fmt.Fprintln(a.out)
	for f := range rule.Facilities {
		a.explainRow(entry.FacilityName(f), r, f)
	}
	a.explainRow("(none)", r, rule.NoFacility)
}

// explainRow prints one line of the table: x for what is selected.
func (a *app) explainRow(name string, r *rule.Rule, facility int) {
	line := fmt.Sprintf("  %-10s", name)
	for l := range rule.Levels {
		mark := "."
		if r.Select.Has(facility, l) {
			mark = "x"
		}
		line += fmt.Sprintf(" %-*s", len(entry.LevelName(l)), mark)
	}
	fmt.Fprintln(a.out, strings.TrimRight(line, " "))
}

func onlyOf(n rule.Names) string {
	list := strings.Join(n.List, ", ")
	if n.Not {
		return "any but " + list
	}
	return list
}
