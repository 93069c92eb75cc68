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
	var messages []string
	for _, tag := range []string{"sshd[7]", "postfix/smtpd[8]", "cron"} {
		for _, host := range []string{"web1", "db"} {
			for _, pri := range []int{0, 6, 19, 20, 35, 39, 75, 78} {
				messages = append(messages, fmt.Sprintf("<%d>Oct 11 22:14:15 %s %s: foo of bar m%d.", pri, host, tag, len(messages)))
			}
		}
	}
	runRsyslogd(t, dir, rules.String(), messages)
	conf := filepath.Join(dir, "ours.conf")
	if err := os.WriteFile(conf, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(constat(t, filepath.Join(dir, "store"), []byte(strings.Join(messages, "\n")), "rules", "test", "-o", "json", "--from", "127.0.0.1", conf)))
	theirs := writtenTo(t, dir)
	selected := 0
	for _, message := range messages {
		var tested struct{ Rules []struct{ Target string } }
		if err := d.Decode(&tested); err != nil {
			t.Fatal(err)
		}
		var ours []string
		for _, rule := range tested.Rules {
			ours = append(ours, rule.Target)
		}
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
	switch r.IntN(6) {
	case 0:
		return r.of("$syslogseverity", "$syslogfacility") + " " + r.of("<", "<=", ">", ">=", "==", "!=") + " " + r.of("0", "2", "3", "4", "'6'", "9")
	case 1:
		return "$msg " + r.of("contains", "contains_i") + " '" + r.of("foo", " foo", "FOO", "o of") + "'"
	case 2:
		return "$syslogtag " + r.of("==", "!=", "contains") + " '" + r.of("sshd[7]:", "cron:", "smtpd") + "'"
	case 3:
		return r.of("$syslogfacility-text", "$syslogseverity-text") + " " + r.of("==", "!=", "startswith") + " '" + r.of("mail", "auth", "err", "info") + "'"
	case 4:
		return r.of("$procid", "$fromhost-ip") + " " + r.of("==", "!=", "startswith") + " '" + r.of("7", "8", "127.0.0.1", "127.") + "'"
	}
	return r.of("$programname", "$hostname") + " " + r.of("==", "!=", "contains", "startswith", "startswith_i") + " '" + r.of("sshd", "postfix", "web1", "DB", "o") + "'"
}
