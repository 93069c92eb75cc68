package syslog

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// drops counts the datagrams that the kernel dropped at one socket, because its buffer was full or their checksum
// wrong.
type drops struct {
	raw  syscall.RawConn
	seen uint32 // the kernel's counter wraps around
}

// more returns how many datagrams were dropped since the last call.
func (d *drops) more() (uint64, error) {
	var info [unix.SK_MEMINFO_VARS]uint32
	err := onSocket(d.raw, func(fd int) error {
		size := uint32(unsafe.Sizeof(info))
		_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if e != 0 {
			return e
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	n := info[unix.SK_MEMINFO_DROPS] - d.seen
	d.seen += n
	return uint64(n), nil
}

// mute makes the kernel drop, and count, what arrives from now on. What the socket has already received stays.
func mute(raw syscall.RawConn) error {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	program := unix.SockFprog{Len: 1, Filter: &nothing}
	return onSocket(raw, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program)
	})
}

// enlarge sets the receive buffer of a socket, beyond the limit of the system (net.core.rmem_max) if we may.
func enlarge(raw syscall.RawConn, size int) error {
	return onSocket(raw, func(fd int) error {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) == nil {
			return nil
		}
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, size)
	})
}

// bufferSize returns the receive buffer of a socket in the unit in which it is set. The kernel takes twice that, for
// its own overhead, and reports the double (socket(7)).
func bufferSize(raw syscall.RawConn) (size int, err error) {
	err = onSocket(raw, func(fd int) (err error) {
		size, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		return err
	})
	return size / 2, err
}

// onSocket calls f with the socket. f must not wait.
func onSocket(raw syscall.RawConn, f func(fd int) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
