package daemon

import (
	"fmt"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/input"
	"constat/internal/input/kernel"
)

// kernel opens the messages of the kernel.
func (b *binder) kernel(l listener) (input.Input, error) {
	c := kernel.Config{Path: l.address, FS: b.d.options.FS, Fields: b.d.facts, Report: func(err error) { b.d.log.Warn("input", "error", err) }}
	for _, f := range b.d.facts {
		if f.Name == "_BOOT_ID" {
			c.Boot = string(f.Value)
		}
	}
	dir := positionsDir(b.d.options.Dir)
	if err := durable.Mkdir(c.FS, dir, 0o700); err != nil {
		return nil, fmt.Errorf("position in the messages of the kernel: %w", err)
	}
	c.State = filepath.Join(dir, "kernel.json")
	return kernel.Open(c)
}
