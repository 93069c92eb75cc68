package lint

import (
	"go/ast"
	"path"
	"slices"
	"strings"
)

// grabBags are package names that say nothing and end up importing everything.
var grabBags = []string{
	"util", "utils", "common", "base", "type", "types", "helper", "helpers",
	"misc", "shared", "manager", "managers",
}

// checkHabits finds init functions outside cmd, grab-bag packages, dot imports
// and, in the parsers, calls of panic.
func checkHabits(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Pkgs {
		for _, name := range []string{p.Name, path.Base(p.Dir)} {
			if slices.Contains(grabBags, name) {
				out = append(out, Finding{p.Dir, "a package called " + name + " says nothing: name it after what it holds"})
				break
			}
		}
		for _, f := range p.Files {
			out = append(out, t.fileHabits(p, f)...)
		}
	}
	return out
}

func (t *Tree) fileHabits(p *Package, f *File) []Finding {
	var out []Finding
	for _, spec := range f.ast.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			out = append(out, t.at(spec.Pos(), "dot import of %s: a reader must see where a name comes from", spec.Path.Value))
		}
	}
	inCmd := strings.HasPrefix(p.Dir, "cmd/")
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" && !inCmd {
			out = append(out, t.at(fn.Pos(), "init function: a library does nothing by being imported"))
		}
	}
	if f.Test || !match("internal/parse/...", p.Dir) {
		return out
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				out = append(out, t.at(call.Pos(), "panic in a parser: what a stranger sends must never stop the daemon"))
			}
		}
		return true
	})
	return out
}
