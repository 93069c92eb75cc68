package rule

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Property is a condition on one property of an entry, such as :msg, contains, "error".
type Property struct {
	Name string // one of propertyNames
	Op   string // one of propertyOps, or of the script: "<=", "<", "and", "or"
	Not  bool
	Fold bool // letters of ASCII are the same in both cases
	// Value is what is compared with; of Fold, in lower case.
	Value string
	// List is what "and" and "or" combine; Name and Value are then empty.
	List []*Property

	value  []byte         // Value
	re     *regexp.Regexp // of regex and ereregex
	number int            // Value, of "<=" and "<"
	whole  bool           // a program is compared whole, not up to its slash
	blank  bool           // Value begins with a blank that the message may lack: see lead

	priorities Matrix // of "prifilt"
}

const (
	opContains = "contains"
	opEqual    = "isequal"
	opStarts   = "startswith"
	opEnds     = "endswith"
	opEmpty    = "isempty"
	opRegexp   = "ereregex"
	opBasic    = "regex"

	opMost = "<=" // of numbers
	opLess = "<"
	opAll  = "and" // of List
	opAny  = "or"

	opPriority = "prifilt" // facility and level, by selectors
)

var propertyOps = []string{opContains, opEqual, opStarts, opEnds, opEmpty, opRegexp, opBasic}

// holds reports whether the condition holds. It allocates only where letters are folded and for tags.
func (p *Property) holds(f *Facts) bool {
	switch p.Op {
	case opAll, opAny:
		return p.listed(f) != p.Not
	case opPriority:
		return p.priorities.Has(f.Facility, f.Level) != p.Not
	case opMost, opLess:
		n, _ := strconv.Atoi(string(p.of(f)))
		return (n < p.number || n == p.number && p.Op == opMost) != p.Not
	}
	return p.test(p.of(f)) != p.Not
}

// listed reports whether all of the list hold, or one.
func (p *Property) listed(f *Facts) bool {
	for _, one := range p.List {
		if one.holds(f) == (p.Op == opAny) {
			return p.Op == opAny
		}
	}
	return p.Op == opAll
}

// isNumber reports whether the property is one, and isOrder whether an operation asks which is less.
func (p *Property) isNumber() bool { return p.Name == propFacility || p.Name == propLevel }

func isOrder(op string) bool { return op == opMost || op == opLess }

func (p *Property) test(value []byte) bool {
	if p.Fold && p.re == nil {
		value = bytes.ToLower(value)
	}
	switch p.Op {
	case opEqual:
		return bytes.Equal(value, p.value)
	case opStarts:
		return bytes.HasPrefix(value, p.value)
	case opEnds:
		return bytes.HasSuffix(value, p.value)
	case opEmpty:
		return len(value) == 0
	case opRegexp, opBasic:
		return p.re.Match(value)
	}
	return bytes.Contains(value, p.value) || p.blank && bytes.HasPrefix(value, p.value[1:])
}

// String writes the condition as a syslog.conf does: as a filter, or in the script what a filter cannot say.
func (p *Property) String() string {
	if len(p.List) > 0 || isOrder(p.Op) || p.Op == opPriority {
		return p.script()
	}
	text := ":" + p.Name + ", "
	if p.Not {
		text += "!"
	}
	if p.Fold {
		text += "icase_"
	}
	if text += p.Op; p.Op == opEmpty {
		return text
	}
	return text + ", " + p.quoted()
}

// quoted is the value in quotes.
func (p *Property) quoted() string { return inQuotes(p.Value) }

func inQuotes(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// script writes the condition as the script does.
func (p *Property) script() string {
	if len(p.List) == 0 && p.Not {
		return "not (" + p.comparison() + ")"
	} else if len(p.List) == 0 {
		return p.comparison()
	}
	var parts []string
	for _, one := range p.List {
		parts = append(parts, one.script())
	}
	text := "(" + strings.Join(parts, " "+p.Op+" ") + ")"
	if p.Not {
		return "not " + text
	}
	return text
}

// comparison writes one, without its opposite. What the script cannot say otherwise is an expression.
func (p *Property) comparison() string {
	if p.Op == opPriority {
		return "prifilt(" + p.quoted() + ")"
	}
	i := slices.IndexFunc(comparisons, func(c comparison) bool { return c.op == p.Op && c.fold == p.Fold && !c.not })
	if i >= 0 {
		return "$" + p.Name + " " + comparisons[i].word + " " + p.quoted()
	}
	function := "re_match"
	if p.Fold {
		function += "_i"
	}
	return function + "($" + p.Name + ", " + inQuotes(p.expression()) + ")"
}

// expression is an extended expression that means the same.
func (p *Property) expression() string {
	switch p.Op {
	case opRegexp:
		return p.Value
	case opBasic:
		return extended(p.Value)
	case opEmpty:
		return "^$"
	case opEqual:
		return "^" + regexp.QuoteMeta(p.Value) + "$"
	case opEnds:
		return regexp.QuoteMeta(p.Value) + "$"
	case opStarts:
		return "^" + regexp.QuoteMeta(p.Value)
	}
	return regexp.QuoteMeta(p.Value)
}

// same reports whether two conditions are the same.
func (p *Property) same(other *Property) bool {
	if p == nil || other == nil {
		return p == other
	}
	return p.Name == other.Name && p.Op == other.Op && p.Not == other.Not && p.Fold == other.Fold && p.Value == other.Value &&
		slices.EqualFunc(p.List, other.List, (*Property).same)
}
