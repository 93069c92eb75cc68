package rule

import (
	"bytes"
	"strconv"
	"strings"
)

// parseList reads { constant(value="TEXT") property(name="NAME" …) … }.
func parseList(text string) *Template {
	t := &Template{}
	rest, opened := strings.CutPrefix(strings.TrimLeft(text, blanks), "{")
	for opened && t.err == nil {
		if rest = strings.TrimLeft(rest, blanks+";"); rest == "}" {
			return t
		}
		o, behind, ok := parseObject(rest)
		switch {
		case ok && o.name == "constant":
			t.add(part{text: o.get("value")})
		case ok && o.name == "property":
			t.add(t.listed(&o))
		default:
			opened = false
		}
		rest = behind
	}
	t.fail("want { constant(value=\"TEXT\") property(name=\"NAME\") … }")
	return t
}

// listed reads a property(…).
func (t *Template) listed(o *object) (p part) {
	p.delimit = '\t'
	for _, x := range o.params {
		switch value := strings.ToLower(x.value); x.name {
		case "name":
			t.property(&p, value)
		case "position.from":
			p.from = t.count(x.name, value)
		case "position.to":
			p.to = t.count(x.name, value)
		case "field.number":
			p.field = t.count(x.name, value)
		case "field.delimiter":
			code, err := strconv.ParseUint(value, 10, 8)
			if p.delimit = byte(code); err != nil {
				t.fail("field.delimiter %q is no code of a character", value)
			}
		case "dateformat":
			t.option(&p, "date-"+value)
		case "caseconversion":
			p.fold = map[string]func([]byte) []byte{"lower": bytes.ToLower, "upper": bytes.ToUpper}[value]
		case "spifno1stsp":
			p.oneBlank = value == "on"
		case "securepath", "droplastlf", "outname", "mandatory": // always so, or of JSON
		case "controlcharacters":
			t.option(&p, strings.Replace(value, "escape", "escape-cc", 1))
		default:
			t.fail("%s of a property is not supported", x.name)
		}
	}
	if p.property == "" {
		t.fail("a property without a name")
	}
	return p
}
