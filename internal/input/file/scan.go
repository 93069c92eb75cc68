package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"constat/entry"
	"constat/internal/input"
)

// match is a file that the pattern fits.
type match struct {
	name string
	id   fileID
	info fs.FileInfo
}

// matches lists the files that the pattern fits, each once; whole is that there are no others.
func (m *Many) matches() (list []match, whole bool, err error) {
	names, more, err := walk(m.config.Path, maxNames)
	m.tooMany("names", more, func() string {
		return fmt.Sprintf("more than %d names fit %s: those behind are not looked at", maxNames, m.config.Path)
	})
	var links []match
	for _, name := range names {
		if m.config.Except(name) {
			continue
		}
		info, failed := os.Lstat(name)
		link := failed == nil && info.Mode()&fs.ModeSymlink != 0
		if link {
			info, failed = os.Stat(name)
		}
		switch {
		case errors.Is(failed, fs.ErrNotExist):
		case failed != nil:
			err = errors.Join(err, failed)
		case !info.Mode().IsRegular():
		case link:
			links = append(links, match{name, idOf(info), info})
		default:
			list = append(list, match{name, idOf(info), info})
		}
	}
	list = append(list, links...) // a file is called by its own name rather than by one that leads to it
	seen := make(map[fileID]string, len(list))
	list = slices.DeleteFunc(list, func(found match) bool {
		_, twice := seen[found.id]
		if !twice {
			seen[found.id] = found.name
		}
		return twice
	})
	m.mu.Lock()
	m.seen = seen
	m.mu.Unlock()
	return list, !more && err == nil, err
}

// resume goes on with what was followed before.
func (m *Many) resume(ctx context.Context) {
	list, _, err := m.matches()
	m.report(err)
	if m.first {
		m.adopt(list)
	}
	m.mu.Lock()
	for _, k := range m.start {
		if !m.config.Except(k.Path) {
			m.rest[k.id()] = resting{position: k.position, look: unseen, ended: k.Ended}
		}
	}
	var open []position
	paths := map[string]bool{}
	for _, r := range m.rest {
		if !r.ended && !paths[r.Path] && len(open) < m.config.Most {
			open, paths[r.Path] = append(open, r.position), true
		}
	}
	m.mu.Unlock()
	for _, at := range open { // all positions are known by now
		m.run(ctx, at)
	}
	m.start = nil
	if m.first && m.config.FromEnd {
		m.report(errors.Join(err, m.passOver(list)))
	}
}

// adopt goes on with files that were followed by their own paths before the pattern was.
func (m *Many) adopt(list []match) {
	for _, found := range list {
		at, err := load(m.config.FS, StateIn(filepath.Dir(m.config.State), found.name))
		if err == nil && at != nil && at.Sum != "" && at.id() == found.id && at.begins(found.name) {
			at.Path = found.name
			m.start = append(m.start, kept{position: *at})
		}
	}
}

// passOver has files read from their end.
func (m *Many) passOver(list []match) (err error) {
	for _, found := range list {
		m.mu.Lock()
		_, rests := m.rest[found.id]
		known := rests || m.claims[found.id] != nil
		m.mu.Unlock()
		if known {
			continue
		}
		at := position{Path: found.name}
		file, failed := openFile(found.name)
		if failed == nil {
			failed = errors.Join(at.identify(file, found.info.Size()), file.Close())
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		m.mu.Lock()
		m.rest[at.id()] = resting{position: at, look: lookOf(found.info)}
		m.mu.Unlock()
	}
	return err
}

// scan looks for files that are to be read, and starts as many as there is room for.
func (m *Many) scan(ctx context.Context) error {
	list, whole, err := m.matches()
	var want, failed []position
	m.mu.Lock()
	if whole {
		want = m.vanishedLocked()
	}
	for _, found := range list {
		if !m.wantsLocked(found) {
			continue
		}
		if at := (position{Path: found.name}); m.failures[found.name] != "" {
			failed = append(failed, at) // what could not be read keeps no other from it
		} else {
			want = append(want, at)
		}
	}
	want = append(want, failed...)
	room := max(0, m.config.Most-len(m.lanes))
	m.short = len(want) > room
	short, open := len(want)-room, len(m.lanes)
	if m.short {
		want = want[:room]
		m.makeRoomLocked(short)
	}
	m.mu.Unlock()
	for _, at := range want {
		m.run(ctx, at)
	}
	m.forget(list)
	m.tooMany("files", short > 0 || open+len(want) >= m.config.Most && m.told["files"], func() string {
		return fmt.Sprintf("%d files fit %s, and at most %d are open at once: %d wait for one that rests", len(list), m.config.Path, m.config.Most, short)
	})
	return err
}

// vanishedLocked lists the files that nobody reads and that are not there any more, to be looked for elsewhere.
func (m *Many) vanishedLocked() (list []position) {
	for id, r := range m.rest {
		if _, found := m.seen[id]; found || m.claims[id] != nil {
			continue
		}
		if r.ended {
			delete(m.rest, id)
			m.dirty = true
		} else if m.lanes[r.Path] == nil && !slices.ContainsFunc(list, func(p position) bool { return p.Path == r.Path }) {
			list = append(list, r.position)
		}
	}
	for id := range m.held {
		if _, found := m.seen[id]; !found {
			delete(m.held, id)
		}
	}
	return list
}

// wantsLocked reports whether there is something to read in a file that nobody reads.
func (m *Many) wantsLocked(found match) bool {
	if m.lanes[found.name] != nil || m.claims[found.id] != nil {
		delete(m.held, found.id)
		return false
	}
	if !m.restsLocked(found.name, found.info) {
		return !m.isHeldLocked(found.name, found.info)
	}
	r := m.rest[found.id]
	if r.same(found.info) {
		return false
	}
	if found.info.Size() == r.Offset && r.begins(found.name) {
		r.look = lookOf(found.info)
		m.rest[found.id] = r
		return false
	}
	return true
}

// restsLocked reports whether a file is one whose position is known and that nobody reads now. A position that only has
// the same inode is of a file that is gone.
func (m *Many) restsLocked(name string, info fs.FileInfo) bool {
	r, found := m.rest[idOf(info)]
	if !found {
		return false
	}
	if r.same(info) || r.begins(name) || !r.ended && r.Path == name {
		return true
	}
	delete(m.rest, idOf(info))
	m.dirty = true
	return false
}

// begins reports whether a file of that name begins as the one of the position.
func (p position) begins(name string) bool {
	file, err := openFile(name)
	if err != nil {
		return false
	}
	defer file.Close()
	return p.isOf(file)
}

// makeRoomLocked asks the followers that have rested longest to end.
func (m *Many) makeRoomLocked(n int) {
	var quiet []*Follower
	for _, f := range m.lanes {
		if f.quiet.Load() > quietPolls { // also one that cannot be read
			quiet = append(quiet, f)
		}
	}
	slices.SortFunc(quiet, func(a, b *Follower) int { return cmp.Compare(b.quiet.Load(), a.quiet.Load()) })
	for _, f := range quiet[:min(n, len(quiet))] {
		f.asked.Store(true)
	}
}

// forget leaves out what kept files from being read that are not there any more.
func (m *Many) forget(list []match) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.failures) <= len(list) {
		return
	}
	here := make(map[string]string, len(list))
	for _, found := range list {
		if text, failed := m.failures[found.name]; failed {
			here[found.name] = text
		}
	}
	m.failures = here
}

// tooMany says once, in an entry, that there is more than a bound allows.
func (m *Many) tooMany(what string, is bool, text func() string) {
	if !is || m.told[what] {
		m.told[what] = is
		return
	}
	m.told[what] = true
	observed := func(name, value string) entry.Field {
		return entry.Field{Name: name, Value: []byte(value), Provenance: entry.Observed}
	}
	c := m.sink.Chunk()
	c.Source = m.source
	c.Messages = append(c.Messages, input.Message{Note: &input.Note{Fields: []entry.Field{observed("MESSAGE", text()),
		observed("PRIORITY", strconv.Itoa(4)), observed("SYSLOG_IDENTIFIER", "constat")}}})
	if err := m.sink.Offer(c); err != nil {
		m.told[what] = false // at the next look
	}
}
