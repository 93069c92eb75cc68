package cli

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/search"
	"constat/internal/show"
	"constat/internal/timespec"
	"constat/journal/layout"
	"constat/query"
)

// query makes a query of the flags and arguments. Errors name the flag.
func (f showFlags) query(args []string) (search.Query, error) {
	q := search.Query{Reverse: f.reverse, Limit: f.lines}
	asked, err := parseArgs(args)
	if err != nil {
		return q, err
	}
	filter := &conjunction{asked.Filter}
	q.Pipes = asked.Pipes
	for _, step := range []func(*search.Query, *conjunction) error{f.times, f.levels, f.text, f.place, f.only} {
		if err := step(&q, filter); err != nil {
			return q, err
		}
	}
	filter.tags(f.tags)
	filter.units(f.units)
	*filter = append(*filter, f.also...)
	q.Filter = query.And{Nodes: *filter}
	if f.follow && f.reverse {
		return q, usage("-f and -r exclude each other")
	}
	if name := needsEnd(q.Pipes); f.follow && name != "" {
		return q, usage("-f: %s needs an end, and there is none", name)
	}
	return q, nil
}

// needsEnd returns the name of the first pipe that yields nothing before the last row is there.
func needsEnd(pipes []query.Pipe) string {
	for _, p := range pipes {
		switch p := p.(type) {
		case query.Stats, query.Top, query.Sort, query.Patterns, query.Last:
			return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", p), "query."))
		case query.First:
			if len(p.Keys) > 0 {
				return "first"
			}
		}
	}
	return ""
}

// conjunction is what must hold, all of it.
type conjunction []query.Node

func (c *conjunction) add(n query.Node) { *c = append(*c, n) }

func (c *conjunction) tags(tags []string) {
	if len(tags) > 0 {
		c.add(query.Match{Field: "app", Op: query.Equal{Values: tags}})
	}
}

// unitFields are where journalctl looks for a unit: that of the sender, and that which a message is about.
var unitFields = [...]string{"_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT", "_SYSTEMD_SLICE"}

func (c *conjunction) units(units []string) {
	if len(units) == 0 {
		return
	}
	var names []string
	for _, unit := range units {
		if !strings.Contains(unit, ".") {
			unit += ".service"
		}
		names = append(names, unit)
	}
	var any query.Or
	for _, field := range unitFields {
		any.Nodes = append(any.Nodes, query.Match{Field: field, Op: query.Equal{Values: names}})
	}
	c.add(any)
}

func (f showFlags) times(q *search.Query, c *conjunction) error {
	now := time.Now()
	q.ReadTime = func(text string) (time.Time, error) { return timespec.Parse(text, now, f.location()) }
	t := query.Time{Axis: query.Default, Low: query.Bound{Text: f.since}, High: query.Bound{Text: f.until, Open: true}}
	for _, flag := range []struct{ name, value string }{{"-S", f.since}, {"-U", f.until}} {
		if flag.value == "" {
			continue
		}
		if _, err := q.ReadTime(flag.value); err != nil {
			return usage("%s: %w", flag.name, err)
		}
	}
	if f.since != "" || f.until != "" {
		c.add(t)
	}
	q.Axis = layout.Axis(f.axis)
	if q.Axis != "" && q.Axis != layout.Received && q.Axis != layout.Event {
		return usage("--time %q: want received or event", f.axis)
	}
	return nil
}

func (f showFlags) location() *time.Location {
	if f.utc {
		return time.UTC
	}
	return time.Local
}

// levels reads -p: one level and everything worse, or a range in either order.
func (f showFlags) levels(_ *search.Query, c *conjunction) error {
	if f.priority == "" {
		return nil
	}
	from, to, isRange := strings.Cut(f.priority, "..")
	low, ok := entry.ParseLevel(from)
	high := low
	if isRange {
		var ok2 bool
		high, ok2 = entry.ParseLevel(to)
		ok = ok && ok2
	} else {
		low = 0
	}
	if !ok {
		return usage("-p %q: want emerg, alert, crit, err, warning, notice, info, debug, a number 0 to 7, or a range such as err..notice", f.priority)
	}
	low, high = min(low, high), max(low, high)
	c.add(query.Match{Field: "level", Op: query.Levels{Set: uint8(1<<(high+1) - 1<<low)}})
	return nil
}

func (f showFlags) text(_ *search.Query, c *conjunction) error {
	if f.grep == "" {
		return nil
	}
	pattern := f.grep
	if pattern == strings.ToLower(pattern) {
		pattern = "(?i)" + pattern
	}
	if _, err := regexp.Compile(f.grep); err != nil {
		return usage("-g %q: %w", f.grep, err)
	}
	re, err := regexp.Compile(pattern)
	c.add(query.Match{Op: query.Regexp{Source: pattern, RE: re}})
	return err
}

func (f showFlags) place(q *search.Query, _ *conjunction) error {
	for _, name := range f.journals {
		if err := layout.ValidJournalName(name); err != nil {
			return usage("--journal: %w", err)
		}
	}
	if f.cursor == "" {
		return nil
	}
	id, index, err := show.ParseCursor(f.cursor)
	if err != nil {
		return usage("--cursor: %w", err)
	}
	q.Cursor = &search.Position{Journal: id, Index: index}
	return nil
}

func (f showFlags) only(_ *search.Query, c *conjunction) error {
	for _, name := range f.kinds {
		if _, err := entry.ParseKind(name); err != nil {
			return usage("--kind: %w", err)
		}
	}
	if len(f.kinds) > 0 {
		c.add(query.Kind{Names: f.kinds})
	}
	if f.boot {
		id := ingest.BootID()
		if id == "" {
			return usage("-b: this system tells no boot id")
		}
		c.add(query.Boot{ID: id})
	}
	return nil
}

// options are those of the printer.
func (f showFlags) options(tty bool) show.Options {
	return show.Options{Fields: f.fields, Location: f.location(), Escape: tty, Colour: tty && wantsColour()}
}
