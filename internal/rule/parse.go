package rule

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Dialect says what a list of selectors means.
type Dialect uint8

// The dialects; see the package comment.
const (
	Accumulate Dialect = iota // the default
	BSD
)

var dialectNames = [...]string{"accumulate", "bsd"}

// Dialects returns the names of the dialects.
func Dialects() []string { return append([]string(nil), dialectNames[:]...) }

// String returns the name of the dialect.
func (d Dialect) String() string { return dialectNames[d] }

// ParseDialect is the inverse of [Dialect.String]; "" is accumulate.
func ParseDialect(s string) (Dialect, error) {
	for i, name := range dialectNames {
		if s == name {
			return Dialect(i), nil
		}
	}
	if s == "" {
		return Accumulate, nil
	}
	return 0, fmt.Errorf("dialect %q: want accumulate (sysklogd, rsyslog) or bsd", s)
}

// Files is where a syslog.conf finds the files that it includes.
type Files interface {
	// Glob returns the names of the files that a pattern of path/filepath matches, sorted. A directory stands for the
	// files in it whose names end in ".conf".
	Glob(pattern string) ([]string, error)
	// ReadFile returns what is in a file. It must refuse files longer than [MaxFile].
	ReadFile(name string) ([]byte, error)
}

// Options are the choices of [Parse]. The zero value reads accumulate, without includes.
type Options struct {
	Dialect Dialect
	// Host is the name of this machine, for +@.
	Host string
	// Files are the files that can be included; nil: an include is an error.
	Files Files
	// Accounts finds the owners of files; nil: they are not looked up.
	Accounts Accounts
}

// Limits of what is read.
const (
	MaxFile     = 1 << 20 // bytes of one file
	MaxRules    = 10000   // of a file and those that it includes
	maxIncludes = 1000
	maxDepth    = 8 // files that include each other
)

// maxProblems is how many problems are told; behind them reading stops.
const maxProblems = 1000

// Parse reads a syslog.conf, which is called name. A rule with an error is left out. Whoever acts by a set asks first
// whether [Failed] says that it is not what its author wrote.
func Parse(name string, text []byte, o Options) (*Set, []Problem) {
	p := &parser{options: o}
	p.file(filepath.Clean(name), text)
	p.mask()
	p.resolve()
	return New(p.rules), p.problems
}

// ParseSelector reads selectors such as "*.info;mail.none". The error says the column, from 1.
func ParseSelector(text string, d Dialect) (Matrix, error) {
	if strings.Trim(text, blanks+";,") == "" {
		return Matrix{}, errors.New("no selector: want FACILITY.LEVEL, such as mail.info")
	}
	s := parseSelectors(text, d)
	if s.err != nil {
		return Matrix{}, fmt.Errorf("column %d: %s", s.err.at+1, s.err.text)
	}
	return s.set, nil
}

// parser reads a file and those that it includes.
type parser struct {
	options  Options
	rules    []Rule
	problems []Problem
	chain    []string // files that are being read, each included by the one before it
	includes int
	stopped  bool // a limit was passed

	legacy, objects Making      // of actions of either form below
	umask           Permissions // of all

	templates                map[string]*Template
	named                    []named
	fileFormat, moduleFormat string // the usual ones of actions below
	rsyslog                  bool   // a line is rsyslog's alone
}

// reader is one file that is being read.
type reader struct {
	*parser
	name          string
	l             line
	program, host Names
	property      *Property // a block of dialect bsd
	block         *openBlock
	// A block with an error: its rules are left out, so that nothing goes where it should not.
	brokenProgram, brokenHost, brokenFilter bool

	previous int // position of the last rule, for "&"; or one of those below
}

// What previous is where there is no rule.
const (
	noRule     = -1
	brokenRule = -2
	blockEnded = -3
)

// file reads one file.
func (p *parser) file(name string, text []byte) {
	r := &reader{parser: p, name: name, previous: noRule}
	p.chain = append(p.chain, name)
	defer func() { p.chain = p.chain[:len(p.chain)-1] }()
	s := scanner{rest: string(text), dialect: p.options.Dialect}
	for !p.stopped {
		l, ok := s.next()
		for _, row := range s.blocks {
			r.report(Problem{name, row, 1, Warning, "a comment here, and a block to sysklogd and BSD: take the \"#\" away, or put a blank behind it"})
		}
		if s.blocks = s.blocks[:0]; !ok {
			break
		}
		r.l = l
		r.line()
	}
	r.endBlock()
}

// error and warn tell a problem at a byte of the line.
func (r *reader) error(at int, format string, args ...any) { r.tell(Error, at, format, args...) }
func (r *reader) warn(at int, format string, args ...any)  { r.tell(Warning, at, format, args...) }

func (r *reader) tell(severity Severity, at int, format string, args ...any) {
	if r.stopped {
		return
	}
	row, column := r.l.place(at)
	r.report(Problem{r.name, row, column, severity, fmt.Sprintf(format, args...)})
}

func (p *parser) report(problem Problem) {
	if p.stopped {
		return
	}
	if len(p.problems) == maxProblems {
		problem.Severity, problem.Text = Error, fmt.Sprintf("more than %d problems: reading stops here", maxProblems)
		p.stopped = true
	}
	p.problems = append(p.problems, problem)
}

// line reads a line by its first letter.
func (r *reader) line() {
	text := r.l.text
	switch {
	case r.l.long:
		r.error(0, "a line of more than %d bytes: is a bracket or quote not closed?", maxLine)
		r.previous = brokenRule
	case r.l.open:
		r.error(0, "what begins here is not closed before the end of the file")
		r.previous = brokenRule
	case text[0] == '!':
		r.programBlock()
	case text[0] == '+' || text[0] == '-':
		r.hostBlock()
	case text[0] == ':':
		r.filter()
	case text[0] == '&':
		r.also()
	case text[0] == '$':
		r.directive()
	case isScript(text) && actionObject(text) < 0 && !opensBlock(text):
		r.statement()
	default:
		r.rule()
	}
}

// rule reads selectors and an action.
func (r *reader) rule() {
	text := r.l.text
	r.previous = brokenRule
	word, rest := text, ""
	if end := strings.IndexAny(text, blanks); end >= 0 {
		word, rest = text[:end], strings.TrimLeft(text[end:], blanks)
	}
	if word == "include" && rest != "" {
		r.previous = noRule
		r.include(len(text)-len(rest), rest, r.options.Dialect == BSD) // there it names a directory
		return
	}
	if r.setting(word, rest) {
		return
	}
	if word == "stop" || word == "~" {
		r.error(0, "%s without a selector discards everything: write \"*.* stop\" if that is meant", word)
		return
	}
	s := parseSelectors(word, r.options.Dialect)
	for _, n := range s.notes {
		r.warn(n.at, "%s", n.text)
	}
	if s.err != nil {
		r.error(s.err.at, "%s", s.err.text)
		return
	}
	r.body(Rule{Selector: word, Select: s.set}, len(text)-len(rest))
}

// also reads "& ACTION": one more action for what the rule before it selects.
func (r *reader) also() {
	rest := strings.TrimLeft(r.l.text[1:], blanks)
	switch r.previous {
	case noRule:
		r.error(0, "\"&\" repeats the selector of the rule before it, and there is none")
	case brokenRule:
		r.error(0, "\"&\" repeats the selector of the rule before it, which has an error")
	case blockEnded:
		r.error(0, "\"&\" repeats the filter of an action, and what stands before it is a block: write the action in the block")
	default:
		before := r.rules[r.previous]
		r.add(Rule{Selector: before.Selector, Select: before.Select, Property: before.Property, also: true}, len(r.l.text)-len(rest), rest)
	}
}

// add makes a rule of what was selected and an action, which stands at a byte of the line.
func (r *reader) add(made Rule, at int, action string) {
	r.previous = brokenRule
	made.Selector = oneLine(made.Selector)
	a := actions{text: action, dialect: r.options.Dialect, making: r.objects, accounts: r.options.Accounts}
	a.parse()
	for _, n := range a.notes {
		r.warn(at+n.at, "%s", n.text)
	}
	if a.err != nil {
		r.error(at+a.err.at, "%s", a.err.text)
		return
	}
	if r.block != nil {
		r.block.used = true
	}
	if r.brokenProgram || r.brokenHost || r.brokenFilter {
		return
	}
	if len(r.rules) == MaxRules {
		r.error(0, "more than %d rules: reading stops here", MaxRules)
		r.stopped = true
		return
	}
	made.File, made.Action, made.Making = r.name, a.made, Making{}
	if isFile(a.made.Kind) && isAction(action) {
		made.Making = a.making
	} else if isFile(a.made.Kind) {
		made.Making = r.legacy
	}
	made.Written = oneLine(action)
	if made.Line == 0 {
		made.Line, made.column = r.l.place(0)
	}
	made.Program, made.Host = r.program, r.host
	if made.Property == nil {
		made.Property = r.property
	}
	r.rules = append(r.rules, made)
	r.previous = len(r.rules) - 1
	r.expect(&a, at)
}

// oneLine is a text that may come from several lines.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
