package lint

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The tests of this file apply the rules to the real tree.

// root is the folder of go.mod, two above this one.
var root = sync.OnceValues(func() (fs.FS, error) {
	dir, err := filepath.Abs("../..")
	return os.DirFS(dir), err
})

var realTree = sync.OnceValues(func() (*Tree, error) {
	fsys, err := root()
	if err != nil {
		return nil, err
	}
	return Load(fsys)
})

func tree(t *testing.T) *Tree {
	t.Helper()
	tr, err := realTree()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func report(t *testing.T, found []Finding) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

func TestTable(t *testing.T)           { report(t, checkTable(table)) }
func TestImports(t *testing.T)         { report(t, checkImports(tree(t))) }
func TestPackageComments(t *testing.T) { report(t, checkPackageComments(tree(t))) }
func TestExportedDocs(t *testing.T)    { report(t, checkExportedDocs(tree(t))) }
func TestHabits(t *testing.T)          { report(t, checkHabits(tree(t))) }

func TestSizes(t *testing.T) {
	found, files, funcs := checkSizes(tree(t))
	report(t, found)
	t.Log("longest functions:")
	for _, s := range funcs[:min(10, len(funcs))] {
		t.Logf("%5d  %s  %s", s.lines, s.name, s.where)
	}
	t.Log("longest files:")
	for _, s := range files[:min(10, len(files))] {
		t.Logf("%5d  %s", s.lines, s.where)
	}
}

func TestBannedText(t *testing.T) {
	fsys, err := root()
	if err != nil {
		t.Fatal(err)
	}
	found, read, err := checkText(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Fatal("no text file found")
	}
	report(t, found)
}

func TestDocuments(t *testing.T) {
	fsys, err := root()
	if err != nil {
		t.Fatal(err)
	}
	found, err := checkDocuments(fsys)
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
}
