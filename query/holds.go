package query

import (
	"net/netip"
	"slices"
	"strings"
)

// Holds reports whether op holds for one value. It is the plain meaning of the language; executors may be quicker.
// Levels and Facilities read the names and numbers of [Levels.String] and their synonyms.
func Holds(op Op, value string) bool {
	switch op := op.(type) {
	case Text:
		return op.holds(value)
	case Equal:
		return slices.ContainsFunc(op.Values, func(v string) bool {
			return v == value || op.Fold && FoldEqual(v, value)
		})
	case Regexp:
		return op.RE.MatchString(value)
	case Range:
		return op.Contains(value)
	case CIDR:
		addr, err := netip.ParseAddr(value)
		return err == nil && addr.Zone() == "" && op.Prefix.Contains(addr.Unmap())
	case Levels:
		n, _, ok := readLevel(value)
		return ok && op.Set&(1<<n) != 0
	case Facilities:
		n, ok := readFacility(value)
		return ok && op.Set&(1<<n) != 0
	}
	return true
}

func (t Text) holds(value string) bool {
	text := t.Text
	if text == "" {
		return true
	}
	if t.Fold {
		text, value = Fold(text), Fold(value)
	}
	for from := 0; ; {
		i := strings.Index(value[from:], text)
		if i < 0 {
			return false
		}
		from += i
		if edgeHolds(t.Start, value[:from], text[0], true) && edgeHolds(t.End, value[from+len(text):], text[len(text)-1], false) {
			return true
		}
		from++
	}
}

// edgeHolds looks at what lies beyond one end of a text found; end is the text's byte there.
func edgeHolds(edge Edge, beyond string, end byte, before bool) bool {
	switch {
	case edge == Anywhere || beyond == "":
		return true
	case edge == AtValue:
		return false
	case before:
		return !isTokenByte(end) || !isTokenByte(beyond[len(beyond)-1])
	}
	return !isTokenByte(end) || !isTokenByte(beyond[0])
}
