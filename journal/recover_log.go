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

// scanned is a head as recovery found it.
type scanned struct {
	*head
	frames []frame.Extent // sound headers, in unbroken order
}

// opening is the recovery of one journal.
type opening struct {
	*log
	r        *recovery
	name     string // of the journal
	point    seal.Checkpoint
	heads    []scanned
	end      uint64 // index behind the last frame whose header is sound and in order
	cut      *cut   // where the unbroken order ends; nil at a clean end
	decoder  *frame.Decoder
	treeOld  []seal.Hash // what the tree file holds
	treeGood bool        // the tree file needs no rewriting
}

// cut is the place behind which nothing of a journal is used: an offset in a head, and all heads behind it.
type cut struct {
	head   string // path
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
	for _, h := range o.heads {
		if h.head != o.log.head {
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
		known.reason = fmt.Sprintf("entries %d to %d are missing or damaged, below its checkpoint", o.end, o.point.Size-1)
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
	return nil, err
}

// scan walks the headers of all frames and finds where their unbroken order ends.
func (o *opening) scan() error {
	fsys := o.r.w.fsys
	firsts, err := listHeads(fsys, o.dir)
	if err != nil {
		return err
	}
	for _, first := range firsts {
		h, err := openHead(o.dir, o.desc, first, fsys.OpenWrite)
		if errors.Is(err, frame.ErrNewer) || err != nil && !errors.Is(err, frame.ErrDamaged) && !errors.Is(err, frame.ErrNotOurs) {
			return err
		}
		if err != nil || first != o.end {
			o.cut = &cut{head: filepath.Join(o.dir, layout.HeadName(first))}
			if err == nil {
				err = h.file.Close()
				return err
			}
			return nil
		}
		o.heads = append(o.heads, scanned{head: h})
		if err := o.scanHead(&o.heads[len(o.heads)-1]); err != nil || o.cut != nil {
			return err
		}
	}
	return nil
}

func (o *opening) scanHead(h *scanned) error {
	for x, err := range frame.Scan(h.file, o.desc.NonceKey, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		if x.Gap || x.Header.First != o.end || !o.inOrder(x.Header) {
			o.cut = &cut{head: h.name, offset: x.Offset}
			return nil
		}
		h.frames = append(h.frames, x)
		o.end = x.Header.End()
		o.lastEpoch, o.lastReceived = x.Header.Epoch, x.Header.MaxReceived
	}
	return nil
}

// inOrder reports whether a frame may follow the one before: neither its epoch nor, within it, its time goes back.
func (o *opening) inOrder(h frame.Header) bool {
	return o.end == 0 || h.Epoch > o.lastEpoch || h.Epoch == o.lastEpoch && h.MinReceived >= o.lastReceived
}
