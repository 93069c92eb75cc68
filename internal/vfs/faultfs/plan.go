package faultfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ErrInjected is wrapped by every error that this package makes.
var ErrInjected = errors.New("injected")

// Plan says which mutating operations fail. The zero Plan: none.
type Plan struct {
	At     int  // number of the operation, from 0
	Mode   Mode // how it fails
	Onward bool // and all operations after it as well
}

// Mode is a way to fail.
type Mode int

const (
	// None does not fail.
	None Mode = iota
	// NotDone does nothing and reports EIO.
	NotDone
	// DoneButFailed does everything and reports EIO.
	DoneButFailed
	// ShortWrite writes the first half and reports ENOSPC. Operations that
	// write no bytes are not done.
	ShortWrite
)

// Modes returns all ways to fail.
func Modes() []Mode { return []Mode{NotDone, DoneButFailed, ShortWrite} }

// String returns the name of the constant.
func (m Mode) String() string {
	switch m {
	case None:
		return "None"
	case NotDone:
		return "NotDone"
	case DoneButFailed:
		return "DoneButFailed"
	case ShortWrite:
		return "ShortWrite"
	default:
		return "Mode(?)"
	}
}

// cause returns the error of a mode.
func (m Mode) cause() error {
	if m == ShortWrite {
		return injected{syscall.ENOSPC}
	}
	return injected{syscall.EIO}
}

// injected is a system call's error that did not come from the system.
type injected struct{ errno syscall.Errno }

func (e injected) Error() string   { return ErrInjected.Error() + " " + e.errno.Error() }
func (e injected) Unwrap() []error { return []error{ErrInjected, e.errno} }

// op names an operation and its object.
type op struct{ kind, name, newname string }

// error gives operation and object to a cause.
func (o op) error(cause error) error {
	if o.newname != "" {
		return &os.LinkError{Op: o.kind, Old: o.name, New: o.newname, Err: cause}
	}
	return &fs.PathError{Op: o.kind, Path: o.name, Err: cause}
}
