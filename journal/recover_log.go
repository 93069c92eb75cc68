package journal

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/entry"
	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// scanned is a file of entries as recovery found it.
type scanned struct {
	first, end uint64
	*head                     // nil: it is a segment, or what stays of one
	kept       *keptPart      // what stays of a pruned segment or head
	frames     []frame.Extent // of a head: sound headers, in unbroken order
	epoch      uint32         // of the newest entry, if there is one
	received   int64
}

// opening is the recovery of one journal.
type opening struct {
	*log
	r        *recovery
	name     string          // of the journal
	point    seal.Checkpoint // the newest checkpoint, or what the newest seal says if that covers more
	pointOf  string          // which of the two
	found    []scanned
	end      uint64 // index behind the last entry in unbroken order, as headers tell
	cut      *cut   // where the unbroken order ends; nil at a clean end
	decoder  *frame.Decoder
	matched  bool        // the frontier has been at the checkpoint
	treeOld  []seal.Hash // what the tree file holds
	treeGood bool        // the tree file needs no rewriting

	spare []string // paths of heads whose entries a segment holds
	wrong []string // paths of what must make way for the other of head and segment

	unfinished []*keptPart // what stays of segments and heads that are still to be removed
}

// cut is the place behind which nothing of a journal is used: the file that begins at an index, for a head from an
// offset on, and all files behind it.
type cut struct {
	first  uint64
	offset int64
}

// openLog opens a journal for writing. It returns a damage, and no log, if the files contradict the checkpoint.
func (r *recovery) openLog(name string) (*log, *damage, error) {
	o := &opening{r: r, name: name, log: &log{dir: filepath.Join(r.w.dir, name)}}
	d, err := o.examine()
	if d == nil && err == nil {
		err = o.finish()
	}
	if err = errors.Join(err, o.closeHeads()); d != nil || err != nil {
		return nil, d, errors.Join(err, o.log.close())
	}
	return o.log, nil, nil
}

// closeHeads closes all heads but the one that the log goes on with.
func (o *opening) closeHeads() error {
	var errs []error
	for _, h := range o.found {
		if h.head != nil && h.head != o.log.head {
			errs = append(errs, h.file.Close())
		}
	}
	return errors.Join(errs...)
}

// examine says again what is wrong with a journal that was set aside.
func (r *recovery) examine(name, dir string) *damage {
	o := &opening{r: r, name: name, log: &log{dir: filepath.Join(r.w.dir, dir)}}
	d, err := o.examine()
	err = errors.Join(err, o.closeHeads())
	if d == nil {
		d = &damage{reason: "an earlier start, which was cut short, found it so", journalID: &o.desc.ID}
		_, d.checkpoint, _ = readCheckpoint(r.w, o.dir, o.desc.Origin) // for the record, sound or not
	}
	if err != nil {
		d.reason = err.Error()
	}
	d.setAside = o.dir
	return d
}

// examine reads a journal, without a change, and compares it with its checkpoint.
func (o *opening) examine() (*damage, error) {
	d, err := o.describe()
	if d != nil || err != nil {
		return d, err
	}
	if err := o.scan(); err != nil {
		return nil, err
	}
	known := &damage{journalID: &o.desc.ID}
	known.checkpoint, _ = durable.ReadFile(o.r.w.fsys, filepath.Join(o.dir, layout.CheckpointFile), seal.MaxCheckpoint)
	if o.end < o.point.Size {
		known.reason = fmt.Sprintf("entries %d to %d are missing or damaged, below its %s", o.end, o.point.Size-1, o.pointOf)
		return known, nil
	}
	o.decoder = frame.NewDecoder()
	if known.reason, err = o.rehash(); known.reason == "" || err != nil {
		return nil, err
	}
	return known, nil
}

// describe reads descriptor and checkpoint.
func (o *opening) describe() (*damage, error) {
	fsys, name := o.r.w.fsys, filepath.Join(o.dir, layout.JournalFile)
	data, err := durable.ReadFile(fsys, name, layout.MaxDescriptor)
	if err == nil {
		o.desc, err = layout.ParseJournal(data)
	}
	if err == nil && o.desc.Name != o.name {
		err = fmt.Errorf("%w: names journal %s", frame.ErrDamaged, o.desc.Name)
	}
	if isNotExist(err) || errors.Is(err, frame.ErrDamaged) || errors.Is(err, frame.ErrNotOurs) {
		return &damage{reason: fmt.Sprintf("%s: %v", layout.JournalFile, err)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	o.nonces = entry.NewNonces(o.desc.NonceKey)
	var signed []byte
	o.point, signed, err = readCheckpoint(o.r.w, o.dir, o.desc.Origin)
	if isNotExist(err) || errors.Is(err, seal.ErrCheckpoint) {
		return &damage{reason: fmt.Sprintf("%s: %v", layout.CheckpointFile, err), journalID: &o.desc.ID, checkpoint: signed}, nil
	}
	o.signed = o.point.Size
	o.coverSealed()
	return nil, err
}

// scan walks the headers of all segments and frames and finds where their unbroken order ends.
func (o *opening) scan() error {
	spans, err := listSpans(o.r.w.fsys, o.dir)
	if err != nil {
		return err
	}
	for _, s := range spans {
		used := false
		if s.kept {
			used, err = o.scanKept(s)
		}
		if err == nil && !used && s.segment {
			used, err = o.scanSegment(s)
		}
		if err == nil && !used && s.head {
			used, err = o.scanHead(s.first)
		}
		if err == nil && !used {
			o.cut = &cut{first: s.first}
		}
		if err != nil || o.cut != nil {
			return err
		}
	}
	return nil
}

// scanHead walks the frames of a head. It returns false if nothing of the file can be used.
func (o *opening) scanHead(first uint64) (used bool, err error) {
	h, err := openHead(o.dir, o.desc, first, o.r.w.fsys.OpenWrite)
	if err != nil {
		return false, unlessDamaged(err)
	}
	if first != o.end {
		return false, h.file.Close()
	}
	o.found = append(o.found, scanned{first: first, head: h})
	last := &o.found[len(o.found)-1]
	err = o.scanFrames(last)
	last.end = o.end
	return true, err
}

// unlessDamaged drops an error that says no more than that a file is not whole, or not what its name says.
func unlessDamaged(err error) error {
	if isStructural(err) && !frame.IsOther(err) {
		return nil
	}
	return err
}

func (o *opening) scanFrames(h *scanned) error {
	for x, err := range frame.Scan(h.file, o.desc.NonceKey, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		if x.Gap || x.Header.First != o.end || !o.inOrder(x.Header.Epoch, x.Header.MinReceived) {
			o.cut = &cut{first: h.first, offset: x.Offset}
			return nil
		}
		h.frames = append(h.frames, x)
		o.end = x.Header.End()
		o.lastEpoch, o.lastReceived = x.Header.Epoch, x.Header.MaxReceived
	}
	return nil
}

// inOrder reports whether entries may follow those before: neither their epoch nor, within it, their time goes back.
func (o *opening) inOrder(epoch uint32, received int64) bool {
	return o.end == 0 || epoch > o.lastEpoch || epoch == o.lastEpoch && received >= o.lastReceived
}
