package search

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"

	"constat/entry"
	"constat/journal/layout"
)

// Match is one FIELD=value of journalctl.
type Match struct {
	Field string
	Value []byte
}

// Filter says which entries are wanted. Everything that is set must hold. The zero value wants events and losses.
type Filter struct {
	Kinds    []entry.Kind // none: events and losses
	Since    *int64       // µs on the axis, included
	Until    *int64       // µs on the axis, excluded
	Axis     layout.Axis  // "": of each journal
	Units    []string     // any of them
	Tags     []string     // any of them
	MinLevel int          // most severe level wanted
	MaxLevel *int         // least severe level wanted; entries without a level do not match then
	Grep     *regexp.Regexp
	Boot     string // _BOOT_ID
	// Matches are alternatives; in each, values of one field are alternatives and different fields must all match, as
	// in journalctl with "+" between the alternatives.
	Matches [][]Match
}

// unitFields are where journalctl looks for a unit: that of the sender, and that which a message is about.
var unitFields = [...]string{"_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT", "_SYSTEMD_SLICE"}

// cond makes a condition for a journal.
func (f *Filter) cond(d layout.Journal, a axis) cond {
	imported := d.Name == layout.ImportedName
	list := all{f.kinds()}
	if f.Since != nil || f.Until != nil {
		list = append(list, f.times(a))
	}
	if f.MaxLevel != nil {
		list = append(list, f.levels())
	}
	if len(f.Tags) > 0 {
		list = append(list, &fieldIs{names: entry.RoleNames("app"), imported: imported, test: oneOf(f.Tags)})
	}
	if len(f.Units) > 0 {
		list = append(list, f.units(imported))
	}
	if f.Boot != "" {
		list = append(list, &fieldIs{names: []string{"_BOOT_ID"}, imported: imported, test: equals{[]byte(f.Boot)}})
	}
	if f.Grep != nil {
		list = append(list, &fieldIs{names: entry.RoleNames("message"), imported: imported, test: expression{f.Grep}})
	}
	if len(f.Matches) > 0 {
		var alternatives some
		for _, m := range f.Matches {
			alternatives = append(alternatives, alternative(m, imported))
		}
		list = append(list, alternatives)
	}
	return list
}

func (f *Filter) kinds() kindIs {
	if len(f.Kinds) == 0 {
		return shown
	}
	k := kindIs(0)
	for _, kind := range f.Kinds {
		k |= 1 << kind
	}
	return k
}

func (f *Filter) times(a axis) timeIs {
	t := timeIs{from: math.MinInt64, to: math.MaxInt64, axis: a}
	if f.Since != nil {
		t.from = *f.Since
	}
	if f.Until != nil {
		t.to = *f.Until - 1
	}
	return t
}

func (f *Filter) levels() *numberIs {
	c := &numberIs{names: entry.RoleNames("level"), parse: entry.ParseLevel[[]byte]}
	for n := f.MinLevel; n <= *f.MaxLevel; n++ {
		c.want |= 1 << n
	}
	return c
}

func (f *Filter) units(imported bool) cond {
	var names []string
	for _, unit := range f.Units {
		if !strings.Contains(unit, ".") {
			unit += ".service"
		}
		names = append(names, unit)
	}
	var list some
	for _, field := range unitFields {
		list = append(list, &fieldIs{names: []string{field}, imported: imported, test: oneOf(names)})
	}
	return list
}

// alternative is FIELD=value and more: values of one field are alternatives.
func alternative(list []Match, imported bool) cond {
	var out all
	for len(list) > 0 {
		field := list[0].Field
		var values equals
		list = slices.DeleteFunc(slices.Clone(list), func(m Match) bool {
			if m.Field == field {
				values = append(values, m.Value)
			}
			return m.Field == field
		})
		out = append(out, &fieldIs{names: []string{field}, imported: imported, test: values})
	}
	return out
}

func oneOf(texts []string) equals {
	var values equals
	for _, s := range texts {
		values = append(values, []byte(s))
	}
	return values
}

// equals passes the values of a list.
type equals [][]byte

// Match implements matcher.
func (e equals) Match(value []byte) bool {
	for _, v := range e {
		if bytes.Equal(v, value) {
			return true
		}
	}
	return false
}

// Literal implements matcher.
func (e equals) Literal() []byte {
	if len(e) == 1 {
		return e[0]
	}
	return nil
}

func (e equals) whole() [][]byte  { return e }
func (e equals) tokens() [][]byte { return nil }

// expression passes values that match a regular expression.
type expression struct{ *regexp.Regexp }

// Match implements matcher.
func (e expression) Match(value []byte) bool { return e.Regexp.Match(value) }

// Literal implements matcher.
func (e expression) Literal() []byte { return nil }

func (e expression) whole() [][]byte  { return nil }
func (e expression) tokens() [][]byte { return nil }
