package rule

import (
	"bytes"
	"regexp"
	"strings"
)

// Property is a condition on one property of an entry, such as :msg, contains, "error".
type Property struct {
	Name string // one of propertyNames
	Op   string // "contains", "isequal", "startswith", "endswith", "isempty", "regex" or "ereregex"
	Not  bool
	Fold bool // letters of ASCII are the same in both cases
	// Value is what is compared with; of Fold, in lower case.
	Value string

	value []byte         // Value
	re    *regexp.Regexp // of regex and ereregex
	whole bool           // a program is compared whole, not up to its slash
	blank bool           // Value begins with a blank that the message may lack: see lead
}

const (
	opContains = "contains"
	opEqual    = "isequal"
	opStarts   = "startswith"
	opEnds     = "endswith"
	opEmpty    = "isempty"
	opRegexp   = "ereregex"
	opBasic    = "regex"
)

var propertyOps = []string{opContains, opEqual, opStarts, opEnds, opEmpty, opRegexp, opBasic}

// holds reports whether the condition holds. It allocates only where letters are folded and for tags.
func (p *Property) holds(f *Facts) bool { return p.test(p.of(f)) != p.Not }

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

// String writes the condition as a syslog.conf does.
func (p *Property) String() string {
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
	return text + `, "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Value) + `"`
}

// same reports whether two conditions are the same.
func (p *Property) same(other *Property) bool {
	if p == nil || other == nil {
		return p == other
	}
	return p.Name == other.Name && p.Op == other.Op && p.Not == other.Not && p.Fold == other.Fold && p.Value == other.Value
}
