package custody

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxPath is the length of a path in bytes.
const MaxPath = 4096

// ErrPath says that a path does not name a file of a medium.
var ErrPath = errors.New("the path does not stay on its medium")

// CheckPath wants a path that stays on its medium: relative, parts with '/' between, none of them empty, "." or "..",
// no zero byte, 1 to [MaxPath] bytes. Any other bytes are fine. Errors wrap [ErrPath].
func CheckPath(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("%w: it is empty", ErrPath)
	case len(path) > MaxPath:
		return fmt.Errorf("%w: it has %d bytes, the limit is %d", ErrPath, len(path), MaxPath)
	case path[0] == '/':
		return fmt.Errorf("%w: %s is absolute", ErrPath, Show(path))
	case strings.IndexByte(path, 0) >= 0:
		return fmt.Errorf("%w: %s has a zero byte", ErrPath, Show(path))
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%w: %s has the part %q", ErrPath, Show(path), part)
		}
	}
	return nil
}

// Show is a path, or another text of strangers, for people: as it is if every character can be seen, else quoted with
// escapes.
func Show(text string) string {
	plain := utf8.ValidString(text) && text != ""
	for _, r := range text {
		plain = plain && unicode.IsPrint(r) && r != '"' && r != '\\'
	}
	if plain {
		return text
	}
	return strconv.Quote(text)
}

// line is a text of ours, which may hold some of strangers, as one line without anything that moves a cursor.
func line(text string) string {
	quoted := strconv.Quote(text)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}
