package show

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Cell is one named value of a row.
type Cell struct {
	Name   string
	Text   []byte
	More   [][]byte // the other values of a name that is repeated
	Number bool     // Text is a number as JSON writes it
	Absent bool     // there is no value
}

// Bounds of what a table looks at before it prints.
const (
	tableRows  = 1000
	tableBytes = 1 << 20
	maxWidth   = 60 // of a column, in characters; longer values push what follows to the right
)

// Table prints rows of named values, such as statistics, in one of the formats of entries: json prints an object a
// line, csv and logfmt what they are called, cat the values with TAB between, all others a table in columns. Columns
// are those of the first 1,000 rows. What stands under other names later is printed as NAME=VALUE behind the row; csv
// refuses it. Not for concurrent use.
type Table struct {
	printer *Printer
	format  string
	names   []string
	widths  []int
	right   []bool // numbers
	rows    [][]Cell
	size    int
	begun   bool
}

// NewTable returns a table in a format of [Formats]. The error lists them.
func NewTable(format string, o Options) (*Table, error) {
	p, err := New(format, o)
	return &Table{printer: p, format: format}, err
}

// Append takes a row, whose texts may change afterwards, and appends what can be printed by now.
func (t *Table) Append(dst []byte, row []Cell) ([]byte, error) {
	switch t.format {
	case "json":
		return t.object(dst, row), nil
	case "logfmt":
		return t.pairs(dst, row), nil
	case "cat":
		return t.values(dst, row), nil
	}
	if t.begun {
		return t.line(dst, row)
	}
	t.rows = append(t.rows, cloneRow(row))
	t.measure(row)
	if len(t.rows) < tableRows && t.size < tableBytes {
		return dst, nil
	}
	return t.Flush(dst)
}

// Flush appends the rows that were kept back.
func (t *Table) Flush(dst []byte) (_ []byte, err error) {
	if t.begun || len(t.rows) == 0 {
		return dst, nil
	}
	t.begun = true
	heading := make([]Cell, len(t.names))
	for i, name := range t.names {
		heading[i] = Cell{Name: name, Text: []byte(name)}
	}
	for _, row := range append([][]Cell{heading}, t.rows...) {
		if dst, err = t.line(dst, row); err != nil {
			return dst, err
		}
	}
	t.rows = nil
	return dst, nil
}

func cloneRow(row []Cell) []Cell {
	row = slices.Clone(row)
	for i := range row {
		row[i].Text = slices.Clone(row[i].Text)
		row[i].More = slices.Clone(row[i].More)
		for j := range row[i].More {
			row[i].More[j] = slices.Clone(row[i].More[j])
		}
	}
	return row
}

// measure widens the columns for a row.
func (t *Table) measure(row []Cell) {
	for i := range row {
		c := &row[i]
		n := slices.Index(t.names, c.Name)
		if n < 0 {
			n = len(t.names)
			t.names, t.widths = append(t.names, c.Name), append(t.widths, utf8.RuneCountInString(c.Name))
			t.right = append(t.right, true)
		}
		t.right[n] = t.right[n] && (c.Number || c.Absent)
		text := t.cell(nil, c)
		t.widths[n] = max(t.widths[n], min(utf8.RuneCount(text), maxWidth))
		t.size += len(text)
	}
}

// cell appends the text of a cell as it stands in a table.
func (t *Table) cell(dst []byte, c *Cell) []byte {
	if c.Absent {
		return append(dst, '-')
	}
	dst = t.printer.appendInline(dst, c.Text)
	for _, more := range c.More {
		dst = t.printer.appendInline(append(dst, ", "...), more)
	}
	return dst
}

// line prints a row of a table or of csv.
func (t *Table) line(dst []byte, row []Cell) ([]byte, error) {
	if t.format == "csv" {
		return t.csv(dst, row)
	}
	start := len(dst)
	for i, name := range t.names {
		at := slices.IndexFunc(row, func(c Cell) bool { return c.Name == name })
		text := []byte("-")
		if at >= 0 {
			text = t.cell(nil, &row[at])
		}
		if i > 0 {
			dst = append(dst, "  "...)
		}
		gap := bytes.Repeat([]byte{' '}, max(0, t.widths[i]-utf8.RuneCount(text)))
		if t.right[i] {
			dst = append(append(dst, gap...), text...)
		} else {
			dst = append(append(dst, text...), gap...)
		}
	}
	dst = append(dst[:start], bytes.TrimRight(dst[start:], " ")...)
	for i := range row {
		if !slices.Contains(t.names, row[i].Name) && !row[i].Absent {
			dst = appendPair(append(dst, ' '), row[i].Name, row[i].Text)
		}
	}
	return append(dst, '\n'), nil
}
