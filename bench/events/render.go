package events

import "strconv"

// appendSyslog appends the event as RFC 5424 text.
func (g *Generator) appendSyslog(b []byte, t *template) []byte {
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(g.burst.facility*8+t.level), 10)
	b = append(b, ">1 "...)
	b = g.appendTime(b)
	b = append(b, ' ')
	b = append(b, g.burst.host.name...)
	b = append(b, ' ')
	b = append(b, g.burst.name...)
	b = append(b, ' ')
	if g.burst.lives == 1 {
		b = append(b, '-') // a kernel has no process number
	} else {
		b = strconv.AppendInt(b, int64(g.burst.pid), 10)
	}
	b = append(b, " - - "...)
	return append(b, g.text...)
}

// appendJSON appends the event as an object.
func (g *Generator) appendJSON(b []byte, t *template) []byte {
	b = append(b, `{"time":"`...)
	b = g.appendTime(b)
	b = append(b, `","host":"`...)
	b = append(b, g.burst.host.name...)
	b = append(b, `","app":"`...)
	b = append(b, g.burst.name...)
	if g.burst.lives > 1 {
		b = append(b, `","pid":"`...)
		b = strconv.AppendInt(b, int64(g.burst.pid), 10)
	}
	b = append(b, `","level":"`...)
	b = append(b, levels[t.level]...)
	b = append(b, `","message":"`...)
	for _, c := range g.text {
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, `"}`...)
}

// appendTime appends the time with microseconds.
func (g *Generator) appendTime(b []byte) []byte {
	b = append(b, g.stamp[:]...)
	b = append(b, '.')
	b = appendDigits(b, uint64(g.nanos/1000), 6)
	return append(b, 'Z')
}
