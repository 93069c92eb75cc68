package search

import (
	"fmt"
	"io"
	"sync/atomic"

	"constat/journal/segment"
)

// reason says why something was not read.
type reason uint8

const (
	byKind       reason = iota // no entry of a wanted kind
	byIndex                    // outside the indexes
	byTime                     // outside the times
	byValue                    // no group, dictionary or filter lets a value pass
	byDictionary               // the dictionary holds no value that passes
	byFilter                   // the filter lets no value pass
	byTemplates                // no template lets a value pass
	reasons
)

var reasonNames = [reasons]string{"kind", "index", "time", "value", "dictionary", "filter", "templates"}

// Explain counts what searches read and what they skipped. The zero value is ready; nil counts nothing. It may be
// used concurrently.
type Explain struct {
	segments, columns     atomic.Int64 // read
	bytes                 atomic.Int64 // read of segments
	frames, framesSkipped atomic.Int64
	blocksSkipped         atomic.Int64
	segmentsSkipped       [reasons]atomic.Int64
	columnsSkipped        [reasons]atomic.Int64
}

func (x *Explain) skipSegment(r reason) {
	if x != nil {
		x.segmentsSkipped[r].Add(1)
	}
}

func (x *Explain) skipColumn(r reason) {
	if x != nil {
		x.columnsSkipped[r].Add(1)
	}
}

func (x *Explain) readSegment() {
	if x != nil {
		x.segments.Add(1)
	}
}

func (x *Explain) skipBlock() {
	if x != nil {
		x.blocksSkipped.Add(1)
	}
}

func (x *Explain) readColumn() {
	if x != nil {
		x.columns.Add(1)
	}
}

// read counts what a reader has read since it began; it begins again.
func (x *Explain) read(r *segment.Reader) {
	if x != nil {
		x.bytes.Add(r.Bytes)
		r.Bytes = 0
	}
}

func (x *Explain) frame(skipped bool) {
	switch {
	case x == nil:
	case skipped:
		x.framesSkipped.Add(1)
	default:
		x.frames.Add(1)
	}
}

// Write tells in a few lines what was counted.
func (x *Explain) Write(w io.Writer) error {
	text := fmt.Sprintf("segments: %d read", x.segments.Load())
	for r := range reasons {
		if n := x.segmentsSkipped[r].Load(); n > 0 {
			text += fmt.Sprintf(", %d skipped by %s", n, reasonNames[r])
		}
	}
	text += fmt.Sprintf("\nblocks: %d skipped by index or time\nblocks of columns searched: %d\n", x.blocksSkipped.Load(), x.columns.Load())
	for r := range reasons {
		if n := x.columnsSkipped[r].Load(); n > 0 {
			text += fmt.Sprintf("columns skipped by %s: %d\n", reasonNames[r], n)
		}
	}
	text += fmt.Sprintf("bytes of segments: %d\n", x.bytes.Load())
	text += fmt.Sprintf("frames of heads: %d read, %d skipped\n", x.frames.Load(), x.framesSkipped.Load())
	_, err := io.WriteString(w, text)
	return err
}
