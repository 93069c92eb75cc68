package rule

import (
	"slices"
	"strings"

	"constat/entry"
)

// String writes the matrix as selectors of dialect accumulate; "" is nothing. Reading that gives the same matrix.
func (m *Matrix) String() string {
	var parts []string
	if base := m[NoFacility]; base != 0 {
		parts = append(parts, levelsOf("*", base)...)
	}
	for _, g := range m.groups() {
		if m[NoFacility] != 0 && g.levels != allLevels {
			parts = append(parts, g.names+".none")
		}
		parts = append(parts, levelsOf(g.names, g.levels)...)
	}
	return strings.Join(parts, ";")
}

// group is facilities that have the same levels.
type group struct {
	names  string
	levels uint8
}

// groups returns the facilities that differ from those that say none, by their levels.
func (m *Matrix) groups() (list []group) {
	for f := range Facilities {
		if m[f] == m[NoFacility] {
			continue
		}
		at := slices.IndexFunc(list, func(g group) bool { return g.levels == m[f] })
		if at < 0 {
			list = append(list, group{entry.FacilityName(f), m[f]})
		} else {
			list[at].names += "," + entry.FacilityName(f)
		}
	}
	return list
}

// levelsOf writes selectors that add levels: one for a level and all above it, one for each other level.
func levelsOf(names string, set uint8) (parts []string) {
	if set == allLevels {
		return []string{names + ".*"}
	}
	above := 0 // the levels 0 to above-1
	for set>>above&1 != 0 {
		above++
	}
	if above > 1 {
		parts = append(parts, names+"."+entry.LevelName(above-1))
		set &^= 1<<above - 1
	}
	for l := range Levels {
		if set>>l&1 != 0 {
			parts = append(parts, names+".="+entry.LevelName(l))
		}
	}
	return parts
}

// Text writes the conditions and the action of a rule for people, as one line of a syslog.conf with its blocks before it.
func (r *Rule) Text() string {
	text := r.Selector + "  " + r.Action.String()
	if !r.Host.IsZero() {
		text = hostBlock(r.Host) + "  " + text
	}
	if !r.Program.IsZero() {
		text = "!" + r.Program.String() + "  " + text
	}
	if r.Property != nil && !strings.HasPrefix(r.Selector, ":") {
		text = r.Property.String() + "  " + text
	}
	return text
}

func hostBlock(n Names) string {
	if n.Not {
		return n.String()
	}
	return "+" + n.String()
}
