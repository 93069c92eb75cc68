package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"constat/internal/measure"
)

// smallSize is what a big store is compared with.
const smallSize = 1_000_000

// bigRoom is how many bytes on disk an event of the generator may need, heads and segments together.
const bigRoom = 48

// big is a measurement of two stores that differ in nothing but their size.
type big struct {
	*suite
	keep   string // directory of the stores
	small  int    // events of the store to compare with
	events int
}

// runBig makes the two stores, unless an earlier run has, and asks both the same.
func (o options) runBig(ctx context.Context, out, talk io.Writer) (err error) {
	if o.big < 2*smallSize {
		return fmt.Errorf("-big %d: want %d and more", o.big, 2*smallSize)
	}
	work, err := os.MkdirTemp(o.dir, "cb")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	o.messages = 1000
	s, err := o.suite(ctx, work, talk)
	if err != nil {
		return err
	}
	b := big{s, filepath.Join(s.work, "big"), smallSize, o.big}
	if o.keep != "" {
		if b.keep, err = filepath.Abs(o.keep); err != nil {
			return err
		}
	}
	if err := b.room(); err != nil {
		return err
	}
	return b.measure(ctx, out)
}

// room says how much disk the stores need, and refuses to begin with less.
func (b big) room() error {
	if err := os.MkdirAll(b.keep, 0o755); err != nil {
		return err
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(b.keep, &st); err != nil {
		return err
	}
	there, err := bytesBelow(b.keep)
	if err != nil {
		return err
	}
	need, free := int64(b.events+b.small)*bigRoom-there, int64(st.Bavail)*st.Bsize
	b.progress("%s events of the generator, and %s to compare with, need up to %.1f GB in %s; %.1f GB are free",
		measure.Number(float64(b.events)), measure.Number(float64(b.small)), float64(max(need, 0))/1e9, b.keep, float64(free)/1e9)
	if need > free {
		return fmt.Errorf("-big %d: not enough room; name a directory on a larger disk with -keep DIR, or take fewer events", b.events)
	}
	return nil
}

// measure loads both stores and asks them in turns.
func (b big) measure(ctx context.Context, out io.Writer) error {
	stores := make([]bigStore, 2)
	for i, n := range []int{b.small, b.events} {
		var err error
		if stores[i], err = b.store(ctx, n); err != nil {
			return err
		}
	}
	machine, err := b.look(ctx)
	if err != nil {
		return err
	}
	var list []bigResult
	for _, q := range bigQuestions {
		r, err := b.ask(ctx, q, stores)
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	b.write(out, machine, stores, list)
	return nil
}

// bigQuestion is asked of both stores.
type bigQuestion struct {
	title string
	args  func(known) []string
	want  func(known) []string // the lines; nil if only their number is known
	rows  func(known) int
}

// rowsOf are the number of the lines wanted.
func (q bigQuestion) rowsOf(k known) int {
	if q.rows != nil {
		return q.rows(k)
	}
	return len(q.want(k))
}

// bigQuestions is the table of them.
var bigQuestions = []bigQuestion{
	{title: "opening, nothing to find", args: func(known) []string { return []string{"-S", "2200-01-01T00:00:00Z"} }, rows: func(known) int { return 0 }},
	{title: "last 10", args: func(known) []string { return []string{"-n", "10"} }, want: func(k known) []string { return k.last }},
	{title: "-n 10 of a common value", args: func(known) []string { return []string{"-n", "10", "host:" + commonHost} }, want: func(k known) []string { return k.common }},
	{title: "a value that stands in one segment", args: func(known) []string { return []string{mark} }, want: func(k known) []string { return []string{k.marked} }},
	{title: "window of a minute", args: func(k known) []string {
		return []string{"-S", k.from.Format(time.RFC3339), "-U", k.from.Add(time.Minute).Format(time.RFC3339)}
	}, rows: func(k known) int { return k.inWindow }},
}

// bigResult are the replies to a question by store.
type bigResult struct {
	bigQuestion
	replies [2][]reply
}

// ask asks both stores in turns, once more than it counts, and compares what they say.
func (b big) ask(ctx context.Context, q bigQuestion, stores []bigStore) (r bigResult, err error) {
	r.bigQuestion = q
	for round := range b.rounds + 1 {
		for i, st := range stores {
			command := append([]string{b.binary, "show", "--no-pager", "--store", st.constat.store(st.dir), "-o", "raw"}, q.args(st.known)...)
			got, err := ask(ctx, command, true)
			if err != nil {
				return r, fmt.Errorf("%s: %w", q.title, err)
			}
			if err := q.compare(st.known, got.out); err != nil {
				return r, fmt.Errorf("%s of %d events: %w\nthe command was %q", q.title, st.events, err, command)
			}
			if round > 0 {
				r.replies[i] = append(r.replies[i], got)
			}
		}
	}
	b.progress("%s: %s and %s ms", q.title, r.times(0), r.times(1))
	return r, nil
}

// compare compares what was printed with what the generator made.
func (q bigQuestion) compare(k known, out []byte) error {
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		lines = nil
	}
	if n := q.rowsOf(k); len(lines) != n {
		return fmt.Errorf("%d lines where %d are right", len(lines), n)
	}
	if q.want != nil && !slices.Equal(lines, q.want(k)) {
		return errors.New(difference(lines, q.want(k)))
	}
	return nil
}

func (r bigResult) times(i int) measure.Spread {
	return measure.SpreadOf(r.replies[i], func(r reply) float64 { return milliseconds(r.elapsed) })
}

func (r bigResult) memory(i int) float64 {
	return measure.SpreadOf(r.replies[i], func(r reply) float64 { return mega(r.memory) }).High
}

// write prints the table.
func (b big) write(w io.Writer, m machine, stores []bigStore, list []bigResult) {
	fmt.Fprintf(w, "## Two stores of the own generator's events, %s and %s\n\n| | |\n|---|---|\n",
		measure.Number(float64(stores[0].events)), measure.Number(float64(stores[1].events)))
	for _, row := range m.rows() {
		fmt.Fprintf(w, "| %s | %s |\n", row[0], row[1])
	}
	fmt.Fprint(w, "\n| loading | events | events/s | bytes each | MB at most |\n|---|---|---|---|---|\n")
	for _, st := range stores {
		fmt.Fprintf(w, "| import and rotate | %s | %s | %s | %s |\n", measure.Number(float64(st.events)), st.rate(),
			measure.Number(float64(st.bytes)/float64(st.events)), orDash(mega(st.peak)))
	}
	fmt.Fprint(w, "\n| whole process, warm | rows | ms, small | ms, big | big / small | MB, small | MB, big |\n|---|---|---|---|---|---|---|\n")
	for _, r := range list {
		ratios := make([]float64, len(r.replies[0]))
		for i := range ratios {
			ratios[i] = r.replies[1][i].elapsed.Seconds() / r.replies[0][i].elapsed.Seconds()
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", r.title, strconv.Itoa(r.rowsOf(stores[1].known)), r.times(0), r.times(1),
			ratio(ratios), measure.Number(r.memory(0)), measure.Number(r.memory(1)))
	}
	fmt.Fprintln(w, "\nEvery line was compared with what the generator made.")
}

func orDash(x float64) string {
	if x == 0 {
		return "–"
	}
	return measure.Number(x)
}
