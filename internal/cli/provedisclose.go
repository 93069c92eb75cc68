package cli

import (
	"slices"

	"constat/entry"
	"constat/evidence"
	"constat/journal"
	"constat/journal/layout"
)

// discloser tells what the leaves of entries do not hold themselves.
type discloser struct {
	proving *proving
	logs    *openLogs
	said    *layout.Sidecars // what the journal of the store itself says of private values; read when it is needed
}

// discloser returns what tells of long values, and of private fields: that they were erased, and with --private the values
// that are kept.
func (p *proving) discloser(logs *openLogs) func(journal string, index uint64, e *entry.Entry) ([]evidence.Disclosure, error) {
	d := &discloser{proving: p, logs: logs}
	return d.tell
}

func (d *discloser) tell(name string, index uint64, e *entry.Entry) ([]evidence.Disclosure, error) {
	i := slices.IndexFunc(d.logs.asked, func(l *signedLog) bool { return l.Name() == name })
	if i < 0 || !slices.ContainsFunc(e.Fields, func(f entry.Field) bool { return f.Form != entry.Inline }) {
		return nil, nil
	}
	view := d.logs.asked[i].view
	list, fields, offset, err := long(view, index, e)
	if err != nil || !slices.ContainsFunc(fields, isPrivate) {
		return list, err
	}
	values, err := view.Private(index)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if v.Position >= len(fields) || !isPrivate(fields[v.Position]) || string(fields[v.Position].Value) != string(v.Digest[:]) {
			continue // it stands in a packed field that cannot be had
		}
		told, ok, err := d.private(v)
		if err != nil {
			return nil, err
		}
		if told.Field = offset + v.Position; ok {
			list = append(list, told)
		}
	}
	return list, nil
}

func isPrivate(f entry.Field) bool { return f.Form == entry.Private }

// long tells the values that were moved out of an entry, and returns its fields with a packed list unpacked. The positions of
// these, from the offset on, follow those of the leaf.
func long(view *journal.View, index uint64, e *entry.Entry) (list []evidence.Disclosure, fields []entry.Field, offset int, err error) {
	blobs, err := view.Blobs(index, e)
	if err != nil {
		return nil, nil, 0, err
	}
	fields = e.Fields
	for _, b := range blobs {
		list = append(list, evidence.Disclosure{Field: b.Position, Salt: b.Salt, Value: b.Value})
		if e.Fields[b.Position].Form == entry.Packed {
			var d entry.Decoder
			fields, err = d.DecodeFields(b.Value)
			offset = len(e.Fields)
		}
	}
	return list, fields, offset, err
}

// private tells of a private value; ok is false if nothing is to be told.
func (d *discloser) private(v journal.PrivateValue) (told evidence.Disclosure, ok bool, err error) {
	switch {
	case v.State == journal.PrivateErased:
		if d.said == nil {
			said, err := d.proving.reader.Sidecars()
			if err != nil {
				return told, false, err
			}
			d.said = &said
		}
		by, ok := d.said.Erasures[v.By]
		return evidence.Disclosure{Erased: true, By: by.Index}, ok, nil
	case v.State == journal.PrivateKept && d.proving.flags.private:
		return evidence.Disclosure{Salt: v.Salt, Value: slices.Clone(v.Value)}, true, nil
	}
	return told, false, nil
}
