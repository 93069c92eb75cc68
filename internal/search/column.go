package search

import (
	"errors"

	"constat/journal/column"
)

var errNoColumns = errors.New("columns contradict each other")

// selectRows clears the rows whose value does not match.
func selectRows(b *column.Block, rows column.Rows, m matcher) error {
	if value, ok := b.Constant(); ok {
		if !m.Match(value) {
			rows.Reset()
		}
		return nil
	}
	if codes, values, ok := b.Codes(); ok {
		passes := make([]int8, values.Len())
		rows.Each(func(i int) bool {
			c := codes[i]
			if passes[c] == 0 {
				passes[c] = -1
				if m.Match(values.At(int(c))) {
					passes[c] = 1
				}
			}
			if passes[c] < 0 {
				rows.Clear(i)
			}
			return true
		})
		return nil
	}
	var t column.Texts
	if err := b.Some(&t, rows); err != nil {
		return err
	}
	rows.Each(func(i int) bool {
		if !m.Match(t.At(i)) {
			rows.Clear(i)
		}
		return true
	})
	return nil
}
