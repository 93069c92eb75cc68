package ingest

import (
	"errors"
	"syscall"

	"constat/entry"
)

// Store is what the intake writes to; the journal's writer is one, behind an adapter.
type Store interface {
	Sink
	// Checkpoint must make durable and sign everything appended before. If only the disk is too full for signing,
	// everything is durable all the same.
	Checkpoint() error
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

// bulk is the store as an import sees it: the reserve of the disk is not for it.
type bulk struct{ Store }

// Append implements [Sink].
func (b bulk) Append(journal string, entries []entry.Entry) (uint64, error) {
	if !reserved(b.Store) {
		return 0, errDiskFull
	}
	return b.Store.Append(journal, entries)
}

// Bulk is where imports go while the intake runs.
func (in *Intake) Bulk() Sink { return bulk{in.store} }

// reserved reports whether the disk has more room than the reserve for loss entries and seals.
func reserved(s Store) bool {
	free, err := s.Free()
	return err != nil || free > diskReserve
}
