package column

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/bench/events"
)

// A segmentOf holds columns of 65,536 lines, rows grouped by application as in a segment.
type segmentOf map[string][]Texts

// corpus reads the first segments of the RFC 5424 file that CONSTAT_CORPUS names, or makes their events.
func corpus(tb testing.TB, segments int) []segmentOf {
	var out []segmentOf
	in := bufio.NewScanner(corpusFile(tb, segments))
	for len(out) < segments {
		var rows [][]string
		for len(rows) < 65536 && in.Scan() {
			rows = append(rows, strings.SplitN(in.Text(), " ", 8))
		}
		if len(rows) == 0 {
			break
		}
		out = append(out, segment(rows))
	}
	return out
}

func corpusFile(tb testing.TB, segments int) io.Reader {
	if name := os.Getenv("CONSTAT_CORPUS"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { f.Close() })
		return f
	}
	g, err := events.New(events.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	var lines []byte
	for range 65536 * segments {
		lines = g.Append(lines)
	}
	return bytes.NewReader(lines)
}

// columnsOf are the fields of a line that become columns.
var columnsOf = map[string]int{"PRIORITY": 0, "HOSTNAME": 2, "SYSLOG_IDENTIFIER": 3, "SYSLOG_PID": 4, "MESSAGE": 7}

func segment(rows [][]string) segmentOf {
	first := map[string]int{}
	for i, r := range rows {
		if _, ok := first[r[3]]; !ok {
			first[r[3]] = i
		}
	}
	slices.SortStableFunc(rows, func(a, b []string) int { return first[a[3]] - first[b[3]] })
	s := segmentOf{}
	for part := range slices.Chunk(rows, MaxRows) {
		for name, i := range columnsOf {
			s[name] = append(s[name], repeat(len(part), func(j int) string { return part[j][i] }))
		}
	}
	return s
}

func useOf(name string) Use {
	if name == "MESSAGE" {
		return Message
	}
	return Values
}

// BenchmarkEncode says what a column takes, its shared part twice, and what encoding it costs.
func BenchmarkEncode(b *testing.B) {
	s := corpus(b, 1)[0]
	for name, blocks := range s {
		b.Run(name, func(b *testing.B) {
			e := NewEncoder()
			size := 0
			start := cpu()
			for b.Loop() {
				out, err := e.Encode(blocks, useOf(name))
				if err != nil {
					b.Fatal(err)
				}
				size = out.size()
			}
			b.ReportMetric((cpu()-start)/float64(b.N)/65536, "cpu-ns/row")
			b.ReportMetric(float64(size)/65536, "B/row")
		})
	}
}

func BenchmarkTexts(b *testing.B) {
	blocks := corpus(b, 1)[0]["MESSAGE"]
	out, c := roundTrip(b, blocks, Message)
	var t Texts
	start := cpu()
	for b.Loop() {
		for i := range blocks {
			block, err := c.Block(out.Blocks[i], blocks[i].Len())
			t.Reset()
			if err == nil {
				err = block.Texts(&t)
				block.Release()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric((cpu()-start)/float64(b.N)/65536, "cpu-ns/row")
}

// cpu gives the processor time of the process in nanoseconds: the clock of a shared machine says little.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// containing matches what contains a text.
type containing string

func (c containing) Match(v []byte) bool { return bytes.Contains(v, []byte(c)) }
func (c containing) Literal() []byte     { return []byte(c) }
func (c containing) Whole() bool         { return false }

// asking is containing without the promise that its literal is all.
type asking string

func (c asking) Match(v []byte) bool { return containing(c).Match(v) }
func (c asking) Literal() []byte     { return []byte(c) }

func BenchmarkSelect(b *testing.B) {
	blocks := corpus(b, 1)[0]["MESSAGE"]
	out, c := roundTrip(b, blocks, Message)
	for _, m := range []Matcher{containing("ecksumm"), containing("58213"), containing("5821"), containing("port 5821"), containing("Failed password"), asking("Failed password"), containing("10.251.2"), asking("for illegal user")} {
		b.Run(fmt.Sprintf("%T=%v", m, m), func(b *testing.B) {
			hits := 0
			start := cpu()
			for b.Loop() {
				hits = 0
				for i := range blocks {
					rows := NewRows(blocks[i].Len())
					block, err := c.Block(out.Blocks[i], blocks[i].Len())
					if err == nil {
						err = block.Select(rows, m)
						block.Release()
					}
					if err != nil {
						b.Fatal(err)
					}
					hits += rows.Count()
				}
			}
			b.ReportMetric(float64(hits), "hits")
			b.ReportMetric((cpu()-start)/float64(b.N)/65536, "cpu-ns/row")
		})
	}
}

// TestCorpusSearch compares searches of the corpus with a look at every message.
func TestCorpusSearch(t *testing.T) {
	blocks := corpus(t, 1)[0]["MESSAGE"]
	out, c := roundTrip(t, blocks, Message)
	for _, literal := range []string{"ecksumm", "58213", "5821", "port 5821", "Failed password", "10.251.2", "blk_-", "rhost=1", "rhost=10.2", "from 10.251.3", ".251.", "251.", ".25", "uid=0 tty"} {
		checkSelect(t, blocks, out, c, literal)
	}
}
