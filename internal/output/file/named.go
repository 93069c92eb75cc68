package file

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"constat/internal/output"
)

// maxOpen is how many files of [Named] are open at once.
const maxOpen = 64

// reasonName is why a message is not written whose file cannot be.
const reasonName = "no such file can be made"

// Named appends to files that messages name: a message is the absolute path of its file, a NUL, and its line. The files
// lie below Directory, and are made as Config says, whose Name is not used. Whoever sends the messages sees to it that no
// path leads elsewhere. A message whose file alone cannot be made or written is lost, so that no name that somebody has
// thought of holds up all others.
type Named struct {
	Config
	Directory string
}

// Open looks at the directory, and makes it if it is missing.
func (n Named) Open(_ context.Context, lost output.Lost) (output.Target, error) {
	t := &named{config: n, lost: lost, now: time.Now, files: map[string]*opened{}}
	return t, t.reachable()
}

type named struct {
	config Named
	lost   output.Lost
	now    func() time.Time
	turn   uint64 // counts the uses of files
	sent   uint64
	synced uint64
	at     time.Time // when files were synced last

	mu    sync.Mutex
	files map[string]*opened // nil: closed
}

// opened is a file and when it was written last.
type opened struct {
	*file
	turn uint64
}

// reachable reports why nothing at all can be written.
func (t *named) reachable() error {
	f := file{config: t.config.withDefaults()}
	if !f.config.NoDirs {
		if err := f.directories(t.config.Directory); err != nil {
			return err
		}
	}
	const write, search = 2, 1
	if err := syscall.Access(t.config.Directory, write|search); err != nil {
		return &fs.PathError{Op: "write below", Path: t.config.Directory, Err: err}
	}
	return nil
}

// Send implements [output.Target].
func (t *named) Send(ctx context.Context, m *output.Messages) error {
	part := output.Messages{}
	for i := 0; i < m.Len(); {
		name, _, _ := bytes.Cut(m.At(i), []byte{0})
		part.Reset()
		for ; i < m.Len(); i++ {
			next, line, _ := bytes.Cut(m.At(i), []byte{0})
			if !bytes.Equal(next, name) {
				break
			}
			part.Add(line)
		}
		if err := t.append(ctx, string(name), &part); err != nil {
			return err
		}
	}
	return nil
}

// append writes messages to a file. Those that a full disk has taken count.
func (t *named) append(ctx context.Context, name string, m *output.Messages) error {
	f, err := t.open(name)
	taken := uint64(0)
	if err == nil {
		before := f.sent
		err = f.Send(ctx, m)
		taken = f.sent - before
		t.sent += taken
	}
	if err == nil || !isOfName(err) {
		return err
	}
	if elsewhere := t.reachable(); elsewhere != nil {
		return elsewhere
	}
	rest := uint64(m.Len()) - taken
	t.sent += rest
	t.lost(reasonName, rest, uint64(len(m.Octets)))
	return nil
}

// isOfName reports whether an error may be one of this name alone.
func isOfName(err error) bool {
	for _, of := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.ENAMETOOLONG, syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP, syscall.EINVAL, syscall.ENXIO, errNoFile} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// open finds a file among those that are open, or opens it in the place of the one that was written longest ago.
func (t *named) open(name string) (*opened, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.files == nil {
		return nil, fs.ErrClosed
	}
	t.turn++
	if f := t.files[name]; f != nil {
		f.turn = t.turn
		return f, nil
	}
	if len(t.files) >= maxOpen {
		if err := t.shut(t.oldest()); err != nil {
			return nil, err
		}
	}
	c := t.config.Config
	c.Name = name
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	t.files[name] = &opened{f, t.turn}
	return t.files[name], nil
}

// oldest is the name of the file that was written longest ago.
func (t *named) oldest() (oldest string) {
	for name, f := range t.files {
		if oldest == "" || f.turn < t.files[oldest].turn {
			oldest = name
		}
	}
	return oldest
}

// shut syncs a file and closes it.
func (t *named) shut(name string) error {
	f := t.files[name]
	delete(t.files, name)
	var err error
	if f.sent > f.synced && !t.config.NoSync {
		err = f.f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Confirmed implements [output.Target]. A file that somebody has moved away is closed: the next message makes it anew.
func (t *named) Confirmed(settle bool) (uint64, error) {
	if !settle && t.now().Sub(t.at) < syncEvery {
		if t.config.NoSync {
			return t.sent, nil
		}
		return t.synced, nil
	}
	t.at = t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, f := range t.files {
		if f.moved() {
			if err := t.shut(name); err != nil {
				return t.synced, err
			}
			continue
		}
		if f.sent > f.synced && !t.config.NoSync {
			if err := f.f.Sync(); err != nil {
				return t.synced, err
			}
		}
		f.synced = f.sent
	}
	t.synced = t.sent
	return t.synced, nil
}

// Close implements [output.Target].
func (t *named) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, f := range t.files {
		errs = append(errs, f.Close())
	}
	t.files = nil
	return errors.Join(errs...)
}
