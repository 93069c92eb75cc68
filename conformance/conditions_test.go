package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConditionsOfRsyslog compares, for conditions of rsyslog's script that are made at random, and the same ones at each run, what
// rsyslogd selects with what "rules test" selects.
func TestConditionsOfRsyslog(t *testing.T) {
	findRsyslogd(t)
	dir := t.TempDir()
	r := conditions{rand.New(rand.NewPCG(3195, 5424))}
	var rules strings.Builder
	conds := map[string]string{} // by file
	for i := range 200 {
		name := filepath.Join(dir, fmt.Sprint("c", i))
		conds[name] = r.expression(2)
		fmt.Fprintf(&rules, "if %s then %s\n", conds[name], name)
	}
	messages := someMessages()
	runRsyslogd(t, dir, rules.String(), messages)
	d := testedByUs(t, dir, rules.String(), messages)
	theirs := writtenTo(t, dir)
	selected := 0
	for _, message := range messages {
		ours := d()
		got := theirs[message[strings.LastIndexByte(message, ' '):]]
		for name, cond := range conds {
			if a, b := slices.Contains(ours, name), slices.Contains(got, name); a != b {
				t.Errorf("%s: %q is selected by constat %t, by rsyslogd %t", cond, message, a, b)
			}
		}
		selected += len(ours)
	}
	if all := len(conds) * len(messages); selected < all/5 || selected > all*4/5 {
		t.Errorf("%d of %d selected: these conditions say little", selected, all)
	}
	report(t, "conditions", "rsyslogd", len(conds), 0)
}

// someMessages differ in what conditions compare.
func someMessages() (messages []string) {
	for _, tag := range []string{"sshd[7]", "postfix/smtpd[8]", "cron"} {
		for _, host := range []string{"web1", "db"} {
			for _, pri := range []int{0, 6, 19, 20, 35, 39, 75, 78} {
				messages = append(messages, fmt.Sprintf("<%d>Oct 11 22:14:15 %s %s: foo of bar m%d.", pri, host, tag, len(messages)))
			}
		}
	}
	return messages
}

// testedByUs has "rules test" try messages. What it returns says of the next one to which targets it goes.
func testedByUs(t *testing.T, dir, rules string, messages []string) func() (targets []string) {
	t.Helper()
	conf := filepath.Join(dir, "ours.conf")
	if err := os.WriteFile(conf, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(constat(t, filepath.Join(dir, "store"), []byte(strings.Join(messages, "\n")), "rules", "test", "-o", "json", "--from", "127.0.0.1", conf)))
	return func() (targets []string) {
		var tested struct{ Rules []struct{ Target string } }
		if err := d.Decode(&tested); err != nil {
			t.Fatal(err)
		}
		for _, rule := range tested.Rules {
			targets = append(targets, rule.Target)
		}
		return targets
	}
}

// TestStatementsOfRsyslog compares conditions in conditions, with and without "else", filters and selectors in them, "&" and
// "stop", as far as rsyslogd writes files by them.
func TestStatementsOfRsyslog(t *testing.T) {
	findRsyslogd(t)
	dir := t.TempDir()
	s := statements{conditions{rand.New(rand.NewPCG(6587, 5425))}, dir, 0}
	var rules strings.Builder
	for range 60 {
		rules.WriteString(s.filtered(3))
	}
	messages := someMessages()
	runRsyslogd(t, dir, rules.String(), messages)
	next := testedByUs(t, dir, rules.String(), messages)
	theirs := writtenTo(t, dir)
	selected := 0
	for _, message := range messages {
		ours := slices.DeleteFunc(next(), func(name string) bool { return name == "" }) // of stop
		got := theirs[message[strings.LastIndexByte(message, ' '):]]
		slices.Sort(ours)
		slices.Sort(got)
		got = slices.DeleteFunc(got, func(name string) bool { return !strings.HasPrefix(filepath.Base(name), "s") })
		if !slices.Equal(ours, got) {
			t.Errorf("%q goes to\n%s by constat, and to\n%s by rsyslogd", message, ours, got)
		}
		selected += len(got)
	}
	if selected < 2*len(messages) {
		t.Errorf("%d files for %d messages: these statements say little", selected, len(messages))
	}
	if t.Failed() {
		t.Log(rules.String())
	}
	report(t, "statements", "rsyslogd", s.files, 0)
}

// statements makes them at random, and counts their files.
type statements struct {
	conditions
	dir   string
	files int
}

// filtered is a filter with what it is for.
func (s *statements) filtered(depth int) string {
	switch s.IntN(8) {
	case 6:
		return "\n:" + s.of("msg", "programname", "syslogtag") + ", " + s.of("regex", "!regex") + ", \"" +
			s.of(`o\\+`, `^ *foo`, `[o.]\\{1,2\\}`, `a^b`, `b$r`, `\\(foo\\|ssh\\)`, `\\<of`, `*o`, `(o`, `o{1}`, `[[\\]7`) + "\" " + s.block(depth)
	case 7:
		return "\n:" + s.of("msg", "programname", "syslogtag") + ", " + s.of("ereregex", "!ereregex") + ", \"" +
			s.of(`\\<of\\>`, `[\\d]`, `f+?o?o of`, `^ foo`, `\\.$`, `\\w+[7]?`, `\\d`, `(ss|cr)[a-o]{,2}`, `[]]`) + "\" " + s.block(depth)
	case 0:
		return "\n:" + s.of("msg", "programname", "hostname") + ", " + s.of("contains", "!contains", "startswith", "!isequal") + ", \"" + s.of("o", "web1", "sshd", "cron") + "\" " + s.block(depth)
	case 1:
		return "\n" + s.of("*.err", "mail.info;kern.*", "*.*;auth.none", "*.=info") + " " + s.block(depth)
	}
	text := "if " + s.expression(1) + s.then() + s.block(depth)
	for s.IntN(3) == 0 {
		text += s.of("else if ", "\n  # a comment } {\n\nelse\n\tif ") + s.expression(1) + s.then() + s.block(depth)
	}
	if s.IntN(2) == 0 {
		text += s.of("else ", "  else\n") + s.block(depth)
	}
	return text
}

func (s *statements) then() string {
	return s.of(" then ", " then\n", "\nthen ", "\n\t then # a comment\n\n ")
}

// block is an action, or several statements.
func (s *statements) block(depth int) string {
	if depth == 0 || s.IntN(3) == 0 {
		return s.action()
	}
	text := s.of("{\n", "{ ", "{ # then\n")
	for range 1 + s.IntN(3) {
		switch s.IntN(3) {
		case 0:
			text += s.filtered(depth - 1)
		case 1:
			text += s.action() + "& " + s.action()
		default:
			text += s.action()
		}
	}
	if s.IntN(8) == 0 {
		text += "stop\n"
	}
	return text + s.of("}\n", " } ", "}\n\n")
}

func (s *statements) action() string {
	s.files++
	name := filepath.Join(s.dir, fmt.Sprint("s", s.files))
	if s.IntN(3) == 0 {
		return "action(type=\"omfile\" file=\"" + name + "\")\n"
	}
	return name + "\n"
}

// conditions makes them at random.
type conditions struct{ *rand.Rand }

func (r conditions) of(list ...string) string { return list[r.IntN(len(list))] }

func (r conditions) expression(depth int) string {
	switch n := r.IntN(20); {
	case depth == 0 || n < 6:
		return r.comparison()
	case n < 9:
		return "not (" + r.expression(depth-1) + ")"
	case n < 12:
		return "(" + r.expression(depth-1) + ")"
	}
	parts := []string{r.expression(depth - 1)}
	for range 1 + r.IntN(3) {
		parts = append(parts, r.of("and", "or"), r.expression(depth-1))
	}
	return strings.Join(parts, " ")
}

func (r conditions) comparison() string {
	switch r.IntN(10) {
	case 9:
		return r.of("$rawmsg", "$rawmsg-after-pri") + " " + r.of("contains", "startswith", "!=") + " '" + r.of("11 22:14", "<6>", "Oct 11", "web1 sshd", "") + "'"
	case 0:
		return r.of("$syslogseverity", "$syslogfacility") + " " + r.of("<", "<=", ">", ">=", "==", "!=") + " " + r.of("0", "2", "3", "4", "'6'", "9")
	case 1:
		return "$msg " + r.of("contains", "contains_i") + " '" + r.of("foo", " foo", "FOO", "o of") + "'"
	case 2:
		return "$syslogtag " + r.of("==", "!=", "contains") + " '" + r.of("sshd[7]:", "cron:", "smtpd") + "'"
	case 3:
		return r.of("$syslogfacility-text", "$syslogseverity-text") + " " + r.of("==", "!=", "startswith") + " '" + r.of("mail", "auth", "err", "info") + "'"
	case 6:
		return "prifilt('" + r.of("mail.info", "*.err;mail.none", "*.*;auth,cron.!=err", "kern.*") + "')"
	case 7:
		return r.of("re_match", "re_match_i") + "(" + r.of("$msg", "$programname", "$syslogtag", "$hostname") + ", '" +
			r.of("o+", "^(ss|po)", "M[0-9]{1,2}\\\\.$", "D$", "web|cron", "m.?1", "[[:digit:]]\\\\]", "o{,1}f", "[^a-n]\\\\.$", "f[\\\\.o]o") + "')"
	case 8:
		return r.of("$programname", "$hostname", "$syslogseverity-text") + " " + r.of("==", "!=", "startswith", "contains") + " [" + r.of("'sshd', 'cron'", "'web1'", "'err','s','db'") + "]"
	case 4:
		return r.of("$procid", "$fromhost-ip") + " " + r.of("==", "!=", "startswith") + " '" + r.of("7", "8", "127.0.0.1", "127.") + "'"
	}
	return r.of("$programname", "$hostname") + " " + r.of("==", "!=", "contains", "startswith", "startswith_i") + " '" + r.of("sshd", "postfix", "web1", "DB", "o") + "'"
}
