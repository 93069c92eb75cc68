package daemon

import (
	"errors"
	"syscall"
	"time"
)

// publishEvery is how often a daemon tries to say where it listens, while the disk is full.
const publishEvery = time.Second

// publishFirst says where the daemon listens. A full disk is no reason not to start: senders are held back, what they have sent is not
// lost, and retention, or people, may make room.
func (d *Daemon) publishFirst() error {
	err := d.endpoints.Publish(d.options.Dir)
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	d.log.Warn("the disk is full, and commands do not find the daemon until there is room", "error", err)
	d.unpublished = time.After(publishEvery)
	return nil
}

// say publishes where the daemon listens now, or later. People are told once that it could not be said.
func (d *Daemon) say() {
	err := d.endpoints.Publish(d.options.Dir)
	switch {
	case err == nil:
		d.unpublished = nil
		return
	case d.unpublished == nil:
		d.log.Warn("where the daemon listens", "error", err)
	}
	d.unpublished = time.After(publishEvery)
}
