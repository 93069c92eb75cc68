package file

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// position is how far a file was read. It is the content of the file that keeps it, as JSON.
type position struct {
	Path   string `json:"path"`
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Offset int64  `json:"offset"` // of the first octet that is not durable yet
	Head   int64  `json:"head"`   // how many octets at the beginning of the file the sum is of
	Sum    string `json:"sum"`    // SHA-256 of these, in hexadecimal
}

const (
	maxHead     = 1 << 10
	maxPosition = 16 << 10 // octets of the file
)

// load reads a position; nil is that there is none.
func load(fsys vfs.FS, name string) (*position, error) {
	data, err := durable.ReadFile(fsys, name, maxPosition)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p position
	if err := json.Unmarshal(data, &p); err != nil || !p.valid() {
		return nil, fmt.Errorf("%s is no position of a followed file (%v): remove it, and the file is read from its start", name, err)
	}
	return &p, nil
}

func (p position) valid() bool { return p.Offset >= 0 && p.Head >= 0 && p.Head <= maxHead }

func (p position) save(fsys vfs.FS, name string) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return durable.WriteFile(fsys, name, append(data, '\n'), 0o600)
}

// identify makes the position one of a file, at an offset.
func (p *position) identify(f *os.File, offset int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		p.Device, p.Inode = sys.Dev, sys.Ino
	}
	p.Offset, p.Head = offset, min(offset, maxHead)
	p.Sum, err = sumOf(f, p.Head)
	return err
}

// sumOf is the sum of the first octets of a file; "" if there are not so many.
func sumOf(f *os.File, octets int64) (string, error) {
	b := make([]byte, octets)
	if _, err := f.ReadAt(b, 0); errors.Is(err, io.EOF) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return sum(b), nil
}

func sum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// isOf reports whether the position can be one of a file: it begins with the same octets and is no shorter.
func (p position) isOf(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() < p.Offset {
		return false
	}
	sum, err := sumOf(f, p.Head)
	return err == nil && sum == p.Sum
}

// isEntry reports whether an entry of a directory is the file that the position was made of, or one that got its place on the disk.
func (p position) isEntry(e fs.DirEntry) bool {
	info, err := e.Info()
	return err == nil && p.sameInode(info)
}

// sameInode reports whether the file is the one that the position was made of, or one that got its place on the disk.
func (p position) sameInode(info fs.FileInfo) bool {
	sys, ok := info.Sys().(*syscall.Stat_t)
	return ok && sys.Ino == p.Inode && sys.Dev == p.Device
}
