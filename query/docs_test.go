package query

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// example is one line of a block of the reference.
type example struct {
	line        int
	text, print string
	column      int // of the error, 0 for none
	args        bool
}

func TestExamplesOfTheReference(t *testing.T) {
	list := examples(t)
	if len(list) < 100 {
		t.Fatalf("only %d examples in docs/query.md", len(list))
	}
	for _, e := range list {
		q, err := e.parse()
		var at *Error
		switch {
		case e.column > 0 && (!errors.As(err, &at) || at.Column != e.column):
			t.Errorf("line %d: %s: %v, want an error at column %d", e.line, e.text, err, e.column)
		case e.column == 0 && err != nil:
			t.Errorf("line %d: %v", e.line, err)
		case e.column == 0 && q.String() != e.print:
			t.Errorf("line %d: %s prints %s, want %s", e.line, e.text, q, e.print)
		}
	}
}

func (e example) parse() (Query, error) {
	if e.args {
		return ParseArgs(shellWords(e.text))
	}
	return Parse(e.text)
}

// shellWords splits at blanks outside of single quotes.
func shellWords(s string) (words []string) {
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func examples(t *testing.T) (list []example) {
	t.Helper()
	text, err := os.ReadFile("../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	block := ""
	for i, line := range strings.Split(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		if fence {
			block = info
			continue
		}
		if !strings.HasPrefix(block, "constat") {
			continue
		}
		list = append(list, readExample(t, i+1, line, block == "constat-args"))
	}
	return list
}

func readExample(t *testing.T, number int, line string, args bool) example {
	t.Helper()
	e := example{line: number, text: strings.TrimSpace(line), args: args}
	e.print = e.text
	if text, column, isError := strings.Cut(line, " !! "); isError {
		n, err := strconv.Atoi(strings.TrimSpace(column))
		if err != nil {
			t.Fatalf("line %d: %v", number, err)
		}
		e.text, e.column = strings.TrimRight(text, " "), n
	} else if text, printed, differs := strings.Cut(line, " => "); differs {
		e.text, e.print = strings.TrimSpace(text), printed
	}
	return e
}
