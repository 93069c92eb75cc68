package cli

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// stamped is a stamped checkpoint, with what its token says.
type stamped struct {
	evidence.Stamped
	size uint64
	time time.Time
}

// loggedStamp is a stamp that stands in an entry before what is shown.
type loggedStamp struct {
	stamped
	index uint64
}

// readStamp reads a stamped checkpoint; ok is false if it says nothing. Whoever signed the token, the verifier finds out.
func readStamp(s evidence.Stamped) (x stamped, ok bool) {
	text, _, err := seal.Cosignatures(s.Signed)
	if err != nil {
		return x, false
	}
	head, err := seal.ParseTreeHead(text)
	if err != nil {
		return x, false
	}
	t, err := seal.ParseTimestamp(s.Token)
	if err != nil || !t.Stamps(s.Signed) {
		return x, false
	}
	return stamped{s, head.Size, t.Time}, true
}

// stamped notes a stamped checkpoint, if it covers what is shown earlier than another one does.
func (a *anchors) stamped(s evidence.Stamped) {
	need, wanted := a.need[s.Journal]
	x, ok := readStamp(s)
	if was, has := a.stamps[s.Journal]; wanted && ok && x.size >= need && (!has || x.time.Before(was.time)) {
		a.stamps[s.Journal] = x
	}
}

// loggedStamp notes a stamp in an entry of the journal of the store itself: the newest before what is shown counts.
func (a *anchors) loggedStamp(index uint64, s evidence.Stamped) {
	a.stamped(s)
	if x, ok := readStamp(s); ok && index < a.limit && (s.Journal == layout.System || a.need[s.Journal] > 0) {
		a.stampBefore = &loggedStamp{x, index}
	}
}

// stamped returns the stamped checkpoints of the logs, also that in the files of each journal. What is beyond the checkpoint
// of a log is not proved by it.
func (p *proving) stamped(a *anchors, logs []evidence.Log) (list []evidence.Stamped, err error) {
	sizes := map[string]uint64{}
	for _, log := range logs {
		l := log.(*signedLog)
		sizes[l.Name()] = l.size
		s := evidence.Stamped{Journal: l.Name()}
		dir := filepath.Join(p.reader.Dir(), l.Name())
		s.Signed, err = durable.ReadFile(vfs.OS(), filepath.Join(dir, layout.TimestampedFile), seal.MaxCheckpoint)
		if err == nil {
			s.Token, err = durable.ReadFile(vfs.OS(), filepath.Join(dir, layout.TokenFile), layout.MaxToken)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		a.stamped(s)
	}
	var all []stamped
	for _, name := range slices.Sorted(maps.Keys(a.stamps)) {
		all = append(all, a.stamps[name])
	}
	if a.stampBefore != nil {
		all = append(all, a.stampBefore.stamped)
	}
	for _, s := range all {
		if size, ok := sizes[s.Journal]; ok && s.size <= size {
			list = append(list, s.Stamped)
		}
	}
	return list, nil
}
