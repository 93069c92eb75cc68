package check

import (
	"bytes"
	"path/filepath"

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
// one: the writer does not sync it.
func (j *journalCheck) readCatalogue() catalogue {
	file := filepath.Join(j.dir, layout.CatalogueFile)
	data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, file), maxCatalogue)
	if err != nil {
		return nil
	}
	want := frame.AppendFileHeader(nil, j.desc.Header(frame.Summary, 0))
	if !bytes.HasPrefix(data, want) {
		return nil // nobody believes it
	}
	c := catalogue{}
	for data = data[len(want):]; len(data) > 0; {
		sum, rest, err := segment.ParseSummary(data)
		if err != nil {
			break
		}
		c[sum.First], data = data[:len(data)-len(rest)], rest
	}
	return c
}

// catalogued compares the record of a segment with the one that it should have.
func (x *segmentJob) catalogued() {
	record := x.summaries[x.first]
	if record == nil || len(x.bad) > 0 {
		return
	}
	if sum := x.seg.Summary(); !bytes.Equal(record, sum.Append(nil)) {
		file := filepath.Join(x.dir, layout.CatalogueFile)
		x.report.Rebuilt = append(x.report.Rebuilt, file)
		x.report.note("%s is derived and says something else of %s than that segment does: searches may miss entries until it is removed; the next start writes it anew", file, x.file)
	}
}
