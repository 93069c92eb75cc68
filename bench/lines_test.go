package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
)

func linesOf(seed uint64, syntax string, n int) []byte {
	return appendLines(nil, newGenerator(seed, syntax), n)
}

// The lines of a seed never change: otherwise figures of two versions cannot be compared.
func TestLinesAreTheSameForEver(t *testing.T) {
	for syntax, want := range map[string]string{
		rfc5424: "a83e00adbd134391",
		rfc3164: "85978fc145b2a200",
	} {
		b := linesOf(1, syntax, 10_000)
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("%s: digest %s, want %s", syntax, got, want)
		}
		if bytes.Equal(b, linesOf(2, syntax, 10_000)) {
			t.Errorf("%s: another seed gives the same lines", syntax)
		}
	}
}

var shapes = map[string]*regexp.Regexp{
	rfc5424: regexp.MustCompile(`^<\d{1,3}>1 2026-01-15T\d\d:\d\d:\d\d\.\d{6}Z [a-z]+\d+ [a-z]+ (-|\d+) - (-|\[origin@32473 ip="[\d.]+"\]) [ -~]+$`),
	rfc3164: regexp.MustCompile(`^<\d{1,3}>Jan 15 \d\d:\d\d:\d\d [a-z]+\d+ [a-z]+(\[\d+\])?: [ -~]+$`),
}

func TestLinesLookReal(t *testing.T) {
	const n = 20_000
	for syntax, shape := range shapes {
		b := linesOf(1, syntax, n)
		hostCount := map[string]int{}
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSuffix(line, "\n")
			if !shape.MatchString(line) || strings.ContainsAny(line, "{}") {
				t.Fatalf("%s: %q", syntax, line)
			}
			at := 2
			if syntax == rfc3164 {
				at = 3
			}
			hostCount[strings.Fields(line)[at]]++
		}
		if mean := len(b) / n; syntax == rfc5424 && (mean < 120 || mean > 140) {
			t.Errorf("a line has %d octets", mean)
		}
		most := 0
		for _, c := range hostCount {
			most = max(most, c)
		}
		if len(hostCount) < hosts*9/10 || most < n/20 {
			t.Errorf("%s: %d hosts, %d lines of the busiest", syntax, len(hostCount), most)
		}
	}
}

func TestWeights(t *testing.T) {
	sum := 0
	for _, a := range apps {
		sum += a.weight
	}
	if sum != 100 {
		t.Errorf("weights add up to %d", sum)
	}
}

// BenchmarkGenerator must show a million lines a second and more: the generator must not be what is measured.
func BenchmarkGenerator(b *testing.B) {
	g := newGenerator(1, rfc5424)
	var line []byte
	for range b.N {
		line = g.append(line[:0])
	}
	b.SetBytes(int64(len(line)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
