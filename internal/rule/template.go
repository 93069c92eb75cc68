package rule

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"constat/entry"
)

// Template makes a text of an entry, as rsyslog's $template and template(…) say: a line, or the name of a file.
type Template struct {
	Name  string
	parts []part
	err   *fault // why it cannot be used, nil: it can
}

// part is text as it is, or a property.
type part struct {
	text     string
	property string // one of propertyNames or templateNames; "" is text
	date     string // one of dateLayouts
	from, to int    // octets, from 1; to 0 is the end
	field    int    // from 1, between delimiters; 0: all
	delimit  byte
	fold     func([]byte) []byte
	full     bool // a program with what stands behind its slash
	oneBlank bool // a blank if the value begins with none, and nothing else
}

// Append appends the text. A line feed at its end is left out; control characters of properties become #ooo.
func (t *Template) Append(dst []byte, f *Facts) []byte {
	for i := range t.parts {
		if p := &t.parts[i]; p.property == "" {
			dst = append(dst, p.text...)
		} else {
			dst = appendEscaped(dst, p.value(f))
		}
	}
	return bytes.TrimSuffix(dst, []byte{'\n'})
}

// appendEscaped writes control characters as rsyslog does.
func appendEscaped(dst, value []byte) []byte {
	for _, c := range value {
		if c < ' ' || c == 0x7f {
			dst = fmt.Appendf(dst, "#%03o", c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// maxName is the length of one name in a path: NAME_MAX of Linux.
const maxName = 255

// AppendPath appends the name of a file. Whatever an entry holds, it lies where the template says: a value has no "/" and
// no control character, which become "_", and is neither empty, which is "-", nor "." or "..", of which the first dot
// becomes "_". A name of more than 255 octets is cut.
func (t *Template) AppendPath(dst []byte, f *Facts) []byte {
	var path []byte
	for i := range t.parts {
		p := &t.parts[i]
		if p.property == "" {
			path = append(path, p.text...)
			continue
		}
		begin := len(path)
		path = append(path, bytes.TrimSpace(p.value(f))...)
		if len(path) == begin {
			path = append(path, '-')
		}
		safe(path[begin:])
	}
	for i, name := range bytes.Split(path, []byte{'/'}) {
		if i > 0 {
			dst = append(dst, '/')
		}
		safe(name)
		dst = append(dst, name[:min(len(name), maxName)]...)
	}
	return dst
}

// safe makes a name one that stays where it is.
func safe(name []byte) {
	for i, c := range name {
		if c == '/' || c < ' ' || c == 0x7f {
			name[i] = '_'
		}
	}
	if string(name) == "." || string(name) == ".." {
		name[0] = '_'
	}
}

// Directory is the one that all files are below.
func (t *Template) Directory() string {
	first := t.parts[0].text
	return first[:max(1, strings.LastIndexByte(first, '/'))]
}

// value is the property, as far as it is wanted.
func (p *part) value(f *Facts) []byte {
	value := p.whole(f)
	if p.field > 0 {
		fields := bytes.Split(value, []byte{p.delimit})
		if p.field > len(fields) {
			return []byte("**FIELD NOT FOUND**") // as rsyslog
		}
		value = fields[p.field-1]
	}
	if p.to > 0 {
		value = value[:min(p.to, len(value))]
	}
	if p.from > 1 {
		value = value[min(p.from-1, len(value)):]
	}
	if p.fold != nil {
		value = p.fold(value)
	}
	if p.oneBlank {
		if bytes.HasPrefix(value, []byte(" ")) {
			return nil
		}
		return []byte(" ")
	}
	return value
}

// whole is the property.
func (p *part) whole(f *Facts) []byte {
	if clock := templateNames[p.property]; clock != nil {
		return clock(p, f)
	}
	value := (&Property{Name: p.property, whole: p.full}).of(f)
	switch {
	case p.property == propMessage && len(f.Program) > 0:
		return append([]byte(" "), value...) // that behind the tag is rsyslog's
	case len(value) == 0 && p.property != propMessage && p.property != propTag:
		return []byte("-")
	}
	return value
}

// templateNames are the properties that only templates have.
var templateNames = map[string]func(*part, *Facts) []byte{
	"timereported": func(p *part, f *Facts) []byte { return p.clock(f, true) }, "timestamp": func(p *part, f *Facts) []byte { return p.clock(f, true) },
	"timegenerated": func(p *part, f *Facts) []byte { return p.clock(f, false) },
	"$now":          received("2006-01-02"), "$year": received("2006"), "$month": received("01"), "$day": received("02"),
	"$hour": received("15"), "$minute": received("04"),
	"pri": func(_ *part, f *Facts) []byte { return number(priorityOf(f)) },
	"pri-text": func(_ *part, f *Facts) []byte {
		pri := priorityOf(f)
		return []byte(facilityText(pri/Levels) + "." + entry.LevelName(pri%Levels) + "<" + strconv.Itoa(pri) + ">")
	},
}

// priorityOf counts an entry without a facility as one of user, as outputs do.
func priorityOf(f *Facts) int {
	if f.Facility == NoFacility {
		return Levels + f.Level
	}
	return f.Facility*Levels + f.Level
}
