package rule

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// filter reads a line that begins with a colon: in dialect accumulate a property filter with its action, in dialect bsd
// a block.
func (r *reader) filter() {
	text := r.l.text
	isBSD := r.options.Dialect == BSD
	if !isBSD {
		r.previous = brokenRule
	}
	if rest := strings.TrimSpace(text[1:]); isBSD && (rest == "*" || rest == "") {
		r.property, r.brokenFilter = nil, false
		r.beginBlock(true)
		return
	}
	p, end, err := parseProperty(text, isBSD)
	if err != nil {
		r.error(err.at, "%s", err.text)
		if isBSD {
			r.property, r.brokenFilter = nil, true
			r.beginBlock(false)
		}
		return
	}
	if isBSD {
		if strings.TrimSpace(text[end:]) != "" {
			r.error(end, "a filter is a block in dialect bsd: the rules follow on lines of their own")
		}
		r.property, r.brokenFilter = p, false
		r.beginBlock(false)
		return
	}
	rest := strings.TrimLeft(text[end:], blanks)
	if rest == "" {
		r.error(end, "no action: want %s; filters are blocks only in dialect bsd", wantAction)
		return
	}
	r.body(Rule{Selector: text[:end], Select: Everything(), Property: p}, len(text)-len(rest))
}

// parseProperty reads :NAME, [!]OP, "VALUE". end is where that ends.
func parseProperty(text string, isBSD bool) (p *Property, end int, err *fault) {
	p = &Property{}
	name, rest, found := strings.Cut(text[1:], ",")
	if !found {
		return nil, 0, &fault{0, `want :PROPERTY, OPERATION, "VALUE", such as :msg, contains, "error"`}
	}
	if p.Name = propertyNames[strings.ToLower(strings.TrimSpace(name))]; p.Name == "" {
		return nil, 0, &fault{1, unknownProperty(strings.TrimSpace(name))}
	}
	at := len(text) - len(strings.TrimLeft(rest, blanks))
	op := text[at:]
	if stop := strings.IndexAny(op, blanks+","); stop >= 0 {
		op = op[:stop]
	}
	end = at + len(op)
	if err := p.setOp(at, op); err != nil {
		return nil, 0, err
	}
	value := strings.TrimLeft(text[end:], blanks)
	if strings.HasPrefix(value, ",") {
		value = strings.TrimLeft(value[1:], blanks)
	} else if p.Op != opEmpty {
		return nil, 0, &fault{end, "want a comma and the value in quotes"}
	}
	if !strings.HasPrefix(value, `"`) && p.Op == opEmpty {
		return p, end, nil
	}
	at = len(text) - len(value)
	unquoted, rest, ok := "", "", false
	if strings.HasPrefix(value, `"`) {
		unquoted, rest, ok = quoted(value)
	}
	if !ok {
		return nil, 0, &fault{at, "want the value in double quotes"}
	}
	return p, len(text) - len(rest), p.setValue(at, unquoted, isBSD)
}

// unknownProperty says what stands in the place of a property.
func unknownProperty(name string) string {
	if strings.EqualFold(strings.TrimPrefix(name, "$"), "fromhost") {
		return fmt.Sprintf("property %q is not supported, as nobody asks DNS for the name of a sender: compare fromhost-ip with its address, or hostname with the name in the message", name)
	}
	return fmt.Sprintf("property %q is not supported: %s are; for others write a rule with a query in constat's configuration", name, propertyList)
}

// setOp reads the operation.
func (p *Property) setOp(at int, op string) *fault {
	op, p.Not = strings.CutPrefix(strings.ToLower(op), "!")
	op, p.Fold = strings.CutPrefix(op, "icase_")
	if p.Op = op; !slices.Contains(propertyOps, op) {
		return &fault{at, fmt.Sprintf("operation %q: want %s, with ! before it for the opposite", op, strings.Join(propertyOps, ", "))}
	}
	return nil
}

// setValue makes what is compared with.
func (p *Property) setValue(at int, value string, isBSD bool) *fault {
	if p.Op == opEmpty {
		return nil
	}
	p.whole = isBSD || strings.Contains(value, "/")
	if value = p.bareTag(value); !isBSD && p.Name == propMessage {
		value = p.lead(value)
	}
	p.Value, p.value = value, []byte(value)
	if p.Op == opRegexp || p.Op == opBasic {
		return p.compile(at)
	}
	if p.Fold {
		p.value = bytes.ToLower(p.value)
		p.Value = string(p.value)
	}
	return nil
}

// lead removes what makes a difference only because rsyslog's msg begins with the blank behind the tag, and ours does not.
func (p *Property) lead(value string) string {
	switch p.Op {
	case opStarts, opEqual:
		return strings.TrimPrefix(value, " ")
	case opRegexp, opBasic:
		if rest, found := strings.CutPrefix(value, "^ "); found && (rest == "" || !strings.Contains("*+?{\\", rest[:1])) {
			return "^" + rest
		}
	case opContains:
		p.blank = strings.HasPrefix(value, " ")
	}
	return value
}
