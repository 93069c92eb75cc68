package cli

import (
	"errors"

	"constat/entry"
	"constat/evidence"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// sealBounds are the seals between which a question lies.
type sealBounds struct {
	low, high *seal.Seal // nil: there is none
	newest    *seal.Seal
	narrow    bool // the question has times
}

// bounds looks for seals around the times of a question.
func (p *proving) bounds(logs *openLogs) (b sealBounds, err error) {
	since, err := p.parseTime(p.flags.since)
	if err != nil {
		return b, err
	}
	until, err := p.parseTime(p.flags.until)
	if err != nil || logs.system == nil {
		return b, err
	}
	v := logs.system
	if b.newest, err = findSeal(v, true, nil); err != nil || b.newest == nil {
		return b, err
	}
	b.high = b.newest
	if since != nil {
		b.narrow = true
		if b.low, err = findSeal(v, true, func(received int64) bool { return received <= *since }); err != nil {
			return b, err
		}
	}
	if until != nil {
		b.narrow = true
		high, err := findSeal(v, false, func(received int64) bool { return received >= *until })
		if err != nil {
			return b, err
		}
		if high != nil {
			b.high = high
		}
	}
	return b, nil
}

// findSeal returns the first seal, from the end or from the beginning, whose time is wanted; nil: none.
func findSeal(l *signedLog, reverse bool, wanted func(received int64) bool) (*seal.Seal, error) {
	skip := func(h frame.Header) bool {
		return h.Kinds&(1<<entry.Seal) == 0 || wanted != nil && !wanted(h.MinReceived) && !wanted(h.MaxReceived)
	}
	for item, err := range l.view.Entries(journal.Range{To: l.size, Reverse: reverse, Skip: skip}) {
		var missing *journal.MissingError
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if item.Entry.Kind != entry.Seal || wanted != nil && !wanted(item.Entry.Received) {
			continue
		}
		record, _ := item.Entry.Get(layout.SealField)
		s, err := seal.ParseSeal(record)
		return &s, err
	}
	return nil, nil
}

// lacks skips what holds no entry of a kind.
func lacks(k entry.Kind) func(frame.Header) bool {
	return func(h frame.Header) bool { return h.Kinds&(1<<k) == 0 }
}

// window is what of a journal the evidence is about: from one seal to another, or everything that is signed.
func (b *sealBounds) window(l *signedLog) evidence.Selection {
	s := evidence.Selection{Log: l, To: l.size}
	low, high := b.low, b.high
	if l.view.Journal.Axis == layout.Event && b.narrow {
		low, high = nil, b.newest // times of events say nothing about indexes
	}
	if high == nil {
		return s
	}
	if size, ok := sealedSize(high, l.Name()); ok && size <= l.size {
		s.To, s.ToSeal = size, high
	}
	if size, ok := sealedSize(low, l.Name()); ok && size > 0 && size <= s.To && s.ToSeal != nil {
		s.From, s.FromSeal = size, low
	}
	return s
}

// widened makes a window begin with the journal if something in it that was found lies before its seal.
func (b *sealBounds) widened(s evidence.Selection) evidence.Selection {
	if len(s.Indexes) > 0 && s.Indexes[0] < s.From {
		s.From, s.FromSeal = 0, nil
	}
	return s
}

// sealedSize is the size of a journal under a seal.
func sealedSize(s *seal.Seal, journal string) (uint64, bool) {
	if s == nil {
		return 0, false
	}
	for _, j := range s.List {
		if j.Name == journal {
			return j.Size, true
		}
	}
	return 0, false
}
