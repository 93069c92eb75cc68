package rule

import (
	"slices"
	"strings"
)

// scriptWords begin statements of rsyslog's own language.
var scriptWords = []string{"action", "call", "dyn_stats", "else", "foreach", "global", "if", "include", "input", "lookup_table",
	"main_queue", "module", "parser", "percentile_stats", "ratelimit", "reset", "ruleset", "set", "template", "timezone", "unset"}

// isScript reports whether a line is in rsyslog's own language, or ends in it, so that brackets may stay open.
func isScript(raw string) bool {
	text := strings.TrimLeft(raw, blanks)
	if text == "" || text[0] == '#' {
		return false
	}
	word, rest := wordOf(text)
	for _, known := range scriptWords {
		if !strings.EqualFold(word, known) {
			continue
		}
		rest = strings.TrimLeft(rest, blanks)
		return rest == "" && known == "else" || rest != "" && (rest[0] == '(' || rest[0] == '{' || known == "if" || known == "set" || known == "foreach" ||
			known == "call" || known == "unset" || known == "reset" || known == "else")
	}
	return actionObject(text) >= 0 || opensBlock(text) || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "}") || strings.HasSuffix(strings.TrimRight(text, blanks), "{")
}

// actionObject finds "action(" behind selectors; -1 is none.
func actionObject(text string) int {
	at := strings.IndexAny(text, blanks)
	if at < 0 {
		return -1
	}
	rest := strings.TrimLeft(text[at:], blanks)
	word, behind := wordOf(rest)
	if strings.EqualFold(word, "action") && strings.HasPrefix(strings.TrimLeft(behind, blanks), "(") {
		return len(text) - len(rest)
	}
	return -1
}

// opensBlock reports whether a "{" stands behind a filter or selectors.
func opensBlock(text string) bool {
	if word, _ := wordOf(text); slices.Contains(scriptWords, strings.ToLower(word)) || text[0] == '{' || text[0] == '}' {
		return false
	}
	if text[0] != ':' {
		at := strings.IndexAny(text, blanks)
		return at >= 0 && strings.HasPrefix(strings.TrimLeft(text[at:], blanks), "{")
	}
	quote := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			quote = !quote
		case c == '#' && !quote:
			return false
		case c == '{' && !quote && (text[i-1] == '"' || strings.IndexByte(blanks, text[i-1]) >= 0):
			return true
		}
	}
	return false
}

// wordOf cuts the letters, digits and underscores off the beginning.
func wordOf(text string) (word, rest string) {
	end := 0
	for end < len(text) && (isLetter(text[end]) || text[end] >= '0' && text[end] <= '9' || text[end] == '_') {
		end++
	}
	return text[:end], text[end:]
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isNameByte reports whether a byte can stand in the name of a facility, program, host or user.
func isNameByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '_' || c == '-' || c >= 0x80
}

// param is one NAME="VALUE" of an object.
type param struct {
	name  string // lower case
	value string
}

// object is a statement such as module(load="imudp").
type object struct {
	name   string // lower case
	params []param
}

// parseObject reads NAME(NAME="VALUE" …). rest is what stands behind the bracket.
func parseObject(text string) (o object, rest string, ok bool) {
	word, rest := wordOf(text)
	o.name = strings.ToLower(word)
	rest = strings.TrimLeft(rest, blanks)
	if word == "" || !strings.HasPrefix(rest, "(") {
		return o, rest, false
	}
	for rest = rest[1:]; ; {
		rest = strings.TrimLeft(rest, blanks+",")
		if strings.HasPrefix(rest, ")") {
			return o, strings.TrimLeft(rest[1:], blanks), true
		}
		end := strings.IndexAny(rest, "=()\"'")
		if end <= 0 || rest[end] != '=' {
			return o, rest, false
		}
		name := strings.ToLower(strings.TrimRight(rest[:end], blanks))
		value, behind, ok := parseValue(strings.TrimLeft(rest[end+1:], blanks))
		if !ok {
			return o, rest, false
		}
		o.params = append(o.params, param{name, value})
		rest = behind
	}
}

// parseValue reads "…", '…', […] or a word. Of a list the text is returned as it is.
func parseValue(text string) (value, rest string, ok bool) {
	if text == "" {
		return "", "", false
	}
	switch text[0] {
	case '"', '\'':
		return unquoted(text, unescaped)
	case '[':
		value, rest, ok = strings.Cut(text[1:], "]")
		return value, rest, ok
	}
	end := strings.IndexAny(text, blanks+")")
	if end <= 0 {
		return "", "", false
	}
	return text[:end], text[end:], true
}

// quoted reads a string up to the quote it begins with; a backslash takes the next byte as it is.
func quoted(text string) (value, rest string, ok bool) {
	return unquoted(text, func(c byte) byte { return c })
}

func unquoted(text string, escaped func(byte) byte) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == text[0]:
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(escaped(text[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// get returns the value of a parameter, "" if there is none.
func (o *object) get(name string) string {
	for _, p := range o.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}
