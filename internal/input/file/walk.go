package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxNames is how many names that fit a pattern are looked at.
const maxNames = 16384

// IsPattern reports whether a path stands for more than one file: it has an asterisk, a question mark, a bracket or a
// backslash.
func IsPattern(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// CheckPattern says what is wrong with a pattern; nil is nothing. Each element of the path is a pattern of
// [path/filepath.Match].
func CheckPattern(pattern string) error {
	for _, element := range strings.Split(pattern, "/") {
		if _, err := filepath.Match(element, ""); err != nil {
			return fmt.Errorf(`%q: %q is no pattern: a bracket is not closed, or nothing stands behind a backslash; write \[ for a bracket that is meant`, pattern, element)
		}
	}
	return nil
}

// Fits reports whether a path is one of a pattern.
func Fits(pattern, path string) bool {
	fits, err := filepath.Match(pattern, path)
	return err == nil && fits
}

// compressed are the ends of names that are left out: they hold what was read before, and no lines.
var compressed = []string{".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z", ".zip"}

func isCompressed(name string) bool {
	return slices.ContainsFunc(compressed, func(end string) bool { return strings.HasSuffix(name, end) })
}

// walk lists the names that fit a pattern, sorted, at most so many; more is that there are others. What is missing is no
// error; what cannot be read is, and the rest is listed all the same.
func walk(pattern string, most int) (names []string, more bool, err error) {
	names = []string{"/"}
	for _, element := range strings.Split(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range names {
			if !IsPattern(element) {
				next = append(next, filepath.Join(dir, element))
				continue
			}
			left, failed := list(dir, element, most-len(next), &next)
			more = more || left
			err = errors.Join(err, failed)
		}
		names = next
	}
	names = slices.DeleteFunc(names, isCompressed)
	slices.Sort(names)
	return names, more, err
}

// list appends the names of a directory that fit, at most so many.
func list(dir, element string, most int, to *[]string) (more bool, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return false, unreadable(err)
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		for _, name := range names {
			if fits, _ := filepath.Match(element, name); !fits {
				continue
			}
			if most--; most < 0 {
				return true, nil
			}
			*to = append(*to, filepath.Join(dir, name))
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		} else if err != nil {
			return false, unreadable(err)
		}
	}
}

// unreadable is an error, unless it says that there is no such directory.
func unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}
