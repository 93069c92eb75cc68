package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"constat/internal/input/file"
)

// File is a file of lines that other programs write, and that is followed, or a pattern that fits several.
type File struct {
	// Path is absolute. With an asterisk, a question mark, a bracket or a backslash it is a pattern as of
	// [path/filepath.Match].
	Path string `yaml:"path"`
	// Format is how the lines are written: "text" (the default) or "syslog".
	Format string `yaml:"format"`
	// From is where a file begins that was never followed: "start" (the default) or "end".
	From string `yaml:"from"`
}

// Pipe is a named pipe that other programs write into. It is made if there is none.
type Pipe struct {
	Path   string `yaml:"path"`
	Format string `yaml:"format"` // "syslog" (the default) or "text"
}

// Values of format and from.
const (
	FormatText   = "text"
	FormatSyslog = "syslog"
	FromStart    = "start"
	FromEnd      = "end"
)

// validateFollowed finds what cannot hold about files and pipes.
func (l *Listen) validateFollowed() (found []problem) {
	seen := map[string]bool{}
	check := func(key, path string) {
		text := ""
		switch malformed := file.CheckPattern(path); {
		case malformed != nil && strings.HasPrefix(key, "listen.files"):
			text = malformed.Error()
		case !filepath.IsAbs(path) || filepath.Clean(path) != path:
			text = fmt.Sprintf("%q: want an absolute path, such as /var/log/app.log", path)
		case seen[path]:
			text = fmt.Sprintf("%q is named twice", path)
		}
		if seen[path] = true; text != "" {
			found = append(found, problem{key + ".path", text})
		}
	}
	oneOf := func(key, value string, values ...string) {
		if value != "" && !slices.Contains(values, value) {
			found = append(found, problem{key, fmt.Sprintf("%q: want %s or %s", value, values[0], values[1])})
		}
	}
	if l.Kernel != "" && (!filepath.IsAbs(l.Kernel) || filepath.Clean(l.Kernel) != l.Kernel) {
		found = append(found, problem{"listen.kernel", fmt.Sprintf("%q: want the path of the device, /dev/kmsg", l.Kernel)})
	}
	for i, f := range l.Files {
		key := fmt.Sprintf("listen.files[%d]", i)
		check(key, f.Path)
		oneOf(key+".format", f.Format, FormatText, FormatSyslog)
		oneOf(key+".from", f.From, FromStart, FromEnd)
	}
	for i, p := range l.Pipes {
		key := fmt.Sprintf("listen.pipes[%d]", i)
		check(key, p.Path)
		oneOf(key+".format", p.Format, FormatSyslog, FormatText)
	}
	return found
}
