package journal

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lockedPage is memory that is kept out of swap and core dumps, for secrets. It is not the garbage collector's: wipe
// gives it back.
type lockedPage struct{ memory []byte }

// newLockedPage returns a page of zeros. Where the system does not let us lock it, or knows no such advice, the page is
// only what other memory is: a secret in swap is better than no seals.
func newLockedPage() (*lockedPage, error) {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("memory for the seal seed: %w", err)
	}
	_ = unix.Mlock(memory)
	_ = unix.Madvise(memory, unix.MADV_DONTDUMP)
	_ = unix.Madvise(memory, unix.MADV_WIPEONFORK)
	return &lockedPage{memory}, nil
}

// wipe overwrites the page and gives it back. It may be called twice.
func (p *lockedPage) wipe() error {
	if p.memory == nil {
		return nil
	}
	clear(p.memory)
	memory := p.memory
	p.memory = nil
	return unix.Munmap(memory)
}
