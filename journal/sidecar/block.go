package sidecar

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"constat/entry"
	"constat/journal/frame"
)

// BlockHeaderSize is the size of the header of a block in bytes.
const BlockHeaderSize = 64

// Limits of a block. One that holds a single value may be larger than MaxBytes.
const (
	MaxValues = 8192
	MaxBytes  = 1 << 20 // of values
	maxTable  = MaxValues * (binary.MaxVarintLen64 + binary.MaxVarintLen32 + 16)
)

const tagSize = 16

var blockMagic = [8]byte{0xC5, 'c', 'n', 's', 't', 'p', 'v', '\n'}

// ErasureID names an erasure: the control entry that logs it has it too.
type ErasureID [16]byte

// String is the id in hex.
func (id ErasureID) String() string { return hex.EncodeToString(id[:]) }

// Ref says which value stands in a block, or stood there.
type Ref struct {
	Index    uint64 // of the entry
	Position uint32 // of the field in the entry
	Erased   bool
	By       ErasureID // the erasure; zero unless erased
}

// less orders references as they stand in a file.
func (r Ref) less(o Ref) bool {
	return r.Index < o.Index || r.Index == o.Index && r.Position < o.Position
}

// Value is a private value with its salt; both are empty if it is erased.
type Value struct {
	Ref
	Salt  [entry.SaltSize]byte
	Value []byte
}

// Hash is the SHA-256 of a block.
type Hash [sha256.Size]byte

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Block is what of a block can be read without a key.
type Block struct {
	Key    KeyID
	Refs   []Ref
	Offset int64 // of the block in its file
	Length int64 // of the block in bytes
	Gap    bool  // no block: bytes of which only Offset and Length are known

	id     [16]byte
	sealed int64  // offset of the ciphertext
	bound  []byte // what the ciphertext is bound to
}

// First is the index of the first entry of which the block has a value.
func (b *Block) First() uint64 { return b.Refs[0].Index }

// End is the index behind the last entry of which the block has a value.
func (b *Block) End() uint64 { return b.Refs[len(b.Refs)-1].Index + 1 }

// AppendBlocks appends values, which must ascend by index and position, in as many blocks as it takes.
func AppendBlocks(dst []byte, k Key, values []Value) []byte {
	for len(values) > 0 {
		n, size := 0, 0
		for n < min(len(values), MaxValues) && (n == 0 || size+len(values[n].Value) <= MaxBytes) {
			size += len(values[n].Value)
			n++
		}
		dst = appendBlock(dst, k, values[:n])
		values = values[n:]
	}
	return dst
}

func appendBlock(dst []byte, k Key, values []Value) []byte {
	var id [16]byte
	rand.Read(id[:])
	start := len(dst)
	dst = append(dst, make([]byte, BlockHeaderSize)...)
	var plain []byte
	before := values[0].Index
	for i := range values {
		v := &values[i]
		dst = appendRef(dst, v.Ref, before)
		before = v.Index
		if !v.Erased {
			plain = binary.AppendUvarint(append(plain, v.Salt[:]...), uint64(len(v.Value)))
			plain = append(plain, v.Value...)
		}
	}
	table := dst[start+BlockHeaderSize:]
	h := append(dst[start:start], blockMagic[:]...)
	h = binary.LittleEndian.AppendUint64(h, values[0].Index)
	for _, n := range [...]int{len(values), len(table), len(plain) + tagSize, 0} {
		h = binary.LittleEndian.AppendUint32(h, uint32(n))
	}
	h = append(append(h, k.ID[:]...), id[:]...)
	h = binary.LittleEndian.AppendUint32(h, frame.Checksum(table))
	binary.LittleEndian.AppendUint32(h, frame.Checksum(h))
	return gcm(k, id).Seal(dst, make([]byte, 12), plain, boundTo(dst[start:start+BlockHeaderSize], table))
}

func appendRef(dst []byte, r Ref, before uint64) []byte {
	dst = binary.AppendUvarint(dst, r.Index-before)
	if !r.Erased {
		return binary.AppendUvarint(dst, uint64(r.Position)<<1)
	}
	return append(binary.AppendUvarint(dst, uint64(r.Position)<<1|1), r.By[:]...)
}

// boundTo is the additional data of a ciphertext.
func boundTo(header, table []byte) []byte {
	return append(append([]byte(nil), header[:56]...), table...)
}

func gcm(k Key, id [16]byte) cipher.AEAD {
	block, err := aes.NewCipher(k.block(id))
	if err != nil {
		panic("sidecar: AES refuses a 32-byte key: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("sidecar: GCM refuses AES: " + err.Error())
	}
	return aead
}

// BlockAt reads header and table of the block at offset of a file of that size. ok is false if there is no whole block.
func BlockAt(r io.ReaderAt, offset, size int64) (b Block, ok bool, err error) {
	var h [BlockHeaderSize]byte
	if size-offset < BlockHeaderSize {
		return b, false, nil
	}
	if ok, err := readFull(r, h[:], offset); !ok {
		return b, false, err
	}
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(h[at:])) }
	if [8]byte(h[:8]) != blockMagic || binary.LittleEndian.Uint32(h[60:]) != frame.Checksum(h[:60]) || u32(28) != 0 {
		return b, false, nil
	}
	count, tableSize, sealedSize := u32(16), u32(20), u32(24)
	b = Block{Offset: offset, Length: BlockHeaderSize + tableSize + sealedSize, Key: KeyID(h[32:40]), id: [16]byte(h[40:56]),
		sealed: offset + BlockHeaderSize + tableSize}
	if offset+b.Length > size || tableSize > maxTable || sealedSize < tagSize || count == 0 || count > min(tableSize/2, MaxValues) {
		return Block{}, false, nil
	}
	table := make([]byte, tableSize)
	if ok, err := readFull(r, table, offset+BlockHeaderSize); !ok {
		return Block{}, false, err
	}
	if frame.Checksum(table) != uint32(u32(56)) {
		return Block{}, false, nil
	}
	b.Refs, ok = parseTable(table, binary.LittleEndian.Uint64(h[8:]), int(count))
	b.bound = boundTo(h[:], table)
	return b, ok, nil
}

// readFull reads all of b. An end of the file is no error: ok is false then.
func readFull(r io.ReaderAt, b []byte, offset int64) (ok bool, err error) {
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return true, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return false, nil
	}
	return false, err
}

// parseTable reads a table in its one spelling.
func parseTable(table []byte, first uint64, count int) (refs []Ref, ok bool) {
	refs = make([]Ref, 0, count)
	rest, before := table, first
	for range count {
		step, n := binary.Uvarint(rest)
		if n <= 0 || step > 1<<63-1-before {
			return nil, false
		}
		place, m := binary.Uvarint(rest[n:])
		if m <= 0 || place>>1 > 1<<31 {
			return nil, false
		}
		r := Ref{Index: before + step, Position: uint32(place >> 1), Erased: place&1 == 1}
		rest = rest[n+m:]
		if r.Erased {
			if len(rest) < len(r.By) {
				return nil, false
			}
			r.By, rest = ErasureID(rest[:16]), rest[16:]
		}
		if k := len(refs); k > 0 && !refs[k-1].less(r) {
			return nil, false
		}
		refs, before = append(refs, r), r.Index
	}
	printed, before := make([]byte, 0, len(table)), first
	for _, r := range refs {
		printed, before = appendRef(printed, r, before), r.Index
	}
	return refs, refs[0].Index == first && bytes.Equal(printed, table)
}

// Hash reads the whole block and returns its hash.
func (b *Block) Hash(r io.ReaderAt) (Hash, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(r, b.Offset, b.Length))
	if err == nil && n < b.Length {
		err = fmt.Errorf("%w: block of private values at byte %d ends early", frame.ErrDamaged, b.Offset)
	}
	return Hash(h.Sum(nil)), err
}

// ErrSealed says that a ciphertext was not made with this key, or was changed.
var ErrSealed = fmt.Errorf("%w: private values do not open with their key", frame.ErrDamaged)

// Values decrypts a block. Erased values are among them, without salt and value. An error wraps [frame.ErrDamaged]
// unless reading failed.
func (b *Block) Values(r io.ReaderAt, k Key) ([]Value, error) {
	sealed := make([]byte, b.Offset+b.Length-b.sealed)
	if ok, err := readFull(r, sealed, b.sealed); !ok {
		return nil, errors.Join(err, fmt.Errorf("%w: block of private values at byte %d ends early", frame.ErrDamaged, b.Offset))
	}
	plain, err := gcm(k, b.id).Open(sealed[:0], make([]byte, 12), sealed, b.bound)
	if err != nil {
		return nil, fmt.Errorf("block at byte %d: %w", b.Offset, ErrSealed)
	}
	list := make([]Value, 0, len(b.Refs))
	for _, ref := range b.Refs {
		v := Value{Ref: ref}
		if !ref.Erased {
			if v, plain, err = cut(v, plain); err != nil {
				return nil, fmt.Errorf("block at byte %d: %w", b.Offset, err)
			}
		}
		list = append(list, v)
	}
	if len(plain) > 0 {
		return nil, fmt.Errorf("block at byte %d: %w: bytes behind the last value", b.Offset, frame.ErrDamaged)
	}
	return list, nil
}

// cut takes salt and value of v off a plaintext.
func cut(v Value, plain []byte) (_ Value, rest []byte, err error) {
	if n := copy(v.Salt[:], plain); n == len(v.Salt) {
		plain = plain[n:]
		if size, n := binary.Uvarint(plain); n > 0 && size <= uint64(len(plain)-n) {
			v.Value = plain[n : n+int(size) : n+int(size)]
			return v, plain[n+int(size):], nil
		}
	}
	return v, nil, fmt.Errorf("%w: value of entry %d ends early", frame.ErrDamaged, v.Index)
}
