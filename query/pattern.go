package query

import (
	"errors"
	"strings"
)

// Pattern is the form of Extract and Format: constant parts with names between them, written "<ip> - <user> [<_>]".
// "<_>" takes a piece without a name and "<<" is the sign itself. There is at least one name, and between two names
// stands a constant part that is not empty. Const has one part more than Names: the first and last may be empty.
type Pattern struct {
	Source string // as written between the quotes
	Const  []string
	Names  []string // "_" has no name
}

// CompilePattern reads a pattern. The error says what is wrong and what to write instead.
func CompilePattern(source string) (*Pattern, error) {
	p := &Pattern{Source: source}
	var text strings.Builder
	for rest := source; ; {
		before, after, found := strings.Cut(rest, "<")
		text.WriteString(before)
		if !found {
			break
		}
		if strings.HasPrefix(after, "<") {
			text.WriteByte('<')
			rest = after[1:]
			continue
		}
		name, behind, closed := strings.Cut(after, ">")
		if !closed || name == "" {
			return nil, errors.New(`want <name> or <_>, and << for the sign itself`)
		}
		p.Const, p.Names = append(p.Const, text.String()), append(p.Names, name)
		text.Reset()
		rest = behind
	}
	p.Const = append(p.Const, text.String())
	if len(p.Names) == 0 {
		return nil, errors.New("want at least one <name>")
	}
	return p, nil
}

// extractable reports whether something stands between any two names.
func (p *Pattern) extractable() bool {
	for i := 1; i < len(p.Names); i++ {
		if p.Const[i] == "" {
			return false
		}
	}
	return true
}

// Match cuts a value: pieces[i] is what stands for Names[i]. A first constant part that is empty starts at the
// beginning, another one is looked for anywhere, as is each next one behind the piece before it, the nearest each
// time. An empty last part takes the rest; behind another one anything may follow.
func (p *Pattern) Match(value string) (pieces []string, ok bool) {
	_, rest, ok := strings.Cut(value, p.Const[0])
	for i := range p.Names {
		if !ok {
			return nil, false
		}
		piece := rest
		if next := p.Const[i+1]; next != "" || i+1 < len(p.Names) {
			piece, rest, ok = strings.Cut(rest, next)
		}
		pieces = append(pieces, piece)
	}
	if !ok {
		return nil, false
	}
	return pieces, true
}
