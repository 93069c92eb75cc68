package check

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"

	"github.com/klauspost/compress/zstd"
)

// blobCheck is the blob file of one head or segment under check.
type blobCheck struct {
	h       *partCheck
	file    string // below the store
	f       vfs.File
	zstd    *zstd.Decoder
	records map[uint64][]layout.BlobRecord // by index; what an entry names is taken off
	gaps    []layout.BlobRecord            // bytes that are no record
	end     int64                          // behind the last record that an entry names
	header  error                          // what is wrong with the header
	cause   error                          // why records cannot be had
}

// newBlobCheck reads where the records of the blob file of a part are. There may be no such file.
func newBlobCheck(h *partCheck) *blobCheck {
	b := &blobCheck{h: h, file: filepath.Join(h.dir, layout.BlobName(h.first)), records: map[uint64][]layout.BlobRecord{}}
	b.cause = b.open()
	switch {
	case frame.IsOther(b.cause):
		h.report.cannot(RuleFormat, b.file, b.cause)
	case b.cause != nil && !isContent(b.cause):
		h.report.cannot(RuleRead, b.file, b.cause)
	}
	return b
}

// open finds the records. A damaged header hides none of them.
func (b *blobCheck) open() (err error) {
	if b.f, err = b.h.fsys.Open(filepath.Join(b.h.checker.dir, b.file)); err != nil {
		return err
	}
	size, err := b.f.Size()
	if err != nil {
		return err
	}
	if b.header = checkHeader(b.f, b.h.desc.Header(frame.Blob, b.h.first)); b.header != nil && !isDamagedHeader(b.header) {
		return b.header
	}
	if b.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(layout.MaxBlob)); err != nil {
		return err
	}
	for rec, err := range layout.Blobs(b.f, size) {
		if err != nil {
			return err
		}
		if rec.Gap {
			b.gaps = append(b.gaps, rec)
		} else {
			b.records[rec.Index] = append(b.records[rec.Index], rec)
		}
	}
	return nil
}

func (b *blobCheck) close() {
	if b.f != nil {
		b.f.Close()
	}
	if b.zstd != nil {
		b.zstd.Close()
	}
}

// special checks the blobs of an entry, in the order in which they left it, and shows the entry to the check.
func (h *partCheck) special(s *special) {
	h.observe(&s.entry, h.file, s.index)
	h.seePrivate(s.index, s.entry.Fields)
	for i := range s.entry.Fields {
		f := &s.entry.Fields[i]
		if f.Form != entry.Blob && f.Form != entry.Packed {
			continue
		}
		value, err := h.blobs.check(s.index, f)
		if err == nil && f.Form == entry.Packed {
			h.seePacked(s.index, value)
		}
		switch text := fmt.Sprintf("field %q: %v", f.Name, err); {
		case err == nil || frame.IsOther(err):
		case isContent(err):
			h.findAt(RuleBlob, h.blobs.file, s.index, s.index+1, text)
		default:
			h.add(at(Finding{Rule: RuleRead, File: h.blobs.file, Journal: h.dir, Text: text}, s.index, s.index))
		}
	}
}

// check looks for the blob of a field among the records of its entry, and takes it off the list.
func (b *blobCheck) check(index uint64, f *entry.Field) (value []byte, err error) {
	if b.cause != nil && !isContent(b.cause) {
		return nil, b.cause
	}
	cause := errors.Join(b.cause, fmt.Errorf("%w: value is missing or changed", frame.ErrDamaged))
	for i, rec := range b.records[index] {
		if rec.Size != f.Size {
			continue
		}
		value, err := rec.Value(b.f, b.zstd)
		if err != nil && !isContent(err) {
			delete(b.records, index) // nobody knows what else it may be
			return nil, err
		}
		if err != nil {
			cause = err
			continue
		}
		if digest := entry.BlobDigest(rec.Salt, value); slices.Equal(digest[:], f.Value) {
			b.records[index] = slices.Delete(b.records[index], i, i+1)
			b.end = max(b.end, rec.Offset+rec.Length)
			return value, nil
		}
	}
	return nil, cause
}

// unnamed reports records that no entry names, and bytes that are no record. Behind the last record that an entry
// names, and above the last entry, a crash may have left some.
func (b *blobCheck) unnamed() {
	if b.cause != nil && !isContent(b.cause) {
		return
	}
	for index, left := range b.records {
		if len(left) > 0 && index < b.h.next && !b.h.isSkipped(index) {
			b.left(index)
		}
	}
	if b.header != nil && !frame.IsOther(b.header) && isContent(b.header) {
		b.between(RuleHeader, 0, b.header.Error())
	}
	for _, g := range b.gaps {
		b.between(RuleBlob, g.Offset, fmt.Sprintf("%d bytes at byte %d are no blob", g.Length, g.Offset))
	}
}

// left reports a record that no entry names. Beside what was kept of a pruned segment or head, a crash may leave those of
// entries that are pruned.
func (b *blobCheck) left(index uint64) {
	if b.h.kept {
		b.h.report.note("%s: holds a value of entry %d, which was pruned", b.file, index)
		return
	}
	b.h.findAt(RuleBlob, b.file, index, index+1, "blob that no entry names")
}

// between reports what is wrong at an offset where no entry looks.
func (b *blobCheck) between(rule Rule, offset int64, text string) {
	if offset < b.end {
		b.h.findAt(rule, b.file, b.h.first, b.h.next, text)
	} else {
		b.h.findAt(rule, b.file, b.h.next, b.h.next+1, text)
	}
}

// strayBlobs reports blob files that belong to no head or segment.
func (j *journalCheck) strayBlobs(parts []part) {
	entries, err := j.fsys.ReadDir(filepath.Join(j.checker.dir, j.dir))
	if err != nil {
		return // reported by files
	}
	for _, e := range entries {
		if first, ok := layout.ParseBlobName(e.Name()); ok && !hasPart(parts, first) {
			j.findAt(RuleBlob, filepath.Join(j.dir, e.Name()), first, first+1, "belongs to no head or segment")
		}
	}
}

// sha256Of hashes a whole file.
func sha256Of(f vfs.File) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(f, 0, size))
	return h.Sum(nil), err
}
