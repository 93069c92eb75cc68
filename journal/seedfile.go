package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
)

// A seed file holds the one secret of the seals: the seed of the next key. It has two slots, each in a sector of its
// own, of which one is all zeros except while a seed is replaced: the new one goes into the empty slot, sync, then the
// old one is overwritten with zeros, sync. Losing power in between leaves one whole seed or both, and opening it wipes
// the older. The file is never replaced or made shorter, so that the old seed is overwritten where it stood.
//
// A slot is the magic number, generation and index of the key as 32-bit numbers, little-endian, the seed, and the
// CRC-32C of all that.
const (
	seedMagic  = "seed 0\r\n"
	seedSize   = 32
	slotBody   = len(seedMagic) + 8 + seedSize
	slotSize   = slotBody + 4
	slotStride = 512
	seedFile   = 2 * slotStride
)

// seeds is an open seed file. The seed stays in a locked page.
type seeds struct {
	name string
	file vfs.File
	page *lockedPage // the content of the file

	slot              int // that holds the seed; -1: none does
	generation, index uint32
}

// createSeeds makes a seed file without a seed. One that is there is opened.
func createSeeds(fsys vfs.FS, name string) (*seeds, error) {
	s, err := openSeeds(fsys, name)
	if err == nil || !isNotExist(err) {
		return s, err
	}
	f, err := durable.Create(fsys, name, keyMode)
	if err == nil {
		_, err = f.WriteAt(make([]byte, seedFile), 0)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	return openSeeds(fsys, name)
}

// openSeeds opens a seed file and wipes what is not the newest seed. The error wraps fs.ErrNotExist if there is none.
func openSeeds(fsys vfs.FS, name string) (*seeds, error) {
	f, err := fsys.OpenWrite(name)
	if err != nil {
		return nil, err
	}
	s := &seeds{name: name, file: f, slot: -1}
	if s.page, err = newLockedPage(); err == nil {
		err = s.load()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.close())
	}
	return s, nil
}

// load reads the file and wipes what is not the newest seed.
func (s *seeds) load() error {
	data := s.page.memory[:seedFile]
	if _, err := s.file.ReadAt(data, 0); err != nil && err != io.EOF {
		return err
	}
	for i := range 2 {
		generation, index, ok := parseSlot(s.at(i))
		if ok && (s.slot < 0 || generation > s.generation || generation == s.generation && index > s.index) {
			s.slot, s.generation, s.index = i, generation, index
		}
	}
	return s.settle()
}

// at is the memory of a slot.
func (s *seeds) at(slot int) []byte { return s.page.memory[slot*slotStride:][:slotSize] }

// holds reports whether there is a seed.
func (s *seeds) holds() bool { return s.slot >= 0 }

// seed is the secret. It stays in the locked page and changes with replace.
func (s *seeds) seed() []byte {
	return s.at(s.slot)[len(seedMagic)+8 : slotBody]
}

// replace makes another seed durable in the place of the present one, which is overwritten after that. When it fails
// the file holds one of them, or both; it can be tried again.
func (s *seeds) replace(generation, index uint32, seed []byte) error {
	next := 0
	if s.slot == 0 {
		next = 1
	}
	formatSlot(s.at(next), generation, index, seed)
	if err := s.writeSlot(next, s.at(next)); err != nil {
		return err
	}
	s.slot, s.generation, s.index = next, generation, index
	return s.settle()
}

// wipeAll overwrites what the file holds.
func (s *seeds) wipeAll() error {
	s.slot = -1
	return errors.Join(s.wipeSlot(0), s.wipeSlot(1))
}

// settle wipes all slots but that of the seed. If there is no seed nothing is touched: what stands there may be of use
// to whoever looks for it.
func (s *seeds) settle() error {
	for i := range 2 {
		if s.slot < 0 || i == s.slot || isZero(s.at(i)) {
			continue
		}
		if err := s.wipeSlot(i); err != nil {
			return err
		}
	}
	return nil
}

// wipeSlot writes zeros. Only when the disk has them the memory says so, so that a failure is made good later.
func (s *seeds) wipeSlot(slot int) error {
	if err := s.writeSlot(slot, make([]byte, slotSize)); err != nil {
		return err
	}
	clear(s.at(slot))
	return nil
}

func (s *seeds) writeSlot(slot int, data []byte) error {
	_, err := s.file.WriteAt(data, int64(slot*slotStride))
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("overwrite %s: %w", s.name, err)
	}
	return nil
}

func (s *seeds) close() error {
	err := s.file.Close()
	if s.page != nil {
		err = errors.Join(err, s.page.wipe())
	}
	return err
}

func formatSlot(slot []byte, generation, index uint32, seed []byte) {
	n := copy(slot, seedMagic)
	binary.LittleEndian.PutUint32(slot[n:], generation)
	binary.LittleEndian.PutUint32(slot[n+4:], index)
	copy(slot[n+8:slotBody], seed)
	binary.LittleEndian.PutUint32(slot[slotBody:], frame.Checksum(slot[:slotBody]))
}

func parseSlot(slot []byte) (generation, index uint32, ok bool) {
	if string(slot[:len(seedMagic)]) != seedMagic || frame.Checksum(slot[:slotBody]) != binary.LittleEndian.Uint32(slot[slotBody:]) {
		return 0, 0, false
	}
	n := len(seedMagic)
	return binary.LittleEndian.Uint32(slot[n:]), binary.LittleEndian.Uint32(slot[n+4:]), true
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
