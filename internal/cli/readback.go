package cli

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// readBack wants a file to hold what was written to it, read from its medium rather than from memory where the system
// lets it: it may lie
// on a key that is pulled out next.
func readBack(name string, want []byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()                                     // read only
	unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // advice
	got, err := readLimited(name, int64(len(want)))
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("other bytes")
	}
	if err != nil {
		return fmt.Errorf("%s: read back after it was written: %w; the medium may be broken", name, err)
	}
	return nil
}
