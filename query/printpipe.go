package query

import (
	"strconv"
	"strings"
)

// printPipe writes one pipe: a flat switch over their types.
func printPipe(p Pipe) string {
	switch p := p.(type) {
	case Fields:
		return "fields " + printFields(p.Names)
	case Drop:
		return "drop " + printFields(p.Names)
	case Limit:
		return "limit " + strconv.Itoa(p.N)
	case Offset:
		return "offset " + strconv.Itoa(p.N)
	case Sort:
		return "sort" + printKeys(p.Keys)
	case First:
		return "first " + strconv.Itoa(p.N) + printKeys(p.Keys)
	case Last:
		return "last " + strconv.Itoa(p.N) + printKeys(p.Keys)
	case Stats:
		return p.print()
	case Top:
		return "top " + strconv.Itoa(p.N) + " by " + quoteField(p.Field)
	case Uniq:
		return "uniq by (" + printFields(p.Names) + ")"
	case Extract:
		if p.Regexp != nil {
			return "extract ~" + quote(p.Regexp.Source) + printFrom(p.From)
		}
		return "extract " + quote(p.Pattern.Source) + printFrom(p.From)
	case Unpack:
		return "unpack " + p.Format + printFrom(p.From)
	case Format:
		return "format " + quote(p.Template.Source) + printAs(p.As)
	case Rename:
		return p.print()
	case Context:
		if p.Before == p.After {
			return "context " + strconv.Itoa(p.Before)
		}
		return "context before " + strconv.Itoa(p.Before) + " after " + strconv.Itoa(p.After)
	case Patterns:
		if p.N == 0 {
			return "patterns"
		}
		return "patterns " + strconv.Itoa(p.N)
	case Sample:
		return "sample " + strconv.Itoa(p.N)
	case Where:
		return "where " + Print(p.Filter)
	}
	return "verify"
}

func printFields(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = quoteField(name)
	}
	return strings.Join(parts, ", ")
}

func printKeys(keys []Key) string {
	if len(keys) == 0 {
		return ""
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = quoteField(k.Field)
		if k.Desc {
			parts[i] += " desc"
		}
	}
	return " by (" + strings.Join(parts, ", ") + ")"
}

func printFrom(field string) string {
	if field == "" {
		return ""
	}
	return " from " + quoteField(field)
}

func printAs(name string) string {
	if name == "" {
		return ""
	}
	return " as " + quoteField(name)
}

func (r Rename) print() string {
	parts := make([]string, len(r.Pairs))
	for i, pair := range r.Pairs {
		parts[i] = quoteField(pair.From) + printAs(pair.To)
	}
	return "rename " + strings.Join(parts, ", ")
}

func (s Stats) print() string {
	parts := make([]string, len(s.Funcs))
	for i, f := range s.Funcs {
		parts[i] = f.call() + printAs(f.As)
	}
	text := "stats " + strings.Join(parts, ", ")
	if len(s.By) == 0 {
		return text
	}
	by := make([]string, len(s.By))
	for i, g := range s.By {
		by[i] = g.print()
	}
	return text + " by (" + strings.Join(by, ", ") + ")"
}

func (g Group) print() string {
	switch {
	case g.Bucket > 0:
		return g.Field + ":" + writeBucket(g.Bucket)
	case isTime(g.Field):
		return quote(g.Field)
	}
	return quoteField(g.Field)
}
