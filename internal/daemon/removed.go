package daemon

import (
	"errors"
	"io/fs"
	"os"
)

// stopRemoved ends the inputs of local sockets whose files somebody has removed, so that they are bound anew: nobody can
// find them any more.
func (d *Daemon) stopRemoved() {
	for l, name := range d.names {
		if l.kind != "datagram" && l.kind != "stream" {
			continue
		}
		if _, err := os.Lstat(l.address); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		d.log.Warn("the file of the socket was removed, it is made anew", "input", name)
		if err := d.parts.stop(name); err != nil {
			d.log.Warn("input ended", "error", err)
		}
		d.bound.remove(l)
		delete(d.names, l)
	}
}
