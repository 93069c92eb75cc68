package query

import (
	"strings"
	"unicode/utf8"
)

// ParseArgs reads the arguments of a command line. If those before the first pipe are all FIELD=value or "+", they mean
// what they mean to journalctl: values of one field are alternatives, different fields must all match, "+" stands
// between alternative groups. (FIELD is letters, digits, "_" and "."; the value is whole and needs no quotes.) Else
// they are joined by blanks and read by Parse. A shell takes quotes away: where there are several arguments, one with
// blanks but without any of "():|*~<>=!, or NAME: followed by such a text, is the phrase or value that it was.
// FIELD=value in upper case beside other arguments is refused. The error is an [*Error], whose column counts in its
// Query: the arguments as joined.
func ParseArgs(args []string) (Query, error) {
	end := 0
	for end < len(args) && !strings.HasPrefix(strings.TrimLeft(args[end], " "), "|") {
		end++
	}
	if end == 0 || !isMatches(args[:end]) {
		if err := refuseMixed(args[:end]); err != nil {
			return Query{}, err
		}
		return Parse(joinArgs(args))
	}
	filter, err := parseMatches(args[:end])
	if err != nil {
		return Query{}, err
	}
	q, err := Parse(strings.Join(args[end:], " "))
	if err != nil {
		return Query{}, err
	}
	q.Filter = filter
	return q, nil
}

// refuseMixed finds a FIELD=value in upper case among other arguments, which would be searched as a text.
func refuseMixed(args []string) error {
	column := 1
	for _, arg := range args {
		field, _, found := strings.Cut(arg, "=")
		if found && isFieldName(field) && field == strings.ToUpper(field) && !strings.ContainsAny(field, "0123456789.") {
			return &Error{strings.Join(args, " "), column, `FIELD=value arguments alone; beside words write FIELD:value, or "FIELD=value" for a text`}
		}
		column += utf8.RuneCountInString(arg) + 1
	}
	return nil
}

func isMatches(args []string) bool {
	for _, arg := range args {
		if field, _, found := strings.Cut(arg, "="); arg != "+" && (!found || !isFieldName(field)) {
			return false
		}
	}
	return true
}

func isFieldName(s string) bool {
	for i, c := range []byte(s) {
		if !isTokenByte(c) && (c != '.' || i == 0) || c >= utf8.RuneSelf {
			return false
		}
	}
	return s != "" && (s[0] < '0' || s[0] > '9')
}

func joinArgs(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	joined := make([]string, len(args))
	for i, arg := range args {
		joined[i] = requote(arg)
	}
	return strings.Join(joined, " ")
}

// requote gives an argument its quotes back.
func requote(arg string) string {
	const syntax = `"():|*~<>=!`
	name, value, found := strings.Cut(arg, ":")
	switch {
	case !strings.Contains(arg, " ") || strings.TrimSpace(arg) == "":
	case !strings.ContainsAny(arg, syntax) && arg[0] != '-':
		return quote(arg)
	case found && isFieldName(name) && strings.Contains(value, " ") && !strings.ContainsAny(value, `"()|*~<>=![`):
		return name + ":" + quote(value)
	}
	return arg
}

// parseMatches reads FIELD=value and "+".
func parseMatches(args []string) (Node, error) {
	joined := strings.Join(args, " ")
	column := 1
	groups := [][]Match{nil}
	for i, arg := range args {
		last := &groups[len(groups)-1]
		if arg == "+" {
			if len(*last) == 0 || i == len(args)-1 {
				return nil, &Error{joined, column, `FIELD=value on both sides of "+"`}
			}
			groups = append(groups, nil)
		} else {
			m, want := parseMatch(arg)
			if want != "" {
				return nil, &Error{joined, column, want}
			}
			*last = addMatch(*last, m)
		}
		column += utf8.RuneCountInString(arg) + 1
	}
	alternatives := make([]Node, len(groups))
	for i, group := range groups {
		alternatives[i] = allOf(group)
	}
	if len(alternatives) == 1 {
		return alternatives[0], nil
	}
	return Or{alternatives}, nil
}

func parseMatch(arg string) (m Match, want string) {
	field, value, _ := strings.Cut(arg, "=")
	switch field {
	case "message":
		return Match{Op: Equal{Values: []string{value}}}, ""
	case "level":
		if n, _, ok := readLevel(value); ok {
			return Match{Field: field, Op: Levels{1 << n}}, ""
		}
		return m, wantLevel
	case "facility":
		if n, ok := readFacility(value); ok {
			return Match{Field: field, Op: Facilities{1 << n}}, ""
		}
		return m, wantFacility
	}
	return Match{Field: field, Op: Equal{Values: []string{value}}}, ""
}

// addMatch makes m an alternative of the match of its field, if there is one.
func addMatch(group []Match, m Match) []Match {
	for i := range group {
		if group[i].Field != m.Field {
			continue
		}
		switch op := group[i].Op.(type) {
		case Equal:
			op.Values = append(op.Values, m.Op.(Equal).Values...)
			group[i].Op = op
		case Levels:
			group[i].Op = Levels{op.Set | m.Op.(Levels).Set}
		case Facilities:
			group[i].Op = Facilities{op.Set | m.Op.(Facilities).Set}
		}
		return group
	}
	return append(group, m)
}

func allOf(group []Match) Node {
	if len(group) == 1 {
		return group[0]
	}
	and := And{}
	for _, m := range group {
		and.Nodes = append(and.Nodes, m)
	}
	return and
}
