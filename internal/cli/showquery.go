package cli

import (
	"regexp"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/search"
	"constat/internal/show"
	"constat/internal/timespec"
	"constat/journal/layout"
)

// query makes a query of the flags and arguments. Errors name the flag.
func (f showFlags) query(args []string) (search.Query, error) {
	q := search.Query{Reverse: f.reverse, Limit: f.lines}
	q.Units, q.Tags = f.units, f.tags
	steps := []func(*search.Query) error{f.times, f.levels, f.text, f.place, f.only,
		func(q *search.Query) (err error) { q.Matches, err = parseMatches(args); return err }}
	for _, step := range steps {
		if err := step(&q); err != nil {
			return q, err
		}
	}
	if f.follow && f.reverse {
		return q, usage("-f and -r exclude each other")
	}
	return q, nil
}

func (f showFlags) times(q *search.Query) error {
	now := time.Now()
	for _, t := range []struct {
		flag, value string
		to          **int64
	}{{"-S", f.since, &q.Since}, {"-U", f.until, &q.Until}} {
		if t.value == "" {
			continue
		}
		at, err := timespec.Parse(t.value, now, f.location())
		if err != nil {
			return usage("%s: %w", t.flag, err)
		}
		micros := at.UnixMicro()
		*t.to = &micros
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
func (f showFlags) levels(q *search.Query) error {
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
	q.MinLevel, q.MaxLevel = low, &high
	return nil
}

func (f showFlags) text(q *search.Query) error {
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
	var err error
	q.Grep, err = regexp.Compile(pattern)
	return err
}

func (f showFlags) place(q *search.Query) error {
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

func (f showFlags) only(q *search.Query) error {
	for _, name := range f.kinds {
		k, err := entry.ParseKind(name)
		if err != nil {
			return usage("--kind: %w", err)
		}
		q.Kinds = append(q.Kinds, k)
	}
	if f.boot {
		if q.Boot = ingest.BootID(); q.Boot == "" {
			return usage("-b: this system tells no boot id")
		}
	}
	return nil
}

// parseMatches reads FIELD=VALUE arguments with "+" between alternatives, as journalctl does. "*" alone is everything.
func parseMatches(args []string) ([][]search.Match, error) {
	if len(args) == 1 && args[0] == "*" {
		return nil, nil
	}
	var all [][]search.Match
	var current []search.Match
	for _, arg := range args {
		field, value, found := strings.Cut(arg, "=")
		switch {
		case arg == "+" && len(current) > 0:
			all, current = append(all, current), nil
		case arg == "+":
			return nil, usage(`"+" stands between two FIELD=VALUE`)
		case !found || !entry.ValidName(field):
			return nil, usage("%q: want FIELD=VALUE; to search in messages use -g REGEXP", arg)
		default:
			current = append(current, search.Match{Field: field, Value: []byte(value)})
		}
	}
	if len(current) > 0 {
		all = append(all, current)
	} else if len(args) > 0 {
		return nil, usage(`"+" stands between two FIELD=VALUE`)
	}
	return all, nil
}

// options are those of the printer.
func (f showFlags) options(tty bool) show.Options {
	return show.Options{Fields: f.fields, Location: f.location(), Escape: tty, Colour: tty && wantsColour()}
}
