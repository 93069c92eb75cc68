package daemon

import (
	"context"

	"constat/internal/config"
	"constat/internal/input/native"
	"constat/journal"
)

// privateOf makes the rules of a configuration those of the writer.
func privateOf(list []config.Private) (rules []journal.PrivateRule) {
	for _, p := range list {
		rules = append(rules, journal.PrivateRule{Journal: p.Journal, Tag: p.Tag, Fields: p.Fields})
	}
	return rules
}

// Erase implements [native.Backend].
func (b backend) Erase(ctx context.Context, x native.Erase, by string) (native.Answer, error) {
	done, err := b.d.store.Erase(ctx, journal.Erasure{Field: x.Field, Entries: x.Entries, Reason: x.Reason, Selector: x.Selector, By: by})
	return native.Answer{Entries: done.Entries, Values: done.Values, Before: done.Before}, err
}
