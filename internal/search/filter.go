package search

import (
	"bytes"
	"regexp"
	"strings"

	"constat/entry"
	"constat/journal/frame"
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

// compiled is a filter ready for the entries of one journal.
type compiled struct {
	*Filter
	journal  layout.Journal
	kinds    uint8
	event    bool // the axis is event time
	matches  [][]fieldMatch
	imported bool // imported fields count as facts here
}

// fieldMatch is a field with the values of which one must be there.
type fieldMatch struct {
	field  string
	values [][]byte
}

func (f *Filter) compile(d layout.Journal) *compiled {
	c := &compiled{Filter: f, journal: d, kinds: 1<<entry.Event | 1<<entry.Loss, imported: d.Name == layout.ImportedName}
	if len(f.Kinds) > 0 {
		c.kinds = 0
	}
	for _, k := range f.Kinds {
		c.kinds |= 1 << k
	}
	c.event = f.Axis == layout.Event || f.Axis == "" && d.Axis == layout.Event
	for _, alternative := range f.Matches {
		c.matches = append(c.matches, byField(alternative))
	}
	return c
}

func byField(list []Match) []fieldMatch {
	var out []fieldMatch
next:
	for _, m := range list {
		for i := range out {
			if out[i].field == m.Field {
				out[i].values = append(out[i].values, m.Value)
				continue next
			}
		}
		out = append(out, fieldMatch{m.Field, [][]byte{m.Value}})
	}
	return out
}

// skip reports whether no entry of a frame can match.
func (c *compiled) skip(h frame.Header) bool {
	if h.Kinds&c.kinds == 0 {
		return true
	}
	if c.event {
		return false
	}
	return c.Since != nil && h.MaxReceived < *c.Since || c.Until != nil && h.MinReceived >= *c.Until
}

// time is the time of an entry on the axis, in µs.
func (c *compiled) time(e *entry.Entry) int64 {
	if c.event && e.Event.Valid {
		return e.Event.Micros
	}
	return e.Received
}

// wants reports whether an entry matches.
func (c *compiled) wants(e *entry.Entry) bool {
	if c.kinds&(1<<e.Kind) == 0 || !c.inTime(e) || !c.inLevel(e) {
		return false
	}
	if len(c.Tags) > 0 && !c.hasTag(e) || len(c.Units) > 0 && !c.hasUnit(e) {
		return false
	}
	if c.Boot != "" && !c.has(e, "_BOOT_ID", [][]byte{[]byte(c.Boot)}) {
		return false
	}
	if c.Grep != nil {
		if message, ok := e.Message(); !ok || !c.Grep.Match(message) {
			return false
		}
	}
	return len(c.matches) == 0 || c.anyAlternative(e)
}

func (c *compiled) inTime(e *entry.Entry) bool {
	t := c.time(e)
	return (c.Since == nil || t >= *c.Since) && (c.Until == nil || t < *c.Until)
}

func (c *compiled) inLevel(e *entry.Entry) bool {
	if c.MaxLevel == nil {
		return true
	}
	level, ok := e.Level()
	return ok && level >= c.MinLevel && level <= *c.MaxLevel
}

func (c *compiled) hasTag(e *entry.Entry) bool {
	app, ok := e.App()
	for _, tag := range c.Tags {
		if ok && string(app) == tag {
			return true
		}
	}
	return false
}

// unitFields are where journalctl looks for a unit: that of the sender, and that which a message is about.
var unitFields = [...]string{"_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT", "_SYSTEMD_SLICE"}

func (c *compiled) hasUnit(e *entry.Entry) bool {
	for _, unit := range c.Units {
		if !strings.Contains(unit, ".") {
			unit += ".service"
		}
		for _, field := range unitFields {
			if c.has(e, field, [][]byte{[]byte(unit)}) {
				return true
			}
		}
	}
	return false
}

func (c *compiled) anyAlternative(e *entry.Entry) bool {
	for _, alternative := range c.matches {
		all := true
		for _, m := range alternative {
			all = all && c.has(e, m.field, m.values)
		}
		if all {
			return true
		}
	}
	return false
}

// has reports whether the entry has that field with one of the values. Names that begin with an underscore are facts:
// one that came with an import is none, outside the journal of imports.
func (c *compiled) has(e *entry.Entry, field string, values [][]byte) bool {
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Name != field || f.Form != entry.Inline {
			continue
		}
		if field[0] == '_' && f.Provenance == entry.Imported && !c.imported {
			continue
		}
		for _, value := range values {
			if bytes.Equal(f.Value, value) {
				return true
			}
		}
	}
	return false
}
