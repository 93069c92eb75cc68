package query

import (
	"fmt"
	"unicode/utf8"
)

// Error says where a query cannot be read, and what would be right there.
type Error struct {
	Query  string // the whole text
	Column int    // in characters, from 1; one beyond the last at the end of the text
	Want   string
}

// Error names the column, what was wanted and what stands there.
func (e *Error) Error() string {
	rest := []rune(e.Query)[min(e.Column-1, utf8.RuneCountInString(e.Query)):]
	if len(rest) == 0 {
		return fmt.Sprintf("query, column %d: want %s, found the end", e.Column, e.Want)
	}
	return fmt.Sprintf("query, column %d: want %s, found %q", e.Column, e.Want, string(rest[:min(len(rest), 20)]))
}
