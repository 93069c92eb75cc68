package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// event is a line of RFC 5424 taken apart, without the help of constat. The slices point into the line.
type event struct {
	line, host, app, pid, message []byte
	priority                      int
	at                            time.Time
}

// takeApart takes every line apart.
func (l load) takeApart() ([]event, error) {
	list := make([]event, 0, l.messages)
	for line := range bytes.Lines(l.lines) {
		e, err := parseEvent(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, fmt.Errorf("line %d of the corpus: %w; the peers need RFC 5424 with all times in order: see -write", len(list)+1, err)
		}
		if n := len(list); n > 0 && e.at.Before(list[n-1].at) {
			return nil, fmt.Errorf("line %d of the corpus is older than the one before: sort it by time", n+1)
		}
		list = append(list, e)
	}
	return list, nil
}

// parseEvent reads "<PRI>1 TIME HOST APP PID MSGID SD MESSAGE".
func parseEvent(line []byte) (e event, err error) {
	f := bytes.SplitN(line, []byte(" "), 7)
	if len(f) < 7 {
		return e, errors.New("less than seven parts")
	}
	e.line, e.host, e.app, e.pid = line, f[2], f[3], f[4]
	pri, ok := bytes.CutSuffix(bytes.TrimPrefix(f[0], []byte("<")), []byte(">1"))
	if e.priority, err = strconv.Atoi(string(pri)); err != nil || !ok {
		return e, fmt.Errorf("begins with %q", f[0])
	}
	if e.at, err = time.Parse(time.RFC3339Nano, string(f[1])); err != nil {
		return e, err
	}
	e.message = afterData(f[6])
	return e, nil
}

// afterData skips structured data, "-" or elements in brackets with quoted values, and the space behind it.
func afterData(b []byte) []byte {
	quoted, depth := false, 0
	for i, c := range b {
		switch {
		case c == '"' && (i == 0 || b[i-1] != '\\') && depth > 0:
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ' ' && depth == 0:
			return b[i+1:]
		}
	}
	return nil
}
