// Package xentest is a double of what listens at the Dom0 end of a log channel: QEMU's socket character device with
// server=on and wait=off behind a Xen console.
//
// It serves one client at a time; others connect into its backlog of one and hear nothing. What the guest writes never
// waits: it is kept for a client that is not there or does not read, up to a limit, and then the middle is thrown away,
// cut anywhere. It binds with a new inode each time, and leaves its file behind if it is killed.
package xentest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Sizes of QEMU and of the ring of a console, in octets.
const (
	Limit = 1 << 20
	ring  = 2048
)

// Backend is one life of the backend of one channel.
type Backend struct {
	path     string
	listener net.Listener
	guest    io.Writer // takes what the client writes; nil: a client that writes is dropped
	serving  sync.WaitGroup

	mu        sync.Mutex
	client    *net.UnixConn // guarded by mu
	kept      []byte        // guarded by mu; not yet written to a client from consumed on
	consumed  int           // guarded by mu
	discarded int           // guarded by mu; octets
	ended     bool          // guarded by mu
	clients   int           // guarded by mu; so many were served
}

// Start binds and listens, as QEMU does when its domain starts. A file of that name goes first.
func Start(path string) (*Backend, error) { return StartBoth(path, nil) }

// StartBoth is Start for a channel on which the guest is written to as well.
func StartBoth(path string, guest io.Writer) (*Backend, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return nil, err
	}
	if err := unix.Listen(fd, 1); err != nil {
		return nil, err
	}
	b := &Backend{path: path, guest: guest}
	if b.listener, err = net.FileListener(file); err != nil {
		return nil, err
	}
	b.serving.Go(b.serve)
	return b, nil
}

// serve takes one client after the other.
func (b *Backend) serve() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		client := conn.(*net.UnixConn)
		b.mu.Lock()
		if b.ended {
			b.mu.Unlock()
			client.Close()
			return
		}
		b.client = client
		b.clients++
		b.mu.Unlock()
		if b.guest != nil {
			io.Copy(b.guest, client)
		}
		var nothing [1]byte
		client.Read(nothing[:]) // returns at its end: nobody writes into a log channel
		b.drop(client)
	}
}

// drop ends a client.
func (b *Backend) drop(client *net.UnixConn) {
	b.mu.Lock()
	if b.client == client {
		b.client = nil
	}
	b.mu.Unlock()
	client.Close()
}

// Disconnect ends the client that is connected, if there is one. The guest notices nothing.
func (b *Backend) Disconnect() {
	b.mu.Lock()
	client := b.client
	b.mu.Unlock()
	if client != nil {
		b.drop(client)
	}
}

// Write is what the guest writes. It never waits and never fails.
func (b *Backend) Write(octets []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for rest := octets; ; {
		n := min(len(rest), ring)
		b.keep(rest[:n])
		b.flush()
		if rest = rest[n:]; len(rest) == 0 {
			return len(octets), nil
		}
	}
}

// keep adds what came through the ring. Above the limit the newest takes the place of what came just before it.
func (b *Backend) keep(piece []byte) {
	b.kept = append(b.kept, piece...)
	over := len(b.kept) - Limit
	if over <= 0 {
		return
	}
	copy(b.kept[Limit-over:], b.kept[Limit:])
	b.kept = b.kept[:Limit]
	b.discarded += over
	b.consumed = min(b.consumed, Limit-over)
}

// flush gives the client what it takes at once.
func (b *Backend) flush() {
	if b.client == nil || b.consumed == len(b.kept) {
		return
	}
	raw, err := b.client.SyscallConn()
	if err != nil {
		return
	}
	n := 0
	raw.Write(func(fd uintptr) bool {
		n, err = syscall.Write(int(fd), b.kept[b.consumed:])
		return true
	})
	if err == nil {
		b.consumed += n
	}
	if b.consumed == len(b.kept) {
		b.kept, b.consumed = b.kept[:0], 0
	}
}

// Waiting is how many octets no client has taken.
func (b *Backend) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.kept) - b.consumed
}

// Discarded is how many octets were thrown away.
func (b *Backend) Discarded() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.discarded
}

// Clients is how many clients were served, and whether there is one now.
func (b *Backend) Clients() (served int, now bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clients, b.client != nil
}

// Stop ends it as its domain does in good order: the file goes. What no client has taken is gone.
func (b *Backend) Stop() { b.end(); os.Remove(b.path) }

// Kill ends it and leaves the file behind.
func (b *Backend) Kill() { b.end() }

func (b *Backend) end() {
	b.mu.Lock()
	b.ended = true
	client := b.client
	b.mu.Unlock()
	b.listener.Close()
	if client != nil {
		client.Close()
	}
	b.serving.Wait()
}
