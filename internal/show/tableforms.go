package show

import (
	"fmt"
	"slices"
)

// object prints a row as JSON. Names that stand in it twice would be a mistake of the caller.
func (t *Table) object(dst []byte, row []Cell) []byte {
	dst = append(dst, '{')
	for i := range row {
		c := &row[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendJSONString(dst, c.Name), ':')
		switch {
		case c.Absent:
			dst = append(dst, "null"...)
		case c.Number:
			dst = append(dst, c.Text...)
		case len(c.More) == 0:
			dst = appendJSONText(dst, c.Text)
		default:
			dst = appendJSONText(append(dst, '['), c.Text)
			for _, more := range c.More {
				dst = appendJSONText(append(dst, ','), more)
			}
			dst = append(dst, ']')
		}
	}
	return append(dst, "}\n"...)
}

// pairs prints a row as logfmt.
func (t *Table) pairs(dst []byte, row []Cell) []byte {
	start := len(dst)
	for i := range row {
		if row[i].Absent {
			continue
		}
		dst = appendPair(separate(dst, start), row[i].Name, row[i].Text)
		for _, more := range row[i].More {
			dst = appendPair(append(dst, ' '), row[i].Name, more)
		}
	}
	return append(dst, '\n')
}

// values prints the values of a row with TAB between.
func (t *Table) values(dst []byte, row []Cell) []byte {
	for i := range row {
		if i > 0 {
			dst = append(dst, '\t')
		}
		if !row[i].Absent {
			dst = t.printer.appendInline(dst, row[i].Text)
		}
	}
	return append(dst, '\n')
}

func (t *Table) csv(dst []byte, row []Cell) ([]byte, error) {
	start := len(dst)
	for i, name := range t.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		begin := len(dst)
		if at := slices.IndexFunc(row, func(c Cell) bool { return c.Name == name }); at >= 0 {
			dst = append(dst, row[at].Text...)
			for _, more := range row[at].More {
				dst = append(append(dst, '\n'), more...)
			}
		}
		dst = quoteCell(dst, begin, len(t.names) == 1)
	}
	for i := range row {
		if !slices.Contains(t.names, row[i].Name) {
			return dst[:start], fmt.Errorf("csv: field %q appears after the header was printed; name the fields with \"| fields …\"", row[i].Name)
		}
	}
	return append(dst, '\n'), nil
}
