package lint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// The tests of this file apply each rule to small sources made up for it: what
// it must let pass, and what it must find.

// A sample is a made-up tree and what a rule must find in it: for each string
// of want, in order, one finding that contains it, and nothing else.
type sample struct {
	name  string
	files map[string]string
	want  []string
}

func mapFS(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, src := range files {
		out[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return out
}

func runSamples(t *testing.T, rule func(*Tree) []Finding, samples []sample) {
	t.Helper()
	if !slices.ContainsFunc(samples, func(s sample) bool { return len(s.want) > 0 }) {
		t.Fatal("no sample that the rule must refuse")
	}
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			files := maps.Clone(s.files)
			files["go.mod"] = "module constat\n"
			tr, err := Load(mapFS(files))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, rule(tr), s.want)
		})
	}
}

func compare(t *testing.T, got []Finding, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("not found: %s", want[i])
		case i >= len(want):
			t.Errorf("found too much: %s", got[i])
		case !strings.Contains(got[i].String(), want[i]):
			t.Errorf("found %q, want %q in it", got[i], want[i])
		}
	}
}

// one is a tree of one file.
func one(name, src string) map[string]string { return map[string]string{name: src} }

func TestLoadRule(t *testing.T) {
	files := map[string]string{
		"go.mod":                 "// the module\nmodule \"constat\" // its name\n",
		"entry/a.go":             "package entry\n",
		"entry/a_test.go":        "package entry_test\n",
		"entry/gen.go":           "//go:build ignore\n\npackage main\n",
		"entry/os.go":            "//go:build windows\n\npackage entry\n",
		"entry/testdata/x/no.go": "not go",
		".ci/no.go":              "not go",
		"_old/no.go":             "not go",
		"peers/go.mod":           "module peers\n",
		"peers/x/main.go":        "package main\n",
		"black/box_test.go":      "package black\n",
	}
	tr, err := Load(mapFS(files))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range tr.Pkgs {
		for _, f := range p.Files {
			got = append(got, fmt.Sprintf("%s:%s:%s:%v", p.Dir, p.Name, f.Path, f.Test))
		}
	}
	want := []string{
		"black::black/box_test.go:true",
		"entry:entry:entry/a.go:false",
		"entry:entry:entry/a_test.go:true",
		"entry:entry:entry/os.go:false",
	}
	if tr.Module != "constat" || !slices.Equal(got, want) {
		t.Errorf("module %q, files %q; want constat, %q", tr.Module, got, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := Load(mapFS(one("go.mod", "module constat\n"))); !errors.Is(err, errNoPackages) {
		t.Errorf("a tree without packages: %v, want %v", err, errNoPackages)
	}
	for name, files := range map[string]map[string]string{
		"no go.mod":      one("a.go", "package a\n"),
		"no module line": {"go.mod": "go 1.26\n", "a.go": "package a\n"},
		"syntax":         {"go.mod": "module constat\n", "a.go": "package a\nfunc {\n"},
	} {
		if _, err := Load(mapFS(files)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"entry", "entry", true},
		{"entry", "entry/x", false},
		{"entry/...", "entry", true},
		{"entry/...", "entry/x/y", true},
		{"entry/...", "entryx", false},
		{"...", "anything/at/all", true},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

func TestImportsRule(t *testing.T) {
	imports := func(pkg string, names ...string) string {
		return "package " + pkg + "\nimport (\n\t\"" + strings.Join(names, "\"\n\t\"") + "\"\n)\n"
	}
	runSamples(t, checkImports, []sample{
		{"allowed", map[string]string{
			"entry/a.go":                   imports("entry", "fmt", "golang.org/x/mod/sumdb/tlog"),
			"journal/a.go":                 imports("journal", "constat/entry", "constat/internal/vfs", "github.com/klauspost/compress/zstd"),
			"internal/parse/rfc5424/a.go":  imports("rfc5424", "constat/entry", "constat/internal/parse/field"),
			"internal/input/journald/a.go": imports("journald", "constat/internal/parse/journald", "golang.org/x/sys/unix"),
			"internal/vfs/crashfs/a.go":    imports("crashfs", "constat/internal/vfs"),
			"internal/daemon/a.go":         imports("daemon", "constat/internal/web", "constat/entry"),
			"cmd/constat-verify/a.go":      imports("main", "constat/evidence"),
		}, nil},
		{"tests may import anything", one("entry/a_test.go", imports("entry", "constat/journal", "pgregory.net/rapid")), nil},
		{"only tests need no row", one("oddments/a_test.go", imports("oddments", "constat/journal")), nil},
		{"up", one("entry/a.go", imports("entry", "constat/journal")), []string{"entry/a.go:3: entry imports constat/journal: it may import nothing"}},
		{"sideways", one("internal/input/relp/a.go", imports("relp", "constat/internal/parse/rfc3164")), []string{"it may import entry, "}},
		{"forbidden with its reason", one("internal/input/relp/a.go", imports("relp", "constat/journal")), []string{"bypasses the accounting"}},
		{"only below", one("internal/durable/a.go", imports("durable", "constat/internal/vfs/crashfs")), []string{"it may import internal/vfs"}},
		{"the root", one("entry/a.go", imports("entry", "constat")), []string{"entry imports constat: "}},
		{"not in the table", one("oddments/a.go", imports("oddments", "fmt")), []string{"oddments: the folder is in no row"}},
		{"module for others", one("entry/a.go", imports("entry", "github.com/klauspost/compress/zstd")), []string{"is only for journal"}},
		{"unknown module", one("journal/a.go", imports("journal", "github.com/x/y")), []string{"no module of that name"}},
		{"name that begins alike", one("internal/cli/a.go", imports("cli", "rsc.io/qrcode")), []string{"no module of that name"}},
		{"cgo", one("journal/a.go", imports("journal", "C")), []string{"cgo is not used"}},
	})
}

func TestTableRule(t *testing.T) {
	rows := []row{
		{"internal/input/...", []string{"journal/check"}},
		{"internal/input/relp", nil},
		{"journal/...", []string{"entry"}},
	}
	compare(t, checkTable(rows), []string{
		"internal/input/...: the table allows journal/check, but that is forbidden",
		"internal/input/relp: row hidden by the earlier row internal/input/...",
	})
}

func TestPackageCommentsRule(t *testing.T) {
	const good = "// Package entry is one event as it is kept.\npackage entry\n"
	runSamples(t, checkPackageComments, []sample{
		{"good", map[string]string{
			"entry/a.go":          good,
			"entry/b.go":          "// Copyright The constat authors\n\npackage entry\n",
			"entry/a_test.go":     "package entry\n",
			"cmd/constat/main.go": "// Constat keeps one journal for everything.\npackage main\n",
			"black/a_test.go":     "package black\n",
		}, nil},
		{"after an abbreviation", one("entry/a.go", "// Package entry i.e. one event as it is kept. Yes.\npackage entry\n"), nil},
		{"none", one("entry/a.go", "package entry\n"), []string{"entry: package entry has no package comment"}},
		{"only in a test", map[string]string{"entry/a.go": "package entry\n", "entry/a_test.go": good}, []string{"has no package comment"}},
		{"detached", one("entry/a.go", "// Package entry is one event as it is kept.\n\npackage entry\n"),
			[]string{"entry/a.go:1: package comment detached", "has no package comment"}},
		{"directive only", one("entry/a.go", "//go:generate true\npackage entry\n"), []string{"has no package comment"}},
		{"wrong name", one("entry/a.go", "// Package entries is one event as it is kept.\npackage entry\n"), []string{`does not begin with "Package entry "`}},
		{"no sentence", one("entry/a.go", "// Package entry is one event as it is kept\npackage entry\n"), []string{"not a full sentence"}},
		{"no sentence in a program", one("cmd/constat/main.go", "// Constat.\npackage main\n"), []string{"not a full sentence"}},
	})
}

func TestExportedDocsRule(t *testing.T) {
	const documented = `package entry

// Kind is.
type Kind int

// The kinds.
const (
	Event Kind = iota
	Loss
)

var (
	Short = 1 // Short is.
	// Long is.
	Long = 2
	private = 3
)

// String says.
func (k *Kind) String() string { return "" }

type hidden struct{}

func (hidden) Exported() {}

func private2() {}
`
	const bare = `package entry

type Kind int

// A group of types does not document each.
type (
	Other[T any] int
)

const Event, Loss = 1, 2

func (k *Kind) String() string { return "" }

func (o Other[T]) Get() {}

//go:noinline
func New() {}
`
	runSamples(t, checkExportedDocs, []sample{
		{"good", map[string]string{"entry/a.go": documented, "internal/ingest/a.go": bare, "entry/a_test.go": bare}, nil},
		{"bare", one("journal/check/a.go", bare), []string{
			"journal/check/a.go:3: Kind is exported", "Other is", "Event is", "Loss is", "String is", "Get is", "New is",
		}},
	})
}

func TestHabitsRule(t *testing.T) {
	runSamples(t, checkHabits, []sample{
		{"good", map[string]string{
			"cmd/constat/main.go":      "package main\nfunc init() {}\nfunc main() {}\n",
			"journal/a.go":             "package journal\nfunc (w W) init() {}\ntype W int\nfunc f() { panic(1) }\n",
			"internal/parse/a.go":      "package parse\ntype p struct{}\nfunc (p) panic() {}\nfunc f(x p) { x.panic() }\n",
			"internal/parse/a_test.go": "package parse\nfunc g() { panic(1) }\n",
		}, nil},
		{"init", one("journal/a.go", "package journal\nfunc init() {}\n"), []string{"journal/a.go:2: init function"}},
		{"init in a test", one("journal/a_test.go", "package journal\nfunc init() {}\n"), []string{"init function"}},
		{"dot import", one("journal/a.go", "package journal\nimport . \"fmt\"\n"), []string{`dot import of "fmt"`}},
		{"panic", one("internal/parse/rfc5424/a.go", "package rfc5424\nfunc f() {\n\tdefer func() { panic(1) }()\n}\n"), []string{"a.go:3: panic in a parser"}},
		{"grab bag by name", one("journal/x/a.go", "package helpers\n"), []string{"a package called helpers"}},
		{"grab bag by folder", one("internal/base/a.go", "package vfs\n"), []string{"a package called base"}},
		{"grab bag by both", one("util/a.go", "package util\n"), []string{"a package called util"}},
	})
}

func TestSizesRule(t *testing.T) {
	fn := func(head string, lines int) string {
		return head + " {\n" + strings.Repeat("\t_ = 0\n", lines-2) + "}\n"
	}
	rule := func(tr *Tree) []Finding { out, _, _ := checkSizes(tr); return out }
	runSamples(t, rule, []sample{
		{"at the limits", map[string]string{
			"a/a.go":           "package a\n" + strings.Repeat("\n", maxFile-1),
			"a/f.go":           "package a\n" + fn("func f()", maxFunc),
			"cmd/constat/a.go": "package main\n" + fn("func main()", maxMain) + fn("func run()", maxMain+1),
		}, nil},
		{"tests and generated files", map[string]string{
			"a/a_test.go": "package a\n" + fn("func f()", maxFile),
			"a/gen.go":    "// Code generated by hand. DO NOT EDIT.\n\npackage a\n" + fn("func f()", maxFile),
		}, nil},
		{"flat", map[string]string{
			"a/a.go": "package a\n// f is one Switch.\n" + fn("func f()", maxFunc+1),
			"a/b.go": "package a\n" + fn("func g() {\n// a table\n}\nfunc h() { // a table", maxFunc+1),
		}, nil},
		{"long file", one("a/a.go", "package a\n"+strings.Repeat("\n", maxFile)), []string{"a/a.go:1: 501 lines"}},
		{"long function", one("a/a.go", "package a\n"+fn("func f()", maxFunc+1)), []string{"a/a.go:2: f has 121 lines"}},
		{"long method", one("a/a.go", "package a\ntype T[E any] int\n"+fn("func (t *T[E]) f()", maxFunc+1)), []string{"T.f has 121 lines"}},
		{"flat is another function", one("a/a.go", "package a\n// a table\n"+fn("func g()", 3)+fn("func f()", maxFunc+1)), []string{"f has 121 lines"}},
		{"part of a word", one("a/a.go", "package a\n// f is suitable.\n"+fn("func f()", maxFunc+1)), []string{"f has 121 lines"}},
		{"long main", one("cmd/constat/a.go", "package main\n"+fn("func main()", maxMain+1)), []string{"main has 41 lines"}},
	})
}

func TestSizesAreSorted(t *testing.T) {
	tr, err := Load(mapFS(map[string]string{
		"go.mod": "module constat\n",
		"a/a.go": "package a\nfunc short() {}\n",
		"a/b.go": "package a\nfunc long() {\n}\n\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, files, funcs := checkSizes(tr)
	got := fmt.Sprint(files, funcs)
	if want := "[{a/b.go a 4} {a/a.go a 2}] [{a/b.go:2 long 2} {a/a.go:2 short 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBannedTextRule(t *testing.T) {
	for _, b := range bans {
		found, read, err := checkText(mapFS(map[string]string{
			"good.md":      "nothing here",
			"docs/bad.txt": "first line\nsee " + b.text + "/x\n",
			".ci/bad":      b.text,
			"binary":       "\x00" + b.text,
			".git/config":  b.text,
			"bin/constat":  b.text,
		}))
		if err != nil {
			t.Fatal(err)
		}
		if read != 3 {
			t.Errorf("%d files read, want 3", read)
		}
		compare(t, found, []string{".ci/bad:1: " + b.text, "docs/bad.txt:2: " + b.text})
	}
	if _, read, err := checkText(mapFS(one(".git", "gitdir: elsewhere"))); read != 0 || err != nil {
		t.Errorf("a .git file: %d read, %v", read, err)
	}
}

func TestDocumentsRule(t *testing.T) {
	const readme = "# constat\n\n<!-- ci: run -->\n```sh\nmake\n```\n\n<!-- ci: test -->\n```sh\ngo test ./...\n```\n"
	all := map[string]string{"README.md": readme, "ARCHITECTURE.md": "x", "FORMAT.md": "x", "CHANGELOG.md": "x", "LICENSE": "x"}
	with := func(name, src string) map[string]string {
		out := maps.Clone(all)
		out[name] = src
		return out
	}
	without := maps.Clone(all)
	delete(without, "FORMAT.md")
	const run, test = "<!-- ci: run -->\n```sh\nmake\n```\n", "<!-- ci: test -->\n```sh\ngo test ./...\n```\n"
	for _, s := range []sample{
		{"good", all, nil},
		{"missing", without, []string{"FORMAT.md: missing"}},
		{"empty", with("CHANGELOG.md", " \n"), []string{"CHANGELOG.md: empty"}},
		{"nothing at all", nil, []string{"README.md: missing", "ARCHITECTURE.md: ", "FORMAT.md: ", "CHANGELOG.md: ", "LICENSE: "}},
		{"no run", with("README.md", test), []string{"no line <!-- ci: run -->"}},
		{"no test", with("README.md", run), []string{"no line <!-- ci: test -->"}},
		{"twice", with("README.md", readme+run), []string{"two lines <!-- ci: run -->"}},
		{"not directly", with("README.md", strings.Replace(readme, "run -->\n", "run -->\n\n", 1)), []string{"the next line is not"}},
		{"marker at the end", with("README.md", test+"<!-- ci: run -->"), []string{"the next line is not"}},
		{"other language", with("README.md", strings.Replace(readme, "```sh", "```text", 1)), []string{"the next line is not"}},
		{"not closed", with("README.md", strings.TrimSuffix(readme, "```\n")), []string{"test -->: the block is not closed"}},
		{"no command", with("README.md", strings.Replace(readme, "make", "", 1)), []string{"run -->: the block is empty"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			found, err := checkDocuments(mapFS(s.files))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found, s.want)
		})
	}
}
