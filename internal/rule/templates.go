package rule

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// legacyTemplate reads $template NAME,"TEXT".
func (r *reader) legacyTemplate(rest string) {
	name, text, found := strings.Cut(rest, ",")
	text = strings.TrimLeft(text, blanks)
	if name = strings.TrimRight(name, blanks); !found || name == "" || !strings.HasPrefix(text, `"`) {
		r.error(0, "want $template NAME,\"TEXT\"")
		return
	}
	end := 1
	for ; end < len(text) && text[end] != '"'; end++ {
		if text[end] == '\\' {
			end++
		}
	}
	if end >= len(text) {
		r.error(0, "the quote is not closed")
		return
	}
	r.define(name, parseTemplate(text[1:end]))
}

// template reads template(name="NAME" type="string" string="TEXT"), or type="list" with a block of parts.
func (r *reader) template() {
	o, rest, ok := parseObject(r.l.text)
	name := o.get("name")
	if !ok || name == "" {
		r.error(0, "want template(name=\"NAME\" type=\"string\" string=\"TEXT\")")
		return
	}
	switch kind := strings.ToLower(o.get("type")); kind {
	case "string":
		r.define(name, parseTemplate(o.get("string")))
	case "list":
		r.define(name, parseList(rest))
	default:
		r.define(name, &Template{err: &fault{0, fmt.Sprintf("of type %q: string and list are supported", kind)}})
	}
}

// define keeps a template; the first of a name counts, as in rsyslog.
func (r *reader) define(name string, t *Template) {
	if r.templates == nil {
		r.templates = map[string]*Template{}
	}
	if t.Name = name; r.templates[name] != nil {
		r.warn(0, "there is a template %q above: this one does nothing", name)
		return
	}
	r.templates[name] = t
}

// parseTemplate reads text with %PROPERTY:FROM:TO:OPTIONS% in it.
func parseTemplate(text string) *Template {
	t := &Template{}
	constant := ""
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			constant += string(unescaped(text[i]))
		case c != '%':
			constant += string(c)
		default:
			inside, _, found := strings.Cut(text[i+1:], "%")
			if !found {
				t.fail("%q has no closing %%; \\%% is one that stands for itself", text[i:])
				return t
			}
			t.add(part{text: constant})
			t.add(t.replacer(inside))
			constant = ""
			i += len(inside) + 1
		}
	}
	t.add(part{text: constant})
	return t
}

func (t *Template) add(p part) {
	if p.text != "" || p.property != "" {
		t.parts = append(t.parts, p)
	}
}

func (t *Template) fail(format string, args ...any) {
	if t.err == nil {
		t.err = &fault{0, fmt.Sprintf(format, args...)}
	}
}

// unescaped is what a backslash and a byte stand for.
func unescaped(c byte) byte {
	if i := strings.IndexByte("nrt", c); i >= 0 {
		return "\n\r\t"[i]
	}
	return c
}

// replacer reads what stands between two "%".
func (t *Template) replacer(text string) (p part) {
	words := strings.SplitN(text, ":", 4)
	for len(words) < 4 {
		words = append(words, "")
	}
	t.property(&p, words[0])
	if field, found := strings.CutPrefix(words[1], "F"); found {
		p.delimit = '\t'
		if code, err := strconv.ParseUint(strings.TrimPrefix(field, ","), 10, 8); err == nil {
			p.delimit = byte(code)
		} else if field != "" {
			t.fail("%%%s%%: want F,CODE:NUMBER for a field", text)
		}
		p.field = t.count(text, words[2])
	} else {
		p.from, p.to = t.count(text, words[1]), t.count(text, words[2])
	}
	for _, option := range strings.Split(words[3], ",") {
		t.option(&p, strings.ToLower(strings.TrimRight(option, ":")))
	}
	return p
}

// count reads a number from 1; "" and "$" are 0.
func (t *Template) count(text, digits string) int {
	if digits == "" || digits == "$" {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		t.fail("%%%s%%: %q is not supported: want numbers, as in %%msg:1:10%%", text, digits)
	}
	return int(n)
}

func (t *Template) property(p *part, name string) {
	name = strings.ToLower(strings.TrimSpace(name))
	p.full = name == "app-name"
	if p.property = propertyNames[name]; p.property != "" {
		return
	}
	if p.property = name; templateNames[name] == nil {
		advice := ""
		if name == "fromhost" {
			advice = "nobody asks DNS for the name of a sender: write fromhost-ip or hostname; "
		}
		t.fail("property %q is not supported: %s%s, timereported, timegenerated, $year, $month, $day, $hour, $minute, $now, pri and pri-text are", name, advice, propertyList)
	}
}

// option reads one of those of the property replacer.
func (t *Template) option(p *part, option string) {
	date, isDate := strings.CutPrefix(option, "date-")
	_, known := dateLayouts[date]
	switch {
	case isDate && known && date != "":
		p.date = date
	case option == "lowercase":
		p.fold = bytes.ToLower
	case option == "uppercase":
		p.fold = bytes.ToUpper
	case option == "sp-if-no-1st-sp":
		p.oneBlank = true
	case slices.Contains([]string{"", "secpath-drop", "secpath-replace", "drop-last-lf", "escape-cc"}, option): // always so
	default:
		t.fail("option %q is not supported", option)
	}
}
