package layout

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"constat/entry"
	"constat/journal/frame"

	"github.com/klauspost/compress/zstd"
)

// A blob file begins with a header of 64 bytes (package frame) and holds records, ordered by index and ordinal. All
// integers are little-endian.
//
//	 0  8  magic C5 "cnstbl" 0A
//	 8  8  index of the entry
//	16  4  ordinal of the blob in the entry
//	20  4  codec: 0 stored, 1 zstd
//	24 16  salt
//	40  8  bytes of the value
//	48  4  bytes as stored
//	52  4  CRC-32C of the bytes as stored
//	56  4  zero
//	60  4  CRC-32C of bytes 0…59
//	64     the value as stored

// blobCodec is how a value is stored.
type blobCodec uint8

const (
	blobStored blobCodec = 0
	blobZstd   blobCodec = 1
)

// BlobHeaderSize is the size of the header of a blob record in bytes.
const BlobHeaderSize = 64

// MaxBlob bounds a blob in bytes; a reader refuses more.
const MaxBlob = 1 << 30

var blobMagic = [8]byte{0xC5, 'c', 'n', 's', 't', 'b', 'l', '\n'}

// BlobRecord describes one record of a blob file.
type BlobRecord struct {
	Index   uint64
	Ordinal uint32
	Salt    [entry.SaltSize]byte
	Size    uint64 // bytes of the value
	Offset  int64  // of the record in its file
	Length  int64  // of the record in bytes
	Gap     bool   // no record: bytes between two, or behind the last, of which only Offset and Length are known
	codec   blobCodec
	crc     uint32
}

// AppendBlob appends a record.
func AppendBlob(dst []byte, z *zstd.Encoder, index uint64, ordinal uint32, salt [entry.SaltSize]byte, value []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, BlobHeaderSize)...)
	codec := blobZstd
	dst = z.EncodeAll(value, dst)
	if len(dst)-start-BlobHeaderSize >= len(value) {
		codec = blobStored
		dst = append(dst[:start+BlobHeaderSize], value...)
	}
	stored := dst[start+BlobHeaderSize:]
	h := append(dst[start:start], blobMagic[:]...)
	h = binary.LittleEndian.AppendUint64(h, index)
	h = binary.LittleEndian.AppendUint32(h, ordinal)
	h = binary.LittleEndian.AppendUint32(h, uint32(codec))
	h = append(h, salt[:]...)
	h = binary.LittleEndian.AppendUint64(h, uint64(len(value)))
	h = binary.LittleEndian.AppendUint32(h, uint32(len(stored)))
	h = binary.LittleEndian.AppendUint32(h, frame.Checksum(stored))
	h = binary.LittleEndian.AppendUint32(h, 0)
	binary.LittleEndian.AppendUint32(h, frame.Checksum(h))
	return dst
}

// BlobAt reads the header of the record at offset of a file of that size. ok is false if there is no whole record.
func BlobAt(r io.ReaderAt, offset, size int64) (rec BlobRecord, ok bool, err error) {
	var b [BlobHeaderSize]byte
	if size-offset < BlobHeaderSize {
		return rec, false, nil
	}
	if n, err := r.ReadAt(b[:], offset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return rec, false, nil
		}
		return rec, false, err
	}
	if [8]byte(b[:8]) != blobMagic || binary.LittleEndian.Uint32(b[60:]) != frame.Checksum(b[:60]) {
		return rec, false, nil
	}
	rec = BlobRecord{Offset: offset, Index: binary.LittleEndian.Uint64(b[8:]), Ordinal: binary.LittleEndian.Uint32(b[16:]),
		codec: blobCodec(b[20]), Salt: [entry.SaltSize]byte(b[24:40]), Size: binary.LittleEndian.Uint64(b[40:]),
		Length: BlobHeaderSize + int64(binary.LittleEndian.Uint32(b[48:])), crc: binary.LittleEndian.Uint32(b[52:])}
	if codec, flags := binary.LittleEndian.Uint32(b[20:]), binary.LittleEndian.Uint32(b[56:]); codec > uint32(blobZstd) || flags != 0 {
		return rec, false, fmt.Errorf("byte %d: %w: blob with codec %d and flags %x", offset, frame.ErrNewer, codec, flags)
	}
	return rec, rec.Size <= MaxBlob && offset+rec.Length <= size, nil
}

// Blobs walks the records of a blob file of that size. Bytes that are no whole record come as a gap, behind which it
// goes on at the next header that is sound: damage costs the records that it touches.
func Blobs(r io.ReaderAt, size int64) iter.Seq2[BlobRecord, error] {
	return func(yield func(BlobRecord, error) bool) {
		for at := int64(frame.HeadHeaderSize); at < size; {
			rec, ok, err := BlobAt(r, at, size)
			if err == nil && !ok {
				rec = BlobRecord{Offset: at, Gap: true}
				rec.Length, err = toNextBlob(r, at, size)
			}
			if !yield(rec, err) || err != nil {
				return
			}
			at += rec.Length
		}
	}
}

// toNextBlob returns how many bytes behind at the next sound record begins, or the file ends.
func toNextBlob(r io.ReaderAt, at, size int64) (int64, error) {
	buf := make([]byte, min(64<<10, size-at))
	for from := at + 1; from < size; from += int64(len(buf) - len(blobMagic) + 1) {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-from)], from)
		if n == 0 && err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := 0; ; i++ {
			next := bytes.Index(buf[i:n], blobMagic[:])
			if next < 0 {
				break
			}
			i += next
			if _, ok, err := BlobAt(r, from+int64(i), size); ok || err != nil {
				return from + int64(i) - at, err
			}
		}
		if n < len(buf) {
			break
		}
	}
	return size - at, nil
}

// Value reads the value of a record. An error wraps [frame.ErrDamaged] unless reading failed.
func (rec BlobRecord) Value(r io.ReaderAt, z *zstd.Decoder) ([]byte, error) {
	stored := make([]byte, rec.Length-BlobHeaderSize)
	if n, err := r.ReadAt(stored, rec.Offset+BlobHeaderSize); n < len(stored) {
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: ends early", frame.ErrDamaged)
		}
		return nil, fmt.Errorf("blob of entry %d: %w", rec.Index, err)
	}
	if frame.Checksum(stored) != rec.crc {
		return nil, fmt.Errorf("%w: blob of entry %d: checksum", frame.ErrDamaged, rec.Index)
	}
	if rec.codec == blobStored {
		if uint64(len(stored)) != rec.Size {
			return nil, fmt.Errorf("%w: blob of entry %d: stored value of two sizes", frame.ErrDamaged, rec.Index)
		}
		return stored, nil
	}
	value, err := z.DecodeAll(stored, make([]byte, 0, min(rec.Size, 64<<20)))
	if err != nil || uint64(len(value)) != rec.Size {
		return nil, fmt.Errorf("%w: blob of entry %d: %d bytes, want %d (%v)", frame.ErrDamaged, rec.Index, len(value), rec.Size, err)
	}
	return value, nil
}
