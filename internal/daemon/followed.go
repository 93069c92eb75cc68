package daemon

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

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
	sum := sha256.Sum256([]byte(l.address))
	c.State = filepath.Join(dir, fmt.Sprintf("%x.json", sum[:8]))
	return followed.Follow(c)
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
	c := followed.PipeConfig{Path: l.address, Format: input.Syslog, Limit: int(b.limits.Message)}
	for _, p := range b.listen.Pipes {
		if p.Path == l.address && p.Format == config.FormatText {
			c.Format = input.Text
		}
	}
	return followed.OpenPipe(c)
}
