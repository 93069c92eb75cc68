package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"constat/internal/durable"
	"constat/journal/column"
	"constat/journal/frame"
	"constat/seal"
)

// errForeign says that a header is sound, but of another file.
var errForeign = errors.New("belongs to another journal or place")

// checkHeader compares the header of a file with what it must be.
func checkHeader(f io.ReaderAt, want frame.FileHeader) error {
	b := make([]byte, frame.HeadHeaderSize)
	n, err := f.ReadAt(b, 0)
	if n < len(b) && err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := frame.ParseFileHeader(b[:n], want.Kind); err != nil {
		return err
	}
	if !bytes.Equal(b, frame.AppendFileHeader(nil, want)) {
		return fmt.Errorf("%w: %w", frame.ErrDamaged, errForeign)
	}
	return nil
}

// isDamagedHeader reports whether an error says of a header nothing but that it is not whole: what follows it can
// still be read.
func isDamagedHeader(err error) bool {
	return (errors.Is(err, frame.ErrDamaged) || errors.Is(err, frame.ErrNotOurs)) && !errors.Is(err, errForeign)
}

// isContent reports whether an error is about what a file holds, or that it is not there: that is for the verdict to
// judge. Any other one kept the check from reading it.
func isContent(err error) bool {
	for _, known := range []error{frame.ErrDamaged, column.ErrDamaged, frame.ErrNotOurs, frame.ErrNewer, frame.ErrOlder, seal.ErrCheckpoint, fs.ErrNotExist,
		durable.ErrTooLarge} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
