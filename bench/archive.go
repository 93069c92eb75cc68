package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// archive is a way to keep events and to find them again.
type archive interface {
	// name must be short; it is the head of a column.
	name() string
	// missing must say how to install what is missing, or return "".
	missing() string
	// version must return the version of the program, or "".
	version(ctx context.Context) string
	// load must keep the events of the suite in dir, an empty directory, and say what that took.
	load(ctx context.Context, dir string) (sample, error)
	// ask must return the command that answers a question from what load has put into dir; nil if there is none.
	ask(dir string, q question) []string
	// read must make an answer of what that command prints; messages are those of lines.
	read(q question, out []byte) (answer, error)
}

// shelf is an archive that is loaded.
type shelf struct {
	archive
	dir string
}

// archives are constat and the peers that are wanted.
func (s *suite) archives() []archive {
	return slices.DeleteFunc(s.allArchives(), func(a archive) bool {
		return len(s.peers) > 0 && a.name() != "constat" && !slices.Contains(s.peers, a.name())
	})
}

// allArchives are constat and all peers. Those who keep the same text share its file.
func (s *suite) allArchives() []archive {
	text := s.textFile()
	return []archive{
		constatArchive{constat{s.binary}, text},
		ripgrep{text: text, program: lookUp("rg")},
		journald{events: s.events, remote: firstFile("/lib/systemd/systemd-journal-remote", "/usr/lib/systemd/systemd-journal-remote"), ctl: lookUp("journalctl")},
		sqlite{events: s.events, program: lookUp("sqlite3")},
		packed{text: text, program: lookUp("zstd"), search: lookUp("rg")},
	}
}

// peerNames are the names of all peers.
func peerNames() (names []string) {
	for _, a := range new(suite).allArchives()[1:] {
		names = append(names, a.name())
	}
	return names
}

// parsePeers reads names with commas.
func parsePeers(text string) (list []string, err error) {
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		if !slices.Contains(peerNames(), name) {
			return nil, fmt.Errorf("-peers %s: want some of %s", name, strings.Join(peerNames(), ", "))
		}
		list = append(list, name)
	}
	return list, nil
}

// firstFile is the first of these files that is there, or "".
func firstFile(names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return ""
}

// textFile is the load as a file.
func (s *suite) textFile() string { return filepath.Join(s.work, "events.log") }

// prepare writes the load into a file and takes it apart, unless that is done.
func (s *suite) prepare() (err error) {
	if s.events != nil {
		return nil
	}
	if s.events, err = s.load.takeApart(); err != nil {
		return err
	}
	return os.WriteFile(s.textFile(), s.load.lines, 0o644)
}

// sizeCase loads every archive once, and leaves them to the questions.
func (s *suite) sizeCase(context.Context) (benchCase, error) {
	c := benchCase{name: "size", title: "the same events kept, with everything that is needed to search them", once: true}
	if err := s.prepare(); err != nil {
		return c, err
	}
	for _, a := range s.archives() {
		c.contenders = append(c.contenders, contender{a.name(), a.missing(), func(ctx context.Context, _ string) (sample, error) {
			return s.shelve(ctx, a)
		}})
	}
	return c, nil
}

// shelve loads an archive into a directory that stays until the end, and notes it.
func (s *suite) shelve(ctx context.Context, a archive) (sample, error) {
	dir := filepath.Join(s.work, "shelf", a.name())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return sample{}, err
	}
	one, err := a.load(ctx, dir)
	if err == nil {
		s.shelves = append(s.shelves, shelf{a, dir})
	}
	return one, err
}

// loaded makes sure that the archives are loaded.
func (s *suite) loaded(ctx context.Context) error {
	if err := s.prepare(); err != nil || s.shelves != nil {
		return err
	}
	for _, a := range s.archives() {
		if a.missing() != "" {
			continue
		}
		s.progress("loading %s", a.name())
		if _, err := s.shelve(ctx, a); err != nil {
			return errors.Join(errors.New(a.name()), err)
		}
	}
	return nil
}
