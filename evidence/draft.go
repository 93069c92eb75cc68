package evidence

import (
	"fmt"

	"constat/entry"
)

// Journals returns the names of the journals that are asked, sorted.
func (d *Draft) Journals() []string {
	var names []string
	for _, a := range d.question.Journals {
		names = append(names, a.Name)
	}
	return names
}

// Asks reports whether a journal is asked.
func (d *Draft) Asks(journal string) bool {
	return d.question.asked(journal).Name == journal && d.question.asked(journal).Origin != ""
}

// First returns the index of the first entry that is shown of a journal, and when that was received, in µs; ok is false if
// none is.
func (d *Draft) First(journal string) (index uint64, received int64, ok bool) {
	at := uint64(0)
	for _, a := range d.question.Journals {
		if a.Name == journal && len(a.Shown) > 0 && at < uint64(len(d.leaves)) {
			var e entry.Entry
			var x entry.Decoder
			err := x.Decode(d.leaves[at][entry.NonceSize:], &e)
			return a.Shown[0].First, e.Received, err == nil
		}
		at += count(a.Shown)
	}
	return 0, 0, false
}

// SealCounters returns the counters of the seals at the ends of the windows.
func (d *Draft) SealCounters() map[uint64]bool {
	counters := map[uint64]bool{}
	for _, a := range d.question.Journals {
		for _, c := range []*uint64{a.FromSeal, a.ToSeal} {
			if c != nil {
				counters[*c] = true
			}
		}
	}
	return counters
}

// Matches reports whether an entry is the exported entry of the draft.
func (d *Draft) Matches(e *entry.Entry) bool {
	return e.Kind == entry.Control && matchesExported(e, d.files) == nil
}

// Reopen makes a draft of an evidence file, to be proved again, with the index of its exported entry; nil: there is
// none. The file must have been verified.
func Reopen(data []byte) (*Draft, *uint64, error) {
	files, err := open(data)
	if err != nil {
		return nil, nil, err
	}
	c, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	d := &Draft{contents: contents{question: c.question, leaves: c.leaves, disclosed: c.disclosed, signed: map[string][]byte{}}}
	d.chain.zero = c.chain.zero
	for _, name := range append(readable, certificates+"0") {
		text := c.data(name)
		if name == pageName {
			text = emptied(text)
		}
		d.put(name, text)
	}
	for _, w := range c.witnessed {
		d.Witnessed = append(d.Witnessed, Witnessed{w.journal, w.signed})
	}
	for _, s := range c.stamped {
		d.Stamped = append(d.Stamped, Stamped{s.journal, s.signed, s.token})
	}
	return d, c.proof.Exported, nil
}

// Single returns the leaf of the one entry that a zip shows, and its tlog-proof.
func Single(zip []byte) (leaf, proof []byte, err error) {
	files, err := parseZip(zip)
	if err != nil {
		return nil, nil, err
	}
	c, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	if n := c.question.shown(); n != 1 {
		return nil, nil, fmt.Errorf("a tlog-proof proves one entry, not %d", n)
	}
	for _, a := range c.question.Journals {
		if len(a.Shown) == 1 {
			name := fmt.Sprintf("%s%s-%d", entryPrefix, a.Name, a.Shown[0].First)
			return c.data(name + leafSuffix), c.data(name + proofSuffix), nil
		}
	}
	return nil, nil, errShort
}

// End is the end of the window in a journal; 0 if the journal is not asked.
func (d *Draft) End(journal string) uint64 { return d.question.asked(journal).To }
