package query

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"constat/internal/timespec"
)

// selector reads what stands behind one of the selectors.
func (p *parser) selector(name string) Node {
	switch name {
	case "index":
		return p.index()
	case "boot":
		return p.boot()
	case "kind":
		return Kind{p.names("event, loss, seal, control or in(…) of them", "event", "loss", "seal", "control")}
	case "journal":
		return Journal{p.names("the name of a journal or in(…) of them")}
	case "imported":
		field := p.piece(":", "the name of a field")
		if field.before || field.after || !p.take(":") {
			p.fail(p.pos, "imported:FIELD:value")
		}
		return p.match(field, true)
	}
	low, high := p.bounds(p.moment)
	return Time{Axis(name), low, high}
}

// moment reads a point in time. Relative forms are tried on a day of our own: what matters is whether they can be read.
func (p *parser) moment() string {
	start := p.pos
	text := p.bound("a time")
	if _, err := timespec.Parse(text, time.Unix(1_700_000_000, 0), time.UTC); err != nil {
		p.fail(start, "a time: "+timespec.Forms)
	}
	return text
}

// names reads one name or in(…); of these, if any are given.
func (p *parser) names(want string, of ...string) (names []string) {
	list := []piece(nil)
	if p.take("in(") {
		list = p.list()
	} else {
		list = append(list, p.piece(",", want))
	}
	for _, s := range list {
		if s.text == "" || s.before || s.after || len(of) > 0 && !slices.Contains(of, s.text) {
			p.fail(s.pos, want)
		}
		names = append(names, s.text)
	}
	return names
}

func (p *parser) index() Node {
	start := p.pos
	if c := p.peek(); c >= '0' && c <= '9' {
		n := p.parseIndex(p.whole())
		return Index{n, n}
	}
	low, high := p.bounds(p.whole)
	node := Index{0, math.MaxUint64}
	if low.Text != "" {
		node.First = p.parseIndex(low.Text)
	}
	if high.Text != "" {
		node.Last = p.parseIndex(high.Text)
	}
	if low.Open && node.First == math.MaxUint64 || high.Open && node.Last == 0 {
		p.fail(start, "a range with an index in it")
		return node
	}
	if low.Open {
		node.First++
	}
	if high.Open {
		node.Last--
	}
	if node.First > node.Last {
		p.fail(start, "a range with an index in it")
	}
	return node
}

func (p *parser) whole() string {
	start := p.pos
	text := p.bound("an index, such as 1000, or [1000 .. 2000]")
	if _, err := strconv.ParseUint(text, 10, 64); err != nil {
		p.fail(start, "an index, 0 to 18446744073709551615")
	}
	return text
}

func (p *parser) parseIndex(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64) // whole has looked at it; after an error the value does not matter
	return n
}

func (p *parser) boot() Node {
	const want = "a boot id of 32 hexadecimal digits, or -0 for the newest boot, -1 for the one before"
	s := p.piece(",", want)
	id := strings.ToLower(strings.ReplaceAll(s.text, "-", ""))
	if len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" && !s.before && !s.after {
		return Boot{ID: id}
	}
	back, err := strconv.Atoi(s.text)
	if err != nil || back > 0 || back < -1_000_000 || s.before || s.after {
		p.fail(s.pos, want)
	}
	return Boot{Back: -back}
}
