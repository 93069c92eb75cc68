package query

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// levelNames and facilityNames are the names we write; other spellings of levels stand in levelSynonyms. The package
// entry knows the same ones, and a test compares them.
var (
	levelNames    = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
	levelSynonyms = map[string]int{"emergency": 0, "panic": 0, "critical": 2, "fatal": 2, "error": 3, "severe": 3, "warn": 4,
		"information": 6, "informational": 6, "trace": 7, "verbose": 7}
	facilityNames = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
		"ftp", "ntp", "audit", "console", "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
)

// readLevel returns the level that text says, by name or by number.
func readLevel(text string) (level int, byNumber, ok bool) {
	if len(text) == 1 && text[0] >= '0' && text[0] <= '7' {
		return int(text[0] - '0'), true, true
	}
	name := strings.ToLower(text)
	if level = slices.Index(levelNames[:], name); level >= 0 {
		return level, false, true
	}
	level, ok = levelSynonyms[name]
	return level, false, ok
}

func readFacility(text string) (facility int, ok bool) {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text && n >= 0 && n < len(facilityNames) {
		return n, true
	}
	n := slices.Index(facilityNames[:], strings.ToLower(text))
	return n, n >= 0
}

const (
	wantLevel    = "emerg, alert, crit, err, warning, notice, info, debug, 0 to 7, a comparison such as >=warning, [err .. info], in(…) or *"
	wantFacility = "a facility such as kern, auth, local0, 0 to 23, in(…) or *"
)

// levels reads what stands behind "level:". Names compare by severity (>=warning is warning and worse), numbers as
// numbers (<=4 is the same).
func (p *parser) levels() Op {
	start := p.pos
	if p.take("*") {
		return Exists{}
	}
	if c := p.peek(); c != 0 && strings.IndexByte("<>[(", c) >= 0 {
		if set := p.levelRange(); set != 0 {
			return Levels{set}
		}
		p.fail(start, "a range with a level in it")
		return Levels{}
	}
	op := Levels{}
	for _, name := range p.names(wantLevel) {
		level, _, ok := readLevel(name)
		if !ok {
			p.fail(start, wantLevel)
			return op
		}
		op.Set |= 1 << level
	}
	return op
}

// levelRange reads a comparison. Of a range between two names either order is right.
func (p *parser) levelRange() (set uint8) {
	byNumber := false
	low, high := p.bounds(func() string {
		start := p.pos
		text := p.bound(wantLevel)
		_, number, ok := readLevel(text)
		if !ok {
			p.fail(start, wantLevel)
		}
		byNumber = byNumber || number
		return text
	})
	if low.Text != "" && high.Text != "" {
		a, _, _ := readLevel(low.Text)
		b, _, _ := readLevel(high.Text)
		if a > b {
			low, high = high, low
		}
	} else if !byNumber {
		low, high = high, low
	}
	for n := range levelNames {
		if low.admitsLevel(n, 1) && high.admitsLevel(n, -1) {
			set |= 1 << n
		}
	}
	return set
}

func (b Bound) admitsLevel(level, side int) bool {
	limit, _, ok := readLevel(b.Text)
	return !ok || compareInts(level, limit) == side || level == limit && !b.Open
}

func (p *parser) facilities() Op {
	start := p.pos
	if p.take("*") {
		return Exists{}
	}
	op := Facilities{}
	for _, name := range p.names(wantFacility) {
		n, ok := readFacility(name)
		if !ok {
			p.fail(start, wantFacility)
			return op
		}
		op.Set |= 1 << n
	}
	return op
}

// String writes the levels as one name, a comparison or a list.
func (l Levels) String() string {
	first, last := bits.TrailingZeros8(l.Set), bits.Len8(l.Set)-1
	switch {
	case l.Set == 0:
		return "in()"
	case bits.OnesCount8(l.Set) == 1:
		return levelNames[first]
	case bits.OnesCount8(l.Set) == last-first+1 && first == 0:
		return ">=" + levelNames[last]
	case bits.OnesCount8(l.Set) == last-first+1 && last == 7:
		return "<=" + levelNames[first]
	}
	return inNames(uint32(l.Set), levelNames[:])
}

// String writes the facilities as one name or a list.
func (f Facilities) String() string {
	if bits.OnesCount32(f.Set) == 1 {
		return facilityNames[bits.TrailingZeros32(f.Set)]
	}
	return inNames(f.Set, facilityNames[:])
}

func inNames(set uint32, names []string) string {
	var in []string
	for i, name := range names {
		if set&(1<<i) != 0 {
			in = append(in, name)
		}
	}
	return "in(" + strings.Join(in, ", ") + ")"
}
