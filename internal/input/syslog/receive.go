package syslog

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// control is room for the credentials of a sender (unix(7)) and for nothing else: so the kernel closes the files that
// a sender may attach instead of giving them to us.
type control struct {
	unix.Cmsghdr
	unix.Ucred
	_ [unix.SizeofPtr - 4]byte // SizeofUcred is 12, and CMSG_SPACE rounds up
}

const sizeofControl = int(unsafe.Sizeof(control{}))

// credentials returns what the kernel said, if it did. The pid is 0 if the sender has none in our namespace.
func (c *control) credentials(length int) (who unix.Ucred, ok bool) {
	if length < unix.SizeofCmsghdr+unix.SizeofUcred || c.Level != unix.SOL_SOCKET || c.Type != unix.SCM_CREDENTIALS {
		return unix.Ucred{}, false
	}
	return c.Ucred, true
}

// batch receives many datagrams by one system call (recvmmsg(2)). Its memory is taken once and used again; pages that
// no datagram ever reached are not resident.
type batch struct {
	size     int    // octets of a datagram that are kept
	octets   []byte // size for each
	headers  []header
	pieces   []unix.Iovec
	controls []control               // nil if not wanted
	names    []unix.RawSockaddrInet6 // has room for IPv4 too; nil if not wanted
	received int
}

// header is struct mmsghdr.
type header struct {
	unix.Msghdr
	size uint32
}

// newBatch returns a batch for so many datagrams, with the credentials of the senders or with their addresses.
func newBatch(datagrams, size int, credentials bool) *batch {
	b := &batch{size: size, octets: make([]byte, datagrams*size), headers: make([]header, datagrams),
		pieces: make([]unix.Iovec, datagrams), received: datagrams}
	if credentials {
		b.controls = make([]control, datagrams)
	} else {
		b.names = make([]unix.RawSockaddrInet6, datagrams)
	}
	for i := range b.headers {
		b.pieces[i].Base = &b.octets[i*size]
		b.pieces[i].SetLen(size)
		b.headers[i].Iov = &b.pieces[i]
		b.headers[i].SetIovlen(1)
		if credentials {
			b.headers[i].Control = (*byte)(unsafe.Pointer(&b.controls[i]))
		} else {
			b.headers[i].Name = (*byte)(unsafe.Pointer(&b.names[i]))
		}
	}
	return b
}

// receive takes what is there, without waiting: EAGAIN if there is nothing. The datagrams are valid until the next
// call.
func (b *batch) receive(fd uintptr) error {
	for i := range b.headers[:b.received] {
		if b.controls != nil {
			b.headers[i].SetControllen(sizeofControl)
		} else {
			b.headers[i].Namelen = unix.SizeofSockaddrInet6
		}
	}
	b.received = 0
	for {
		// MSG_TRUNC: tell the true length of a datagram that is longer than its buffer.
		n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.headers[0])), uintptr(len(b.headers)),
			unix.MSG_DONTWAIT|unix.MSG_TRUNC|unix.MSG_CMSG_CLOEXEC, 0, 0)
		switch e {
		case 0:
			b.received = int(n)
			return nil
		case unix.EINTR:
		default:
			return e
		}
	}
}

// datagram returns what was kept of one datagram, and how many octets were not.
func (b *batch) datagram(i int) (octets []byte, lost int64) {
	size := int(b.headers[i].size)
	kept := min(size, b.size)
	return b.octets[i*b.size : i*b.size+kept], int64(size - kept)
}

// credentials returns who sent one datagram.
func (b *batch) credentials(i int) (unix.Ucred, bool) {
	return b.controls[i].credentials(int(b.headers[i].Controllen))
}

// receiver receives from a stream (recvmsg(2)).
type receiver struct {
	header  unix.Msghdr
	piece   unix.Iovec
	control control
}

// receive takes octets without waiting: EAGAIN if there are none, n is 0 at the end of the stream.
func (r *receiver) receive(fd uintptr, octets []byte, flags int) (n int, err error) {
	r.piece.Base = unsafe.SliceData(octets)
	r.piece.SetLen(len(octets))
	r.header = unix.Msghdr{Iov: &r.piece, Control: (*byte)(unsafe.Pointer(&r.control))}
	r.header.SetIovlen(1)
	for {
		r.header.SetControllen(sizeofControl)
		got, _, e := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&r.header)),
			uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC))
		switch e {
		case 0:
			r.piece.Base = nil // the octets belong to somebody else from now on
			return int(got), nil
		case unix.EINTR:
		default:
			return 0, e
		}
	}
}

// credentials returns who sent what was received last.
func (r *receiver) credentials() (unix.Ucred, bool) {
	return r.control.credentials(int(r.header.Controllen))
}
