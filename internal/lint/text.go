package lint

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
)

// A ban is a text that must stand in no file of the tree.
type ban struct{ text, reason string }

// bans are put together from pieces so that this file does not match itself.
var bans = []ban{
	{"/work" + "/main", "a path of one developer's machine"},
	{"proxy" + ".golang.org", "hosts of package registries are settings of the machine"},
	{"registry" + ".npmjs.org", "hosts of package registries are settings of the machine"},
	{"deb" + ".debian.org", "hosts of package registries are settings of the machine"},
}

// checkText looks for banned text in every text file below fsys. Git's own
// files, built programs in bin, and files with a zero byte near their
// beginning are left out. The second result is the number of files read.
func checkText(fsys fs.FS) (out []Finding, read int, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git" || name == "bin": // .git is a file in a linked work tree
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(src[:min(len(src), 8000)], 0) >= 0 {
			return nil
		}
		read++
		out = append(out, bannedIn(name, string(src))...)
		return nil
	})
	return out, read, err
}

func bannedIn(name, src string) []Finding {
	var out []Finding
	for _, b := range bans {
		i := strings.Index(src, b.text)
		if i < 0 {
			continue
		}
		line := 1 + strings.Count(src[:i], "\n")
		out = append(out, Finding{fmt.Sprintf("%s:%d", name, line), b.text + " does not belong in the tree: " + b.reason})
	}
	return out
}
