package rule

import (
	"bytes"
	"regexp"
	"strings"
)

// Property is a condition on one property of an entry, such as :msg, contains, "error".
type Property struct {
	Name string // "msg", "programname" or "hostname"
	Op   string // "contains", "isequal", "startswith", "endswith", "isempty", "regex" or "ereregex"
	Not  bool
	Fold bool // letters of ASCII are the same in both cases
	// Value is what is compared with; of Fold, in lower case.
	Value string

	value []byte         // Value
	re    *regexp.Regexp // of regex and ereregex
}

// The properties and their names of rsyslog and FreeBSD.
const (
	propMessage = "msg"
	propProgram = "programname"
	propHost    = "hostname"
)

var propertyNames = map[string]string{
	"msg": propMessage, "programname": propProgram, "app-name": propProgram, "hostname": propHost, "source": propHost,
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

// holds reports whether the condition holds. It allocates only where letters are folded.
func (p *Property) holds(f *Facts) bool {
	value := f.Message
	switch p.Name {
	case propProgram:
		value = f.Program
	case propHost:
		value = f.Host
	}
	return p.test(value) != p.Not
}

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
	return bytes.Contains(value, p.value)
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
