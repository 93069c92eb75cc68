package query

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const wantFunc = "count(), rate(), distinct(f), sum(f), min(f), max(f), avg(f) or quantile(0.99, f)"

func (p *parser) stats() Pipe {
	var s Stats
	for {
		s.Funcs = append(s.Funcs, p.function())
		if !p.takeAfter(",") {
			break
		}
	}
	if p.takeWord("by") {
		p.need("(")
		for {
			s.By = append(s.By, p.group())
			if !p.takeAfter(",") {
				break
			}
		}
		p.need(")")
	}
	return s
}

func (p *parser) function() Func {
	p.blanks()
	start := p.pos
	f := Func{Name: p.bare(",")}
	switch f.Name {
	case "count", "rate":
		p.need("(")
	case "distinct", "sum", "min", "max", "avg":
		p.need("(")
		f.Field = p.field()
	case "quantile":
		p.need("(")
		f.Quantile = p.fraction()
		p.need(",")
		f.Field = p.field()
	default:
		p.fail(start, wantFunc)
	}
	p.need(")")
	if p.takeWord("as") {
		f.As = p.newName()
	}
	return f
}

func (p *parser) fraction() float64 {
	p.blanks()
	start := p.pos
	text := p.bare(",")
	x, err := strconv.ParseFloat(text, 64)
	if _, ok := readNumber(text); err != nil || !ok || x < 0 || x > 1 {
		p.fail(start, "a number from 0 to 1, such as 0.99")
		return 0
	}
	return math.Abs(x) // of -0
}

// group reads a field, or an axis of time with a bucket.
func (p *parser) group() Group {
	p.blanks()
	start := p.pos
	quoted := p.peek() == '"'
	g := Group{Field: p.field()}
	axis := !quoted && isTime(g.Field)
	if !p.take(":") {
		if axis {
			p.fail(p.pos, "the length of a bucket, such as "+g.Field+":1m; a field of that name stands between quotes")
		}
		return g
	}
	if !axis {
		p.fail(start, "time, received or event before the length of a bucket")
		return g
	}
	start = p.pos
	bucket, err := readBucket(p.bare(","))
	if err != nil {
		p.fail(start, "a length such as 1m, 5m, 1h, 1d ("+err.Error()+")")
	}
	g.Bucket = bucket
	return g
}

// isTime reports whether name is that of an axis.
func isTime(name string) bool {
	return Axis(name) == Default || Axis(name) == Received || Axis(name) == Event
}

// bucketUnits are those of a bucket, longest first; all are exact.
var bucketUnits = [...]struct {
	name string
	unit time.Duration
}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
	{"ms", time.Millisecond}, {"us", time.Microsecond}}

// maxBucket is about ten years.
const maxBucket = 3650 * 24 * time.Hour

func readBucket(text string) (time.Duration, error) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(text[:end], 10, 62)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("want a whole number from 1 and a unit")
	}
	for _, u := range bucketUnits {
		if u.name != text[end:] {
			continue
		}
		if n > uint64(maxBucket/u.unit) {
			return 0, fmt.Errorf("at most 3650d")
		}
		return time.Duration(n) * u.unit, nil
	}
	return 0, fmt.Errorf("units are us, ms, s, m, h, d, w")
}

// writeBucket spells a length in the longest unit in which it is whole.
func writeBucket(d time.Duration) string {
	for _, u := range bucketUnits {
		if d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return d.String()
}
