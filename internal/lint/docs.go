package lint

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// checkPackageComments wants one package comment in every package, directly
// above the package line, that begins in Go's way and holds a full sentence.
func checkPackageComments(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Pkgs {
		if p.onlyTests() {
			continue
		}
		var doc string
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			doc += f.ast.Doc.Text()
			if g := detached(f.ast); g != nil {
				out = append(out, t.at(g.Pos(), "package comment detached from the package line: go doc does not show it"))
			}
		}
		switch {
		case doc == "":
			out = append(out, Finding{p.Dir, "package " + p.Name + " has no package comment"})
		case p.Name != "main" && !strings.HasPrefix(doc, "Package "+p.Name+" "):
			out = append(out, Finding{p.Dir, `package comment does not begin with "Package ` + p.Name + ` "`})
		case !isSentence(doc):
			out = append(out, Finding{p.Dir, "package comment is not a full sentence"})
		}
	}
	return out
}

// detached finds a package comment that a blank line or another comment
// separates from the package line.
func detached(a *ast.File) *ast.CommentGroup {
	for _, g := range a.Comments {
		if g.Pos() > a.Package {
			return nil
		}
		if g != a.Doc && strings.HasPrefix(g.Text(), "Package "+a.Name.Name+" ") {
			return g
		}
	}
	return nil
}

var sentenceEnd = regexp.MustCompile(`[.!?](\s|$)`)

// isSentence tells whether at least four words stand before some full stop.
func isSentence(text string) bool {
	for _, end := range sentenceEnd.FindAllStringIndex(text, -1) {
		if len(strings.Fields(text[:end[0]])) >= 4 {
			return true
		}
	}
	return false
}

// checkExportedDocs wants a doc comment on every exported type, function,
// method, constant and variable of the public packages. The comment of a
// group of constants or variables, or one at the end of the line, will do.
func checkExportedDocs(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Pkgs {
		if !matchAny(public, p.Dir) {
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, d := range f.ast.Decls {
				for _, id := range undocumented(d) {
					out = append(out, t.at(id.Pos(), "%s is exported and has no doc comment", id.Name))
				}
			}
		}
	}
	return out
}

// undocumented gives the exported names of one declaration without comment.
func undocumented(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc.Text() == "" && d.Name.IsExported() && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || d.Doc.Text() != "" && (d.Tok != token.TYPE || !d.Lparen.IsValid()) {
			return nil
		}
		var out []*ast.Ident
		for _, s := range d.Specs {
			out = append(out, undocumentedSpec(s)...)
		}
		return out
	}
	return nil
}

func undocumentedSpec(s ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Doc.Text() == "" {
			names = []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if s.Doc.Text() == "" && s.Comment.Text() == "" {
			names = s.Names
		}
	}
	var out []*ast.Ident
	for _, n := range names {
		if n.IsExported() {
			out = append(out, n)
		}
	}
	return out
}

// exportedReceiver is true for functions and for methods of exported types.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	name := receiver(d)
	return name == "" || ast.IsExported(name)
}

// receiver gives the name of the receiver's type, "" for a plain function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	for x := d.Recv.List[0].Type; ; {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.ParenExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.IndexListExpr:
			x = y.X
		case *ast.Ident:
			return y.Name
		default:
			return ""
		}
	}
}
