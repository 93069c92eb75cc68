package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

// keepAlive finds peers that are gone within about two minutes.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}
}

// deadliner is a listener whose Accept can be woken.
type deadliner interface {
	net.Listener
	SetDeadline(time.Time) error
}

// bind binds all that the configuration names, or nothing.
func (c Config) bind() (list []deadliner, err error) {
	defer func() {
		if err != nil {
			closeAll(list)
		}
	}()
	port := ""
	for i, address := range append(append([]string(nil), c.Addresses...), c.Optional...) {
		host, wanted, err := net.SplitHostPort(address)
		if err != nil {
			return list, fmt.Errorf("%q: want host:port: %w", address, err)
		}
		if wanted == "0" && port != "" {
			wanted = port
		}
		l, err := listenTCP(net.JoinHostPort(host, wanted))
		if err != nil && i >= len(c.Addresses) && !errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return list, err
		}
		list = append(list, l)
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	if c.Socket == "" {
		return list, nil
	}
	l, err := listenUnix(c.Socket)
	if err != nil {
		return list, err
	}
	return append(list, l), nil
}

func listenTCP(address string) (deadliner, error) {
	lc := net.ListenConfig{KeepAliveConfig: keepAlive()}
	l, err := lc.Listen(context.Background(), "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: somebody listens there ('ss -ltnp' says who); name another port", err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%w: ports below 1024 are for root; name a higher one", err)
	case err != nil:
		return nil, fmt.Errorf("%w; name an address of this machine", err)
	}
	return l.(*net.TCPListener), nil
}

// listenUnix binds a socket that only this user may open.
func listenUnix(path string) (deadliner, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func closeAll(list []deadliner) error {
	var errs []error
	for _, l := range list {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
