package terminal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The layout of utmp on Linux: utmp(5).
const (
	utmpSize    = 384
	userProcess = 7
	lineAt      = 8
	userAt      = 44
	nameSize    = 32
	maxUtmp     = 4 << 20
)

// login is a user at a line, such as tty1 or pts/0.
type login struct{ line, user string }

// lines are the terminals of the users, each once.
func (t *users) lines() (list []string, err error) {
	logins, err := t.utmp()
	if errors.Is(err, fs.ErrNotExist) { // as since Debian 13
		logins, err = t.sessions()
	}
	for _, l := range logins {
		if !isLine(l.line) || len(t.Names) > 0 && !slices.Contains(t.Names, l.user) {
			continue
		}
		if name := filepath.Join(t.Dev, l.line); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list, err
}

// utmp reads who is logged in.
func (t *users) utmp() (list []login, err error) {
	data, err := readUpTo(t.Utmp, maxUtmp)
	for ; len(data) >= utmpSize; data = data[utmpSize:] {
		if binary.NativeEndian.Uint16(data) == userProcess {
			list = append(list, login{text(data[lineAt:]), text(data[userAt:])})
		}
	}
	return list, err
}

// Bounds of what logind keeps.
const (
	maxSessions = 10000
	maxSession  = 64 << 10
)

// sessions reads what logind keeps of each session, where the library of systemd reads it too: USER=NAME and TTY=LINE.
func (t *users) sessions() (list []login, err error) {
	names, err := os.ReadDir(t.Sessions)
	for _, name := range names[:min(len(names), maxSessions)] {
		data, _ := readUpTo(filepath.Join(t.Sessions, name.Name()), maxSession) // one that is gone has ended
		l := login{}
		for line := range strings.Lines(string(data)) {
			key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
			switch key {
			case "USER":
				l.user = value
			case "TTY":
				l.line = strings.TrimPrefix(value, "/dev/")
			}
		}
		list = append(list, l)
	}
	return list, err
}

// readUpTo reads a file that is no pipe and no longer than that.
func readUpTo(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes", name, limit)
	}
	return os.ReadFile(name)
}

// text is the string at the beginning of a field of utmp.
func text(field []byte) string {
	value, _, _ := bytes.Cut(field[:nameSize], []byte{0})
	return string(value)
}

// isLine reports whether a name is that of a terminal below /dev: anybody with the group utmp may write the file.
func isLine(line string) bool {
	return (strings.HasPrefix(line, "tty") || strings.HasPrefix(line, "pts/")) && !strings.Contains(line, "..")
}
