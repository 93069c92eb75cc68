package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"constat/bench/events"
)

// seed of the generator.
const seed = 1

// load is what every contender of a case gets: lines, one behind the other.
type load struct {
	lines    []byte // each ends in LF
	messages int
	origin   string // where they come from, for people
}

// newLoad makes n lines of the generator.
func newLoad(n int) (load, error) {
	g, err := events.New(events.Options{Seed: seed})
	if err != nil {
		return load{}, err
	}
	l := load{make([]byte, 0, n*160), n, "of the own generator"}
	for range n {
		l.lines = g.Append(l.lines)
	}
	return l, nil
}

// readLoad reads the first n lines of a file; all if there are less.
func readLoad(file string, n int) (load, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return load{}, fmt.Errorf("-corpus: %w", err)
	}
	l, end := load{origin: "of " + file}, 0
	for ; l.messages < n && end < len(b); l.messages++ {
		at := bytes.IndexByte(b[end:], '\n')
		if at < 0 {
			return l, fmt.Errorf("-corpus %s: its last line does not end", file)
		}
		end += at + 1
	}
	if l.messages < 1000 {
		return l, fmt.Errorf("-corpus %s: %d lines, want 1000 and more", file, l.messages)
	}
	l.lines = b[:end]
	return l, nil
}

// split cuts a load into parts of about the same size, at ends of lines.
func (l load) split(parts int) [][]byte {
	var list [][]byte
	rest := l.lines
	for left := parts; left > 1; left-- {
		at := len(rest) / left
		at += bytes.IndexByte(rest[at:], '\n') + 1
		list = append(list, rest[:at])
		rest = rest[at:]
	}
	return append(list, rest)
}

// counted frames lines by octet count (RFC 6587, section 3.4.1).
func counted(lines []byte) []byte {
	b := make([]byte, 0, len(lines)+len(lines)/25)
	for line := range bytes.Lines(lines) {
		line = line[:len(line)-1]
		b = strconv.AppendInt(b, int64(len(line)), 10)
		b = append(append(b, ' '), line...)
	}
	return b
}
