package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The names of facilities and levels, by number.
var (
	facilities = strings.Fields("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit console cron2 " +
		"local0 local1 local2 local3 local4 local5 local6 local7")
	levels = strings.Fields("emerg alert crit err warning notice info debug")
)

// rowsOfSelectors is how many numbers the cases have.
const rowsOfSelectors = 44

// selectorCase is a line of selectors/cases.txt.
type selectorCase struct {
	number, selector string
	want             map[string]string // by dialect
}

func selectorCases(t *testing.T) (all []selectorCase) {
	t.Helper()
	text, err := os.ReadFile("selectors/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			if line != "" && line[0] != '#' {
				t.Errorf("%q is not a case", line)
			}
			continue
		}
		if cells[3] == "same" {
			cells[3] = cells[2]
		}
		all = append(all, selectorCase{cells[0], cells[1], map[string]string{"accumulate": cells[2], "bsd": cells[3]}})
		numbers[cells[0]] = true
	}
	if len(numbers) != rowsOfSelectors {
		t.Fatalf("%d rows, want %d", len(numbers), rowsOfSelectors)
	}
	return all
}

// setOf reads a set as the cases write it, into the form of "rules explain -o json".
func setOf(text string) map[string][]string {
	set := map[string][]string{}
	for _, part := range strings.Fields(text) {
		names, digits, spans := strings.Cut(part, ":")
		if !spans {
			continue // nothing at all
		}
		var list []string
		for l := range levels {
			for _, span := range strings.Split(digits, ",") {
				if span != "-" && l >= int(span[0]-'0') && l <= int(span[len(span)-1]-'0') {
					list = append(list, levels[l])
				}
			}
		}
		for _, f := range facilities {
			if names == "*" || slices.Contains(strings.Split(names, ","), f) {
				set[f] = list
			}
		}
	}
	for f, list := range set {
		if len(list) == 0 {
			delete(set, f)
		}
	}
	return set
}

// TestSelectors: all cases of a dialect as one file, a rule a line; "rules explain" says what each selects, and "rules
// lint" which are refused.
func TestSelectors(t *testing.T) {
	all := selectorCases(t)
	var file strings.Builder
	for _, c := range all {
		file.WriteString(c.selector + "\t@loghost\n")
	}
	for _, dialect := range []string{"accumulate", "bsd"} {
		t.Run(dialect, func(t *testing.T) {
			explained := explainedLines(t, dialect, file.String())
			refused := refusedLines(t, dialect, file.String())
			ran := 0
			for i, c := range all {
				line := i + 1
				r, stands := explained[line]
				ran++
				if c.want[dialect] == "error" {
					if stands || !refused[line] {
						t.Errorf("%s %s: selects %v; want it refused", c.number, c.selector, r.Set)
					}
					continue
				}
				want := setOf(c.want[dialect])
				if !stands || refused[line] || r.Selector != c.selector || r.Action != "@loghost" {
					t.Errorf("%s %s: refused %t, explained as %q %q", c.number, c.selector, refused[line], r.Selector, r.Action)
				} else if fmt.Sprint(r.Set) != fmt.Sprint(want) {
					t.Errorf("%s %s: %v, want %v", c.number, c.selector, r.Set, want)
				}
			}
			report(t, "selectors", "rules explain --dialect "+dialect, ran, 0)
		})
	}
}

// explainedRule is what the contract says of a rule.
type explainedRule struct {
	Line     int
	Selector string
	Action   string
	Set      map[string][]string
}

func explainedLines(t *testing.T, dialect, file string) map[int]explainedRule {
	t.Helper()
	found := map[int]explainedRule{}
	d := json.NewDecoder(bytes.NewReader(failing(t, file, "rules", "explain", "--dialect", dialect, "-o", "json", "-")))
	for d.More() {
		var r explainedRule
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		found[r.Line] = r
	}
	return found
}

func refusedLines(t *testing.T, dialect, file string) map[int]bool {
	t.Helper()
	refused := map[int]bool{}
	d := json.NewDecoder(bytes.NewReader(failing(t, file, "rules", "lint", "--dialect", dialect, "-o", "json", "-")))
	for d.More() {
		var p struct {
			Line, Column int
			Severity     string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.Severity == "error" {
			refused[p.Line] = true
		}
	}
	return refused
}

// failing runs the program on a file with errors, for which its exit status must be 1.
func failing(t *testing.T, input string, arguments ...string) []byte {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, arguments...)
	c.Env = environment(t.TempDir() + "/store")
	c.Stdin = strings.NewReader(input)
	out, err := c.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("constat %q: %v, want exit status 1", arguments, err)
	}
	return out
}
