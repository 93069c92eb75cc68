package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"constat/entry"
)

// Sizes in bytes.
const (
	HeadHeaderSize = 64
	HeaderSize     = 64
	TrailerSize    = 4
)

// Format is the number of the formats of all files that this program writes and reads.
const Format = entry.Version

// What opening a file can say. A damaged header is told from a file that is not ours and from one of another program.
var (
	ErrNotOurs = errors.New("not a constat file")
	ErrNewer   = entry.ErrNewer
	ErrOlder   = errors.New("written before the format was fixed: print it with the program that wrote it ('constat show -o export'), and import that")
	ErrDamaged = errors.New("damaged")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is CRC-32C (RFC 3720, section 12.1).
func Checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// JournalID tells journals apart.
type JournalID [8]byte

// Kind is the kind of file that a header opens; its last byte is the last of the magic.
type Kind byte

// The kinds of files with a header of 64 bytes.
const (
	Head    Kind = 'h'
	Blob    Kind = 'b'
	Tree    Kind = 't'
	Segment Kind = 's'
	Kept    Kind = 'k'
	Summary Kind = 'c' // the catalogue: summaries of segments
	Private Kind = 'p'
)

// FileHeader opens a head, and with another kind the blob file or the tree that belongs to it.
type FileHeader struct {
	Kind     Kind
	Journal  JournalID
	First    uint64 // index of the first entry
	NonceKey entry.NonceKey
}

// AppendFileHeader appends the 64 bytes of h.
func AppendFileHeader(dst []byte, h FileHeader) []byte {
	b := make([]byte, 0, HeadHeaderSize)
	b = append(append(b, "CONSTAT"...), byte(h.Kind))
	b = binary.LittleEndian.AppendUint16(b, Format)
	b = append(b, 0, 0)
	b = append(b, h.Journal[:]...)
	b = binary.LittleEndian.AppendUint64(b, h.First)
	b = append(b, h.NonceKey[:]...)
	b = append(b, make([]byte, 16)...)
	b = binary.LittleEndian.AppendUint32(b, Checksum(b))
	return append(dst, b...)
}

// ParseFileHeader reads the header of a file of that kind: [ErrNotOurs], [ErrNewer] or [ErrDamaged] say what is wrong.
func ParseFileHeader(b []byte, kind Kind) (FileHeader, error) {
	if len(b) < HeadHeaderSize {
		return FileHeader{}, fmt.Errorf("%w: %d bytes are too few for a header", ErrDamaged, len(b))
	}
	b = b[:HeadHeaderSize]
	if want := append([]byte("CONSTAT"), byte(kind)); !bytes.Equal(b[:8], want) {
		return FileHeader{}, fmt.Errorf("%w: begins with %q, want %q", ErrNotOurs, b[:8], want)
	}
	if binary.LittleEndian.Uint32(b[HeadHeaderSize-4:]) == Checksum(b[:HeadHeaderSize-4]) {
		if err := CheckFormat(int(binary.LittleEndian.Uint16(b[8:]))); err != nil {
			return FileHeader{}, err
		}
		if !isZero(b[10:12]) || !isZero(b[44:60]) {
			return FileHeader{}, fmt.Errorf("%w: bytes 10, 11 and 44 to 59 of the header are used", ErrNewer)
		}
	}
	h := FileHeader{Kind: kind, Journal: JournalID(b[12:20]), First: binary.LittleEndian.Uint64(b[20:]), NonceKey: entry.NonceKey(b[28:44])}
	if found := AppendFileHeader(nil, h); !bytes.Equal(found, b) {
		return FileHeader{}, fmt.Errorf("%w: header checksum or reserved bytes", ErrDamaged)
	}
	return h, nil
}

// CheckFormat returns [ErrNewer] or [ErrOlder] for a format number that this program does not read.
func CheckFormat(format int) error {
	switch {
	case format > Format:
		return fmt.Errorf("%w: format %d, this program knows %d", ErrNewer, format, Format)
	case format < Format:
		return fmt.Errorf("%w: format %d, this program reads %d", ErrOlder, format, Format)
	}
	return nil
}

// IsOther reports whether an error says that a file is of another format than this program reads.
func IsOther(err error) bool { return errors.Is(err, ErrNewer) || errors.Is(err, ErrOlder) }

func isZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// Codec is how a payload is stored.
type Codec uint8

// The codecs.
const (
	Stored Codec = 0
	S2     Codec = 1 // the block format of github.com/klauspost/compress/s2, an extension of Snappy's
)

// Header describes one frame.
type Header struct {
	Length      uint32 // bytes of the whole frame
	StoredSize  uint32 // bytes of the payload as stored
	RawSize     uint32 // bytes of the payload before compression
	PayloadCRC  uint32
	Count       uint32 // entries
	Epoch       uint32
	First       uint64 // index of the first entry
	MinReceived int64  // µs
	MaxReceived int64  // µs
	Codec       Codec
	Kinds       uint8 // bit k is set if there is an entry of kind k
}

// End is the index behind the last entry.
func (h Header) End() uint64 { return h.First + uint64(h.Count) }

var magic = [8]byte{0xC5, 'c', 'n', 's', 't', 'f', 'r', '\n'}

func appendHeader(dst []byte, h Header, key entry.NonceKey) []byte {
	start := len(dst)
	dst = append(dst, magic[:]...)
	for _, v := range [...]uint32{h.Length, h.StoredSize, h.RawSize, h.PayloadCRC, h.Count, h.Epoch} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	for _, v := range [...]uint64{h.First, uint64(h.MinReceived), uint64(h.MaxReceived)} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	dst = append(dst, byte(h.Codec), h.Kinds, 0, 0)
	return binary.LittleEndian.AppendUint32(dst, headerChecksum(dst[start:], key))
}

// headerChecksum covers the nonce key of the journal too: a sender, who does not know it, cannot make octets that would
// be taken for a frame.
func headerChecksum(b []byte, key entry.NonceKey) uint32 {
	return crc32.Update(Checksum(b), castagnoli, key[:])
}

// MaxRaw bounds the payload of a frame before compression, in bytes. A reader refuses more.
const MaxRaw = 16 << 20

// parseHeader reads a frame header; ok is false for anything but the exact bytes that appendHeader writes. A codec that
// this program does not know, and flags in the bytes that it leaves zero, are [ErrNewer].
func parseHeader(b []byte, key entry.NonceKey) (h Header, ok bool, err error) {
	if len(b) < HeaderSize || [8]byte(b[:8]) != magic || binary.LittleEndian.Uint32(b[60:]) != headerChecksum(b[:60], key) {
		return Header{}, false, nil
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	u64 := func(at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
	h = Header{Length: u32(8), StoredSize: u32(12), RawSize: u32(16), PayloadCRC: u32(20), Count: u32(24), Epoch: u32(28),
		First: u64(32), MinReceived: int64(u64(40)), MaxReceived: int64(u64(48)), Codec: Codec(b[56]), Kinds: b[57]}
	sane := uint64(h.Length) == HeaderSize+uint64(h.StoredSize)+TrailerSize && h.RawSize <= MaxRaw && h.StoredSize <= 2*MaxRaw &&
		h.Count > 0 && h.First <= h.End()
	if sane && (h.Codec > S2 || !isZero(b[58:60])) {
		return h, false, fmt.Errorf("%w: frame with codec %d and flags %x", ErrNewer, h.Codec, b[58:60])
	}
	return h, sane, nil
}
