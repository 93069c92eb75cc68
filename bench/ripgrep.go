package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
)

// ripgrep searches the plain text; the newest lines come from tail.
type ripgrep struct{ text, program string }

func (ripgrep) name() string { return "ripgrep" }

func (r ripgrep) missing() string { return missingUnless(r.program, "ripgrep") }

func (r ripgrep) version(ctx context.Context) string { return wordOf(ctx, 1, r.program, "--version") }

// load implements [archive]: the text is there already.
func (r ripgrep) load(context.Context, string) (one sample, err error) {
	info, err := os.Stat(r.text)
	if err != nil {
		return one, err
	}
	lines, err := countLines(r.text)
	return sample{messages: lines, bytes: info.Size(), limit: "the text as it is"}, err
}

// ask implements [archive].
func (r ripgrep) ask(_ string, q question) []string {
	if q.kind == newest {
		return []string{"tail", "-n", strconv.Itoa(q.n), r.text}
	}
	args := grepArgs(q)
	if args == nil {
		return nil
	}
	return append(append([]string{r.program}, args...), r.text)
}

// grepArgs are the options and the pattern for a question; nil if a search of lines does not answer it.
func grepArgs(q question) []string {
	args := []string{"-N", "--no-config", "--color=never"}
	switch q.kind {
	case byField:
		if q.n > 0 {
			return nil
		}
		before := map[string]int{"host": 2, "app": 3, "pid": 4}[q.field]
		return append(args, "-e", fmt.Sprintf(`^(?:\S+ ){%d}%s `, before, regexp.QuoteMeta(q.value)))
	case window:
		return append(args, "-e", `^\S+ `+regexp.QuoteMeta(q.from.Format("2006-01-02T15:04:")))
	case word:
		return append(args, "-F", "-w", "-e", q.needle)
	case substring:
		return append(args, "-F", "-e", q.needle)
	case pattern:
		return append(args, "-e", q.needle)
	}
	return nil
}

// read implements [archive].
func (ripgrep) read(_ question, out []byte) (answer, error) { return messagesOf(out) }

// messagesOf are the messages of lines, sorted.
func messagesOf(out []byte) (a answer, err error) {
	for line := range bytes.Lines(out) {
		e, err := parseEvent(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, err
		}
		a = append(a, string(e.message))
	}
	slices.Sort(a)
	return a, nil
}

// packed is the text compressed as far as zstd does in reasonable time; searching unpacks it.
type packed struct{ text, program, search string }

func (packed) name() string { return "zstd-19" }

func (p packed) missing() string { return missingUnless(p.program, "zstd") }

func (p packed) version(ctx context.Context) string { return wordOf(ctx, 4, p.program, "--version") }

func (packed) file(dir string) string { return dir + "/events.log.zst" }

// load implements [archive].
func (p packed) load(ctx context.Context, dir string) (one sample, err error) {
	lines, err := countLines(p.text)
	if err != nil {
		return one, err
	}
	one, err = timed(ctx, dir, lines, []string{p.program, "-q", "-19", "-T1", p.text, "-o", p.file(dir)})
	if err == nil {
		one.bytes, err = bytesBelow(p.file(dir))
	}
	return one, err
}

// ask implements [archive].
func (p packed) ask(dir string, q question) []string {
	args := grepArgs(q)
	if args == nil || p.search == "" {
		return nil
	}
	return append([]string{"sh", "-c", `zstd -dcq "$1" | { shift; exec "$@"; }`, "sh", p.file(dir), p.search}, args...)
}

// read implements [archive].
func (packed) read(_ question, out []byte) (answer, error) { return messagesOf(out) }
