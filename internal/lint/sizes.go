package lint

import (
	"cmp"
	"go/ast"
	"regexp"
	"slices"
)

// The limits, in lines. They are where a reader gives up, not what to aim at:
// files about 150 lines and functions about 12 are pleasant.
const (
	maxFile = 500
	maxFunc = 120
	maxMain = 40
)

// flat marks a function that may be long because it is a table or one flat
// switch: its doc comment or a comment inside says so.
var flat = regexp.MustCompile(`(?i)\b(table|switch)\b`)

// A size is the length of a file or function.
type size struct {
	where string // file:line
	name  string
	lines int
}

// checkSizes measures non-test files that no program generated. It returns
// what is too long, and all files and functions, longest first.
func checkSizes(t *Tree) (out []Finding, files, funcs []size) {
	for _, p := range t.Pkgs {
		for _, f := range p.Files {
			if f.Test || ast.IsGenerated(f.ast) {
				continue
			}
			files = append(files, size{f.Path, p.Dir, f.Lines})
			if f.Lines > maxFile {
				out = append(out, t.at(f.ast.Package, "%d lines, more than %d: split it by noun", f.Lines, maxFile))
			}
			for _, d := range f.ast.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				s := t.funcSize(fn)
				funcs = append(funcs, s)
				switch {
				case p.Name == "main" && s.name == "main" && s.lines > maxMain:
					out = append(out, t.at(fn.Pos(), "main has %d lines, more than %d: it parses, calls and exits", s.lines, maxMain))
				case s.lines > maxFunc && !isFlat(f.ast, fn):
					out = append(out, t.at(fn.Pos(), "%s has %d lines, more than %d: split it by phase", s.name, s.lines, maxFunc))
				}
			}
		}
	}
	longest := func(a, b size) int {
		return cmp.Or(cmp.Compare(b.lines, a.lines), cmp.Compare(a.where, b.where))
	}
	slices.SortFunc(files, longest)
	slices.SortFunc(funcs, longest)
	return out, files, funcs
}

func (t *Tree) funcSize(fn *ast.FuncDecl) size {
	name := fn.Name.Name
	if r := receiver(fn); r != "" {
		name = r + "." + name
	}
	lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
	return size{t.at(fn.Pos(), "").Where, name, lines}
}

func isFlat(a *ast.File, fn *ast.FuncDecl) bool {
	if flat.MatchString(fn.Doc.Text()) {
		return true
	}
	for _, g := range a.Comments {
		if g.Pos() >= fn.Pos() && g.End() <= fn.End() && flat.MatchString(g.Text()) {
			return true
		}
	}
	return false
}
