package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"constat/internal/measure"
)

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// writeQuestions prints one row a question: the times of each archive, and constat's as a multiple of the peer's.
func writeQuestions(w io.Writer, s *suite, list []asked) {
	fmt.Fprintf(w, "\n### questions: whole processes, warm, in ms; × is constat's time through the peer's, pair by pair\n\n| question | rows | goal |")
	for _, sh := range s.shelves {
		fmt.Fprintf(w, " %s |", sh.name())
	}
	fmt.Fprintf(w, "\n|---|---|---|%s\n", strings.Repeat("---|", len(s.shelves)))
	for _, a := range list {
		fmt.Fprintf(w, "| %s | %d | %s |", a.question, a.hits, cmp.Or(a.goal, "–"))
		for i := range s.shelves {
			fmt.Fprintf(w, " %s |", a.cell(i))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nEvery answer was compared with what reading all events gives; they are equal. The needles come again with -needles %d.\n", s.needles)
}

// cell is the time of one archive.
func (a asked) cell(i int) string {
	if len(a.times[i]) == 0 {
		return "–"
	}
	text := measure.SpreadOf(a.times[i], milliseconds).String()
	if i == 0 || len(a.times[0]) != len(a.times[i]) {
		return text
	}
	ratios := make([]float64, len(a.times[i]))
	for r := range ratios {
		ratios[r] = a.times[0][r].Seconds() / a.times[i][r].Seconds()
	}
	same := func(x float64) float64 { return x }
	return fmt.Sprintf("%s × %.2f", text, measure.SpreadOf(ratios, same).Median)
}
