package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"constat/internal/measure"
)

// A column is a figure of a contender over its rounds, or a text.
type column struct {
	title string
	cell  func(list []sample) string
}

// columns is the table of what is printed of each case. A column that is empty for all contenders is left out.
var columns = []column{
	{"messages/s", func(l []sample) string {
		return cellIf(l, func(s sample) bool { return s.elapsed > 0 }, sample.perSecond)
	}},
	{"durable/s", func(l []sample) string {
		return cellIf(l, func(s sample) bool { return s.durable > 0 }, sample.durablePerSecond)
	}},
	{"CPU µs each", func(l []sample) string { return cellIf(l, func(s sample) bool { return s.cpu > 0 }, sample.cpuEach) }},
	{"bytes each", func(l []sample) string {
		return cellIf(l, func(s sample) bool { return s.bytes > 0 }, sample.bytesEach)
	}},
	{"not kept", func(l []sample) string {
		return cellIf(l, networked, func(s sample) float64 { return float64(s.lost + s.counted) })
	}},
	{"of them counted", func(l []sample) string {
		return cellIf(l, networked, func(s sample) float64 { return float64(s.counted) })
	}},
	{"MB idle", func(l []sample) string {
		return cellIf(l, func(s sample) bool { return s.idle > 0 }, func(s sample) float64 { return mega(s.idle) })
	}},
	{"MB at most", func(l []sample) string {
		return cellIf(l, func(s sample) bool { return s.peak > 0 }, func(s sample) float64 { return mega(s.peak) })
	}},
	{"limit", func(l []sample) string { return l[len(l)/2].limit }},
}

func networked(s sample) bool { return s.network }

func mega(bytes int64) float64 { return float64(bytes) / 1e6 }

// cellIf prints the spread of a figure, if it applies to the samples.
func cellIf(l []sample, applies func(sample) bool, figure func(sample) float64) string {
	if !applies(l[0]) {
		return ""
	}
	return measure.SpreadOf(l, figure).String()
}

// String is a sample in one line, for people who wait.
func (s sample) String() string {
	parts := []string{}
	for _, c := range columns {
		if text := c.cell([]sample{s}); text != "" {
			parts = append(parts, text+" "+c.title)
		}
	}
	return strings.TrimSuffix(strings.Join(parts, ", "), " limit")
}

// writeCase prints a case as a table, and how constat compares.
func writeCase(w io.Writer, r result) {
	fmt.Fprintf(w, "\n### %s: %s\n\n", r.name, r.title)
	var shown []column
	for _, c := range columns {
		for _, list := range r.samples {
			if len(list) > 0 && c.cell(list) != "" {
				shown = append(shown, c)
				break
			}
		}
	}
	fmt.Fprint(w, "| |")
	for _, c := range shown {
		fmt.Fprintf(w, " %s |", c.title)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(shown)))
	for i, who := range r.contenders {
		writeRow(w, who, r.samples[i], shown)
	}
	for i := range r.contenders[1:] {
		writeRatio(w, r, i+1)
	}
}

func writeRow(w io.Writer, who contender, list []sample, shown []column) {
	fmt.Fprintf(w, "| %s |", who.name)
	if len(list) == 0 {
		fmt.Fprintf(w, " %s |%s\n", who.missing, strings.Repeat(" |", len(shown)-1))
		return
	}
	for _, c := range shown {
		fmt.Fprintf(w, " %s |", c.cell(list))
	}
	fmt.Fprintln(w)
}

// ratios are the figures whose quotients are printed under a table.
var ratios = []struct {
	title  string
	figure func(sample) float64 // 0 if it does not apply
}{
	{"messages/s", func(s sample) float64 {
		if s.elapsed == 0 {
			return 0
		}
		return s.perSecond()
	}},
	{"messages/s until durable", func(s sample) float64 {
		if s.durable == 0 && !s.network {
			return 0
		}
		return s.durablePerSecond()
	}},
	{"CPU", sample.cpuEach},
	{"bytes", sample.bytesEach},
}

// writeRatio prints constat's figures divided by those of a peer, pair by pair.
func writeRatio(w io.Writer, r result, peer int) {
	var parts []string
	for _, f := range ratios {
		var list []float64
		for i, other := range r.samples[peer] {
			if own, other := f.figure(r.samples[0][i]), f.figure(other); own > 0 && other > 0 {
				list = append(list, own/other)
			}
		}
		if len(list) > 0 {
			parts = append(parts, f.title+" "+ratio(list))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "\nconstat / %s, pair by pair: %s.\n", r.contenders[peer].name, strings.Join(parts, ", "))
	}
}

// ratio prints the spread of some ratios.
func ratio(list []float64) string {
	s := measure.SpreadOf(list, func(x float64) float64 { return x })
	return fmt.Sprintf("× %.2f (%.2f–%.2f)", s.Median, s.Low, s.High)
}

// writeHead prints what was measured where.
func writeHead(w io.Writer, s *suite, m machine, now time.Time) {
	fmt.Fprintf(w, "## Benchmark of %s\n\n| | |\n|---|---|\n", now.UTC().Format("2006-01-02 15:04 UTC"))
	for _, row := range append(m.rows(), [2]string{"Load", fmt.Sprintf("%s messages %s, RFC 5424; median (least–most) of %d interleaved rounds",
		measure.Number(float64(s.messages)), s.load.origin, s.rounds)}) {
		fmt.Fprintf(w, "| %s | %s |\n", row[0], row[1])
	}
}
