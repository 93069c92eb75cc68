package search

import (
	"errors"
	"slices"

	"constat/entry"
)

// isText reports whether a field is one whose filters hold tokens: messages and received octets. Segments decide it
// so too.
func isText(name string) bool {
	return name == entry.Raw || slices.Contains(entry.RoleNames("message"), name)
}

var errNoColumns = errors.New("columns contradict each other")
