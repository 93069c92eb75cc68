package file

import (
	"io/fs"
	"time"
)

// held is a file that is perhaps a copy of one that is about to be truncated.
type held struct {
	look
	original position
	since    time.Time // it has not changed
	steps    int64     // of the follower of the original, at that time
}

// holdPolls is for how long a file must not have changed to be none.
const holdPolls = 12

// isHeldLocked reports whether a file that nobody has read is called as a copy of one that is read, and begins alike.
// Then it is left alone until that one is truncated, and its follower reads the copy. If that one is truncated or
// gone without its follower having found the copy, it is read on from where the original was; to be sure of a copy of one that is
// gone, there must be a KiB. If nothing of the kind happens for a while, it is a file of its own.
func (m *Many) isHeldLocked(name string, info fs.FileInfo) bool {
	id, h := idOf(info), m.held[idOf(info)]
	at, steps := m.originalLocked(originalOf(name))
	goesOn := h == nil || at.id() == h.original.id() && at.Offset >= h.original.Offset
	switch {
	case goesOn && (at.Head == 0 || at.id() == id || !at.maybeCopied(name, info)):
		delete(m.held, id)
		return false
	case !goesOn && !(h.original.begins(name) && (at.id() == h.original.id() || h.original.Head == maxHead)):
		delete(m.held, id)
		return false
	case !goesOn:
		at = h.original
		at.Device, at.Inode = id.device, id.inode
		m.rest[id] = resting{position: at, look: unseen, ended: true}
		delete(m.held, id)
		return false
	case h == nil || !h.same(info):
		m.held[id] = &held{lookOf(info), at, time.Now(), steps}
		return true
	}
	h.original = at
	if time.Since(h.since) < holdPolls*m.config.Poll || steps >= 0 && steps < h.steps+quietPolls {
		return true
	}
	return false
}

// originalLocked is how far the file of a path is read, and how many steps its follower has made; -1 if none runs.
func (m *Many) originalLocked(path string) (at position, steps int64) {
	if path == "" {
		return at, -1
	}
	if f := m.lanes[path]; f != nil {
		return m.live[f], f.steps.Load()
	}
	for _, r := range m.rest {
		if r.Path == path && !r.ended {
			return r.position, -1
		}
	}
	return at, -1
}

// maybeCopied reports whether a file begins as the one of the position, or is too short to tell.
func (p position) maybeCopied(name string, info fs.FileInfo) bool {
	if info.Size() < p.Head {
		return true
	}
	p.Offset = 0
	return p.begins(name)
}
