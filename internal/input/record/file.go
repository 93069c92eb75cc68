package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// FileConfig says where lines go.
type FileConfig struct {
	// Path is the file, absolute or relative; its directory must exist. "-" is standard output.
	Path string
	// MaxBytes is how long the file may become; then it is called PATH.1, PATH.1 becomes PATH.2 and so on. 0: no limit.
	MaxBytes int64
	// Keep is how many such files stay; 0: all.
	Keep int
	// KeepFree is how many octets of the file system stay free: with less, clients wait. 0: none.
	KeepFree int64
	// Raw keeps the file as it is if it does not end with LF, where otherwise one is added.
	Raw bool
	// Report, if set, is told what goes wrong and when it is good again, for people.
	Report func(text string)
}

// File is the file that lines go to. All methods may be called concurrently.
type File struct {
	config   FileConfig
	path     string // absolute, symbolic links followed
	renewing atomic.Bool

	mu       sync.Mutex // guards everything below
	f        *os.File
	regular  bool // it can be renamed
	info     fs.FileInfo
	size     int64
	looked   int64     // octets that may be written before looking at the free space
	notUntil time.Time // a rotation has failed
	troubled bool      // people were told
}

// retryEvery is the time between two attempts to write what could not be written, and checkFree the octets between two
// looks at the free space.
const (
	retryEvery = 500 * time.Millisecond
	checkFree  = 1 << 20
)

// OpenFile opens the file for appending, and makes it if there is none. The error says what is wrong with the path.
func OpenFile(c FileConfig) (*File, error) {
	if c.Report == nil {
		c.Report = func(string) {}
	}
	f := &File{config: c}
	if c.Path == "-" {
		f.f = os.Stdout
		return f, nil
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f.path = path
	f.f, err = f.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; make the directory first: mkdir -p %s", err, filepath.Dir(path))
	}
	if err != nil {
		return nil, fmt.Errorf("%w; name a file that may be written", err)
	}
	return f, nil
}

// Path is the absolute name of the file, "-" for standard output.
func (f *File) Path() string {
	if f.path == "" {
		return "-"
	}
	return f.path
}

// open opens what the path names now, and ends a line that a crash has left without its end.
func (f *File) open() (*os.File, error) {
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o640)
	if errors.Is(err, fs.ErrPermission) {
		file, err = os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return nil, err
	}
	if f.info, err = file.Stat(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.regular, f.size, f.looked = f.info.Mode().IsRegular(), f.info.Size(), 0
	if f.regular && f.size > 0 && !f.config.Raw {
		var last [1]byte
		if _, err := file.ReadAt(last[:], f.size-1); err == nil && last[0] != '\n' {
			if _, err := file.Write([]byte{'\n'}); err != nil {
				return nil, errors.Join(err, file.Close())
			}
			f.size++
		}
	}
	return file, nil
}

// Write appends lines, or in raw mode a piece, as a whole: nobody else's octets get in between. While that is not
// possible it waits, until the context ends; then the error says how many octets are missing.
func (f *File) Write(ctx context.Context, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for all := len(p); ; {
		n, err := f.writeLocked(p, len(p) == all)
		if p = p[n:]; err == nil {
			f.tellLocked(nil)
			return nil
		}
		f.tellLocked(err)
		if errors.Is(err, syscall.EPIPE) {
			return fmt.Errorf("%s: %w", f.Path(), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %d octets could not be written: %w", f.Path(), len(p), err)
		case <-time.After(retryEvery):
		}
	}
}

// writeLocked makes one attempt. Only what nothing has been written of may go to another file.
func (f *File) writeLocked(p []byte, begins bool) (n int, err error) {
	if begins && f.path != "" {
		if err := f.renewLocked(); err != nil {
			return 0, err
		}
		f.rotateLocked(int64(len(p)))
	}
	if err := f.roomLocked(len(p)); err != nil {
		return 0, err
	}
	n, err = f.f.Write(p)
	f.size += int64(n)
	return n, err
}

// renewLocked opens the file again if the path names another one now, or none.
func (f *File) renewLocked() error {
	if f.renewing.Swap(false) && f.regular {
		if info, err := os.Stat(f.path); err == nil && os.SameFile(info, f.info) && f.size > 0 {
			return f.shiftLocked()
		}
	}
	if info, err := os.Stat(f.path); err == nil && f.f != nil && os.SameFile(info, f.info) {
		f.size = info.Size() // somebody may have cut it
		return nil
	}
	return f.reopenLocked()
}

func (f *File) reopenLocked() error {
	file, err := f.open()
	if err != nil {
		return err
	}
	if f.f != nil {
		f.f.Close()
	}
	f.f = file
	return nil
}

// roomLocked holds clients back while there is too little space.
func (f *File) roomLocked(n int) error {
	if f.config.KeepFree <= 0 || !f.regular {
		return nil
	}
	if f.looked -= int64(n); f.looked > 0 {
		return nil
	}
	var space unix.Statfs_t
	if err := unix.Fstatfs(int(f.f.Fd()), &space); err != nil {
		return nil // then the write says it
	}
	if free := int64(space.Bavail) * int64(space.Bsize); free-int64(n) < f.config.KeepFree {
		return fmt.Errorf("%d MiB are free on its file system, and %d MiB are to stay free", free>>20, f.config.KeepFree>>20)
	}
	f.looked = checkFree
	return nil
}

// tellLocked reports when things become bad and good.
func (f *File) tellLocked(err error) {
	switch {
	case err != nil && !f.troubled:
		f.config.Report(fmt.Sprintf("%s cannot be written, clients wait: %v", f.Path(), err))
	case err == nil && f.troubled:
		f.config.Report(f.Path() + " can be written again")
	}
	f.troubled = err != nil
}

// Close syncs and closes the file, after whoever is writing. It may be called twice.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil || f.path == "" {
		return nil
	}
	var err error
	if f.regular {
		err = f.f.Sync()
	}
	err = errors.Join(err, f.f.Close())
	f.f = nil
	return err
}
