package query

import (
	"strconv"
	"time"
)

// Pipe is one step after the filter, as a value: [Fields], [Drop], [Limit], [Offset], [Sort], [First], [Last], [Stats],
// [Top], [Uniq], [Extract], [Unpack], [Format], [Rename], [Context], [Patterns], [Sample], [Verify] or [Where]. A step
// sees the rows of the step before it; names of fields in it are roles or fields as in Match, "message" being the role.
type Pipe interface{ pipe() }

// Fields keeps only these fields, in this order.
type Fields struct{ Names []string }

// Drop removes these fields.
type Drop struct{ Names []string }

// Limit keeps the first N rows; "head" is another spelling.
type Limit struct{ N int }

// Offset leaves out the first N rows.
type Offset struct{ N int }

// Key is one field to sort by: numbers of [CompareNumbers] as such and before everything else, the rest by bytes, rows
// without the field last in either direction. The names time, received, event and index are what they are in filters.
type Key struct {
	Field string
	Desc  bool
}

// Sort orders the rows by the keys; rows that are equal stay in their order.
type Sort struct{ Keys []Key }

// First keeps N rows: the first ones after sorting by Keys, or as they come if there are none.
type First struct {
	N    int
	Keys []Key
}

// Last keeps N rows: the last ones after sorting by Keys (or as they come), in that order.
type Last struct {
	N    int
	Keys []Key
}

// Func is one figure of Stats. count and rate have no Field; rate is the count per second of the time bucket, or of
// the time between first and last row if there is no bucket. sum, avg, min, max and quantile leave out values that are
// no numbers of [CompareNumbers]; distinct counts different values.
type Func struct {
	Name     string // count, rate, distinct, sum, min, max, avg, quantile
	Field    string
	Quantile float64 // 0 to 1, of quantile
	As       string  // name of the column; "": see Column
}

// Column returns the name of the column: As, or else the function as written.
func (f Func) Column() string {
	if f.As != "" {
		return f.As
	}
	return f.call()
}

// Group is one column by which Stats groups: a field, or (Bucket > 0) the axis Field cut into pieces that long, which
// begin at multiples of Bucket since 1970-01-01 UTC.
type Group struct {
	Field  string
	Bucket time.Duration // whole µs
}

// Stats replaces the rows by one for each combination of groups, sorted by the groups as Sort does.
type Stats struct {
	Funcs []Func // at least one
	By    []Group
}

// Top replaces the rows by the N most frequent values of a field with their "count", most frequent first, equals by
// value.
type Top struct {
	N     int
	Field string
}

// Uniq keeps the first row of each combination of these fields.
type Uniq struct{ Names []string }

// Extract adds fields taken from a field's value: by Pattern or by the named groups of Regexp; one of the two is set.
// Rows that do not match stay as they are.
type Extract struct {
	Pattern *Pattern
	Regexp  *Regexp
	From    string // "" is the message
}

// Unpack adds the fields of a value that is JSON, logfmt or a syslog line.
type Unpack struct {
	Format string // json, logfmt, syslog
	From   string // "" is the message
}

// Format writes a text made of the row's fields (absent ones are empty) into a field.
type Format struct {
	Template *Pattern
	As       string // "" is MESSAGE
}

// Renaming is one new name.
type Renaming struct{ From, To string }

// Rename gives fields new names, one after the other.
type Rename struct{ Pairs []Renaming }

// Context adds the entries of the same journal that lie up to Before before and After after each entry.
type Context struct{ Before, After int }

// Patterns replaces the rows by the N (0: all) most frequent message templates with their counts.
type Patterns struct{ N int }

// Sample keeps entries whose index is a multiple of N, so that it is repeatable.
type Sample struct{ N int }

// Verify proves each returned row against the checkpoint of its journal.
type Verify struct{}

// Where is a filter on the rows of the step before.
type Where struct{ Filter Node }

func (Fields) pipe()   {}
func (Drop) pipe()     {}
func (Limit) pipe()    {}
func (Offset) pipe()   {}
func (Sort) pipe()     {}
func (First) pipe()    {}
func (Last) pipe()     {}
func (Stats) pipe()    {}
func (Top) pipe()      {}
func (Uniq) pipe()     {}
func (Extract) pipe()  {}
func (Unpack) pipe()   {}
func (Format) pipe()   {}
func (Rename) pipe()   {}
func (Context) pipe()  {}
func (Patterns) pipe() {}
func (Sample) pipe()   {}
func (Verify) pipe()   {}
func (Where) pipe()    {}

func (f Func) call() string {
	switch f.Name {
	case "count", "rate":
		return f.Name + "()"
	case "quantile":
		return f.Name + "(" + strconv.FormatFloat(f.Quantile, 'f', -1, 64) + ", " + quoteField(f.Field) + ")"
	}
	return f.Name + "(" + quoteField(f.Field) + ")"
}
