package station

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// medium is a directory into which files are saved, all or none. It is held open: one that is gone is not taken for the
// directory that is left where it was mounted.
type medium struct {
	path  string
	dir   *os.File
	files []*savedFile
}

// savedFile is a file that has no name yet, or has it.
type savedFile struct {
	name, part string
	kept       bool
}

func openMedium(path string, mounted bool) (*medium, error) {
	dir, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("save the log: %w", err)
	}
	m := &medium{path: path, dir: dir}
	var own, above unix.Stat_t
	err = errors.Join(unix.Fstat(m.fd(), &own), unix.Fstatat(m.fd(), "..", &above, 0))
	if err == nil && mounted && own.Dev == above.Dev && own.Ino != above.Ino {
		err = fmt.Errorf("%s is no mount point: mount the medium there, or say that any directory will do", path)
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return m, nil
}

func (m *medium) fd() int { return int(m.dir.Fd()) }

// add writes a file and reads it back. It has no name before keep.
func (m *medium) add(name string, write func(io.Writer) error) error {
	var random [8]byte
	rand.Read(random[:]) // never fails
	f := &savedFile{name: name, part: ".constat-" + hex.EncodeToString(random[:])}
	if err := m.absent(name); err != nil {
		return err
	}
	m.files = append(m.files, f)
	sum, err := m.write(f.part, write)
	if err == nil {
		err = m.compare(f.part, sum)
	}
	if err != nil {
		return fmt.Errorf("save %s on %s: %w", name, m.path, err)
	}
	return nil
}

// absent wants that there is no such file.
func (m *medium) absent(name string) error {
	var there unix.Stat_t
	switch err := unix.Fstatat(m.fd(), name, &there, unix.AT_SYMLINK_NOFOLLOW); {
	case errors.Is(err, unix.ENOENT):
		return nil
	case err != nil:
		return fmt.Errorf("save %s on %s: %w", name, m.path, err)
	}
	return fmt.Errorf("save %s on %s: %w: name another one", name, m.path, fs.ErrExist)
}

func (m *medium) open(name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(m.fd(), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// write writes a file and returns what was written, when all of it is on the medium as far as the medium says.
func (m *medium) write(name string, write func(io.Writer) error) (hash.Hash, error) {
	f, err := m.open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	w := bufio.NewWriterSize(f, 256<<10)
	err = write(io.MultiWriter(w, sum))
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return sum, errors.Join(err, f.Close())
}

// compare reads a file back from the medium, rather than from memory where the system lets it.
func (m *medium) compare(name string, want hash.Hash) error {
	f, err := m.open(name, unix.O_RDONLY)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	defer f.Close()                                     // read only
	unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // advice
	got := sha256.New()
	if _, err := io.Copy(got, f); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		return errors.New("read back: other bytes than were written; the medium may be broken")
	}
	return nil
}

// keep gives the files their names, and looks that the medium is still where it was.
func (m *medium) keep() error {
	for _, f := range m.files {
		if err := m.absent(f.name); err != nil {
			return err
		}
		if err := unix.Renameat(m.fd(), f.part, m.fd(), f.name); err != nil {
			return fmt.Errorf("save %s on %s: %w", f.name, m.path, err)
		}
		f.kept = true
	}
	err := m.dir.Sync()
	if err == nil {
		err = m.still()
	}
	if err != nil {
		for _, f := range m.files { // as far as it goes
			unix.Unlinkat(m.fd(), f.name, 0)
		}
		return fmt.Errorf("save on %s: %w", m.path, err)
	}
	return nil
}

// still reports whether the path leads to the medium that was written to.
func (m *medium) still() error {
	var own, now unix.Stat_t
	if err := errors.Join(unix.Fstat(m.fd(), &own), unix.Stat(m.path, &now)); err != nil {
		return err
	}
	if own.Dev != now.Dev || own.Ino != now.Ino {
		return errors.New("the medium is gone: another directory is there now")
	}
	return nil
}

// close removes what has no name, and of a failed save what has one already.
func (m *medium) close() error {
	whole := true
	for _, f := range m.files {
		whole = whole && f.kept
	}
	for _, f := range m.files {
		if !f.kept {
			unix.Unlinkat(m.fd(), f.part, 0)
		} else if !whole {
			unix.Unlinkat(m.fd(), f.name, 0)
		}
	}
	return m.dir.Close()
}
