package logind

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// Names on the bus.
const (
	service  = "org.freedesktop.login1"
	path     = dbus.ObjectPath("/org/freedesktop/login1")
	manager  = service + ".Manager"
	prepare  = "PrepareForSleep"
	queueLen = 16
)

// ErrGone says that the bus has closed the connection.
var ErrGone = errors.New("the system bus is gone")

// Sleep tells when the machine goes to sleep and wakes up. It is not for concurrent use.
type Sleep struct {
	conn     *dbus.Conn
	who, why string
	signals  chan *dbus.Signal
	delay    *os.File // held: the machine waits with sleeping, up to 5 s by default
}

// Dial connects to the system bus, which DBUS_SYSTEM_BUS_ADDRESS may name, and to the logind there. who and why are
// what "systemd-inhibit --list" shows of us.
func Dial(ctx context.Context, who, why string) (*Sleep, error) {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("system bus: %w", err)
	}
	s := &Sleep{conn: conn, who: who, why: why, signals: make(chan *dbus.Signal, queueLen)}
	conn.Signal(s.signals)
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(service), dbus.WithMatchObjectPath(path),
		dbus.WithMatchInterface(manager), dbus.WithMatchMember(prepare))
	if err == nil {
		_, err = s.owner(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("logind: %w", err), conn.Close())
	}
	return s, nil
}

// owner is who speaks as logind on the bus.
func (s *Sleep) owner(ctx context.Context) (name string, err error) {
	err = s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, service).Store(&name)
	return name, err
}

// Delay makes the machine wait with sleeping until Release, as long as logind allows. It may be refused: then the
// signals come all the same, and nobody waits.
func (s *Sleep) Delay(ctx context.Context) error {
	if s.delay != nil {
		return nil
	}
	var fd dbus.UnixFD
	call := s.conn.Object(service, path).CallWithContext(ctx, manager+".Inhibit", 0, "sleep", s.who, s.why, "delay")
	if err := call.Store(&fd); err != nil {
		return fmt.Errorf("logind does not wait with sleeping: %w", err)
	}
	s.delay = os.NewFile(uintptr(fd), "inhibitor")
	return nil
}

// Release lets the machine sleep.
func (s *Sleep) Release() error {
	if s.delay == nil {
		return nil
	}
	err := s.delay.Close()
	s.delay = nil
	return err
}

// Next waits until the machine is about to sleep, before is true then, or has woken up.
func (s *Sleep) Next(ctx context.Context) (before bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case signal, open := <-s.signals:
			if !open {
				return false, ErrGone
			}
			if before, ok := s.understand(ctx, signal); ok {
				return before, nil
			}
		}
	}
}

// understand takes a signal if it is what it should be, and from whom.
func (s *Sleep) understand(ctx context.Context, signal *dbus.Signal) (before, ok bool) {
	if signal.Name != manager+"."+prepare || signal.Path != path || len(signal.Body) != 1 {
		return false, false
	}
	if before, ok = signal.Body[0].(bool); !ok {
		return false, false
	}
	owner, err := s.owner(ctx)
	return before, err == nil && signal.Sender == owner
}

// Close lets the machine sleep and leaves the bus.
func (s *Sleep) Close() error { return errors.Join(s.Release(), s.conn.Close()) }
