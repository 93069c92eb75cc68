package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
)

// The catalogue of a journal holds the summaries of its segments, so that a reader need not open those that cannot hold
// what it looks for. It is derived: a segment that it does not list is opened, and the next writer lists it. Nothing
// waits for it to be written, nor syncs it.

// maxCatalogue bounds what is read of a catalogue, in bytes.
const maxCatalogue = 256 << 20

// catalogue is the summaries of a journal by the first index.
type catalogue map[uint64]*segment.Summary

// ParseCatalogue reads a catalogue. Behind a record that is not whole nothing counts; whole says that there is none. The
// error is that of the header.
func ParseCatalogue(data []byte, want frame.FileHeader) (list []segment.Summary, whole bool, err error) {
	h, err := frame.ParseFileHeader(data, frame.Summary)
	if err == nil && h != want {
		err = fmt.Errorf("%w: belongs to another journal", frame.ErrDamaged)
	}
	if err != nil {
		return nil, false, err
	}
	for data = data[frame.HeadHeaderSize:]; len(data) > 0; {
		var s segment.Summary
		if s, data, err = segment.ParseSummary(data); err != nil {
			return list, false, nil
		}
		list = append(list, s)
	}
	return list, true, nil
}

func readCatalogue(fsys vfs.FS, dir string, d layout.Journal) (c catalogue, whole bool) {
	data, err := durable.ReadFile(fsys, filepath.Join(dir, layout.CatalogueFile), maxCatalogue)
	if err != nil {
		return nil, false
	}
	list, whole, err := ParseCatalogue(data, d.Header(frame.Summary, 0))
	if err != nil {
		return nil, false
	}
	c = make(catalogue, len(list))
	for i := range list {
		c[list[i].First] = &list[i]
	}
	return c, whole
}

// catalogued adds a segment to the catalogue of its journal. An error is of no consequence: the segment is opened then.
func (w *Writer) catalogued(dir string, d layout.Journal, sum *segment.Summary) error {
	w.cataloguing.Lock()
	defer w.cataloguing.Unlock()
	f, err := w.fsys.OpenWrite(filepath.Join(dir, layout.CatalogueFile))
	if isNotExist(err) {
		return completeCatalogue(w.fsys, dir, d)
	}
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err == nil {
		_, err = f.WriteAt(sum.Append(nil), size)
	}
	return errors.Join(err, f.Close())
}

// completeCatalogue writes the catalogue of a journal anew unless it is whole and lists exactly the segments that are
// there.
func completeCatalogue(fsys vfs.FS, dir string, d layout.Journal) error {
	spans, err := listSpans(fsys, dir)
	if err != nil {
		return err
	}
	spans = slices.DeleteFunc(spans, func(s span) bool { return !s.segment })
	if len(spans) == 0 {
		return nil
	}
	known, whole := readCatalogue(fsys, dir, d)
	if whole && len(known) == len(spans) && !slices.ContainsFunc(spans, func(s span) bool { return known[s.first] == nil }) {
		return nil
	}
	data := frame.AppendFileHeader(nil, d.Header(frame.Summary, 0))
	for _, s := range spans {
		sum := known[s.first]
		if sum == nil {
			if sum = summaryAt(fsys, dir, d, s.first); sum == nil {
				continue
			}
		}
		data = sum.Append(data)
	}
	return durable.WriteFile(fsys, filepath.Join(dir, layout.CatalogueFile), data, fileMode)
}

// summaryAt makes the summary of a segment; nil if it cannot be opened.
func summaryAt(fsys vfs.FS, dir string, d layout.Journal, first uint64) *segment.Summary {
	s, err := openSegmentAt(fsys, dir, d, first)
	if err != nil {
		return nil
	}
	defer s.file.Close() // only read
	sum := s.Summary()
	return &sum
}

// Summary returns the summary of a part that is a whole segment, if the catalogue has it; else nil.
func (p Part) Summary() *segment.Summary {
	if !p.view.isSegment(p.part) {
		return nil
	}
	p.view.catalogueOnce.Do(func() { p.view.catalogue, _ = readCatalogue(p.view.fsys, p.view.dir, p.view.Journal) })
	s := p.view.catalogue[p.First]
	if s == nil || s.End() != p.End {
		return nil
	}
	return s
}

func (v *View) isSegment(p *part) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return p.isSegment && !p.isKept
}

// File opens the file of a part that [Part.Summary] is about, to ask its filters. It must be closed.
func (p Part) File() (vfs.File, error) {
	return p.view.fsys.Open(filepath.Join(p.view.dir, layout.SegmentName(p.First)))
}
