package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// documents are the files that a visitor looks for.
var documents = []string{"README.md", "ARCHITECTURE.md", "FORMAT.md", "CHANGELOG.md", "LICENSE"}

// readmeBlocks are the names of the README's commands that .ci/run executes.
var readmeBlocks = []string{"run", "test"}

// checkDocuments wants the documents, and in the README the two commands.
func checkDocuments(fsys fs.FS) ([]Finding, error) {
	var out []Finding
	for _, name := range documents {
		src, err := fs.ReadFile(fsys, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, Finding{name, "missing"})
			continue
		case err != nil:
			return nil, err
		case len(strings.TrimSpace(string(src))) == 0:
			out = append(out, Finding{name, "empty"})
		}
		if name != "README.md" {
			continue
		}
		for _, block := range readmeBlocks {
			if err := checkBlock(string(src), block); err != nil {
				out = append(out, Finding{name, err.Error()})
			}
		}
	}
	return out, nil
}

// checkBlock wants exactly one line "<!-- ci: name -->", and directly under
// it a block fenced as sh that is closed and holds a command.
// readme_block of .ci/run reads the same form.
func checkBlock(readme, name string) error {
	marker := "<!-- ci: " + name + " -->"
	lines := strings.Split(readme, "\n")
	at := slices.Index(lines, marker)
	switch {
	case at < 0:
		return fmt.Errorf("no line %s", marker)
	case slices.Contains(lines[at+1:], marker):
		return fmt.Errorf("two lines %s", marker)
	case at+1 == len(lines) || lines[at+1] != "```sh":
		return fmt.Errorf("%s: the next line is not ```sh", marker)
	}
	body := lines[at+2:]
	end := slices.Index(body, "```")
	switch {
	case end < 0:
		return fmt.Errorf("%s: the block is not closed", marker)
	case strings.TrimSpace(strings.Join(body[:end], "")) == "":
		return fmt.Errorf("%s: the block is empty", marker)
	}
	return nil
}
