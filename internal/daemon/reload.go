package daemon

import (
	"errors"
	"reflect"
	"time"

	"constat/internal/config"
)

// reload changes the configuration, all or nothing: what is new is bound first; if that fails, everything stays. Then
// the new inputs run, and those that are not wanted any more hand over what they received and end; files that are followed
// no more end before.
func (d *Daemon) reload(c config.Config) error {
	if err := d.changeable(c); err != nil {
		return err
	}
	rules, err := rulesOf(&c)
	if err != nil {
		return err
	}
	outputs, err := d.outputsOf(c)
	if err != nil {
		return err
	}
	if len(d.options.Files) == 0 {
		if err := d.listenTo(wanted(c.Listen, d.options.Dir), c.Listen); err != nil {
			return err
		}
	}
	if err := d.vouchAnew(c); err != nil {
		return err
	}
	d.intake.SetLimits(c.Limits.Rate, c.Limits.Burst)
	d.keepAs(c)
	d.heads.set(c.Converts())
	d.intake.SetRules(rules)
	d.store.setPrivate(privateOf(c.Private))
	d.outputs.retime(time.Duration(c.Statistics))
	d.replaceOutputs(outputs)
	d.hasten(len(outputs))
	d.config = c
	return nil
}

// listenTo binds and starts what is new, and stops what is not listed.
func (d *Daemon) listenTo(list []listener, listen *config.Listen) error {
	d.stopRemoved()
	b := d.newBinder(list, listen)
	names := map[listener]string{}
	var changes []func()
	for _, l := range list {
		if name, runs := d.names[l]; runs {
			names[l] = name
			changes = append(changes, b.change(l))
		} else {
			names[l] = b.bound(l)
		}
	}
	if err := errors.Join(b.errs...); err != nil {
		return errors.Join(err, closeAll(b.parts))
	}
	for _, change := range changes {
		change()
	}
	d.stopListening(func(l listener) bool { return names[l] == "" && l.kind == "file" }) // a pattern may read on where it ends
	d.parts.start(b.parts)
	d.bound.add(b.made)
	d.stopListening(func(l listener) bool { return names[l] == "" })
	d.names = names
	d.publish(list)
	return nil
}

// stopListening ends inputs after they have handed over what they received.
func (d *Daemon) stopListening(to func(listener) bool) {
	for l, name := range d.names {
		if !to(l) {
			continue
		}
		if err := d.parts.stop(name); err != nil {
			d.log.Warn("input ended", "error", err)
		}
		d.bound.remove(l)
		delete(d.names, l)
	}
}

// publish says where the daemon listens now. That it could not be said does not undo the change.
func (d *Daemon) publish(list []listener) {
	d.endpoints.Inputs = d.endpoints.Inputs[:0]
	for _, l := range list {
		d.endpoints.Inputs = append(d.endpoints.Inputs, d.names[l])
	}
	d.say()
}

// changeable reports the first setting that differs and can only be changed by a restart.
func (d *Daemon) changeable(c config.Config) error {
	now := d.config
	switch {
	case len(d.options.Files) > 0 && !reflect.DeepEqual(c.Listen, now.Listen):
		return restartNeeded("listen, with sockets of the service manager,")
	case c.Store != now.Store:
		return restartNeeded("store")
	case c.Socket != now.Socket:
		return restartNeeded("socket")
	case c.HTTP != now.HTTP:
		return restartNeeded("http")
	case witnessName(c) != witnessName(now):
		return restartNeeded("witness.name")
	case !reflect.DeepEqual(c.Volatile, now.Volatile):
		return restartNeeded("volatile")
	case c.Audit != now.Audit:
		return restartNeeded("audit.file")
	case c.User != now.User || c.Group != now.Group:
		return restartNeeded("user and group")
	}
	limits := c.Limits
	limits.Rate, limits.Burst = now.Limits.Rate, now.Limits.Burst
	if limits != now.Limits {
		return restartNeeded("limits other than rate and burst")
	}
	return nil
}
