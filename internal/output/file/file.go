// Package file appends messages to files, a line each, as syslog daemons do: with owner, mode and rotation, and synced
// before they count as confirmed, unless that is not wanted.
package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"constat/internal/output"
)

// Defaults.
const (
	DefaultPerm    = 0o640
	DefaultDirPerm = 0o755
	DefaultKeep    = 7
)

// None is a bit beside permissions which says that there are to be none.
const None = fs.ModeIrregular

// syncEvery is how often a file is synced at most.
const syncEvery = time.Second

// Config says where lines go.
type Config struct {
	Name    string      // absolute path
	Perm    fs.FileMode // of a file that is made; 0: [DefaultPerm], and no permissions with [None]
	DirPerm fs.FileMode // of directories that are made; 0: [DefaultDirPerm], and no permissions with [None]
	// Masked and DirMasked say that the umask of the process is taken off the permissions.
	Masked, DirMasked bool
	UID, GID          int  // of a file that is made; -1: as it comes
	DirUID, DirGID    int  // of directories that are made; -1: as it comes
	NoDirs            bool // directories are not made
	AnyOwner          bool // a file whose owner cannot be set is written all the same
	NoSync            bool // a message counts as confirmed once the system has it
	// MaxBytes and Every say when a file is full; 0: never. A period of Every begins at midnight, local time, or a whole
	// number of periods after it. Keep is how many older files stay beside it, NAME.1 being the youngest.
	MaxBytes int64
	Every    time.Duration
	Keep     int // 0: [DefaultKeep]
}

// Open opens the file, or makes it and the directories above it.
func (c Config) Open(context.Context, output.Lost) (output.Target, error) { return c.open() }

func (c Config) open() (*file, error) {
	t := &file{config: c.withDefaults(), now: time.Now}
	return t, t.open()
}

func (c Config) withDefaults() Config {
	if c.Perm == 0 {
		c.Perm = DefaultPerm
	}
	if c.DirPerm == 0 {
		c.DirPerm = DefaultDirPerm
	}
	if c.Keep <= 0 {
		c.Keep = DefaultKeep
	}
	return c
}

// errNoFile is that of what is there and no file.
var errNoFile = errors.New("not a regular file")

type file struct {
	config Config
	now    func() time.Time
	f      *os.File
	size   int64
	period int64 // of the last line
	buffer []byte
	sent   uint64 // messages
	synced uint64 // of them
	at     time.Time
}

// open opens the file. A line that was cut short is ended.
func (t *file) open() (err error) {
	if !t.config.NoDirs {
		if err := t.directories(filepath.Dir(t.config.Name)); err != nil {
			return err
		}
	}
	_, statErr := os.Stat(t.config.Name)
	if t.f, err = os.OpenFile(t.config.Name, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NOCTTY, t.config.Perm.Perm()); err != nil {
		return err
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		if err = t.own(t.f.Chown, t.config.UID, t.config.GID); !t.config.Masked {
			err = errors.Join(err, t.f.Chmod(t.config.Perm.Perm())) // behind the owner, who may take bits away
		}
		err = errors.Join(err, t.syncName(filepath.Dir(t.config.Name)))
	}
	info, statErr := t.f.Stat()
	if err = errors.Join(err, statErr); err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "append to", Path: t.config.Name, Err: errNoFile}
	}
	if err != nil {
		return errors.Join(err, t.f.Close())
	}
	t.size, t.period = info.Size(), t.periodOf(t.now())
	if t.size > 0 {
		t.period = t.periodOf(info.ModTime())
		err = t.endLine()
	}
	return err
}

// directories makes those that are missing.
func (t *file) directories(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := t.directories(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, t.config.DirPerm.Perm()); err != nil {
		return err
	}
	err := t.own(func(uid, gid int) error { return os.Lchown(dir, uid, gid) }, t.config.DirUID, t.config.DirGID)
	if !t.config.DirMasked {
		err = errors.Join(err, os.Chmod(dir, t.config.DirPerm.Perm()))
	}
	return errors.Join(err, t.syncName(filepath.Dir(dir)))
}

// syncName makes durable that there is something new in a directory.
func (t *file) syncName(dir string) error {
	if t.config.NoSync {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// own sets the owner of what was made.
func (t *file) own(chown func(uid, gid int) error, uid, gid int) error {
	if uid < 0 && gid < 0 {
		return nil
	}
	if err := chown(uid, gid); err != nil && !t.config.AnyOwner {
		return err
	}
	return nil
}

// endLine ends the last line, if a crash or somebody else has not.
func (t *file) endLine() error {
	last := make([]byte, 1)
	if _, err := t.f.ReadAt(last, t.size-1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	n, err := t.f.Write([]byte{'\n'})
	t.size += int64(n)
	return err
}

// Send implements [output.Target].
func (t *file) Send(_ context.Context, m *output.Messages) error {
	if err := t.rotateIfDue(0); err != nil {
		return err
	}
	t.buffer = t.buffer[:0]
	for i := range m.Ends {
		if t.config.MaxBytes > 0 && t.size+int64(len(t.buffer)+len(m.At(i))+1) > t.config.MaxBytes {
			if err := t.flush(); err != nil {
				return err
			}
			if err := t.rotateIfDue(len(m.At(i)) + 1); err != nil {
				return err
			}
		}
		t.buffer = appendLine(t.buffer, m.At(i))
	}
	return t.flush()
}

// appendLine appends a message as one line.
func appendLine(dst, message []byte) []byte {
	message = bytes.TrimRight(message, "\n")
	for {
		i := bytes.IndexByte(message, '\n')
		if i < 0 {
			return append(append(dst, message...), '\n')
		}
		dst = append(append(dst, message[:i]...), "#012"...)
		message = message[i+1:]
	}
}

// flush writes the buffer. Lines that a full disk has taken count; what it has of the next one is taken back.
func (t *file) flush() error {
	n, err := t.f.Write(t.buffer)
	if err != nil {
		whole := bytes.LastIndexByte(t.buffer[:n], '\n') + 1
		err = errors.Join(err, t.takeBack(n-whole))
		t.sent += uint64(bytes.Count(t.buffer[:whole], []byte{'\n'}))
		t.size += int64(whole)
		t.buffer = t.buffer[:0]
		return err
	}
	t.sent += uint64(bytes.Count(t.buffer, []byte{'\n'}))
	t.size += int64(n)
	t.buffer = t.buffer[:0]
	return nil
}

// takeBack removes octets at the end, unless somebody else has written behind them.
func (t *file) takeBack(n int) error {
	end, err := t.f.Seek(0, io.SeekCurrent) // behind what we wrote
	if err != nil || n == 0 {
		return err
	}
	info, err := t.f.Stat()
	if err != nil || info.Size() != end {
		return err
	}
	return t.f.Truncate(end - int64(n))
}

// Confirmed implements [output.Target]. A file that somebody has moved away is opened anew, once a second.
func (t *file) Confirmed(settle bool) (uint64, error) {
	due := settle || t.now().Sub(t.at) >= syncEvery
	if !due {
		if t.config.NoSync {
			return t.sent, nil
		}
		return t.synced, nil
	}
	t.at = t.now()
	if t.sent > t.synced && !t.config.NoSync {
		if err := t.f.Sync(); err != nil {
			return t.synced, err
		}
	}
	t.synced = t.sent
	if t.moved() {
		if err := t.f.Close(); err != nil {
			return t.synced, err
		}
		return t.synced, t.open()
	}
	return t.synced, nil
}

// Begun implements [output.Partial].
func (t *file) Begun() uint64 { return t.sent }

// moved reports whether the name means another file by now, or none.
func (t *file) moved() bool {
	ours, err1 := t.f.Stat()
	named, err2 := os.Stat(t.config.Name)
	return err1 != nil || err2 != nil || !os.SameFile(ours, named)
}

// periodOf is the number of the period of a time.
func (t *file) periodOf(at time.Time) int64 {
	if t.config.Every <= 0 {
		return 0
	}
	_, offset := at.Zone()
	return (at.Unix() + int64(offset)) / max(1, int64(t.config.Every/time.Second))
}

// rotateIfDue moves the file away if it has no room for so many octets, or its period is over.
func (t *file) rotateIfDue(octets int) error {
	period := t.periodOf(t.now())
	full := t.config.MaxBytes > 0 && t.size+int64(octets) > t.config.MaxBytes
	if t.size == 0 || !full && period == t.period {
		t.period = period
		return nil
	}
	if !t.config.NoSync {
		if err := t.f.Sync(); err != nil {
			return err
		}
	}
	for n := t.config.Keep - 1; n >= 0; n-- {
		if err := os.Rename(t.older(n), t.older(n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := t.f.Close(); err != nil {
		return err
	}
	return t.open()
}

// older is the name of an older file; 0 is the file itself.
func (t *file) older(n int) string {
	if n == 0 {
		return t.config.Name
	}
	return t.config.Name + "." + strconv.Itoa(n)
}

// Close implements [output.Target].
func (t *file) Close() error {
	if err := t.f.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}
