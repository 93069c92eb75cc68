package daemon

import (
	"errors"

	"constat/internal/config"
)

// reload changes the configuration, all or nothing: what is new is bound first; if that fails, everything stays. Then
// the new inputs run, and those that are not wanted any more hand over what they received and end.
func (d *Daemon) reload(c config.Config) error {
	if err := d.changeable(c); err != nil {
		return err
	}
	old := map[listener]bool{}
	for _, l := range wanted(d.config.Listen, d.options.Dir) {
		old[l] = true
	}
	b := d.newBinder()
	kept := map[listener]bool{}
	for _, l := range wanted(c.Listen, d.options.Dir) {
		kept[l] = old[l]
		if !old[l] {
			b.bound(l)
		}
	}
	if err := errors.Join(b.errs...); err != nil {
		return errors.Join(err, closeAll(b.parts))
	}
	d.parts.start(b.parts)
	for l := range old {
		if !kept[l] {
			if err := d.parts.stop(d.names[l]); err != nil {
				d.log.Warn("input ended", "error", err)
			}
			delete(d.names, l)
		}
	}
	d.intake.SetLimits(c.Limits.Rate, c.Limits.Burst)
	d.config = c
	return nil
}

// changeable reports the first setting that differs and can only be changed by a restart.
func (d *Daemon) changeable(c config.Config) error {
	now := d.config
	switch {
	case len(d.options.Files) > 0:
		return restartNeeded("listen, with sockets of the service manager,")
	case c.Store != now.Store:
		return restartNeeded("store")
	case c.Socket != now.Socket:
		return restartNeeded("socket")
	case c.HTTP != now.HTTP:
		return restartNeeded("http")
	case c.User != now.User || c.Group != now.Group:
		return restartNeeded("user and group")
	case c.Limits.Message != now.Limits.Message || c.Limits.Queue != now.Limits.Queue ||
		c.Limits.ReceiveBuffer != now.Limits.ReceiveBuffer || c.Limits.Connections != now.Limits.Connections:
		return restartNeeded("limits other than rate and burst")
	}
	return nil
}
