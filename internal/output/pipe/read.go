package pipe

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// A pipe tells how many octets in it nobody has read, also when the program that read it has ended.

// mark says how many messages were sent when so many octets have been written.
type mark struct {
	octets   int64
	messages uint64
}

// mark remembers how far a program must have read to have a message, the last in the buffer.
func (t *target) mark(messages uint64) {
	if t.process != nil {
		t.marks = append(t.marks, mark{t.written + int64(len(t.buffer)), messages})
	}
}

// Confirmed implements [output.Target]. A program has what it has read, also when it has ended.
func (t *target) Confirmed(bool) (uint64, error) {
	if t.process == nil {
		return t.sent, nil
	}
	var ended error
	select {
	case <-t.ended:
		ended = fmt.Errorf("%s has ended: %v", t.name, t.process.ProcessState)
	default:
	}
	unread, err := t.unread()
	if err != nil {
		return t.read, errors.Join(ended, fmt.Errorf("what %s has read: %w", t.name, err))
	}
	n := 0
	for n < len(t.marks) && t.marks[n].octets <= t.written-unread {
		t.read = t.marks[n].messages
		n++
	}
	t.marks = append(t.marks[:0], t.marks[n:]...)
	return t.read, ended
}

// unread is how many octets are in the pipe.
func (t *target) unread() (n int64, err error) {
	raw, err := t.w.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var octets int
		octets, failed = unix.IoctlGetInt(int(fd), unix.TIOCINQ) // FIONREAD
		n = int64(octets)
	})
	return n, errors.Join(err, failed)
}
