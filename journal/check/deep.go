package check

import (
	"fmt"

	"constat/entry"
	"constat/journal/segment"
)

// deep recomputes from the entries of a segment what is derived of them, and lists what lies.
type deep struct {
	spans []segment.Span // as they should be; none if nobody asked
	seen  []int          // entries seen of each
}

// begin forgets the segment before.
func (d *deep) begin(s *segment.Segment) {
	spans := s.Spans()
	d.spans, d.seen = make([]segment.Span, len(spans)), make([]int, len(spans))
	for i := range spans {
		d.spans[i] = segment.Span{From: spans[i].From, To: spans[i].To, AllEvent: true}
	}
}

// add takes the next entry, which stands at that position.
func (d *deep) add(e *entry.Entry, position int) {
	if len(d.spans) == 0 {
		return
	}
	n := segment.SpanOf(position)
	s, first := &d.spans[n], d.seen[n] == 0
	d.seen[n]++
	if first {
		s.MinEpoch, s.MaxEpoch, s.MinReceived, s.MaxReceived = e.Epoch, e.Epoch, e.Received, e.Received
	}
	s.MinEpoch, s.MaxEpoch = min(s.MinEpoch, e.Epoch), max(s.MaxEpoch, e.Epoch)
	s.MinReceived, s.MaxReceived = min(s.MinReceived, e.Received), max(s.MaxReceived, e.Received)
	if !e.Event.Valid {
		s.AllEvent = false
		return
	}
	if !s.HasEvent {
		s.HasEvent, s.MinEvent, s.MaxEvent = true, e.Event.Micros, e.Event.Micros
	}
	s.MinEvent, s.MaxEvent = min(s.MinEvent, e.Event.Micros), max(s.MaxEvent, e.Event.Micros)
}

// lies lists what the segment says of itself and is not so. Spans of which an entry is lost are not judged.
func (w *worker) lies(x *segmentJob) []string {
	var list []string
	if x.kinds != x.seg.Kinds() && len(x.lost)+len(x.problems) == 0 {
		list = append(list, "the directory names other kinds of entries than there are")
	}
	for i, is := range x.seg.Spans() {
		should := w.deep.spans[i]
		if w.deep.seen[i] == should.To-should.From && is != should {
			list = append(list, fmt.Sprintf("the directory gives other bounds of time than the entries %d to %d have",
				x.first+uint64(is.From), x.first+uint64(is.To)-1))
		}
	}
	return append(list, w.filters(x)...)
}
