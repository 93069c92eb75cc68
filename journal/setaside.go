package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// finish sets aside what lies behind the cut and leaves the log ready for appending.
func (o *opening) finish() error {
	if err := o.tidy(); err != nil {
		return err
	}
	if err := o.setAside(); err != nil {
		return err
	}
	if err := o.trimSidecars(); err != nil {
		return err
	}
	if err := o.r.w.fsys.SyncDir(o.dir); err != nil {
		return err
	}
	if err := o.rewriteTree(); err != nil {
		return err
	}
	for _, h := range o.found {
		if h.end > h.first {
			o.lastEpoch, o.lastReceived = h.newest()
		}
	}
	if len(o.found) == 0 || o.found[len(o.found)-1].head == nil {
		o.remember(o.found)
		return errors.Join(o.setAsideBlobs(), o.newHead(o.r.w.fsys))
	}
	last := &o.found[len(o.found)-1]
	o.remember(o.found[:len(o.found)-1])
	o.head = last.head // of which nothing counts as durable: what was found is visible, no more
	o.head.size = frame.HeadHeaderSize
	for _, x := range last.frames {
		o.head.size = x.Offset + x.Length
		o.headRaw += int64(x.Header.RawSize)
	}
	return errors.Join(o.openBlobs(), o.renew())
}

// newest returns epoch and received time of the newest entry of a file that has one.
func (h *scanned) newest() (epoch uint32, received int64) {
	if h.head == nil {
		return h.epoch, h.received
	}
	last := h.frames[len(h.frames)-1].Header
	return last.Epoch, last.MaxReceived
}

// remember notes which heads are complete.
func (o *opening) remember(found []scanned) {
	for _, h := range found {
		if h.head != nil && h.end > h.first {
			o.complete = append(o.complete, &completeHead{first: h.first, end: h.end})
		}
	}
}

// setAside moves everything behind the cut under other names. Nothing that could not be read is overwritten.
func (o *opening) setAside() error {
	if o.cut == nil {
		return nil
	}
	spans, err := listSpans(o.r.w.fsys, o.dir)
	if err != nil {
		return err
	}
	for _, s := range spans {
		if s.first < o.cut.first {
			continue
		}
		head := filepath.Join(o.dir, layout.HeadName(s.first))
		if s.kept {
			err = o.setAsideFile(filepath.Join(o.dir, layout.KeptName(s.first)), "")
		}
		if err == nil && s.segment {
			err = o.setAsideFile(filepath.Join(o.dir, layout.SegmentName(s.first)), "")
		}
		if err == nil && s.head && s.first == o.cut.first && o.cut.offset > 0 {
			err = o.setAsideTail(head, o.cut.offset)
		} else if err == nil && s.head {
			err = o.setAsideFile(head, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setAsideFile gives a file another name. why says of its bytes what is wrong; "" that they lie behind the last entry.
func (o *opening) setAsideFile(name, why string) error {
	data, err := durable.ReadFile(o.r.w.fsys, name, math.MaxInt64)
	if err != nil {
		return err
	}
	to, err := vacantName(o.r.w.fsys, layout.TornName(name, o.r.at))
	if err != nil {
		return err
	}
	o.note(to, data, why)
	return durable.Rename(o.r.w.fsys, name, to)
}

// setAsideTail copies the bytes from offset on into a file of their own, makes that durable, and cuts them off.
func (o *opening) setAsideTail(name string, offset int64) error {
	fsys := o.r.w.fsys
	f, err := fsys.OpenWrite(name)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil || size == offset {
		return err
	}
	tail := make([]byte, size-offset)
	if n, err := f.ReadAt(tail, offset); n < len(tail) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	to, err := vacantName(fsys, layout.TornName(name, o.r.at))
	if err != nil {
		return err
	}
	if err := durable.WriteFile(fsys, to, tail, fileMode); err != nil {
		return err
	}
	o.note(to, tail, "")
	return errors.Join(f.Truncate(offset), f.Sync())
}

// note records what was set aside, for the system journal.
func (o *opening) note(to string, data []byte, why string) {
	file, err := filepath.Rel(o.r.w.dir, to)
	if err != nil {
		file = to
	}
	var more []string
	if why == "" {
		why = fmt.Sprintf("behind entry index %d were not whole after a crash", o.end)
		more = []string{layout.FirstIndex, fmt.Sprint(o.end)}
	}
	o.r.noteFile(o.log, file, data, why, more)
}

// noteFile records what was set aside, for the system journal.
func (r *recovery) noteFile(l *log, file string, data []byte, why string, more []string) {
	if r.noted == nil {
		r.noted = map[string]bool{}
	}
	r.noted[file] = true
	text := fmt.Sprintf("journal %s: %d bytes %s; kept as %s", l.desc.Name, len(data), why, file)
	pairs := append([]string{layout.JournalName, l.desc.Name, layout.File, file}, more...)
	pairs = append(pairs, layout.Bytes, fmt.Sprint(len(data)), layout.FileDigest, fmt.Sprintf("%x", sha256.Sum256(data)))
	r.controls = append(r.controls, layout.NewControl(layout.TailSetAside, text, pairs...))
}

// openBlobs opens the blob file of the last head, if there is one, and sets aside what no entry names: records behind
// the last entry, and files of heads that are not there.
func (o *opening) openBlobs() error {
	if err := o.setAsideBlobs(); err != nil {
		return err
	}
	name := filepath.Join(o.dir, layout.BlobName(o.head.first))
	f, err := o.r.w.fsys.OpenWrite(name)
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	end, size, err := o.endOfBlobs(f)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	switch err := checkFileHeader(f, o.desc.Header(frame.Blob, o.head.first)); {
	case frame.IsOther(err) || err != nil && !isStructural(err):
		return errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	case err != nil && end == frame.HeadHeaderSize:
		return errors.Join(f.Close(), o.setAsideFile(name, ""))
	}
	o.blobs, o.blobSize = f, end
	if end < size {
		return o.setAsideTail(name, end)
	}
	return nil
}

// endOfBlobs finds the end of the last record of an entry that is there. Damaged records before it stay.
func (o *opening) endOfBlobs(f vfs.File) (end, size int64, err error) {
	end = frame.HeadHeaderSize
	if size, err = f.Size(); err != nil {
		return end, size, err
	}
	for rec, err := range layout.Blobs(f, size) {
		if err != nil {
			return end, size, err
		}
		if !rec.Gap && rec.Index < o.frontier.Size() {
			end = rec.Offset + rec.Length
		}
	}
	return end, size, nil
}

// setAsideBlobs sets aside the blob files of heads that were set aside themselves.
func (o *opening) setAsideBlobs() error {
	names, err := o.r.w.fsys.ReadDir(o.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		first, ok := layout.ParseBlobName(n.Name())
		if !ok || slices.ContainsFunc(o.found, func(h scanned) bool { return h.first == first }) {
			continue
		}
		if err := o.setAsideFile(filepath.Join(o.dir, n.Name()), ""); err != nil {
			return err
		}
	}
	return nil
}

// renew writes again what stands above the checkpoint. A sync that failed in an earlier life may have left it in
// memory only, where no later sync brings it to the disk.
func (o *opening) renew() error {
	from := int64(0)
	if o.head.first < o.point.Size {
		from = o.head.size
		for _, x := range slices.Backward(o.found[len(o.found)-1].frames) {
			if x.Header.First < o.point.Size {
				break
			}
			from = x.Offset
		}
	}
	if err := writeAgain(o.head.file, from, o.head.size); err != nil {
		return fmt.Errorf("%s: %w", o.head.name, err)
	}
	if o.blobs != nil && o.blobSize == frame.HeadHeaderSize {
		return writeAgain(o.blobs, 0, o.blobSize)
	}
	return nil
}

// writeAgain writes bytes over themselves.
func writeAgain(f vfs.File, from, to int64) error {
	buf := make([]byte, min(1<<20, to-from))
	for ; from < to; from += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), to-from)]
		if n, err := f.ReadAt(buf, from); n < len(buf) {
			return err
		}
		if _, err := f.WriteAt(buf, from); err != nil {
			return err
		}
	}
	return nil
}

// vacantName returns name, or name with a number behind it if it is taken.
func vacantName(fsys vfs.FS, name string) (string, error) {
	for i := 2; ; i++ {
		candidate := name
		if i > 2 {
			candidate = fmt.Sprintf("%s-%d", name, i-1)
		}
		if _, err := fsys.Stat(candidate); isNotExist(err) {
			return candidate, nil
		} else if err != nil {
			return "", err
		}
	}
}
