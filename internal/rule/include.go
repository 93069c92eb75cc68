package rule

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// includeObject reads include(file="PATTERN" mode="optional").
func (r *reader) includeObject() {
	o, rest, ok := parseObject(r.l.text)
	if !ok || rest != "" || o.get("file") == "" {
		r.error(0, "want include(file=\"PATTERN\")")
		return
	}
	pattern := o.get("file")
	r.include(0, pattern, o.get("mode") == "optional")
}

// include reads the files that a pattern matches, as if their lines stood here, but outside of the blocks of this file.
// Where there is none, that is an error unless it is optional.
func (r *reader) include(at int, pattern string, optional bool) {
	pattern = strings.TrimRight(pattern, blanks)
	r.previous = noRule
	if pattern == "" || r.options.Files == nil {
		r.error(at, "nothing can be included here")
		return
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(r.name), pattern)
	}
	pattern = filepath.Clean(pattern)
	names, err := r.options.Files.Glob(pattern)
	switch {
	case err != nil:
		r.error(at, "include %s: %v", pattern, err)
	case len(names) == 0 && (optional || strings.ContainsAny(pattern, "*?[")):
		r.warn(at, "include %s: there is no such file", pattern)
	case len(names) == 0:
		r.error(at, "include %s: there is no such file", pattern)
	}
	for _, name := range names {
		r.includeFile(at, name)
	}
}

// includeFile reads one file, unless it is being read already or too many are.
func (r *reader) includeFile(at int, name string) {
	if r.includes++; r.includes > maxIncludes {
		if !r.stopped {
			r.error(at, "more than %d files are included: reading stops here", maxIncludes)
		}
		r.stopped = true
		return
	}
	if slices.Contains(r.chain, name) {
		r.error(at, "%s includes itself, through %s", name, strings.Join(r.chain, ", "))
		return
	}
	if len(r.chain) >= maxDepth {
		r.error(at, "include %s: files include each other more than %d deep", name, maxDepth)
		return
	}
	text, err := r.options.Files.ReadFile(name)
	if err != nil {
		r.error(at, "include: %v", err)
		return
	}
	r.file(name, text)
}

// Disk are the files of this machine.
type Disk struct{}

// Glob implements [Files].
func (Disk) Glob(pattern string) ([]string, error) {
	if info, err := os.Stat(pattern); err == nil && info.IsDir() {
		pattern = filepath.Join(pattern, "*.conf")
	}
	names, err := filepath.Glob(pattern)
	return slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && info.IsDir() || strings.HasPrefix(filepath.Base(name), ".")
	}), err
}

// ReadFile implements [Files]. It reads only regular files.
func (Disk) ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is not a regular file")}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if len(text) > MaxFile {
		return nil, fmt.Errorf("%s: more than %d bytes", name, MaxFile)
	}
	return text, err
}

// Read reads a syslog.conf of this machine and the files that it includes.
func Read(name string, d Dialect) (*Set, []Problem, error) {
	text, err := Disk{}.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, nil, err
	}
	set, problems := Parse(name, text, Options{Dialect: d, Host: host, Files: Disk{}, Accounts: Disk{}})
	return set, problems, nil
}
