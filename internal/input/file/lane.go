package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// look is what a file was like when it was looked at.
type look struct {
	size int64
	at   time.Time // of the last change
}

// unseen is how a file is that was not looked at yet.
var unseen = look{size: -1}

func lookOf(info fs.FileInfo) look { return look{info.Size(), info.ModTime()} }

func (l look) same(info fs.FileInfo) bool {
	return l.size == info.Size() && l.at.Equal(info.ModTime())
}

// openFile opens a file for reading, and waits for nobody.
func openFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// unchanged reports whether a file of a pattern is as it was when it was read to its end.
func (f *Follower) unchanged() bool {
	info, err := f.file.Stat()
	return err == nil && f.looked.same(info) && !f.long.under
}

// noteLook notes how the file is that was read to its end, which is at an offset.
func (f *Follower) noteLook(end int64) {
	f.looked = unseen
	if info, err := f.file.Stat(); err == nil && info.Size() == end {
		f.looked = lookOf(info)
	}
}

// poll is how long to wait until the next look. A file of a pattern that rests is looked at less often.
func (f *Follower) poll() time.Duration {
	if f.group != nil && !f.moved && f.quiet.Load() > slowPolls {
		return scanPolls * f.config.Poll
	}
	return f.config.Poll
}

// rests reports whether the file is to be closed, because it does not grow, or cannot be read, and others need the room.
func (f *Follower) rests() bool {
	if f.group == nil {
		return false
	}
	return f.quiet.Add(1) > quietPolls && f.asked.Load() && !f.moved && len(f.next) == 0
}

// candidates are the names under which the file of the position is looked for first.
func (f *Follower) candidates() (names []string) {
	if f.group != nil {
		f.group.mu.Lock()
		defer f.group.mu.Unlock()
		if name, found := f.group.seen[f.at.id()]; found && name != f.config.Path {
			names = append(names, name)
		}
	}
	return append(names, f.config.Path)
}

// mayTake reports whether a file can be the one of the position, and is read by nobody else. One that only begins alike
// must be called as a copy is.
func (f *Follower) mayTake(name string, info fs.FileInfo) bool {
	if f.group == nil {
		return true
	}
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	id := idOf(info)
	if owner := f.group.claims[id]; owner != nil && owner != f {
		return false
	}
	return f.at.sameInode(info) || name == f.config.Path ||
		f.at.Head > 0 && originalOf(name) == f.config.Path && !f.group.restsLocked(name, info)
}

// originalOf is the name that a rotated file had; "" if it is not called as one.
func originalOf(name string) string {
	dir, base := filepath.Split(name)
	if at := rotatedEnd.FindStringIndex(base); at != nil && at[0] > 0 {
		return dir + base[:at[0]]
	}
	return ""
}

// claimNew makes a file that nobody has read the follower's.
func (f *Follower) claimNew(name string, info fs.FileInfo) bool {
	if f.group == nil {
		return true
	}
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	id := idOf(info)
	if f.group.claims[id] != nil || f.group.restsLocked(name, info) {
		return false
	}
	f.group.claims[id] = f
	delete(f.group.held, id)
	return true
}

// settle claims the file that is open in the place of the one that was looked for.
func (f *Follower) settle() {
	if f.group == nil {
		return
	}
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	if id := f.at.id(); f.group.claims[id] == f {
		delete(f.group.claims, id)
	}
	f.claimLocked()
}

// claim makes the file that is open the follower's.
func (f *Follower) claim() {
	if f.group == nil {
		return
	}
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	f.claimLocked()
}

func (f *Follower) claimLocked() {
	if f.file == nil {
		return
	}
	if info, err := f.file.Stat(); err == nil {
		f.group.claims[idOf(info)] = f
		delete(f.group.held, idOf(info))
	}
}

// finish notes how far a file was read that is left.
func (f *Follower) finish() {
	if f.group == nil {
		return
	}
	info, err := f.file.Stat()
	if err != nil {
		return
	}
	at, m := f.at, f.group
	id := idOf(info)
	at.Device, at.Inode = id.device, id.inode
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rest[id] = resting{position: at, look: lookOf(info), ended: true}
	m.dirty = true
	for _, id := range []fileID{id, f.at.id()} {
		if m.claims[id] == f {
			delete(m.claims, id)
		}
	}
}

// take opens what is under the path of a follower, where it goes on, or begins; if that is nothing for it, it is over.
func (m *Many) take(f *Follower) error {
	file, err := openFile(f.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		f.over = true
		return nil
	} else if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	at, is := m.begin(f, info)
	if !is {
		f.over = true
		return file.Close()
	}
	if at.Sum == "" {
		if err := at.identify(file, 0); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	f.at, f.file, f.moved, f.idle, f.long, f.looked, f.head = at, file, false, 0, longLine{}, unseen, nil
	m.note(f)
	return nil
}

// begin claims a file, and says from where it is to be read.
func (m *Many) begin(f *Follower, info fs.FileInfo) (at position, is bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, path := idOf(info), f.config.Path
	owner, rests := m.claims[id], m.restsLocked(path, info)
	if !info.Mode().IsRegular() || owner != nil && owner != f || owner == nil && !rests && m.isHeldLocked(path, info) {
		return at, false
	}
	if rests = m.restsLocked(path, info); rests { // what was held may have become known
		at = m.rest[id].position
		delete(m.rest, id)
	}
	at.Path = path
	m.claims[id] = f
	return at, true
}

// note keeps how far a follower is.
func (m *Many) note(f *Follower) {
	f.steps.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live[f] != f.at {
		m.live[f], m.dirty = f.at, true
	}
}
