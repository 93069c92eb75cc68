package journal

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"

	"github.com/klauspost/compress/zstd"
)

// reading is the memory and the open files with which a view decodes.
type reading struct {
	frames  *frame.Decoder
	entries entry.Decoder
	payload []byte
	list    [][]byte
	current entry.Entry
	lasting entry.Entry    // the same, in an arena
	blobs   *blobFile      // of the part that was last asked
	sidecar *openSidecar   // the same
	leaves  segment.Reader // of the segment whose leaves were read last: they are asked for in small ranges
}

// of returns the reader of the leaves of a segment, with what it has decoded of it.
func (r *reading) of(s *segment.Segment) *segment.Reader {
	if r.leaves.Segment != s {
		r.leaves.Reset(s)
	}
	return &r.leaves
}

// bodies returns the bodies of a frame. Without an arena they are valid until the next call.
func (r *reading) bodies(p *part, x frame.Extent, a *Arena) (_ [][]byte, err error) {
	if r.frames == nil {
		r.frames = frame.NewDecoder()
	}
	payload := r.payload[:0]
	if a != nil {
		payload = a.octets
	}
	from := len(payload)
	if payload, err = r.frames.Payload(payload, p.head.file, x.Offset, x.Header); a != nil {
		a.octets = payload
		a.size += len(payload) - from
	} else {
		r.payload = payload
	}
	if err != nil {
		return nil, err
	}
	r.list, err = frame.Bodies(r.list[:0], payload[from:], x.Header.Count)
	return r.list, err
}

// entry decodes a body of the file that begins at first, and puts back what is in blobs. With an arena the entry stays
// valid as long as that and the body do.
func (r *reading) entry(v *View, first, index uint64, body []byte, a *Arena) (*entry.Entry, error) {
	e := &r.current
	if a != nil {
		e = &r.lasting
		a.lend(e)
	}
	if err := r.entries.Decode(body, e); err != nil {
		return nil, err
	}
	whole := isWhole(e)
	if !whole {
		if err := r.restore(v, first, index, e); err != nil {
			return nil, err
		}
	}
	switch {
	case a == nil:
	case whole:
		a.take(e)
	default:
		*e = a.copy(*e)
	}
	return e, nil
}

// isWhole reports whether all values of an entry are in it.
func isWhole(e *entry.Entry) bool {
	for i := range e.Fields {
		if e.Fields[i].Form != entry.Inline {
			return false
		}
	}
	return true
}

// restore puts the values that are in blobs back into an entry. A blob that cannot be had stays a reference.
func (r *reading) restore(v *View, first, index uint64, e *entry.Entry) error {
	private := false
	for i := range e.Fields {
		switch e.Fields[i].Form {
		case entry.Private:
			private = true
		case entry.Blob, entry.Packed:
			err := r.resolve(v, first, index, e)
			r.private(v, first, index, e)
			return err
		}
	}
	if private {
		r.private(v, first, index, e)
	}
	return nil
}

func (r *reading) resolve(v *View, first, index uint64, e *entry.Entry) error {
	blobs := r.blobsAt(v, first)
	fields := e.Fields
	for i := range fields {
		f := &fields[i]
		if f.Form != entry.Blob && f.Form != entry.Packed {
			continue
		}
		_, value, err := blobs.find(index, [entry.DigestSize]byte(f.Value))
		if err != nil {
			continue // stays a reference, and is shown as one
		}
		if f.Form == entry.Packed {
			var err error
			e.Fields, err = r.entries.DecodeFields(value)
			return err
		}
		*f = entry.Field{Name: f.Name, Provenance: f.Provenance, Value: value}
	}
	return nil
}

func (r *reading) close() {
	r.closeBlobs()
	r.closeSidecar()
}

func (r *reading) closeBlobs() {
	if r.blobs != nil && r.blobs.file != nil {
		r.blobs.file.Close()
	}
	r.blobs = nil
}

// blobFile is an open blob file and where its records are.
type blobFile struct {
	first   uint64
	file    vfs.File // nil if it cannot be had
	zstd    *zstd.Decoder
	records map[uint64][]layout.BlobRecord // by index of the entry
	cause   error
}

func openBlobs(fsys vfs.FS, dir string, d layout.Journal, first uint64) *blobFile {
	b := &blobFile{first: first, records: map[uint64][]layout.BlobRecord{}}
	b.file, b.cause = fsys.Open(filepath.Join(dir, layout.BlobName(first)))
	if b.cause != nil {
		return b
	}
	if b.cause = checkFileHeader(b.file, d.Header(frame.Blob, first)); b.cause == nil || isDamagedHeader(b.cause) {
		err := b.scan()
		b.cause = errors.Join(b.cause, err)
	}
	return b
}

func (b *blobFile) scan() (err error) {
	if b.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(layout.MaxBlob)); err != nil {
		return err
	}
	size, err := b.file.Size()
	if err != nil {
		return err
	}
	var gaps error
	for rec, err := range layout.Blobs(b.file, size) {
		if err != nil {
			return err
		}
		if rec.Gap {
			gaps = fmt.Errorf("%w: %d bytes at byte %d are no blob", frame.ErrDamaged, rec.Length, rec.Offset)
			continue
		}
		b.records[rec.Index] = append(b.records[rec.Index], rec)
	}
	return gaps
}

// find returns the value with that digest of the entry at index, and its salt.
func (b *blobFile) find(index uint64, digest [entry.DigestSize]byte) (salt [entry.SaltSize]byte, value []byte, err error) {
	for _, rec := range b.records[index] {
		value, err := rec.Value(b.file, b.zstd)
		if err == nil && entry.BlobDigest(rec.Salt, value) == digest {
			return rec.Salt, value, nil
		}
	}
	return salt, nil, errors.Join(b.cause, fmt.Errorf("blob of entry %d: %w", index, errGone))
}
