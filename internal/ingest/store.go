package ingest

import (
	"errors"
	"syscall"
)

// Store is what the intake writes to; the journal's writer is one, behind an adapter.
type Store interface {
	Sink
	// Checkpoint must make durable and sign everything appended before. If only the disk is too full for signing,
	// everything is durable all the same.
	Checkpoint() error
	// Reopen is called after an error that wraps [journal.ErrBroken], while nobody else uses the store. It must
	// return how many entries are gone that were appended and not durable.
	Reopen() (lost uint64, err error)
	// Free must return how many octets the store may still grow by on its disk.
	Free() (int64, error)
}

// PartialError says that an Append failed after it had kept the first N of its entries.
type PartialError struct {
	N   int
	Err error
}

// Error implements error.
func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap returns why it failed.
func (e *PartialError) Unwrap() error { return e.Err }

// keptOf returns how many of n entries an Append kept that returned err.
func keptOf(n int, err error) int {
	if err == nil {
		return n
	}
	var p *PartialError
	if errors.As(err, &p) {
		return p.N
	}
	return 0
}

var errDiskFull = errors.New("disk full")

// isFull reports whether an error means that the disk is full.
func isFull(err error) bool {
	return errors.Is(err, errDiskFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// reserved reports whether the disk has more room than the reserve for loss entries and seals.
func reserved(s Store) bool {
	free, err := s.Free()
	return err != nil || free > diskReserve
}
