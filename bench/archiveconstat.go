package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// constatArchive is constat as an archive: an import, and a rotation that waits until every head is a segment.
type constatArchive struct {
	constat
	text string
}

func (constatArchive) name() string { return "constat" }

func (constatArchive) missing() string { return "" }

func (constatArchive) version(context.Context) string { return "" } // the head of the tables has it

// load implements [archive].
func (c constatArchive) load(ctx context.Context, dir string) (sample, error) {
	return c.keep(ctx, dir, c.text)
}

// keep imports a file, ends the heads, and waits for their segments. It checks that every line is kept.
func (c constat) keep(ctx context.Context, dir, file string) (one sample, err error) {
	lines, err := countLines(file)
	if err != nil {
		return one, err
	}
	one, err = timed(ctx, dir, lines, []string{"env", "XDG_CONFIG_HOME=" + dir, "sh", "-c",
		`"$0" import --store "$1" "$2" && "$0" rotate --store "$1"`, c.binary, c.store(dir), file})
	if err != nil {
		return one, err
	}
	kept, err := c.journalSize(ctx, dir, "imported")
	if err == nil && kept != lines {
		err = fmt.Errorf("%d of %d lines kept", kept, lines)
	}
	if err == nil {
		one.bytes, err = c.size(dir)
	}
	return one, err
}

// ask implements [archive].
func (c constatArchive) ask(dir string, q question) []string {
	if q.kind == sound {
		return c.quietly(dir, "verify", "--store", c.store(dir))
	}
	format := "cat"
	if q.counts() || q.kind == everything {
		format = "json"
	}
	args := []string{c.binary, "show", "--no-pager", "--store", c.store(dir), "-o", format}
	if q.n > 0 && !q.counts() {
		args = append(args, "-n", strconv.Itoa(q.n))
	}
	if q.kind == window {
		return append(args, "-S", q.from.Format(time.RFC3339), "-U", q.to.Format(time.RFC3339))
	}
	if query := q.inConstat(); query != "" {
		args = append(args, query)
	}
	return args
}

// counts reports whether the answer is made of numbers.
func (q question) counts() bool { return q.kind == countBy || q.kind == topOf || q.kind == histogram }

// inConstat is the question in the query language: a flat switch.
func (q question) inConstat() string {
	switch q.kind {
	case byField:
		return q.field + `:"` + strings.ReplaceAll(q.value, `"`, `\"`) + `"`
	case word:
		return q.needle
	case substring:
		return "*" + q.needle + "*"
	case pattern:
		return "~" + strconv.Quote(q.needle)
	case countBy:
		return "* | stats count() by (" + q.field + ")"
	case topOf:
		return fmt.Sprintf("* | top %d %s", q.n, q.field)
	case histogram:
		return "* | stats count() by (event:1m)"
	}
	return ""
}

// read implements [archive].
func (constatArchive) read(q question, out []byte) (answer, error) {
	if !q.counts() {
		return sortedLines(out), nil
	}
	var a answer
	for line := range bytes.Lines(out) {
		value, n, err := countIn(line)
		if err != nil {
			return nil, err
		}
		switch {
		case q.kind == topOf:
			a = append(a, n)
		case q.kind == histogram:
			a = append(a, minuteOf(value)+" "+n)
		case value != "":
			a = append(a, value+" "+n)
		}
	}
	slices.Sort(a)
	return a, nil
}

// countIn reads an object of a value and its count, whose name begins with "count".
func countIn(line []byte) (value, n string, err error) {
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return "", "", fmt.Errorf("%q: %w", line, err)
	}
	for name, v := range o {
		switch {
		case strings.HasPrefix(name, "count"):
			n = fmt.Sprint(v)
		case v != nil:
			value = fmt.Sprint(v)
		}
	}
	if n == "" {
		return "", "", fmt.Errorf("no count in %q", line)
	}
	return value, n, nil
}

// minuteOf shortens a time to its minute, in UTC.
func minuteOf(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.UTC().Format(minuteLayout)
}
