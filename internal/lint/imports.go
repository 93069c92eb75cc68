package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// checkImports compares the imports of all non-test files with the tables.
func checkImports(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Pkgs {
		if p.onlyTests() {
			continue
		}
		r, ok := rowOf(p.Dir)
		if !ok {
			out = append(out, Finding{p.Dir, "the folder is in no row of internal/lint/table.go: add it to the table with its reason"})
			continue
		}
		for _, f := range p.Files {
			if !f.Test {
				out = append(out, t.fileImports(r, p, f)...)
			}
		}
	}
	return out
}

func (t *Tree) fileImports(r row, p *Package, f *File) []Finding {
	var out []Finding
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it
		}
		bad := ""
		switch inside, ok := t.inside(name); {
		case ok:
			bad = r.refuses(p.Dir, inside)
		case name == "C":
			bad = "cgo is not used: the program is one static binary"
		case strings.Contains(strings.Split(name, "/")[0], "."):
			bad = refusesModule(p.Dir, name)
		}
		if bad != "" {
			out = append(out, t.at(spec.Pos(), "%s imports %s: %s", p.Dir, name, bad))
		}
	}
	return out
}

// inside gives the folder of an import of this module.
func (t *Tree) inside(name string) (string, bool) {
	if name == t.Module {
		return ".", true
	}
	return strings.CutPrefix(name, t.Module+"/")
}

func rowOf(dir string) (row, bool) {
	i := slices.IndexFunc(table, func(r row) bool { return match(r.pkg, dir) })
	if i < 0 {
		return row{}, false
	}
	return table[i], true
}

// refuses gives the reason why the package in dir may not import to, or "".
func (r row) refuses(dir, to string) string {
	for _, pattern := range r.may {
		if match(strings.ReplaceAll(pattern, "<name>", path.Base(dir)), to) {
			return ""
		}
	}
	for _, e := range forbiddenEdges {
		if match(e.from, dir) && match(e.to, to) {
			return e.reason
		}
	}
	if len(r.may) == 0 {
		return "it may import nothing of this module"
	}
	return "it may import " + strings.Join(r.may, ", ")
}

// refusesModule gives the reason why the package in dir may not import name
// from another module, or "".
func refusesModule(dir, name string) string {
	for _, m := range thirdParty {
		if !match(m.module+"/...", name) {
			continue
		}
		if matchAny(m.usedBy, dir) {
			return ""
		}
		return m.module + " is only for " + strings.Join(m.usedBy, ", ")
	}
	return "no module of that name is in thirdParty of internal/lint/table.go"
}

// checkTable finds rows that a row before them hides, and edges that the table
// allows although they are forbidden.
func checkTable(rows []row) []Finding {
	var out []Finding
	for i, r := range rows {
		if j := slices.IndexFunc(rows, func(s row) bool { return match(s.pkg, r.pkg) }); j < i {
			out = append(out, Finding{r.pkg, "row hidden by the earlier row " + rows[j].pkg})
		}
		for _, e := range forbiddenEdges {
			if !overlap(r.pkg, e.from) {
				continue
			}
			for _, to := range r.may {
				if overlap(to, e.to) {
					out = append(out, Finding{r.pkg, "the table allows " + to + ", but that is forbidden: " + e.reason})
				}
			}
		}
	}
	return out
}

// overlap tells whether some folder can fit both patterns.
func overlap(a, b string) bool {
	return match(a, strings.TrimSuffix(b, "/...")) || match(b, strings.TrimSuffix(a, "/..."))
}
