package journal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// finish sets aside what lies behind the cut and leaves the log ready for appending.
func (o *opening) finish() error {
	if err := o.setAside(); err != nil {
		return err
	}
	if err := o.r.w.fsys.SyncDir(o.dir); err != nil {
		return err
	}
	if err := o.rewriteTree(); err != nil {
		return err
	}
	if len(o.heads) == 0 {
		return o.newHead(o.r.w.fsys)
	}
	last := &o.heads[len(o.heads)-1]
	o.head = last.head
	o.dirty = true // what was found is visible, which does not make it durable
	o.head.size = frame.HeadHeaderSize
	for _, x := range last.frames {
		o.head.size = x.Offset + x.Length
		o.headRaw += int64(x.Header.RawSize)
	}
	for _, h := range o.heads {
		if n := len(h.frames); n > 0 {
			o.lastEpoch, o.lastReceived = h.frames[n-1].Header.Epoch, h.frames[n-1].Header.MaxReceived
		}
	}
	return o.openBlobs()
}

// setAside moves everything behind the cut under other names. Nothing that could not be read is overwritten.
func (o *opening) setAside() error {
	if o.cut == nil {
		return nil
	}
	firsts, err := listHeads(o.r.w.fsys, o.dir)
	if err != nil {
		return err
	}
	for _, first := range firsts {
		name := filepath.Join(o.dir, layout.HeadName(first))
		switch {
		case name == o.cut.head && o.cut.offset > 0:
			err = o.setAsideTail(name, o.cut.offset)
		case name >= o.cut.head:
			err = o.setAsideFile(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *opening) setAsideFile(name string) error {
	data, err := durable.ReadFile(o.r.w.fsys, name, math.MaxInt64)
	if err != nil {
		return err
	}
	to, err := vacantName(o.r.w.fsys, layout.TornName(name, o.r.at))
	if err != nil {
		return err
	}
	o.note(to, data)
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
	o.note(to, tail)
	return errors.Join(f.Truncate(offset), f.Sync())
}

// note records what was set aside, for the system journal.
func (o *opening) note(to string, data []byte) {
	file, err := filepath.Rel(o.r.w.dir, to)
	if err != nil {
		file = to
	}
	text := fmt.Sprintf("journal %s: %d bytes behind entry index %d were not whole after a crash; kept as %s", o.desc.Name, len(data), o.end, file)
	o.r.controls = append(o.r.controls, layout.NewControl(layout.TailSetAside, text, layout.JournalName, o.desc.Name,
		layout.File, file, layout.FirstIndex, fmt.Sprint(o.end), layout.Bytes, fmt.Sprint(len(data)),
		layout.FileDigest, fmt.Sprintf("%x", sha256.Sum256(data))))
}

// openBlobs opens the blob file of the last head, if there is one, and sets aside records that no entry names.
func (o *opening) openBlobs() error {
	name := filepath.Join(o.dir, layout.BlobName(o.head.first))
	f, err := o.r.w.fsys.OpenWrite(name)
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if checkFileHeader(f, o.desc.Header(frame.Blob, o.head.first)) != nil && o.head.first >= o.point.Size {
		return errors.Join(f.Close(), o.setAsideFile(name))
	}
	end := int64(frame.HeadHeaderSize)
	for {
		rec, ok, err := layout.BlobAt(f, end, size)
		if err != nil {
			return errors.Join(err, f.Close())
		}
		if !ok || rec.Index >= o.frontier.Size() {
			break
		}
		end += rec.Length
	}
	o.blobs, o.blobSize = f, end
	if end < size {
		return o.setAsideTail(name, end)
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
