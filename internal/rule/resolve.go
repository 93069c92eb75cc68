package rule

import "strings"

// named is what an action says of templates, which may stand below it.
type named struct {
	rule        int
	file        string // of its name
	format      string // of its lines, as written
	usual       bool   // the line says no format: that is one of the defaults
	row, column int    // where the action is
}

// expect notes the templates of the rule that was added last.
func (r *reader) expect(a *actions, at int) {
	n := named{rule: len(r.rules) - 1, file: a.dynamic, format: a.format}
	n.row, n.column = r.l.place(at)
	if kind := a.made.Kind; n.format == "" && (kind == File || kind == Dynamic || kind == Terminal) {
		n.usual = true
		if n.format = r.moduleFormat; n.format == "" {
			n.format = r.fileFormat
		}
	}
	r.named = append(r.named, n)
}

// resolve gives the actions their templates. A rule whose file has no name is left out.
func (p *parser) resolve() {
	var broken []int
	usual := map[Action]Action{} // the forms of what the lines say none of
	for _, n := range p.named {
		a := &p.rules[n.rule].Action
		problem := Problem{p.rules[n.rule].File, n.row, n.column, Error, ""}
		if a.Kind == Dynamic {
			t := p.templates[n.file]
			if problem.Text = nameFault(n.file, t); problem.Text != "" {
				p.report(problem)
				broken = append(broken, n.rule)
				continue
			}
			a.Template = t
		}
		if problem.Text = p.format(a, n); problem.Text != "" {
			problem.Severity = Warning
			p.report(problem)
		}
		place := *a
		place.Format, place.Layout = DefaultFormat, nil
		if before, again := usual[place]; again && a.Usual {
			a.Format, a.Layout = before.Format, before.Layout // one file has one form
		} else {
			usual[place] = *a
		}
	}
	for i := len(broken) - 1; i >= 0; i-- {
		p.rules = append(p.rules[:broken[i]], p.rules[broken[i]+1:]...)
	}
}

// format sets the form of the lines of an action, and says what is wrong with it.
func (p *parser) format(a *Action, n named) (wrong string) {
	a.Usual = n.usual
	format, known := formatNames[strings.ToLower(n.format)]
	t := p.templates[n.format]
	switch {
	case t != nil && t.err == nil:
		a.Layout = t
	case known && t == nil:
		a.Format = format
	case n.format != "" && t != nil:
		wrong = "template " + n.format + ": " + t.err.text + ": the usual format of the output is written"
	case n.format != "" && !n.usual:
		wrong = "there is no template \"" + n.format + "\" here: the usual format of the output is written"
	case n.format != "":
		wrong = "there is no template \"" + n.format + "\" here, which is to be the usual one"
	}
	if a.Format == DefaultFormat && a.Layout == nil && p.rsyslog && (n.usual || a.Kind == Pipe) {
		a.Format, a.Usual = RFC3164ISO, true
	}
	return wrong
}

// nameFault says why a template cannot be the name of a file, "" if it can.
func nameFault(name string, t *Template) string {
	switch {
	case t == nil:
		return "there is no template \"" + name + "\": write $template " + name + ",\"/var/log/%HOSTNAME%/%PROGRAMNAME%.log\""
	case t.err != nil:
		return "template " + name + ": " + t.err.text
	case len(t.parts) == 0 || !strings.HasPrefix(t.parts[0].text, "/"):
		return "template " + name + ": the name of a file begins with /"
	}
	sample := ""
	for _, p := range t.parts {
		if sample += p.text; p.property != "" {
			sample += "x"
		}
		if p.oneBlank || strings.ContainsFunc(p.text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return "template " + name + ": a line feed or control character in the name of a file"
		}
	}
	switch {
	case strings.HasSuffix(sample, "/"):
		return "template " + name + ": want the name of a file, and not of a directory"
	case strings.Contains(sample+"/", "/../") || strings.HasPrefix(sample, "/dev/"):
		return "template " + name + ": neither .. nor /dev are written to by templates"
	}
	return ""
}
