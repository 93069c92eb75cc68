package layout

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"constat/journal/frame"
	"constat/seal"
)

// What stays of a pruned segment or head is a file: a header of 64 bytes (package frame, kind 'k'), a table, frames with the
// kept entries as in a head, and the table again. The table says which entries are kept, and stands for the others with
// the hashes of the largest perfect subtrees, of at most 256 leaves, that hold exactly them. All integers are
// little-endian.
//
//	 0  8  magic C5 "cnstkp" 0A
//	 8  8  index behind the last entry
//	16  4  epoch of the first entry that was there
//	20  4  epoch of the last one
//	24  8  received time of the first one, µs
//	32  8  received time of the last one, µs
//	40  4  number of runs
//	44  4  number of hashes
//	48  8  bytes of the frames
//	56     runs of kept entries: index of the first (8), how many (4)
//	       hashes (32 each), those of one run that is missing after the other
//	       4  length of the table
//	       4  CRC-32C of all of the table before
//
// The hashes of whole blocks stand in the file "tree" too.

// Kept says what a pruned segment or head was and what stays of it.
type Kept struct {
	First, End     uint64 // indexes of all entries, End excluded
	Oldest, Newest Moment // of all entries
	Runs           []Run  // kept, ascending, none beside another
	Hashes         []seal.Hash
}

// Run is entries that follow each other.
type Run struct {
	First uint64
	Count uint32 // at least 1
}

// End is the index behind the last entry of the run.
func (r Run) End() uint64 { return r.First + uint64(r.Count) }

const (
	keptFixed   = 56
	keptTail    = 8
	maxKeptRows = 1 << 17 // a segment has at most half as many
)

var keptMagic = [8]byte{0xC5, 'c', 'n', 's', 't', 'k', 'p', '\n'}

// Missing returns the runs that are not kept.
func (k *Kept) Missing() []Run {
	var list []Run
	next := k.First
	for _, r := range append(k.Runs[:len(k.Runs):len(k.Runs)], Run{First: k.End}) {
		if r.First > next {
			list = append(list, Run{First: next, Count: uint32(r.First - next)})
		}
		next = r.End()
	}
	return list
}

// Keeps reports whether the entry of an index is kept.
func (k *Kept) Keeps(index uint64) bool {
	i, found := slices.BinarySearchFunc(k.Runs, index, func(r Run, index uint64) int { return cmp.Compare(r.First, index) })
	return found || i > 0 && index < k.Runs[i-1].End()
}

// AppendKept appends the file of that header whose kept entries stand in those frames.
func AppendKept(dst []byte, h frame.FileHeader, k *Kept, frames []byte) []byte {
	table := k.table(int64(len(frames)))
	dst = frame.AppendFileHeader(dst, h)
	dst = append(append(dst, table...), frames...)
	return append(dst, table...)
}

func (k *Kept) table(frames int64) []byte {
	b := append([]byte(nil), keptMagic[:]...)
	b = binary.LittleEndian.AppendUint64(b, k.End)
	b = binary.LittleEndian.AppendUint32(b, k.Oldest.Epoch)
	b = binary.LittleEndian.AppendUint32(b, k.Newest.Epoch)
	b = binary.LittleEndian.AppendUint64(b, uint64(k.Oldest.Received))
	b = binary.LittleEndian.AppendUint64(b, uint64(k.Newest.Received))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(k.Runs)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(k.Hashes)))
	b = binary.LittleEndian.AppendUint64(b, uint64(frames))
	for _, r := range k.Runs {
		b = binary.LittleEndian.AppendUint64(b, r.First)
		b = binary.LittleEndian.AppendUint32(b, r.Count)
	}
	for _, h := range k.Hashes {
		b = append(b, h[:]...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(b)+keptTail))
	return binary.LittleEndian.AppendUint32(b, frame.Checksum(b))
}

// KeptFile is the file of a pruned segment or head.
type KeptFile struct {
	Kept
	Frames, FramesEnd int64    // where frame.Scan finds the kept entries
	Damage            []string // what is damaged and stands twice
}

// ReadKept reads the file of a pruned segment or head, of size bytes, without the kept entries. If one of the two tables is
// damaged it takes the other; it does not look at the header, which want says. Errors wrap [frame.ErrDamaged], or are
// those of reading.
func ReadKept(r io.ReaderAt, size int64, want frame.FileHeader) (*KeptFile, error) {
	front, err := tableAt(r, frame.HeadHeaderSize, size)
	if err != nil {
		return nil, err
	}
	back, err := tableBehind(r, size)
	if err != nil {
		return nil, err
	}
	f := &KeptFile{}
	frontErr, backErr := f.accept(front, size, want.First), f.accept(back, size, want.First)
	switch {
	case frontErr != nil && backErr != nil:
		return nil, fmt.Errorf("%w: neither table is whole: %w; %w", frame.ErrDamaged, frontErr, backErr)
	case frontErr != nil:
		f.Damage = append(f.Damage, fmt.Sprintf("table at byte %d: %v", frame.HeadHeaderSize, frontErr))
	case backErr != nil:
		err = f.accept(front, size, want.First)
		f.Damage = append(f.Damage, fmt.Sprintf("table at the end: %v", backErr))
	case !bytes.Equal(front, back):
		return nil, fmt.Errorf("%w: its two tables say different things", frame.ErrDamaged)
	}
	return f, err
}

// tableAt returns the bytes that a table at offset would have, none if there cannot be one.
func tableAt(r io.ReaderAt, offset, size int64) ([]byte, error) {
	b, err := bytesAt(r, offset, keptFixed, size)
	if err != nil || b == nil || [8]byte(b[:8]) != keptMagic {
		return nil, err
	}
	runs, hashes := binary.LittleEndian.Uint32(b[40:]), binary.LittleEndian.Uint32(b[44:])
	if runs > maxKeptRows || hashes > maxKeptRows {
		return nil, nil
	}
	return bytesAt(r, offset, keptFixed+12*int64(runs)+int64(len(seal.Hash{}))*int64(hashes)+keptTail, size)
}

// tableBehind returns the bytes of the table at the end, by its length.
func tableBehind(r io.ReaderAt, size int64) ([]byte, error) {
	b, err := bytesAt(r, size-keptTail, keptTail, size)
	if err != nil || b == nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(b))
	if length < keptFixed+keptTail || length > 64*maxKeptRows {
		return nil, nil
	}
	return bytesAt(r, size-length, length, size)
}

// bytesAt returns bytes of a file of that size, nil if it does not have them.
func bytesAt(r io.ReaderAt, offset, n, size int64) ([]byte, error) {
	if offset < 0 || n > size-offset {
		return nil, nil
	}
	b := make([]byte, n)
	if got, err := r.ReadAt(b, offset); got < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	return b, nil
}

var errTable = errors.New("not a table of this file")

// accept takes over what a table says, if it is in its one spelling and fits a file of that size.
func (f *KeptFile) accept(b []byte, size int64, first uint64) error {
	if len(b) < keptFixed+keptTail || [8]byte(b[:8]) != keptMagic {
		return errTable
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	if u32(len(b)-4) != frame.Checksum(b[:len(b)-4]) {
		return errors.New("checksum")
	}
	k := Kept{First: first, End: u64(8), Oldest: Moment{u32(16), int64(u64(24))}, Newest: Moment{u32(20), int64(u64(32))}}
	frames, at := int64(u64(48)), keptFixed
	if uint64(len(b)) != keptFixed+12*uint64(u32(40))+uint64(len(seal.Hash{}))*uint64(u32(44))+keptTail {
		return errTable
	}
	for range u32(40) {
		k.Runs = append(k.Runs, Run{First: u64(at), Count: u32(at + 8)})
		at += 12
	}
	for range u32(44) {
		k.Hashes = append(k.Hashes, seal.Hash(b[at:]))
		at += len(seal.Hash{})
	}
	if !k.sane() || frames < 0 || size != frame.HeadHeaderSize+2*int64(len(b))+frames || !bytes.Equal(k.table(frames), b) {
		return errTable
	}
	f.Kept, f.Frames = k, frame.HeadHeaderSize+int64(len(b))
	f.FramesEnd = f.Frames + frames
	return nil
}

// sane reports whether runs and hashes fit the range.
func (k *Kept) sane() bool {
	if k.End <= k.First || k.End-k.First > maxKeptRows || k.Newest.Before(k.Oldest) {
		return false
	}
	next, hashes := k.First, 0
	for i, r := range k.Runs {
		if r.Count == 0 || r.First < next || i > 0 && r.First == next || r.End() > k.End || r.End() < r.First {
			return false
		}
		next = r.End()
	}
	for _, r := range k.Missing() {
		hashes += len(seal.Subtrees(r.First, r.End()))
	}
	return hashes == len(k.Hashes)
}
