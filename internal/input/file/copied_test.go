package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAdvanceTruncated: a file that is truncated between being read and being known further stays known by what it was, so that
// the rest is read in its copy.
func TestAdvanceTruncated(t *testing.T) {
	for name, later := range map[string]string{"truncated": "", "written again": strings.Repeat("other\n", 300)} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			text := strings.Repeat("a line\n", 20)
			appendTo(t, path, text)
			f := follow(t, path, nil)
			must(t, f.open())
			defer f.leave()
			var err error
			f.at, err = f.advance(int64(len(text)) / 2)
			must(t, err)
			must(t, os.WriteFile(path+".1", []byte(text+"the rest\n"), 0o600))
			must(t, os.WriteFile(path, []byte(later), 0o600)) // truncates
			f.at, err = f.advance(int64(len(text)))
			must(t, err)
			if f.at.Offset != int64(len(text)) || f.at.isOf(f.file) {
				t.Errorf("position %+v", f.at)
			}
			if found, moved := f.find(); found == nil || !moved {
				t.Error("the copy is not found")
			} else {
				found.Close()
			}
		})
	}
}
