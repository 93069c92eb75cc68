package station

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"constat/entry"
	"constat/internal/input/native"
)

// local writes entries to the daemon of this machine: a program of Dom0 has no channel.
type local struct {
	socket  string
	timeout time.Duration
	dropped atomic.Uint64
}

// findLocal returns the daemon of this machine if it takes connections, else nil.
func findLocal(timeout time.Duration) *local {
	socket := os.Getenv("CONSTAT_SOCKET")
	if socket == "" {
		store, err := native.DefaultStore()
		if err != nil {
			return nil
		}
		e, err := native.Find(store)
		if err != nil {
			return nil
		}
		socket = e.Socket
	}
	conn, err := net.DialTimeout("unix", socket, timeout)
	if err != nil {
		return nil
	}
	conn.Close()
	return &local{socket: socket, timeout: max(timeout, time.Second)}
}

// send hands an entry over and returns when it is durable.
func (l *local) send(e Entry) bool {
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	c, err := native.DialContext(ctx, l.socket, native.Request{Op: "log", Journal: "system"}, 4096)
	if err == nil {
		err = c.Log(e.logged())
		if err == nil {
			_, err = c.Finish()
		} else {
			err = errors.Join(err, c.Close())
		}
	}
	if err != nil {
		l.dropped.Add(1)
	}
	return err == nil
}

// logged is an entry as the daemon takes it. Its domain is Dom0, which the daemon knows.
func (e *Entry) logged() *entry.Entry {
	module := e.Module
	if module == "" {
		module = filepath.Base(os.Args[0])
	}
	out := &entry.Entry{Event: stamp(e.Time)}
	out.AddString("MESSAGE", e.Message, entry.Claimed)
	out.AddString("PRIORITY", strconv.Itoa(int(e.Level)), entry.Claimed)
	out.AddString("SYSLOG_IDENTIFIER", module, entry.Claimed)
	if e.left > 0 {
		out.AddString(truncatedBytes, strconv.Itoa(e.left), entry.Claimed)
	}
	return out
}
