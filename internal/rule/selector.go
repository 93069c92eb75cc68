package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// fault is what is wrong at a byte of a text.
type fault struct {
	at   int
	text string
}

// facilityNames are the names of syslog.conf; see [selectors.facility] for "security", which is one of two.
var facilityNames = map[string]int{
	"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9,
	"authpriv": 10, "ftp": 11, "ntp": 12, "audit": 13, "bsd_security": 13, "console": 14, "cron2": 15, "solaris-cron": 15,
	"local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
	"invld": NoFacility,
}

var levelNames = map[string]int{
	"emerg": 0, "panic": 0, "alert": 1, "crit": 2, "err": 3, "error": 3, "warning": 4, "warn": 4, "notice": 5, "info": 6, "debug": 7,
}

// selectors reads a list of selectors.
type selectors struct {
	text    string
	pos     int
	dialect Dialect
	set     Matrix
	notes   []fault // warnings
	steps   []step
	err     *fault
}

// step is one selector, taken apart.
type step struct {
	at   int
	rows uint32 // facilities, bit NoFacility for those that say none
	do   change
}

// change is what a selector does to the set of a facility.
type change struct {
	negate bool
	ops    byte // bits of compareLess, compareEqual and compareMore; 0: the level and what is more severe
	all    bool // "*"
	none   bool // "none"
	level  int
}

// The comparisons, by severity: less is a larger number.
const (
	compareLess = 1 << iota
	compareEqual
	compareMore
)

// parseSelectors reads a list such as "*.info;mail.none".
func parseSelectors(text string, d Dialect) *selectors {
	s := &selectors{text: text, dialect: d}
	s.parse()
	for _, step := range s.steps {
		step.apply(&s.set, d)
	}
	if s.err != nil {
		s.set = Matrix{}
	}
	return s
}

// fail keeps the first error.
func (s *selectors) fail(at int, format string, args ...any) {
	if s.err == nil {
		s.err = &fault{at, fmt.Sprintf(format, args...)}
	}
}

func (s *selectors) note(at int, format string, args ...any) {
	s.notes = append(s.notes, fault{at, fmt.Sprintf(format, args...)})
}

func (s *selectors) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

func (s *selectors) parse() {
	if c := s.peek(); c == ';' || c == ',' {
		s.fail(0, "no selector before %q: want FACILITY.LEVEL, such as mail.info", string(c))
	}
	for s.err == nil && s.pos < len(s.text) {
		if c := s.peek(); c == ';' || c == ',' { // after a level both separate; two of them are harmless
			s.pos++
			continue
		}
		next := step{at: s.pos}
		next.rows = s.facilities()
		if s.err == nil {
			next.do = s.level()
		}
		s.steps = append(s.steps, next)
	}
}

// word takes everything up to one of the bytes in stop.
func (s *selectors) word(stop string) string {
	rest := s.text[s.pos:]
	if end := strings.IndexAny(rest, stop); end >= 0 {
		rest = rest[:end]
	}
	s.pos += len(rest)
	return rest
}

// facilities reads "a,b." and returns which rows that are.
func (s *selectors) facilities() (rows uint32) {
	for s.err == nil {
		at := s.pos
		name := s.word(".,;")
		switch c := s.peek(); {
		case name == "":
			s.fail(at, "no facility before %q: want a name such as mail, or *", string(c))
		case c == ';' || c == 0:
			s.fail(at, "%q has no level: write %s.* for all levels, %[2]s.info for info and worse", name, name)
		default:
			rows |= s.facility(at, name)
			s.pos++
			if c == '.' {
				return rows
			}
		}
	}
	return 0
}

// facility returns the rows of one name.
func (s *selectors) facility(at int, name string) uint32 {
	lower := strings.ToLower(name)
	if lower == "*" {
		return 1<<(NoFacility+1) - 1
	}
	if lower == "security" {
		if s.dialect == BSD {
			s.note(at, `"security" is facility 13 here, and auth in dialect accumulate: write audit or auth`)
			return 1 << 13
		}
		s.note(at, `"security" is auth here, and facility 13 in dialect bsd: write auth or audit`)
		return 1 << 4
	}
	if lower == "mark" {
		s.note(at, `constat makes no mark messages: "mark" selects nothing`)
		return 0
	}
	if row, ok := facilityNames[lower]; ok {
		return 1 << row
	}
	if code, err := strconv.ParseUint(lower, 10, 8); err == nil && code < Facilities*Levels && strconv.Itoa(int(code)) == lower {
		row := int(code) / Levels
		s.note(at, "a number is the code of a facility times 8: %s is %s; write %[2]s", name, facilityName(row))
		return 1 << row
	}
	s.fail(at, "unknown facility %q: want %s", name, wantFacility)
	return 0
}

const (
	wantFacility = "kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, ntp, audit, console, local0 to local7 or *"
	wantLevel    = "emerg, alert, crit, err, warning, notice, info, debug, * or none"
)

// level reads what stands behind the dot.
func (s *selectors) level() (c change) {
	at := s.pos
	if s.peek() == '!' {
		c.negate = true
		s.pos++
	}
	c.ops = s.comparison()
	begin := s.pos
	name := s.word(";,")
	lower := strings.ToLower(name)
	known := false
	switch {
	case lower == "":
		s.fail(begin, "no level: want %s", wantLevel)
		return c
	case lower == "*" || lower == "none":
		if c.all, c.none = lower == "*", lower == "none"; c.ops != 0 {
			s.fail(at, "%q means one thing to some daemons and another to others: write only %s", s.text[at:s.pos], name)
		}
		return c
	case len(lower) == 1 && lower[0] >= '0' && lower[0] < '0'+Levels:
		c.level, known = int(lower[0]-'0'), true
	default:
		c.level, known = levelNames[lower]
	}
	if !known {
		s.fail(begin, "unknown level %q: want %s", name, wantLevel)
	}
	return c
}

// comparison reads "=", and of dialect bsd any of "<", "=" and ">".
func (s *selectors) comparison() (ops byte) {
	for s.err == nil {
		bit := byte(0)
		switch s.peek() {
		case '=':
			bit = compareEqual
		case '<':
			bit = compareLess
		case '>':
			bit = compareMore
		default:
			return ops
		}
		switch {
		case bit != compareEqual && s.dialect != BSD:
			s.fail(s.pos, `"<" and ">" belong to dialect bsd: write the levels, or use --dialect bsd`)
		case ops&bit != 0:
			s.fail(s.pos, "%q stands here twice", string(s.peek()))
		}
		ops |= bit
		s.pos++
	}
	return ops
}

// apply does to a set what the selector says.
func (s *step) apply(set *Matrix, d Dialect) {
	for f := range set {
		if s.rows>>f&1 == 0 {
			continue
		}
		if d == BSD {
			set[f] = s.do.replaced()
		} else {
			set[f] = s.do.accumulated(set[f])
		}
	}
}

// accumulated adds to what is selected, or removes from it.
func (c change) accumulated(before uint8) uint8 {
	switch {
	case c.none != c.negate && (c.none || c.all): // "none" or "!*"
		return 0
	case c.none || c.all: // "!none" or "*"
		return allLevels
	case c.negate:
		return before &^ c.levels()
	}
	return before | c.levels()
}

// replaced is what is selected, whatever was before.
func (c change) replaced() uint8 {
	switch {
	case c.none:
		return 0 // also "!none": there is no level to complement
	case c.negate:
		return ^c.levels()
	}
	return c.levels()
}

// levels is what the comparison says.
func (c change) levels() (set uint8) {
	if c.all {
		return allLevels
	}
	ops := c.ops
	if ops == 0 {
		ops = compareMore | compareEqual
	}
	if ops&compareMore != 0 {
		set |= 1<<c.level - 1
	}
	if ops&compareEqual != 0 {
		set |= 1 << c.level
	}
	if ops&compareLess != 0 {
		set |= ^uint8(1<<(c.level+1) - 1)
	}
	return set
}
