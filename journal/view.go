package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/journal/frame"
	"constat/journal/layout"
)

// part is a stretch of a view in one file. Only the last one is opened with the view, if it is a head or no head
// follows it.
type part struct {
	first     uint64
	end       uint64 // index behind its last entry: where the next part begins
	isSegment bool   // guarded by View.mu
	both      bool   // there are a segment and a head
	isKept    bool   // it is pruned; guarded by View.mu, as is kept
	kept      *keptPart

	head   *head // nil until needed
	size   int64 // bytes of the head that belong to the view, 0 until known
	frames []frame.Extent
	listed bool // frames are known
	beside lookedUp

	segment *openSegment // guarded by View.mu, as is users
	users   int
}

func (v *View) addParts(spans []span) {
	for i, s := range spans {
		if i > 0 {
			v.parts[i-1].end = s.first
		}
		v.parts = append(v.parts, &part{first: s.first, isSegment: s.segment, both: s.segment && s.head, isKept: s.kept})
	}
}

// findSize finds the end of the last part: that of a segment in its directory, that of a head by its last trailer or,
// where that is not whole, by its frames.
func (v *View) findSize() error {
	if len(v.parts) == 0 {
		return nil
	}
	last := v.parts[len(v.parts)-1]
	last.end = last.first
	v.Size = last.first
	s, err := v.open(last)
	if err != nil && (isStructural(err) || isNotExist(err)) {
		return nil // gone, or another file stands in its place: reading says so
	}
	if err != nil {
		return err
	}
	if k := v.keptOf(last); k != nil {
		last.end = k.End
	} else if s != nil {
		last.end = s.End()
		v.release(last)
	} else if err := v.endOfHead(last); err != nil {
		return err
	} else {
		v.release(last)
	}
	v.Size = last.end
	return nil
}

func (v *View) endOfHead(p *part) error {
	x, ok, err := frame.Before(p.head.file, v.Journal.NonceKey, p.size, p.size)
	if err != nil {
		return err
	}
	if ok {
		p.end = x.Header.End()
	} else if err := v.list(p); err != nil {
		return err
	} else if n := len(p.frames); n > 0 {
		p.end = p.frames[n-1].Header.End()
	}
	return nil
}

// open opens a part, as what it is by now: a head may have become a segment since the files were listed. A nil segment
// means a head or, if [View.keptOf] says so, what stays of a pruned one. Segments and heads must be released. What is not
// there under either name, and then not under the first again, is pruned or gone.
func (v *View) open(p *part) (s *openSegment, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p.isKept {
		return nil, v.openKeptLocked(p)
	}
	for range 3 {
		if p.isSegment {
			s, err = v.acquireLocked(p)
			if err != nil && p.both && isStructural(err) && v.openHeadLocked(p) == nil {
				p.isSegment = false
				return nil, nil
			}
		} else if err = v.openHeadLocked(p); err == nil {
			return nil, nil
		}
		if !isNotExist(err) {
			return s, err
		}
		p.isSegment = !p.isSegment
	}
	p.isSegment = !p.isSegment
	if keptErr := v.openKeptLocked(p); !isNotExist(keptErr) {
		return nil, keptErr
	}
	return nil, err
}

// lookedUp is whether there are files of values beside a head.
type lookedUp uint8

const (
	notLookedUp lookedUp = iota
	nothingBeside
	somethingBeside
)

// isAlone reports whether no values of the entries of a head are kept beside it: what the view has of it has none then.
func (v *View) isAlone(p *part) bool {
	if p.beside == notLookedUp {
		_, blobs := v.fsys.Stat(filepath.Join(v.dir, layout.BlobName(p.first)))
		_, private := v.fsys.Stat(filepath.Join(v.dir, layout.PrivateName(p.first)))
		p.beside = somethingBeside
		if isNotExist(blobs) && isNotExist(private) {
			p.beside = nothingBeside
		}
	}
	return p.beside == nothingBeside
}

func (v *View) openHeadLocked(p *part) (err error) {
	if p.head == nil {
		if p.head, err = openForReading(v.fsys, v.dir, v.Journal, p.first); err != nil {
			return err
		}
		p.size = p.head.size
	}
	v.useLocked(p)
	return nil
}

// maxIdle is how many segments and heads a view keeps open that nobody uses, besides the last head, whose size is the view's.
const maxIdle = 4

func (v *View) acquireLocked(p *part) (_ *openSegment, err error) {
	if p.segment == nil {
		if p.segment, err = openSegmentAt(v.fsys, v.dir, v.Journal, p.first); err != nil {
			return nil, err
		}
	}
	v.useLocked(p)
	return p.segment, nil
}

// useLocked says that one more uses a part.
func (v *View) useLocked(p *part) {
	p.users++
	v.idle = slices.DeleteFunc(v.idle, func(other *part) bool { return other == p })
}

// release says that a segment or head is not used any more. It is closed some time later, and what is known of a head is
// forgotten: there may be thousands.
func (v *View) release(p *part) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p.users--; p.users > 0 || len(v.parts) == 0 || p == v.parts[len(v.parts)-1] && p.segment == nil {
		return
	}
	v.idle = append(v.idle, p)
	if len(v.idle) > maxIdle {
		v.idle[0].closeFiles() // read only
		v.idle = v.idle[1:]
	}
}

// closeFiles closes a part and forgets what is known of a head.
func (p *part) closeFiles() error {
	var errs []error
	if p.head != nil {
		errs = append(errs, p.head.file.Close())
		p.head, p.frames, p.listed = nil, nil, false
	}
	if p.segment != nil {
		errs = append(errs, p.segment.file.Close())
		p.segment = nil
	}
	return errors.Join(errs...)
}

// list finds all frames of an open head by walking it. The end of the last head may not be known yet.
func (v *View) list(p *part) error {
	if p.listed {
		return nil
	}
	next := p.first
	for x, err := range frame.Scan(p.head.file, v.Journal.NonceKey, frame.HeadHeaderSize, p.size) {
		if err != nil {
			return fmt.Errorf("%s: %w", p.head.name, err)
		}
		if x.Gap || x.Header.First < next || p.end > p.first && x.Header.End() > p.end {
			continue // found missing when the indexes are read
		}
		p.frames = append(p.frames, x)
		next = x.Header.End()
	}
	p.listed = true
	return nil
}

// maxTail is how many frames are found from the end of a head instead of all from its beginning: what a follower has
// not seen yet is mostly fewer, and a head that grew slowly has tens of thousands.
const maxTail = 256

// lastFrames finds the frames of an open head that hold index from and all behind it, by their trailers. There are none
// if all frames are known already, or are to be found by walking them.
func (v *View) lastFrames(p *part, from uint64) ([]frame.Extent, error) {
	if p.listed || from <= p.first || from >= p.end {
		return nil, nil
	}
	var list []frame.Extent
	for next, offset := p.end, p.size; next > from; {
		x, ok, err := frame.Before(p.head.file, v.Journal.NonceKey, offset, p.size)
		if err != nil || !ok || x.Header.End() != next || len(list) == maxTail {
			return nil, err
		}
		list = append(list, x)
		next, offset = x.Header.First, x.Offset
	}
	slices.Reverse(list)
	return list, nil
}

// Close closes the files of the view. It may be called twice.
func (v *View) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for _, p := range v.parts {
		errs = append(errs, p.closeFiles())
	}
	v.parts, v.idle = nil, nil
	v.read.close()
	v.restoring.Lock()
	defer v.restoring.Unlock()
	v.restored.close()
	return errors.Join(errs...)
}
