package lint

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Tree is the parsed source of one module.
type Tree struct {
	Module string
	Pkgs   []*Package // by folder
	fset   *token.FileSet
}

// Package is one folder with Go files in it.
type Package struct {
	Dir   string // below the module, slash-separated; "." for the root
	Name  string // as its non-test files say; "" when all are tests
	Files []*File
}

// File is one parsed Go file.
type File struct {
	Path  string // below the module
	Test  bool   // its name ends in _test.go
	Lines int
	ast   *ast.File
}

// A Finding is one breach of one rule.
type Finding struct {
	Where string // file:line, or a folder
	Text  string
}

func (f Finding) String() string { return f.Where + ": " + f.Text }

// errNoPackages keeps a loader that looks in the wrong place from passing.
var errNoPackages = errors.New("no Go package found")

// isModule reports whether a directory is a module of its own: what it imports never comes into ours.
func isModule(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

// Load parses the module whose go.mod is at the root of fsys. A tree without
// packages, and a file that cannot be parsed, are errors.
func Load(fsys fs.FS) (*Tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	t := &Tree{Module: modulePath(string(mod)), fset: token.NewFileSet()}
	if t.Module == "" {
		return nil, errors.New("go.mod: no module line")
	}
	dirs := make(map[string]*Package)
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (unbuilt(d.Name()) || isModule(fsys, name)):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || unbuilt(d.Name()):
			return nil
		}
		f, err := t.parse(fsys, name)
		if err != nil || f == nil {
			return err
		}
		dir := path.Dir(name)
		if dirs[dir] == nil {
			dirs[dir] = &Package{Dir: dir}
			t.Pkgs = append(t.Pkgs, dirs[dir])
		}
		dirs[dir].add(f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(t.Pkgs) == 0 {
		return nil, errNoPackages
	}
	slices.SortFunc(t.Pkgs, func(a, b *Package) int { return strings.Compare(a.Dir, b.Dir) })
	return t, nil
}

// parse reads one file; nil means that the go command never builds it.
func (t *Tree) parse(fsys fs.FS, name string) (*File, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	a, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ignored(a) {
		return nil, nil
	}
	return &File{
		Path:  name,
		Test:  strings.HasSuffix(name, "_test.go"),
		Lines: strings.Count(string(src), "\n"),
		ast:   a,
	}, nil
}

func (p *Package) add(f *File) {
	p.Files = append(p.Files, f)
	if !f.Test {
		p.Name = f.ast.Name.Name
	}
}

// onlyTests tells whether the folder holds nothing but test files.
func (p *Package) onlyTests() bool { return p.Name == "" }

// at makes a finding at a position.
func (t *Tree) at(pos token.Pos, format string, args ...any) Finding {
	p := t.fset.Position(pos)
	return Finding{fmt.Sprintf("%s:%d", p.Filename, p.Line), fmt.Sprintf(format, args...)}
}

// unbuilt tells whether the go command skips a folder or file of this name.
func unbuilt(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor"
}

// ignored tells whether the file's build constraint needs the tag "ignore".
func ignored(a *ast.File) bool {
	for _, g := range a.Comments {
		for _, c := range g.List {
			if c.Pos() > a.Package || !constraint.IsGoBuild(c.Text) {
				continue
			}
			x, err := constraint.Parse(c.Text)
			if err == nil && !x.Eval(func(tag string) bool { return tag != "ignore" }) {
				return true
			}
		}
	}
	return false
}

// modulePath takes the module's path out of go.mod.
func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "module" {
			continue
		}
		if s, err := strconv.Unquote(f[1]); err == nil {
			return s
		}
		return f[1]
	}
	return ""
}

// match tells whether a folder or import path fits a pattern: the same path,
// or with "/..." at the end that path and everything below it. The pattern
// "..." fits everything.
func match(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == base || strings.HasPrefix(name, base+"/")
	}
	return name == pattern
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}
