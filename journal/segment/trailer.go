package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"constat/journal/frame"
)

// trailerSize is the size in bytes of a trailer, which stands behind the header and again at the end of the file.
const trailerSize = 64

// trailer says where directory and shared parts are. Both stand together, twice.
//
//	 0  8  magic "CONSTATe"
//	 8  2  format number
//	10  2  zero
//	12  8  journal id
//	20  8  index of the first entry
//	28  4  bytes of the directory
//	32  4  CRC-32C of the directory
//	36  4  bytes of the shared parts
//	40  8  where the parts begin; directory and shared parts stand before them, from byte 128 on
//	48  8  where directory and shared parts stand again
//	56  4  zero
//	60  4  CRC-32C of bytes 0…59
type trailer struct {
	journal   frame.JournalID
	first     uint64
	directory uint32
	sum       uint32
	shared    uint32
	parts     int64
	copy      int64
}

const (
	trailerMagic = "CONSTATe"
	metaOffset   = frame.HeadHeaderSize + trailerSize
	maxMeta      = 1 << 30
)

// size is the length of the whole file.
func (t *trailer) size() int64 {
	return t.copy + int64(t.directory) + int64(t.shared) + trailerSize
}

func (t *trailer) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, trailerMagic...)
	dst = binary.LittleEndian.AppendUint16(dst, frame.Format)
	dst = append(dst, 0, 0)
	dst = append(dst, t.journal[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, t.first)
	dst = binary.LittleEndian.AppendUint32(dst, t.directory)
	dst = binary.LittleEndian.AppendUint32(dst, t.sum)
	dst = binary.LittleEndian.AppendUint32(dst, t.shared)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.parts))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.copy))
	dst = append(dst, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(dst, frame.Checksum(dst[start:]))
}

// parseTrailer reads a trailer of the segment with that header.
func parseTrailer(b []byte, want frame.FileHeader) (t trailer, err error) {
	if len(b) < trailerSize || !bytes.Equal(b[:8], []byte(trailerMagic)) {
		return t, fmt.Errorf("%w: no trailer", frame.ErrDamaged)
	}
	b = b[:trailerSize]
	if sum := binary.LittleEndian.Uint32(b[60:]); sum != frame.Checksum(b[:60]) {
		return t, fmt.Errorf("%w: trailer checksum", frame.ErrDamaged)
	}
	if err := frame.CheckFormat(int(binary.LittleEndian.Uint16(b[8:]))); err != nil {
		return t, err
	}
	if !isZero(b[10:12]) || !isZero(b[56:60]) {
		return t, fmt.Errorf("%w: bytes 10, 11 and 56 to 59 of the trailer are used", frame.ErrNewer)
	}
	t = trailer{journal: frame.JournalID(b[12:20]), first: binary.LittleEndian.Uint64(b[20:]),
		directory: binary.LittleEndian.Uint32(b[28:]), sum: binary.LittleEndian.Uint32(b[32:]),
		shared: binary.LittleEndian.Uint32(b[36:]), parts: int64(binary.LittleEndian.Uint64(b[40:])),
		copy: int64(binary.LittleEndian.Uint64(b[48:]))}
	meta := int64(t.directory) + int64(t.shared)
	switch {
	case !bytes.Equal(t.append(nil), b):
		return t, fmt.Errorf("%w: trailer has a second spelling", frame.ErrDamaged)
	case meta > maxMeta || t.parts != metaOffset+meta || t.copy < t.parts:
		return t, fmt.Errorf("%w: trailer contradicts itself", frame.ErrDamaged)
	case t.journal != want.Journal || t.first != want.First:
		return t, fmt.Errorf("%w: belongs to another journal or place", frame.ErrDamaged)
	}
	return t, nil
}
