package file

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"constat/entry"
	"constat/internal/input"
)

// What can be wrong with a line.
const (
	// FlagTruncated: the file or pipe ended before the line did.
	FlagTruncated = "truncated"
	// FlagOversize: only the beginning was kept, because the line is longer than the limit.
	FlagOversize = "oversize"
)

// DefaultLimit is how many octets of a line are kept, unless the configuration says otherwise.
const DefaultLimit = 64 << 10

// Why lines are not kept, as it stands in loss entries.
const (
	reasonEmpty   = "empty"
	reasonGone    = "gone, perhaps before it was read to its end"
	reasonStopped = "stopped"

	// reasonTruncated is that of a file that was truncated, and of which no copy was found.
	reasonTruncated = "truncated, perhaps before it was read to its end"
)

// cut adds the whole lines at the beginning of b to a chunk. end is where they end, empty how many of them have no octets.
func cut(c *input.Chunk, b []byte, limit int) (end int, empty uint64) {
	for {
		n := bytes.IndexByte(b[end:], '\n')
		if n < 0 {
			return end, empty
		}
		if n == 0 {
			empty++
		} else {
			add(c, b[end:end+min(n, limit)], n)
		}
		end += n + 1
	}
}

// add adds the kept octets of a line of so many octets.
func add(c *input.Chunk, kept []byte, size int) {
	m := input.Message{Start: len(c.Octets), End: len(c.Octets) + len(kept), Lost: int64(size - len(kept))}
	if m.Lost > 0 {
		m.Flag = FlagOversize
	}
	c.Octets = append(c.Octets, kept...)
	c.Messages = append(c.Messages, m)
}

// sourceOf describes a file or a pipe.
func sourceOf(kind, path string, f input.Format) *input.Source {
	return &input.Source{Name: kind + " " + printable(path), Format: f, Local: true, Fields: []entry.Field{
		{Name: "_TRANSPORT", Value: []byte(kind), Provenance: entry.Observed},
		{Name: "_FILE", Value: []byte(path), Provenance: entry.Observed},
	}}
}

// printable is a path as people read it; one with what is no UTF-8 or cannot be printed stands in quotes.
func printable(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return strconv.Quote(path)
	}
	return path
}
