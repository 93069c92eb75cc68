package journal

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// ErrPruned is wrapped by errors about entries that retention has removed.
var ErrPruned = errors.New("pruned by retention")

// keptPart is what stays of a pruned segment or head, in memory: little, or all of it seals and control entries.
type keptPart struct {
	layout.Kept
	name string    // path
	rows []keptRow // ascending; those that cannot be read are not among them
}

// keptRow is a kept entry.
type keptRow struct {
	index uint64
	body  []byte
}

// openKept reads what stays of the pruned segment or head that began at an index. A header that is damaged keeps it from
// nothing; one of another file is an error.
func openKept(fsys vfs.FS, dir string, d layout.Journal, first uint64) (*keptPart, error) {
	k := &keptPart{name: filepath.Join(dir, layout.KeptName(first))}
	f, err := fsys.Open(k.name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	if err := k.read(f, d.Header(frame.Kept, first)); err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	return k, nil
}

func (k *keptPart) read(f vfs.File, want frame.FileHeader) error {
	if err := checkFileHeader(f, want); err != nil && !isDamagedHeader(err) {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	x, err := layout.ReadKept(f, size, want)
	if err != nil {
		return err
	}
	k.Kept = x.Kept
	decoder := frame.NewDecoder()
	for at, err := range frame.Scan(f, want.NonceKey, x.Frames, x.FramesEnd) {
		if err != nil {
			return err
		}
		if !at.Gap {
			err = k.frame(f, decoder, at)
		}
		if err != nil && !isStructural(err) {
			return err
		}
	}
	return nil
}

// frame takes the entries of a frame.
func (k *keptPart) frame(f vfs.File, decoder *frame.Decoder, x frame.Extent) error {
	payload, err := decoder.Payload(nil, f, x.Offset, x.Header)
	if err != nil {
		return err
	}
	bodies, err := frame.Bodies(nil, payload, x.Header.Count)
	if err != nil {
		return err
	}
	for i, body := range bodies {
		index := x.Header.First + uint64(i)
		if n := len(k.rows); !k.Keeps(index) || n > 0 && k.rows[n-1].index >= index {
			return frame.ErrDamaged
		}
		k.rows = append(k.rows, keptRow{index, body})
	}
	return nil
}

// hashes calls visit for what the tree is made of, in order: leaf hashes of kept entries, roots of subtrees for others.
// It begins at index from, where a subtree must begin.
func (k *keptPart) hashes(nonces *entry.Nonces, from uint64, visit func(level int, h seal.Hash)) error {
	rows, hashes, missing, next := k.rows, k.Hashes, k.Missing(), k.First
	for next < k.End {
		if len(missing) > 0 && missing[0].First == next {
			for _, level := range seal.Subtrees(next, missing[0].End()) {
				if next >= from {
					visit(level, hashes[0])
				}
				next, hashes = next+(1<<level), hashes[1:]
			}
			missing = missing[1:]
			continue
		}
		if len(rows) == 0 || rows[0].index != next {
			return fmt.Errorf("%s: entry %d: %w", k.name, next, frame.ErrDamaged)
		}
		if next >= from {
			visit(0, nonces.LeafHash(next, rows[0].body))
		}
		next, rows = next+1, rows[1:]
	}
	return nil
}

// kept visits what stays of a pruned segment or head. What is pruned is not missing.
func (w *walk) kept(p *part, k *keptPart) bool {
	runs := k.lost()
	for n := range k.rows {
		if w.r.Reverse {
			n = len(k.rows) - 1 - n
		}
		if !w.keptRow(p, k, k.rows[n]) {
			return false
		}
	}
	for _, r := range runs {
		if !w.missing(r.First, r.End(), fmt.Errorf("%s: %w", k.name, frame.ErrDamaged)) {
			return false
		}
	}
	return true
}

func (w *walk) keptRow(p *part, k *keptPart, row keptRow) bool {
	if row.index < w.r.From || row.index >= w.r.To {
		return true
	}
	e, err := w.view.read.entry(w.view, p.first, row.index, row.body, w.arena())
	if isLost(err) {
		return w.missing(row.index, row.index+1, fmt.Errorf("%s: %w", k.name, err))
	}
	if err != nil {
		return w.yield(Item{}, fmt.Errorf("%s: %w", k.name, err)) && false
	}
	return w.yield(Item{Index: row.index, Entry: e}, nil)
}

// kept yields kept entries up to the first that is pruned.
func (w *leafWalk) kept(p *part, k *keptPart) bool {
	for end := min(p.end, w.to); w.next < end; {
		body := k.body(w.next)
		if body == nil {
			w.over = true
			w.yield(Leaf{}, &MissingError{Journal: w.view.Journal.Name, First: w.next, Last: end - 1, Cause: ErrPruned})
			return false
		}
		if !w.leaf(w.next, body) {
			return false
		}
	}
	return true
}

// body returns the body of a kept entry, nil if it is not kept or cannot be read.
func (k *keptPart) body(index uint64) []byte {
	i, found := slices.BinarySearchFunc(k.rows, index, func(r keptRow, index uint64) int { return cmp.Compare(r.index, index) })
	if !found {
		return nil
	}
	return k.rows[i].body
}

// lost returns the entries that should have been kept and cannot be read.
func (k *keptPart) lost() []layout.Run {
	var list []layout.Run
	rows := k.rows
	for _, r := range k.Runs {
		for index := r.First; index < r.End(); index++ {
			if len(rows) > 0 && rows[0].index == index {
				rows = rows[1:]
			} else {
				list = append(list, layout.Run{First: index, Count: 1})
			}
		}
	}
	return list
}

// Pruned is a stretch of a journal of which retention has left only seals and control entries.
type Pruned struct{ First, Last uint64 } // indexes

// Pruned returns what of the view is pruned, in order, neighbours as one. It opens nothing.
func (v *View) Pruned() []Pruned {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []Pruned
	for _, p := range v.parts {
		if !p.isKept || p.end <= p.first {
			continue
		}
		if n := len(list); n > 0 && list[n-1].Last+1 == p.first {
			list[n-1].Last = p.end - 1
			continue
		}
		list = append(list, Pruned{p.first, p.end - 1})
	}
	return list
}

// PrunedUntil returns the time of the newest entry that was pruned; ok is false if there is none, or nothing says.
func (v *View) PrunedUntil() (newest layout.Moment, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := len(v.parts) - 1; i >= 0; i-- {
		if p := v.parts[i]; p.isKept {
			if v.openKeptLocked(p) != nil {
				return newest, false
			}
			return p.kept.Newest, true
		}
	}
	return newest, false
}

// keptOf returns what stays of a part that is pruned, once it was opened; nil if it is not.
func (v *View) keptOf(p *part) *keptPart {
	v.mu.Lock()
	defer v.mu.Unlock()
	return p.kept
}

// openKeptLocked opens a part as what stays of a pruned segment or head.
func (v *View) openKeptLocked(p *part) (err error) {
	if p.kept == nil {
		p.kept, err = openKept(v.fsys, v.dir, v.Journal, p.first)
	}
	if err == nil {
		p.isKept = true
	}
	return err
}
