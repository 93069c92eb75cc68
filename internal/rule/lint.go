package rule

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"constat/entry"
)

// maxExplained is the length of a list of selectors of which each is tried: trying them takes the square of the time.
const maxExplained = 32

// Lint finds what rules of a syslog.conf probably do not mean: those that select nothing, that come too late, or that
// mean something else in the other dialect. isDir says whether a directory exists. All problems are warnings, in the
// order of their lines.
func Lint(s *Set, d Dialect, isDir func(path string) bool) []Problem {
	l := linter{dialect: d, isDir: isDir, seen: map[identity]*Rule{}, missing: map[string]bool{}}
	for i := range s.Rules {
		l.rule(&s.Rules[i])
	}
	return l.problems
}

// Sort puts problems in the order of files, as they were read first, and lines.
func Sort(problems []Problem) {
	order := map[string]int{}
	for _, p := range problems {
		if _, seen := order[p.File]; !seen {
			order[p.File] = len(order)
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// maxDiscards is how many discards are compared with the rules behind them.
const maxDiscards = 256

type linter struct {
	dialect  Dialect
	isDir    func(string) bool
	problems []Problem
	discards []*Rule
	seen     map[identity]*Rule
	missing  map[string]bool // directories that were told of
}

// identity is what makes two actions write to the same place.
type identity struct {
	kind      Kind
	target    string
	port      uint16
	transport Transport
}

func (l *linter) warn(r *Rule, format string, args ...any) {
	l.problems = append(l.problems, Problem{r.File, r.Line, max(r.column, 1), Warning, fmt.Sprintf(format, args...)})
}

func (l *linter) rule(r *Rule) {
	l.selectors(r)
	if by := l.discarded(r); by != nil {
		l.warn(r, "no message gets here: %s discards all that this rule selects", by.where(r))
	}
	if r.Action.Kind == Discard {
		if len(l.discards) < maxDiscards {
			l.discards = append(l.discards, r)
		}
		return
	}
	l.action(r)
}

// selectors looks at what the selectors of a rule do.
func (l *linter) selectors(r *Rule) {
	if r.Property != nil || r.Selector == "" || r.also {
		return
	}
	if r.Select.Empty() {
		l.nothing(r)
	}
	other := BSD
	if l.dialect == BSD {
		other = Accumulate
	}
	switch there := parseSelectors(r.Selector, other); {
	case there.err != nil:
		l.warn(r, "in dialect %s this is an error: %s", other, there.err.text)
	case there.set.and(r.around) != r.Select && !strings.Contains(strings.ToLower(r.Selector), "security"): // of that the parser warns
		there.set = there.set.and(r.around)
		l.warn(r, "in dialect %s this selects %s, and here %s: write it so that both agree", other, there.set.words(), r.Select.words())
	}
	l.idle(r)
}

// nothing says why a rule selects nothing, and the way out.
func (l *linter) nothing(r *Rule) {
	s := parseSelectors(r.Selector, l.dialect)
	if !s.set.Empty() {
		l.warn(r, "selects nothing of what the block around it does")
		return
	}
	if first := s.steps[0]; l.dialect == Accumulate && first.do.negate && first.rows != 0 {
		names, _, _ := strings.Cut(r.Selector, ".")
		l.warn(r, "selects nothing: %q removes levels, and there are none yet; begin with %s.*;", r.Selector, names)
		return
	}
	l.warn(r, "selects nothing")
}

// idle finds selectors without which the rule would select the same.
func (l *linter) idle(r *Rule) {
	s := parseSelectors(r.Selector, l.dialect)
	if s.err != nil || len(s.steps) < 2 || len(s.steps) > maxExplained || r.Select.Empty() {
		return
	}
	for i, step := range s.steps {
		var without Matrix
		for n := range s.steps {
			if n != i {
				s.steps[n].apply(&without, l.dialect)
			}
		}
		if without.and(r.around) != r.Select || step.rows == 0 {
			continue
		}
		text := r.Selector[step.at:]
		if i+1 < len(s.steps) {
			text = text[:s.steps[i+1].at-step.at]
		}
		l.warn(r, "%q changes nothing here: what stands before or behind it outweighs it; selectors are applied from left to right", strings.TrimRight(text, ";,"))
		return
	}
}

// discarded returns an earlier rule that discards all that this one selects.
func (l *linter) discarded(r *Rule) *Rule {
	left := r.Select
	if left.Empty() {
		return nil
	}
	for _, d := range l.discards {
		covers := (d.Program.IsZero() || d.Program.equal(r.Program)) && (d.Host.IsZero() || d.Host.equal(r.Host)) &&
			(d.Property == nil || d.Property.same(r.Property)) && d.Query == nil
		if !covers {
			continue
		}
		if left = left.minus(&d.Select); left.Empty() {
			return d
		}
	}
	return nil
}

// action looks at where a rule writes.
func (l *linter) action(r *Rule) {
	id := identity{r.Action.Kind, r.Action.Target, r.Action.Port, r.Action.Transport}
	switch first, again := l.seen[id]; {
	case !again:
		l.seen[id] = r
	case first.Action == r.Action:
		l.twice(r, first)
	default:
		l.warn(r, "%s is written in another way by %s: messages that both select stand there twice", r.Action.Target, first.where(r))
	}
	dir := filepath.Dir(r.Action.Target)
	switch r.Action.Kind {
	case File, Pipe, Terminal:
	case Dynamic:
		dir = r.Action.Template.Directory()
	default:
		return
	}
	if l.isDir != nil && !l.isDir(dir) && !l.missing[dir] {
		l.missing[dir] = true
		l.warn(r, "directory %s does not exist: it is made if constat may make it, and else nothing is written to %s", dir, r.Action.Target)
	}
}

// twice tells of two rules with one target, if a message can meet both.
func (l *linter) twice(r, first *Rule) {
	common := r.Select // a copy
	for f := range common {
		common[f] &= first.Select[f]
	}
	if common.Empty() || apart(r.Program, first.Program) || apart(r.Host, first.Host) {
		return
	}
	l.warn(r, "%s gets messages by %s already: those that both select are written once here, and twice by other daemons", r.Action, first.where(r))
}

// maxCompared is how many pairs of names are compared.
const maxCompared = 10000

// apart reports whether no name meets both conditions.
func apart(a, b Names) bool {
	if a.IsZero() || b.IsZero() || a.Not && b.Not || len(a.List)*len(b.List) > maxCompared {
		return false
	}
	if a.Not {
		a, b = b, a
	}
	for _, name := range a.List {
		if slices.Contains(b.List, name) != b.Not {
			return false
		}
	}
	return true
}

// where names the place of a rule, for one who looks at another.
func (r *Rule) where(from *Rule) string {
	if r.File == from.File {
		return fmt.Sprintf("line %d", r.Line)
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// words says what a matrix selects, briefly: facilities with their levels, 0 for emerg to 7 for debug.
func (m *Matrix) words() string {
	if m.Empty() {
		return "nothing"
	}
	rest := *m
	var parts []string
	for f := range Facilities {
		if rest[f] == 0 {
			continue
		}
		names, count, levels := entry.FacilityName(f), 1, rest[f]
		for g := f + 1; g < Facilities; g++ {
			if rest[g] == levels {
				names, count, rest[g] = names+","+entry.FacilityName(g), count+1, 0
			}
		}
		if count > 4 {
			names = fmt.Sprintf("%d facilities", count)
		}
		parts = append(parts, names+" "+digits(levels))
	}
	if len(parts) == 0 {
		return "messages without a facility"
	}
	return strings.Join(parts, "; ")
}

// digits writes levels as 0-3,5.
func digits(set uint8) string {
	var parts []string
	for l := 0; l < Levels; l++ {
		if set>>l&1 == 0 {
			continue
		}
		last := l
		for last+1 < Levels && set>>(last+1)&1 != 0 {
			last++
		}
		if text := string(rune('0' + l)); last == l {
			parts = append(parts, text)
		} else {
			parts = append(parts, text+"-"+string(rune('0'+last)))
		}
		l = last
	}
	return strings.Join(parts, ",")
}
