// Package measure holds what every measurement needs: medians, numbers for people, and words drawn from texts to
// search for. Both the bench of this repository and 'constat bench' use it.
package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Spread is the median and the range of some figures.
type Spread struct{ Median, Low, High float64 }

// SpreadOf returns the spread of a figure over a list; of none it is 0.
func SpreadOf[T any](list []T, figure func(T) float64) Spread {
	values := make([]float64, 0, len(list))
	for _, s := range list {
		values = append(values, figure(s))
	}
	slices.SortFunc(values, cmp.Compare)
	n := len(values)
	if n == 0 {
		return Spread{}
	}
	return Spread{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}
}

// String prints the median, and the range where there is one.
func (s Spread) String() string {
	if s.Low == s.High {
		return Number(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", Number(s.Median), Number(s.Low), Number(s.High))
}

// Number prints three digits or all before the point, in groups of thousands. x is not negative.
func Number(x float64) string {
	switch {
	case x != math.Trunc(x) && x < 10:
		return fmt.Sprintf("%.2f", x)
	case x != math.Trunc(x) && x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
