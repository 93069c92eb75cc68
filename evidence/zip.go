package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"unicode/utf8"
)

// Limits of an evidence file.
const (
	MaxFile  = 2 << 30 // bytes of the zip
	maxFiles = 4096    // files in it
	maxPath  = 200     // bytes of a name
)

// ErrZip says that bytes are not a zip file in the one form that evidence has.
var ErrZip = errors.New("not an evidence file in its one form")

// The records of a zip file that we write: everything stored, no extra fields, no comments, 1980-01-01 00:00.
const (
	localMagic   = 0x04034b50
	centralMagic = 0x02014b50
	endMagic     = 0x06054b50
	zipVersion   = 20
	zipUTF8      = 1 << 11
	zipDate      = 1<<5 | 1
)

// file is one file of the zip.
type file struct {
	name string
	data []byte
}

// inOrder is the order of the files: the page first, then by name.
func inOrder(a, b file) int {
	if first := cmp.Compare(b2i(b.name == pageName), b2i(a.name == pageName)); first != 0 {
		return first
	}
	return cmp.Compare(a.name, b.name)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// zipSum is what headers say of a file.
type zipSum struct {
	crc    uint32
	offset uint32
}

// formatZip prints files in their order as the one zip that holds them.
func formatZip(files []file) ([]byte, error) {
	size, central := 22, 0
	for _, f := range files {
		size += 30 + len(f.name) + len(f.data)
		central += 46 + len(f.name)
	}
	if size+central > MaxFile || len(files) > maxFiles {
		return nil, fmt.Errorf("evidence of %d files and %d bytes: the limits are %d and %d; ask for less", len(files), size+central, maxFiles, MaxFile)
	}
	out := make([]byte, 0, size+central)
	sums := make([]zipSum, len(files))
	for i, f := range files {
		sums[i] = zipSum{crc32.ChecksumIEEE(f.data), uint32(len(out))}
		out = append(appendLocal(out, f, sums[i]), f.data...)
	}
	return appendDirectory(out, files, sums), nil
}

func appendLocal(dst []byte, f file, s zipSum) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, localMagic)
	dst = appendShared(dst, f, s)
	return append(dst, f.name...)
}

// appendShared appends what local and central headers share.
func appendShared(dst []byte, f file, s zipSum) []byte {
	for _, v := range []uint16{zipVersion, zipUTF8, 0, 0, zipDate} {
		dst = binary.LittleEndian.AppendUint16(dst, v)
	}
	for _, v := range []uint32{s.crc, uint32(len(f.data)), uint32(len(f.data))} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(f.name)))
	return binary.LittleEndian.AppendUint16(dst, 0)
}

// appendDirectory appends the central directory and the end record.
func appendDirectory(dst []byte, files []file, sums []zipSum) []byte {
	start := len(dst)
	for i, f := range files {
		dst = binary.LittleEndian.AppendUint32(dst, centralMagic)
		dst = binary.LittleEndian.AppendUint16(dst, 3<<8|zipVersion) // made by: Unix
		dst = appendShared(dst, f, sums[i])
		dst = append(dst, 0, 0, 0, 0, 0, 0)                               // comment, disk, internal attributes
		dst = binary.LittleEndian.AppendUint32(dst, uint32(0o100644)<<16) // a plain file
		dst = binary.LittleEndian.AppendUint32(dst, sums[i].offset)
		dst = append(dst, f.name...)
	}
	length := len(dst) - start
	dst = binary.LittleEndian.AppendUint32(dst, endMagic)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(files)))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(files)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(length))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(start))
	return append(dst, 0, 0)
}

// parseZip is the inverse of formatZip. It accepts only what formatZip prints: every byte is accounted for.
func parseZip(data []byte) ([]file, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrZip, len(data), MaxFile)
	}
	var files []file
	var sums []zipSum
	rest := data
	for len(rest) >= 4 && binary.LittleEndian.Uint32(rest) == localMagic {
		f, s, err := parseLocal(rest, uint32(len(data)-len(rest)))
		if err != nil {
			return nil, err
		}
		if len(files) > 0 && inOrder(files[len(files)-1], f) >= 0 {
			return nil, fmt.Errorf("%w: %q out of order or twice", ErrZip, f.name)
		}
		if files, sums = append(files, f), append(sums, s); len(files) > maxFiles {
			return nil, fmt.Errorf("%w: more than %d files", ErrZip, maxFiles)
		}
		rest = rest[30+len(f.name)+len(f.data):]
	}
	if !bytes.Equal(rest, directoryAt(len(data)-len(rest), files, sums)) {
		return nil, fmt.Errorf("%w: the directory at byte %d is not that of its files", ErrZip, len(data)-len(rest))
	}
	return files, nil
}

// directoryAt is the directory of files when it begins at that byte.
func directoryAt(start int, files []file, sums []zipSum) []byte {
	d := appendDirectory(nil, files, sums)
	binary.LittleEndian.PutUint32(d[len(d)-6:], uint32(start))
	return d
}

// parseLocal reads the file at the beginning of data, which lies at that offset of the zip.
func parseLocal(data []byte, offset uint32) (file, zipSum, error) {
	var f file
	s := zipSum{offset: offset}
	if len(data) < 30 {
		return f, s, fmt.Errorf("%w: ends inside a header", ErrZip)
	}
	s.crc = binary.LittleEndian.Uint32(data[14:])
	size, name := binary.LittleEndian.Uint32(data[18:]), int(binary.LittleEndian.Uint16(data[26:]))
	if name == 0 || name > maxPath || 30+name > len(data) || size > math.MaxInt32 || int(size) > len(data)-30-name {
		return f, s, fmt.Errorf("%w: ends inside a file, or a name is too long", ErrZip)
	}
	f.name = string(data[30 : 30+name])
	f.data = data[30+name : 30+name+int(size) : 30+name+int(size)]
	if !utf8.ValidString(f.name) || !bytes.Equal(data[:30+name], appendLocal(nil, f, s)) {
		return f, s, fmt.Errorf("%w: header of %q", ErrZip, f.name)
	}
	if crc32.ChecksumIEEE(f.data) != s.crc {
		return f, s, fmt.Errorf("%w: checksum of %q", ErrZip, f.name)
	}
	return f, s, nil
}

// find returns a file by name.
func find(files []file, name string) ([]byte, bool) {
	for _, f := range files {
		if f.name == name {
			return f.data, true
		}
	}
	return nil, false
}

// sorted puts files into their order.
func sorted(files []file) []file {
	slices.SortFunc(files, inOrder)
	return files
}
