package journal

import (
	"bytes"
	"fmt"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// Limits of a batch, whose segments and heads share one control entry.
const (
	maxBatch      = 64
	maxBatchBytes = 16 << 20 // of what stays
)

// batch is segments and heads that follow each other and go for the same reason.
type batch struct {
	queue  *queue
	reason Reason
	going  []going
	bytes  int // of what stays
}

// going is a segment or head that goes, and what stays of it.
type going struct {
	candidate
	image  []byte
	keeper *keeper
}

func (b *batch) first() uint64         { return b.going[0].first }
func (b *batch) last() uint64          { return b.going[len(b.going)-1].end - 1 }
func (b *batch) newest() layout.Moment { return b.going[len(b.going)-1].keeper.kept.Newest }

// takes reports whether a candidate belongs into the batch.
func (b *batch) takes(c *candidate) bool {
	n := len(b.going)
	return n == 0 || n < maxBatch && b.bytes < maxBatchBytes && b.reason == c.reason && b.going[n-1].end == c.first
}

// journal prunes what was picked of a journal.
func (p *pruner) journal(q *queue) {
	b := batch{queue: q}
	defer p.release(q)
	for i := range q.picked {
		c := &q.picked[i]
		if !b.takes(c) {
			p.prune(&b)
			b = batch{queue: q}
		}
		if p.ctx.Err() != nil {
			p.errs = append(p.errs, p.ctx.Err())
			return
		}
		if !p.claim(q, c) {
			break
		}
		image, k, err := p.keep(q, c)
		if err != nil {
			p.fail(q, c, err)
			continue
		}
		b.reason = c.reason
		b.going = append(b.going, going{candidate: *c, image: image, keeper: k})
		b.bytes += len(image)
	}
	p.prune(&b)
}

func (p *pruner) fail(q *queue, c *candidate, err error) {
	p.errs = append(p.errs, fmt.Errorf("journal %s: prune %s: %w", q.name, c.name(), err))
}

// keep makes what stays of a candidate, and looks again at its age: this time at the entries.
func (p *pruner) keep(q *queue, c *candidate) ([]byte, *keeper, error) {
	if p.policy.DryRun {
		return nil, &keeper{kept: layout.Kept{Newest: c.newest}}, nil
	}
	if err := p.signOnce(); err != nil {
		return nil, nil, err
	}
	image, k, err := keep(p.w.fsys, q.log, c)
	if err != nil {
		return nil, nil, err
	}
	if floor := p.clock.HighestFloor(q.name, k.kept.Oldest, k.kept.Newest); p.clock.Age(k.kept.Newest, p.now) < floor {
		return nil, nil, fmt.Errorf("is younger than its directory says, and than the floor of %v", floor)
	}
	return image, k, nil
}

// signOnce signs everything, so that nothing that goes is above the checkpoint and the tree has all blocks.
func (p *pruner) signOnce() error {
	if p.signed {
		return nil
	}
	p.signed = true
	return p.w.Checkpoint()
}

// prune says that a batch is pruned, makes that durable and signs it, and removes the files.
func (p *pruner) prune(b *batch) {
	if len(b.going) == 0 {
		return
	}
	if !p.policy.DryRun {
		if err := p.announce(b); err != nil {
			p.errs = append(p.errs, fmt.Errorf("journal %s: prune: %w", b.queue.name, err))
			return
		}
	}
	done := Pruning{Journal: b.queue.name, First: b.first(), Reason: b.reason}
	for i := range b.going {
		g := &b.going[i]
		if !p.policy.DryRun {
			if err := p.remove(b.queue, g); err != nil {
				p.fail(b.queue, &g.candidate, err)
				break
			}
		}
		done.Last, done.Bytes = g.end-1, done.Bytes+g.bytes-int64(len(g.image))
	}
	if done.Last > 0 || done.Bytes > 0 {
		p.report.Pruned = append(p.report.Pruned, done)
	}
}

func (p *pruner) announce(b *batch) error {
	w := p.w
	err := func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.broken != nil {
			return w.broken
		}
		if err := w.control(p.say(b)); err != nil {
			return err
		}
		return w.syncSystem()
	}()
	if err != nil {
		return err
	}
	return w.Checkpoint()
}

// remove puts what stays of a segment or head in place and removes that. From when it is in place nobody makes a segment of
// the head any more, also if removing goes wrong: the next start finishes it.
func (p *pruner) remove(q *queue, g *going) error {
	if err := g.put(p.w.fsys, q.log); err != nil {
		return err
	}
	p.gone(q, g.head)
	return finishPruning(p.w.fsys, q.log.dir, q.log.desc, &g.keeper.kept, g.keeper.blobs)
}

// put writes what stays and reads it back.
func (g *going) put(fsys vfs.FS, l *log) error {
	name := filepath.Join(l.dir, layout.KeptName(g.first))
	readBack := func(tmp string) error {
		data, err := durable.ReadFile(fsys, tmp, int64(len(g.image)))
		if err == nil && !bytes.Equal(data, g.image) {
			err = fmt.Errorf("%s: read back otherwise than it was written", tmp)
		}
		return err
	}
	return durable.WriteChecked(fsys, name, g.image, fileMode, readBack)
}

// finishPruning removes the segment or head that is pruned, once what stays of it is in place: private values and blobs
// first, so that none are left when it is gone.
func finishPruning(fsys vfs.FS, dir string, d layout.Journal, k *layout.Kept, blobs bool) error {
	if err := destroySidecar(fsys, filepath.Dir(dir), filepath.Join(dir, layout.PrivateName(k.First))); err != nil {
		return err
	}
	name := filepath.Join(dir, layout.BlobName(k.First))
	if !blobs {
		if err := removeFile(fsys, name); err != nil {
			return err
		}
	} else if err := pruneBlobs(fsys, name, d, k); err != nil {
		return err
	}
	if err := removeFile(fsys, filepath.Join(dir, layout.HeadName(k.First))); err != nil {
		return err
	}
	return removeFile(fsys, filepath.Join(dir, layout.SegmentName(k.First)))
}

// pruneBlobs rewrites a blob file with the records of kept entries only.
func pruneBlobs(fsys vfs.FS, name string, d layout.Journal, k *layout.Kept) error {
	f, err := fsys.Open(name)
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // only read
	size, err := f.Size()
	if err != nil {
		return err
	}
	data := frame.AppendFileHeader(nil, d.Header(frame.Blob, k.First))
	for rec, err := range layout.Blobs(f, size) {
		if err != nil {
			return err
		}
		if rec.Gap || !k.Keeps(rec.Index) {
			continue
		}
		record := make([]byte, rec.Length)
		if _, err := f.ReadAt(record, rec.Offset); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		data = append(data, record...)
	}
	return durable.WriteFile(fsys, name, data, fileMode)
}
