package cli

import (
	"bufio"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/parse"
	"constat/internal/rule"

	"github.com/spf13/cobra"
)

// ruleTestFlags are the flags of "rules test".
type ruleTestFlags struct {
	ruleFlags
	priority, tag, host string
	from                string // an address, "" is this machine
	made                bool   // one of them was given: the message is made of them
}

func (a *app) rulesTestCommand() *cobra.Command {
	var f ruleTestFlags
	c := &cobra.Command{
		Use:   "test FILE [MESSAGE…]",
		Short: "Show where a message would go by a syslog.conf",
		Long: `Show where a message would go by a syslog.conf, rule by rule. The message is made of the flags and the arguments;
without any, each line of standard input is a message as it comes over the network. A rule with an error is left out,
told on standard error, and makes the exit status 1.`,
		Example: `  constat rules test /etc/rsyslog.conf -p auth.err -t sshd -h web1 "Failed password for root"
  constat rules test /etc/rsyslog.conf --from 192.0.2.7 "what a router says"
  echo '<34>Oct 11 22:14:15 web1 su: failed' | constat rules test /etc/rsyslog.conf`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.made = len(args) > 1 || c.Flags().Changed("priority") || c.Flags().Changed("tag") || c.Flags().Changed("host")
			return a.testRules(f, args[0], args[1:])
		},
	}
	c.Flags().Bool("help", false, "help for test") // -h is the host
	c.Flags().StringVarP(&f.priority, "priority", "p", "user.notice", "[FACILITY.]LEVEL, such as daemon.err or info")
	c.Flags().StringVarP(&f.tag, "tag", "t", "", "`NAME` of the program")
	c.Flags().StringVarP(&f.host, "host", "h", "", "`NAME` of the host")
	c.Flags().StringVar(&f.from, "from", "", "`ADDRESS` that the message comes from (default this machine)")
	f.add(c, "one object a message")
	return c
}

func (a *app) testRules(f ruleTestFlags, name string, words []string) error {
	if name == "-" && !f.made {
		return usage("standard input cannot be the rules and the message: give the message as arguments")
	}
	if _, err := netip.ParseAddr(f.from); err != nil && f.from != "" {
		return usage("--from %q: want an address, such as 192.0.2.7", f.from)
	}
	set, problems, _, err := a.readRules(f.ruleFlags, name)
	if err != nil {
		return err
	}
	if f.made {
		e, err := f.message(strings.Join(words, " "))
		if err != nil {
			return err
		}
		a.showMatches(f, set, &e, false)
		return a.sayErrors(problems)
	}
	if err := a.testLines(f, set); err != nil {
		return err
	}
	return a.sayErrors(problems)
}

// message makes the entry that the flags describe.
func (f ruleTestFlags) message(text string) (e entry.Entry, err error) {
	facility, level, err := parsePriority(f.priority)
	if err != nil {
		return e, err
	}
	e.AddString("PRIORITY", fmt.Sprint(level), entry.Claimed)
	e.AddString("SYSLOG_FACILITY", fmt.Sprint(facility), entry.Claimed)
	for _, field := range [][2]string{{"HOSTNAME", f.host}, {"SYSLOG_IDENTIFIER", f.tag}} {
		if field[1] != "" {
			e.AddString(field[0], field[1], entry.Claimed)
		}
	}
	e.AddString("MESSAGE", text, entry.Claimed)
	return e, nil
}

// longestLine is how long a line of standard input may be.
const longestLine = 1 << 20

// testLines tries each line of standard input.
func (a *app) testLines(f ruleTestFlags, set *rule.Set) error {
	lines := bufio.NewScanner(a.in)
	lines.Buffer(nil, longestLine)
	p := parse.New(parse.Syslog, parse.Options{})
	more := false
	for ; lines.Scan(); more = true {
		var e entry.Entry
		p.Parse(&e, lines.Bytes(), time.Now().UnixMicro())
		a.showMatches(f, set, &e, more)
		p.Release()
	}
	if lines.Err() == nil && !more {
		return usage("no message: give it as arguments, or as a line on standard input")
	}
	return lines.Err()
}

// tested is what "rules test -o json" prints of a message; the names are a contract.
type tested struct {
	Facility  string       `json:"facility,omitempty"`
	Level     string       `json:"level"`
	Program   string       `json:"program,omitempty"`
	Host      string       `json:"host,omitempty"`
	Message   string       `json:"message"`
	Rules     []testedRule `json:"rules"` // that select it, in their order
	Discarded bool         `json:"discarded"`
}

type testedRule struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Selector string `json:"selector"`
	Action   string `json:"action"` // as written
	Kind     string `json:"kind"`
	Target   string `json:"target,omitempty"`
}

// targetOf is where a rule sends a message: of a template, the file that it names.
func targetOf(r *rule.Rule, f *rule.Facts) string {
	if r.Action.Template != nil {
		return string(r.Action.Template.AppendPath(nil, f))
	}
	return r.Action.Target
}

// showMatches prints where a message goes.
func (a *app) showMatches(f ruleTestFlags, set *rule.Set, e *entry.Entry, more bool) {
	if f.from != "" {
		e.AddString("_SOURCE_ADDR", f.from, entry.Observed)
	}
	if e.Received == 0 {
		e.Received = time.Now().UnixMicro()
	}
	facts := rule.FactsOf(e)
	out := tested{Level: entry.LevelName(facts.Level), Program: string(facts.Program), Host: string(facts.Host),
		Message: string(facts.Message), Rules: []testedRule{}}
	if facts.Facility != rule.NoFacility {
		out.Facility = entry.FacilityName(facts.Facility)
	}
	for _, r := range set.Selecting(&facts) {
		out.Rules = append(out.Rules, testedRule{r.File, r.Line, r.Selector, r.Written, r.Action.Kind.String(), targetOf(r, &facts)})
		out.Discarded = out.Discarded || r.Action.Kind == rule.Discard
	}
	if f.format == "json" {
		a.printJSON(out)
		return
	}
	if more {
		fmt.Fprintln(a.out)
	}
	a.printTested(&out)
}

func (a *app) printTested(t *tested) {
	priority := t.Level
	if t.Facility != "" {
		priority = t.Facility + "." + t.Level
	}
	fmt.Fprintf(a.out, "%s, program %s, host %s: %s\n", priority, orDash(t.Program), orDash(t.Host), orDash(t.Message))
	for _, r := range t.Rules {
		fmt.Fprintf(a.out, "  %s:%d  %s  %s\n", printable(r.File), r.Line, printable(r.Selector), printable(r.Action))
		if r.Kind == rule.Dynamic.String() {
			fmt.Fprintf(a.out, "    which is %s\n", printable(r.Target))
		}
	}
	switch {
	case t.Discarded:
		fmt.Fprintln(a.out, "  discarded here: later rules do not see it")
	case len(t.Rules) == 0:
		fmt.Fprintln(a.out, "  no rule selects it")
	}
	fmt.Fprintln(a.out, "  the journal keeps it in any case")
}

// orDash is text for a terminal; "-" is none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return printable(text)
}
