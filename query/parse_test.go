package query

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

func TestPrintedTreesReadBack(t *testing.T) {
	r := maker{rand.New(rand.NewPCG(1, 2))}
	for range 5_000 {
		q := r.query()
		text := q.String()
		got, err := Parse(text)
		if err != nil {
			t.Fatalf("%s\n%v\n%#v", text, err, q)
		}
		if !reflect.DeepEqual(got, q) {
			t.Fatalf("%s\nwant %#v\ngot  %#v", text, q, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		want   string
	}{
		{"(a", 3, ")"}, {"a)", 2, "the end"}, {"a OR", 5, "a word"}, {"OR a", 1, "a word"}, {`é "b`, 3, "second quote"},
		{`"\q"`, 2, "hexadecimal"}, {`"\xg1"`, 2, "hexadecimal"}, {`"\x1`, 2, "hexadecimal"}, {"a*b", 3, "quotes around"}, {"host:", 6, "web01"},
		{"host:>x", 7, "decimal number"}, {"host:[1 2]", 9, ".."}, {"host:[1 .. 2", 13, "] or )"}, {"host:cidr(10.0.0.0)", 11, "length"},
		{`~"("`, 2, "RE2"}, {`~"((a{100}){100}){100}"`, 2, "RE2"}, {`~"(abcdefghijkl){1000}"`, 2, "steps"}, {"~a", 2, "between quotes"},
		{"level:loud", 7, "emerg"}, {"level:~\"x\"", 7, "emerg"}, {"facility:x", 10, "local0"}, {"kind:x", 6, "loss"}, {"boot:+1", 6, "-0"},
		{"index:x", 7, ">, >="}, {"index:-1", 7, ">, >="}, {"index:[5 .. 2]", 7, "a range"}, {"index:<0", 7, "a range"}, {"time:-1h", 6, ">, >="},
		{"time:>soon", 7, "2 hours ago"}, {"time:[-1h .. x]", 14, "2 hours ago"}, {"imported:x", 11, "imported:FIELD:value"}, {`"":x`, 1, "the name"},
		{"* | sum", 5, "stats"}, {"* | limit x", 11, "whole number"}, {"* | first 0", 11, "1 to"}, {"* | stats foo()", 11, "count()"},
		{"* | stats count() by (host:5m)", 23, "time, received"}, {"* | stats count() by (time:5x)", 28, "units are"}, {"* | stats quantile(2, a)", 20, "0 to 1"},
		{`* | extract "<a><b>"`, 13, "between any two"}, {`* | extract "abc"`, 13, "at least one"}, {`* | extract ~"a"`, 13, "named group"}, {"* | unpack xml", 12, "json"},
		{"* | fields", 11, "name of a field"}, {"* | limit 5 6", 13, "the end"}, {"a |", 4, "fields"}, {"x\xff", 1, `\xff`}, {"host:in(a, b*)", 12, "whole value"},
		{"i(a, b)", 1, "one text"}, {strings.Repeat("(", 300), 201, "200 brackets"}, {strings.Repeat("a ", 40_000), 65_537, "65536"},
		{`a"b"`, 2, "a blank"}, {"f:a,b", 4, "a blank"}, {"- a b OR", 9, "a word"},
		{"* | stats count() by (time)", 27, "length of a bucket"}, {`~"a{900}" ` + strings.Repeat(`~"b{900}" `, 12), 52, "together"},
	} {
		_, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.40q: %v, want an error", c.text, err)
			continue
		}
		if e.Column != c.column || !strings.Contains(e.Want, c.want) || !strings.Contains(err.Error(), "column") {
			t.Errorf("%.40q: %v; want column %d and %q", c.text, err, c.column, c.want)
		}
	}
}

func TestSeverityIsThatOfEntries(t *testing.T) {
	words := []string{"", "8", "07", "24", "security", "Warn", "LOCAL7", "x", "trace1"}
	words = append(words, levelNames[:]...)
	words = append(words, facilityNames[:]...)
	for name := range levelSynonyms {
		words = append(words, name, strings.ToUpper(name))
	}
	for n := range 24 {
		words = append(words, string(rune('0'+n%10)), entry.FacilityName(n), entry.LevelName(n%8))
	}
	for _, w := range words {
		level, _, ok := readLevel(w)
		if want, wantOK := entry.ParseLevel(w); ok != wantOK || ok && level != want {
			t.Errorf("level %q = %d %v, an entry says %d %v", w, level, ok, want, wantOK)
		}
		facility, ok := readFacility(w)
		if want, wantOK := entry.ParseFacility(w); ok != wantOK || ok && facility != want {
			t.Errorf("facility %q = %d %v, an entry says %d %v", w, facility, ok, want, wantOK)
		}
	}
}

func TestParseArgs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "*"},
		{[]string{"*"}, "*"},
		{[]string{"sshd", "failed", "| stats count() by (host)"}, "sshd failed | stats count() by (host)"},
		{[]string{"_PID=1", "_PID=2", "PRIORITY=3", "+", "_COMM=a b"}, `(_PID:in(1, 2) PRIORITY:3) OR _COMM:"a b"`},
		{[]string{"user=anna", "| limit 3"}, "user:anna | limit 3"},
		{[]string{"kind=x=y"}, `"kind":x=y`},
		{[]string{"level=error", "level=2"}, "level:in(crit, err)"},
		{[]string{"F="}, `F:""`},
		{[]string{"session opened", "root"}, `"session opened" root`},
		{[]string{"session opened"}, "session opened"},
		{[]string{"root", "user:Anna B"}, `root user:"Anna B"`},
		{[]string{"a", "OR", "b=c"}, `a OR "b=c"`},
		{[]string{"-v", "x"}, "-v x"},
	} {
		q, err := ParseArgs(c.args)
		if err != nil || q.String() != c.want {
			t.Errorf("%q = %s %v, want %s", c.args, q, err, c.want)
		}
	}
	for _, c := range []struct {
		args   []string
		column int
	}{{[]string{"+", "A=b"}, 1}, {[]string{"A=é", "+"}, 5}, {[]string{"A=b", "level=x"}, 5}, {[]string{"a", "b:"}, 5}, {[]string{"é", "_PID=1"}, 3}} {
		_, err := ParseArgs(c.args)
		var e *Error
		if !errors.As(err, &e) || e.Column != c.column {
			t.Errorf("%q: %v, want column %d", c.args, err, c.column)
		}
	}
}

func TestResolveTimes(t *testing.T) {
	q, err := Parse("time:(@1 .. @2]")
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) (time.Time, error) { return time.Unix(int64(text[1]-'0'), 0), nil }
	from, until, err := q.Filter.(Time).ResolveTimes(read)
	if err != nil || *from != 1_000_001 || *until != 2_000_001 {
		t.Errorf("%d %d %v", *from, *until, err)
	}
}

// What is read at the greatest depth can be read again as printed, or is refused.
func TestDepth(t *testing.T) {
	for _, open := range []string{"(a OR b (", "-(a ", "NOT (a OR ", "(("} {
		read := 0
		for n := range 250 {
			text := strings.Repeat(open, n) + "x" + strings.Repeat(")", n*strings.Count(open, "("))
			q, err := Parse(text)
			if err != nil {
				break
			}
			read++
			if again, err := Parse(q.String()); err != nil || !reflect.DeepEqual(again, q) {
				t.Fatalf("%d times %q cannot be read again: %v", n, open, err)
			}
		}
		if read < 60 || read > 200 {
			t.Errorf("%q is read %d times", open, read)
		}
	}
}

func FuzzParse(f *testing.F) {
	r := maker{rand.New(rand.NewPCG(3, 4))}
	for range 50 {
		f.Add(r.query().String())
	}
	for _, s := range []string{"", "a b OR NOT c", "level:>=warning", `"\xff"*`, "* | stats count() by (time:60s)", "-(", "f:word(i(=x))", "a:*b", "|head 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Column < 1 || e.Column > len(text)+1 || e.Want == "" || e.Error() == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		printed := q.String()
		again, err := Parse(printed)
		if len(printed) <= maxQuery && (err != nil || !reflect.DeepEqual(again, q)) {
			t.Fatalf("%q printed %q: %v\n%#v\n%#v", text, printed, err, q, again)
		}
		FieldsUsed(q)
		Literals(Simplify(q.Filter))
	})
}
