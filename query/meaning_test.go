package query

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// record is a small entry.
type record struct {
	fields  map[string][]string
	index   uint64
	kind    string
	journal string
}

// passes is the naive evaluator. Times and boots, which Simplify does not look into, hold by their text.
func (r record) passes(n Node) bool {
	switch n := n.(type) {
	case And:
		return !slices.ContainsFunc(n.Nodes, func(n Node) bool { return !r.passes(n) })
	case Or:
		return slices.ContainsFunc(n.Nodes, r.passes)
	case Not:
		return !r.passes(n.Node)
	case Match:
		return slices.ContainsFunc(r.fields[n.Field], func(v string) bool { return Holds(n.Op, v) })
	case Index:
		return r.index >= n.First && r.index <= n.Last
	case Kind:
		return slices.Contains(n.Names, r.kind)
	case Journal:
		return slices.Contains(n.Names, r.journal)
	case Time, Boot:
		return len(Print(n))%2 == 0
	}
	return true
}

// wanted adds what the executor does about kinds.
func (r record) wanted(n Node) bool {
	return r.passes(n) && (HasKind(n) || r.kind == "event" || r.kind == "loss")
}

func (m maker) record() record {
	r := record{fields: map[string][]string{}, index: pick(m, 0, 7, m.Uint64()), kind: pick(m, "event", "loss", "seal"), journal: pick(m, "system", "x")}
	for range m.IntN(6) {
		name := m.field()
		r.fields[name] = append(r.fields[name], pick(m, m.text(), m.number(), m.text()+" "+m.text()))
	}
	return r
}

func TestSimplifyKeepsMeaning(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(5, 6))}
	shorter := 0
	for range 5_000 {
		n := m.node(4)
		s := Simplify(n)
		if len(Print(s)) < len(Print(n)) {
			shorter++
		}
		for range 5 {
			if r := m.record(); r.wanted(n) != r.wanted(s) {
				t.Fatalf("%s became %s, which is not the same for %+v", Print(n), Print(s), r)
			}
		}
		if again := Simplify(s); !reflect.DeepEqual(again, s) {
			t.Fatalf("%s simplified twice: %s, %s", Print(n), Print(s), Print(again))
		}
	}
	if shorter < 500 {
		t.Errorf("only %d became shorter", shorter)
	}
}

func TestLiteralsAndTokensStandInWhatMatches(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(7, 8))}
	hits := 0
	for range 30_000 {
		op := m.op()
		value := m.text() + pick(m, "", " ", "_") + m.text() + pick(m, "", "a") + m.text()
		if !Holds(op, value) {
			continue
		}
		hits++
		checkRequired(t, op, value)
	}
	if hits < 500 {
		t.Errorf("only %d hits", hits)
	}
}

func checkRequired(t *testing.T, op Op, value string) {
	t.Helper()
	if l := Literal(op); !strings.Contains(value, l) {
		t.Fatalf("%#v holds for %q without %q", op, value, l)
	}
	if re, ok := op.(Regexp); ok {
		checkSequence(t, re, value)
	}
	all := wholeTokens(value, false, false)
	for _, token := range Tokens(op) {
		if !slices.Contains(all, token) {
			t.Fatalf("%#v holds for %q without the token %q", op, value, token)
		}
	}
}

func checkSequence(t *testing.T, re Regexp, value string) {
	t.Helper()
	rest := value
	for _, s := range Sequence(re) {
		_, after, found := strings.Cut(rest, s)
		if !found || s == "" {
			t.Fatalf("%s holds for %q without %q in their order", re.Source, value, Sequence(re))
		}
		rest = after
	}
}

func TestSequence(t *testing.T) {
	for re, want := range map[string][]string{
		`from \d+42\b`: {"from ", "42"}, `(a(b)+c)*x`: {"x"}, `ab(cd)+e.f`: {"ab", "cd", "e", "f"}, `x|y`: nil, `(?:a.b){2}`: {"a", "b"}, `abc`: {"abc"},
	} {
		op, err := CompileRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		if got := Sequence(op); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", re, got, want)
		}
	}
}

func FuzzLiteral(f *testing.F) {
	f.Add(`ab+c(de|fg)hi`, "abbcfghi")
	f.Add(`(?i)err x{2,3}`, "ERR xx")
	f.Add("^a\uFFFDb$", "a\xffb")
	f.Add(`(?:(?i)k)oo|foo`, "\u212aoo")
	f.Fuzz(func(t *testing.T, source, value string) {
		if re, err := CompileRegexp(source); err == nil && re.RE.MatchString(value) {
			checkRequired(t, re, value)
		}
	})
}

func TestLiteral(t *testing.T) {
	for _, c := range []struct{ re, want string }{
		{"failed .* password", " password"}, {"(?i)failed", ""}, {"^x(abc)de", "xabcde"}, {"a|b", ""}, {"(ab)+c", "ab"}, {"(abc){2}", "abc"},
		{"x*abc?", "ab"}, {`\bfoo\b bar`, "foo bar"}, {"a\uFFFDbcd", ""},
	} {
		re, err := CompileRegexp(c.re)
		if err != nil {
			t.Fatal(err)
		}
		if got := Literal(re); got != c.want {
			t.Errorf("%s: %q, want %q", c.re, got, c.want)
		}
	}
}

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		filter, value string
		want          bool
	}{
		{"err", "an err.", true}, {"err", "error", false}, {"err*", "my error", true}, {"*rro*", "error", true}, {"err", "err_x err", true},
		{`"a b"`, "xa b a b", true}, {`"a b"`, "a bc", false}, {`"(b"`, "a(b", true}, {"*or", "an error!", true}, {"*or", "ore", false},
		{"i(ERR)", "an Err", true}, {"i(straße)", "STRAßE", true}, {"f:web", "web", true}, {"f:web", "web1", false}, {"f:web*", "web1", true},
		{"f:*1", "web1", true}, {"f:*1", "web12", false}, {"f:word(a)", "b a", true}, {"f:i(WEB)", "web", true}, {`f:""`, "", true},
		{"f:>5", "5.0001", true}, {"f:>5", "10", true}, {"f:>5", "x", false}, {"f:<=-1", "-1.0", true}, {"f:<5", "1e3", false}, {"f:[-2 .. 2)", "2.0", false},
		{"f:>=99999999999999999999.1", "99999999999999999999.2", true}, {"f:=007", "7", false}, {"f:cidr(10.0.0.0/8)", "::ffff:10.1.2.3", true},
		{"f:cidr(10.0.0.0/8)", "11.1.2.3", false}, {"f:cidr(10.0.0.0/8)", "10.1", false}, {"f:cidr(fe80::/10)", "fe80::1%eth0", false},
		{`~"^a.c$"`, "abc", true}, {"f:in(a, b)", "b", true}, {"level:>=warning", "err", true}, {"level:>=warning", "5", false},
		{"level:<=4", "3", true}, {"level:[info .. err]", "notice", true}, {"level:>warning", "warning", false}, {"facility:auth", "4", true},
		{`i("\xff")`, "\xfe", false}, {"kelvin", "kelvinx", false}, {"i(kelvin)", "\u212aELVIN", true},
	} {
		q, err := Parse(c.filter)
		if err != nil {
			t.Errorf("%s: %v", c.filter, err)
			continue
		}
		if got := Holds(q.Filter.(Match).Op, c.value); got != c.want {
			t.Errorf("%s for %q: %v", c.filter, c.value, got)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           []string
	}{
		{"<ip> - <user> [<_>]", "1.2.3.4 - anna [x] tail", []string{"1.2.3.4", "anna", "x"}},
		{"from <ip> port <port>", "Accepted from 10.0.0.1 port 22", []string{"10.0.0.1", "22"}},
		{"a<<b<x>", "a<bc", []string{"c"}}, {"<x>:", "no colon", nil}, {"k=<v> ", "k=1", nil}, {"<all>", "", []string{""}},
	} {
		p, err := CompilePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Match(c.value)
		if ok != (c.want != nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s on %q: %q %v", c.pattern, c.value, got, ok)
		}
	}
}

func TestFieldsUsed(t *testing.T) {
	q, err := Parse(`sshd host:a (b:1 OR -c:*) | extract "<x>" from d | where x:1 | stats count(), sum(n) by (app, time:1m) | sort by (time, n desc)`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"", "app", "b", "c", "d", "host", "n", "x"}
	if got := FieldsUsed(q); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
