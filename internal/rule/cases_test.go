package rule

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"constat/entry"
)

// caseRows is how many numbers the table of selectors has.
const caseRows = 44

// selectorCase is a line of the table. A want of "error" is a list that is refused.
type selectorCase struct {
	number, selector string
	want             [2]string // by dialect
}

// selectorCases reads the table that the black-box tests use too.
func selectorCases(t testing.TB) (list []selectorCase) {
	t.Helper()
	text, err := os.ReadFile("../../conformance/selectors/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' && !strings.Contains(line, "\t") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			t.Fatalf("%q: %d cells", line, len(cells))
		}
		if cells[3] == "same" {
			cells[3] = cells[2]
		}
		list = append(list, selectorCase{cells[0], cells[1], [2]string{cells[2], cells[3]}})
	}
	numbers := map[string]bool{}
	for _, c := range list {
		numbers[c.number] = true
	}
	if len(numbers) != caseRows {
		t.Fatalf("%d rows, want %d", len(numbers), caseRows)
	}
	return list
}

// matrixOf reads a set of the table.
func matrixOf(t testing.TB, text string) (m Matrix) {
	t.Helper()
	for _, part := range strings.Fields(text) {
		if part == "-" {
			continue
		}
		names, digits, _ := strings.Cut(part, ":")
		levels := uint8(0)
		for _, span := range strings.Split(digits, ",") {
			if span == "-" {
				continue
			}
			first, last := span[0]-'0', span[len(span)-1]-'0'
			for l := first; l <= last; l++ {
				levels |= 1 << l
			}
		}
		for _, name := range strings.Split(names, ",") {
			f, ok := entry.ParseFacility(name)
			if name != "*" && !ok {
				t.Fatalf("%q: facility %q", text, name)
			}
			for row := range m {
				if name == "*" || row == f {
					m[row] = levels
				}
			}
		}
	}
	return m
}

// TestSelectorCases holds both dialects to the table, as a file and alone.
func TestSelectorCases(t *testing.T) {
	ran := 0
	for _, c := range selectorCases(t) {
		for d, want := range c.want {
			dialect := Dialect(d)
			name := fmt.Sprintf("%s %s in %s", c.number, c.selector, dialect)
			alone, err := ParseSelector(c.selector, dialect)
			set, problems := Parse("syslog.conf", []byte("# first\n  "+c.selector+"\t/var/log/x\n"), Options{Dialect: dialect})
			ran++
			if want == "error" {
				if err == nil || len(set.Rules) != 0 || !Failed(problems) || !alone.Empty() {
					t.Errorf("%s: %v, rules %v; want an error", name, err, set.Rules)
				}
				for _, p := range problems {
					if p.Line != 2 || p.Column < 3 || p.Column > 3+len(c.selector) {
						t.Errorf("%s: %v; want a place in the selectors", name, p)
					}
				}
				continue
			}
			if err != nil || Failed(problems) || len(set.Rules) != 1 {
				t.Errorf("%s: %v %v", name, err, problems)
				continue
			}
			if m := matrixOf(t, want); alone != m || set.Rules[0].Select != m {
				t.Errorf("%s: %s, want %s", name, alone.words(), m.words())
			}
		}
	}
	t.Logf("%d cases ran, %d rows in two dialects", ran, caseRows)
}

// differing are the rows that mean different sets in the two dialects.
var differing = "4 5 10 12 13 18 19 21 24 26 27 28 34 42"

// TestDialectWarnings: exactly the lines that differ are warned of.
func TestDialectWarnings(t *testing.T) {
	found := map[string]bool{}
	for _, c := range selectorCases(t) {
		set, problems := Parse("syslog.conf", []byte(c.selector+" /var/log/x\n"), Options{})
		problems = append(problems, Lint(set, Accumulate, nil)...)
		for _, p := range problems {
			if p.Severity == Warning && strings.Contains(p.Text, "in dialect bsd this selects") {
				found[c.number] = true
			}
		}
	}
	want := strings.Fields(differing)
	for _, number := range want {
		if !found[number] {
			t.Errorf("row %s: no warning", number)
		}
	}
	if len(found) != len(want) {
		t.Errorf("warned of %v, want %v", found, want)
	}
}
