package check

import (
	"bytes"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
)

// maxCatalogue bounds what is read of a catalogue, in bytes.
const maxCatalogue = 256 << 20

// catalogue is what the catalogue of a journal says: the record of each segment by its first index. It is derived, but
// searches believe it.
type catalogue map[uint64][]byte

// readCatalogue reads the records that are whole. What is behind them, or no catalogue at all, is as good as a shorter
// one: readers do not believe it, and the next writer makes it anew.
func (j *journalCheck) readCatalogue() catalogue {
	file := filepath.Join(j.dir, layout.CatalogueFile)
	data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, file), maxCatalogue)
	if err != nil {
		return nil
	}
	c, whole := catalogue{}, false
	if want := frame.AppendFileHeader(nil, j.desc.Header(frame.Summary, 0)); bytes.HasPrefix(data, want) {
		whole = c.read(data[len(want):])
	}
	if !whole {
		j.rebuiltCatalogue("%s is derived and damaged: nobody believes it from there on, and the next start writes it anew", file)
	}
	return c
}

// read takes records and reports whether all of them are whole.
func (c catalogue) read(data []byte) bool {
	for len(data) > 0 {
		sum, rest, err := segment.ParseSummary(data)
		if err != nil {
			return false
		}
		c[sum.First], data = data[:len(data)-len(rest)], rest
	}
	return true
}

// rebuiltCatalogue names the catalogue once among what is derived and wrong, and says why.
func (j *journalCheck) rebuiltCatalogue(format string, args ...any) {
	file := filepath.Join(j.dir, layout.CatalogueFile)
	if !slices.Contains(j.report.Rebuilt, file) {
		j.report.Rebuilt = append(j.report.Rebuilt, file)
		j.report.note(format, args...)
	}
}

// catalogued compares the record of a segment with the one that it should have.
func (x *segmentJob) catalogued() {
	record := x.summaries[x.first]
	if record == nil || len(x.bad) > 0 {
		return
	}
	if sum := x.seg.Summary(); !bytes.Equal(record, sum.Append(nil)) {
		x.rebuiltCatalogue("%s is derived and says something else of %s than that segment does: searches may miss entries until it is removed; the next start writes it anew",
			filepath.Join(x.dir, layout.CatalogueFile), x.file)
	}
}
