package query

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// String writes the query in its canonical spelling, which Parse reads back as the same query.
func (q Query) String() string {
	parts := []string{Print(q.Filter)}
	for _, p := range q.Pipes {
		parts = append(parts, printPipe(p))
	}
	return strings.Join(parts, " | ")
}

// Print writes a filter in its canonical spelling. nil is everything.
func Print(n Node) string {
	switch n := n.(type) {
	case And:
		return printList(n.Nodes, " ", "*")
	case Or:
		return printList(n.Nodes, " OR ", "-*")
	case Not:
		return "-" + bracket(n.Node)
	case Match:
		return n.print()
	case Time:
		return string(n.Axis) + ":" + printBounds(n.Low, n.High)
	case Index:
		return n.print()
	case Boot:
		return n.print()
	case Kind:
		return "kind:" + printNames(n.Names)
	case Journal:
		return "journal:" + printNames(n.Names)
	}
	return "*"
}

func printList(nodes []Node, between, empty string) string {
	if len(nodes) == 0 {
		return empty
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = bracket(n)
	}
	return strings.Join(parts, between)
}

// bracket writes a node so that it can stand beside others.
func bracket(n Node) string {
	text := Print(n)
	switch n.(type) {
	case And, Or:
		return "(" + text + ")"
	}
	return text
}

func (m Match) print() string {
	if t, ok := m.Op.(Text); ok && m.Field == "" && !m.Imported && !t.atValue() {
		return t.call(quoteWord)
	}
	if re, ok := m.Op.(Regexp); ok && m.Field == "" && !m.Imported {
		return printOp(re, "")
	}
	name := quoteField(m.Field)
	if m.Imported {
		return "imported:" + name + ":" + printOp(m.Op, m.Field)
	}
	if slices.Contains(selectors[:], m.Field) {
		name = quote(m.Field)
	}
	return name + ":" + printOp(m.Op, m.Field)
}

func printOp(op Op, field string) string {
	switch op := op.(type) {
	case Text:
		return op.print(field)
	case Equal:
		return op.print(field)
	case Regexp:
		return "~" + quote(op.Source)
	case Range:
		return printBounds(op.Low, op.High)
	case CIDR:
		return "cidr(" + op.Prefix.String() + ")"
	case Levels:
		return op.String()
	case Facilities:
		return op.String()
	}
	return "*"
}

// atValue reports whether one of the edges is the end of the value.
func (t Text) atValue() bool { return t.Start == AtValue || t.End == AtValue }

// print writes a text behind a colon. Without any edge it is the same for message and other fields.
func (t Text) print(field string) string {
	text := t.call(quoteValue)
	switch {
	case t.atValue() && field == "":
		return "=" + text
	case field != "" && (t.Start == AtToken || t.End == AtToken):
		return "word(" + text + ")"
	}
	return text
}

func (t Text) call(quote func(string) string) string {
	text := quote(t.Text)
	if t.Start == Anywhere {
		text = "*" + text
	}
	if t.End == Anywhere {
		text += "*"
	}
	if t.Fold {
		return "i(" + text + ")"
	}
	return text
}

func (e Equal) print(field string) string {
	text := quoteList(e.Values)
	equals := ""
	if field == "" {
		equals = "="
	}
	switch {
	case e.Fold:
		return equals + "i(" + text + ")"
	case len(e.Values) != 1:
		return "in(" + text + ")"
	}
	return equals + text
}

func quoteList(values []string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = quoteValue(v)
	}
	return strings.Join(parts, ", ")
}

func printNames(names []string) string {
	if len(names) == 1 {
		return quoteValue(names[0])
	}
	return "in(" + quoteList(names) + ")"
}

func printBounds(low, high Bound) string {
	from, to := ">=", "<="
	if low.Open {
		from = ">"
	}
	if high.Open {
		to = "<"
	}
	switch {
	case high.Text == "":
		return from + quoteBound(low.Text)
	case low.Text == "":
		return to + quoteBound(high.Text)
	}
	left, right := "[", "]"
	if low.Open {
		left = "("
	}
	if high.Open {
		right = ")"
	}
	return left + quoteBound(low.Text) + " .. " + quoteBound(high.Text) + right
}

// quoteBound spells a bound; signs and @ begin numbers and times.
func quoteBound(s string) string {
	if s == "" || strings.Trim(s, "+-@:.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || strings.HasPrefix(s, "..") {
		return quote(s)
	}
	return s
}

func (n Index) print() string {
	first, last := strconv.FormatUint(n.First, 10), strconv.FormatUint(n.Last, 10)
	switch {
	case n.First == n.Last:
		return "index:" + first
	case n.Last == math.MaxUint64:
		return "index:>=" + first
	case n.First == 0:
		return "index:<=" + last
	}
	return "index:[" + first + " .. " + last + "]"
}

func (n Boot) print() string {
	if n.ID != "" {
		return "boot:" + n.ID
	}
	return "boot:-" + strconv.Itoa(n.Back)
}
