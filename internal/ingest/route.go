package ingest

import (
	"errors"
	"slices"

	"constat/entry"
	"constat/internal/rule"
)

// SetRules changes which journals entries go to: that which the rules say, or the journal of the intake. What was parsed
// before goes the old way. The intake asks the rules from one goroutine at a time.
func (in *Intake) SetRules(rules *rule.Set) { in.rules.Store(rules) }

// journalOf returns the journal of an entry.
func (in *Intake) journalOf(e *entry.Entry) string {
	if rules := in.rules.Load(); rules != nil {
		if name := rules.Journal(e); name != "" {
			return name
		}
	}
	return in.config.Journal
}

// sort puts the entries of one journal behind each other, each in its order, the journals in the order in which they
// first appear.
func (l *lot) sort() {
	names := l.names()
	if len(names) < 2 {
		return
	}
	sorted := &lot{entries: make([]entry.Entry, 0, cap(l.entries))}
	for _, name := range names {
		for i := range l.entries {
			if l.journals[i] == name {
				sorted.entries = append(sorted.entries, l.entries[i])
				sorted.sources = append(sorted.sources, l.sources[i])
				sorted.journals = append(sorted.journals, name)
			}
		}
	}
	l.entries, l.sources, l.journals = sorted.entries, sorted.sources, sorted.journals
}

// names returns the journals of the lot, in the order in which they first appear.
func (l *lot) names() (names []string) {
	for _, name := range l.journals {
		if len(names) == 0 || name != names[len(names)-1] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// appendTo appends a lot, journal by journal. An error says how many of its entries were kept.
func (l *lot) appendTo(store Store) error {
	for from := 0; from < len(l.entries); {
		to := from + 1
		for to < len(l.entries) && l.journals[to] == l.journals[from] {
			to++
		}
		if _, err := store.Append(l.journals[from], l.entries[from:to]); err != nil {
			if kept := from + keptOf(to-from, err); kept > 0 {
				return &PartialError{N: kept, Err: cause(err)}
			}
			return err
		}
		from = to
	}
	return nil
}

// cause is an error without how much was kept in spite of it.
func cause(err error) error {
	var partial *PartialError
	if errors.As(err, &partial) {
		return partial.Err
	}
	return err
}
