package daemon

import (
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/config"
	"constat/internal/durable"
	"constat/internal/input"
	followed "constat/internal/input/file"
)

// positionsDir is where the positions of followed files are kept. It stands beside the store, which holds nothing but
// the events.
func positionsDir(store string) string { return filepath.Clean(store) + ".inputs" }

// follow prepares to follow a file.
func (b *binder) follow(l listener) (input.Input, error) {
	c := followed.Config{Path: l.address, Format: input.Text, Limit: int(b.limits.Message), FS: b.d.options.FS,
		Report: func(err error) { b.d.log.Warn("input", "error", err) }}
	for _, f := range b.listen.Files {
		if f.Path == l.address {
			c.FromEnd = f.From == config.FromEnd
			if f.Format == config.FormatSyslog {
				c.Format = input.Syslog
			}
		}
	}
	dir := positionsDir(b.d.options.Dir)
	if err := durable.Mkdir(c.FS, dir, 0o700); err != nil {
		return nil, fmt.Errorf("positions of followed files: %w", err)
	}
	c.State = followed.StateIn(dir, l.address)
	if !followed.IsPattern(l.address) {
		return followed.Follow(c)
	}
	c.Most = min(followed.DefaultMost, b.followLimit)
	others := before(&b.listen, l.address)
	c.Except = func(path string) bool {
		return slices.ContainsFunc(others, func(other string) bool {
			return other == path || followed.IsPattern(other) && followed.Fits(other, path)
		})
	}
	return followed.FollowMany(c)
}

// before lists the files and patterns that a pattern leaves what they fit: all files that are named, and the patterns that
// stand before it.
func before(listen *config.Listen, pattern string) (list []string) {
	own := false
	for _, f := range listen.Files {
		own = own || f.Path == pattern
		if !own || !followed.IsPattern(f.Path) {
			list = append(list, f.Path)
		}
	}
	return list
}

// othersChanged reports whether a pattern would have to leave other files than it does.
func (b *binder) othersChanged(l listener) bool {
	now := b.d.config.Listen
	return l.kind == "file" && now != nil && followed.IsPattern(l.address) && !slices.Equal(before(now, l.address), before(&b.listen, l.address))
}

// followedAs is how a file or pipe of the configuration is read; the zero value if it is neither.
func followedAs(listen *config.Listen, l listener) (how config.File) {
	if listen == nil {
		return how
	}
	for _, f := range listen.Files {
		if l == (listener{"file", f.Path}) {
			how = f
		}
	}
	for _, p := range listen.Pipes {
		if l == (listener{"pipe", p.Path}) {
			how = config.File{Path: p.Path, Format: p.Format}
		}
	}
	return how
}

// pipe opens a named pipe.
func (b *binder) pipe(l listener) (input.Input, error) {
	c := followed.PipeConfig{Path: l.address, Format: input.Syslog, Limit: int(b.limits.Message),
		Report: func(err error) { b.d.log.Warn("pipe", "error", err) }}
	for _, p := range b.listen.Pipes {
		if p.Path == l.address && p.Format == config.FormatText {
			c.Format = input.Text
		}
	}
	return followed.OpenPipe(c)
}
