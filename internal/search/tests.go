package search

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"constat/journal/column"
	"constat/query"
)

// testOf returns the test of values that an operation stands for; nil for one that every value passes.
func testOf(op query.Op) (valueTest, error) {
	switch op := op.(type) {
	case query.Exists:
		return nil, nil
	case query.Equal:
		return equalTest(op), nil
	case query.Text:
		return textTest(op), nil
	case query.Regexp:
		return newExpression(op), nil
	case query.Range:
		return numbers{op}, nil
	case query.CIDR:
		return network{op.Prefix}, nil
	}
	return nil, fmt.Errorf("query: cannot test a value with a %T", op)
}

func equalTest(op query.Equal) valueTest {
	if op.Fold {
		return folded(op.Values)
	}
	values := make(equals, 0, len(op.Values))
	for _, s := range op.Values {
		values = append(values, []byte(s))
	}
	return values
}

func textTest(op query.Text) valueTest {
	t := text{text: []byte(op.Text), start: op.Start, end: op.End}
	switch {
	case op.Fold:
		t.text = []byte(query.Fold(op.Text))
		return foldedText{t}
	case op.Start == query.Anywhere && op.End == query.Anywhere, op.Start == query.AtToken && op.End == query.AtToken:
		return plainText{t}
	}
	return t
}

// equals passes the values of a list.
type equals [][]byte

// Match implements [column.Matcher].
func (e equals) Match(value []byte) bool {
	for _, v := range e {
		if bytes.Equal(v, value) {
			return true
		}
	}
	return false
}

// Literal implements [column.Matcher].
func (e equals) Literal() []byte {
	if len(e) == 1 {
		return e[0]
	}
	return nil
}

func (e equals) whole() [][]byte { return e }

// folded passes the values of a list in any case.
type folded []string

// Match implements [column.Matcher].
func (f folded) Match(value []byte) bool {
	for _, s := range f {
		if query.FoldEqual(s, string(value)) {
			return true
		}
	}
	return false
}

// Literal implements [column.Matcher].
func (f folded) Literal() []byte { return nil }
func (f folded) whole() [][]byte { return nil }

// expression passes values that match a regular expression.
type expression struct {
	*regexp.Regexp
	literal  []byte
	sequence [][]byte // what else must stand in a value, so that few values are left for the expression itself
}

func newExpression(op query.Regexp) expression {
	e := expression{Regexp: op.RE, literal: []byte(query.Literal(op))}
	if texts := query.Sequence(op); len(texts) > 1 {
		for _, s := range texts {
			e.sequence = append(e.sequence, []byte(s))
		}
	}
	return e
}

// Match implements [column.Matcher].
func (e expression) Match(value []byte) bool {
	rest := value
	for _, s := range e.sequence {
		at := bytes.Index(rest, s)
		if at < 0 {
			return false
		}
		rest = rest[at+len(s):]
	}
	return e.Regexp.Match(value)
}

// Literal implements [column.Matcher].
func (e expression) Literal() []byte { return e.literal }
func (e expression) whole() [][]byte { return nil }

// numbers passes decimal numbers in a range.
type numbers struct{ query.Range }

// Match implements [column.Matcher].
func (n numbers) Match(value []byte) bool { return n.Contains(string(value)) }

// Literal implements [column.Matcher].
func (n numbers) Literal() []byte { return nil }
func (n numbers) whole() [][]byte { return nil }

// network passes the addresses of a network.
type network struct{ netip.Prefix }

// Match implements [column.Matcher].
func (n network) Match(value []byte) bool {
	if len(value) == 0 || len(value) > 45 || strings.IndexByte("0123456789abcdefABCDEF:", value[0]) < 0 {
		return false
	}
	a, err := netip.ParseAddr(string(value))
	return err == nil && a.Zone() == "" && n.Contains(a.Unmap())
}

// Literal implements [column.Matcher].
func (n network) Literal() []byte { return nil }
func (n network) whole() [][]byte { return nil }

// text passes values that hold a text.
type text struct {
	text       []byte
	start, end query.Edge
}

// Match implements [column.Matcher].
func (t text) Match(value []byte) bool {
	if len(t.text) == 0 {
		return true
	}
	for from := 0; ; {
		at := bytes.Index(value[from:], t.text)
		if at < 0 {
			return false
		}
		if at += from; t.edges(value, at, at+len(t.text)) {
			return true
		}
		from = at + 1
	}
}

// Literal implements [column.Matcher].
func (t text) Literal() []byte { return t.text }
func (t text) whole() [][]byte { return nil }

func (t text) edges(value []byte, from, to int) bool {
	switch {
	case t.start == query.AtValue && from > 0, t.end == query.AtValue && to < len(value):
		return false
	case t.start == query.AtToken && from > 0 && column.IsToken(value[from-1]) && column.IsToken(value[from]):
		return false
	case t.end == query.AtToken && to < len(value) && column.IsToken(value[to]) && column.IsToken(value[to-1]):
		return false
	}
	return true
}

// plainText is a text that holds anywhere, or between the edges of tokens: columns can search for it themselves.
type plainText struct{ text }

// Whole implements [column.Containing].
func (t plainText) Whole() bool { return t.start == query.AtToken }

// Match implements [column.Matcher].
func (t plainText) Match(value []byte) bool {
	if t.Whole() {
		return column.ContainsWhole(value, t.text.text)
	}
	return bytes.Contains(value, t.text.text)
}

// foldedText is a text in any case.
type foldedText struct{ text }

// Match implements [column.Matcher].
func (t foldedText) Match(value []byte) bool { return t.text.Match([]byte(query.Fold(string(value)))) }

// Literal implements [column.Matcher].
func (t foldedText) Literal() []byte { return nil }
