package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"constat/entry"
)

// Disclosure says more about a field of a shown entry than its leaf does, which holds a digest only: the value and the
// salt that lead to the digest, or that the value was erased.
type Disclosure struct {
	Journal string
	Index   uint64 // of the entry
	Field   int    // position in the entry, from 0; those of a disclosed list (a packed field) follow
	Erased  bool
	By      uint64               // if Erased: index in the system journal of the control entry that says so
	Salt    [entry.SaltSize]byte // unless Erased
	Value   []byte               // unless Erased
}

// errDisclosed says that a file of disclosures is not in its one form.
var errDisclosed = errors.New(disclosedName + ": not in its one form")

// key orders disclosures.
func (d *Disclosure) compare(o *Disclosure) int {
	return cmp.Or(cmp.Compare(d.Journal, o.Journal), cmp.Compare(d.Index, o.Index), cmp.Compare(d.Field, o.Field))
}

// formatDisclosed prints disclosures, which are sorted: the journal as its number among those asked.
func formatDisclosed(q *Question, list []Disclosure) []byte {
	var out []byte
	for _, d := range list {
		n := slices.IndexFunc(q.Journals, func(a Asked) bool { return a.Name == d.Journal })
		for _, v := range []uint64{uint64(n), d.Index, uint64(d.Field)} {
			out = binary.AppendUvarint(out, v)
		}
		if d.Erased {
			out = binary.AppendUvarint(append(out, 1), d.By)
			continue
		}
		out = append(append(out, 0), d.Salt[:]...)
		out = binary.AppendUvarint(out, uint64(len(d.Value)))
		out = append(out, d.Value...)
	}
	return out
}

// parseDisclosed is the inverse of formatDisclosed.
func parseDisclosed(q *Question, data []byte) ([]Disclosure, error) {
	var list []Disclosure
	for r := (&cutter{rest: data}); len(r.rest) > 0; {
		n := r.uvarint()
		d := Disclosure{Index: r.uvarint(), Field: int(r.uvarint() & (1<<31 - 1))}
		switch kind := r.take(1); {
		case r.bad || n >= uint64(len(q.Journals)) || kind[0] > 1:
			return nil, errDisclosed
		case kind[0] == 1:
			d.Erased, d.By = true, r.uvarint()
		default:
			copy(d.Salt[:], r.take(entry.SaltSize))
			d.Value = r.take(r.uvarint())
		}
		if r.bad {
			return nil, errDisclosed
		}
		d.Journal = q.Journals[n].Name
		if len(list) > 0 && list[len(list)-1].compare(&d) >= 0 {
			return nil, fmt.Errorf("%w: out of order or twice", errDisclosed)
		}
		list = append(list, d)
	}
	if !bytes.Equal(formatDisclosed(q, list), data) {
		return nil, errDisclosed
	}
	return list, nil
}

// cutter cuts values off the front of bytes. After the first that is not there, bad is set and everything is zero.
type cutter struct {
	rest []byte
	bad  bool
}

func (c *cutter) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cutter) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.bad, c.rest = true, nil
		return nil
	}
	out := c.rest[:n:n]
	c.rest = c.rest[n:]
	return out
}

// check reports a value that does not lead to the digest of its field.
func (d *Disclosure) check(f *entry.Field) error {
	var digest [entry.DigestSize]byte
	switch {
	case f.Form == entry.Private && d.Erased:
		return nil
	case f.Form == entry.Private:
		digest = entry.PrivateDigest(d.Salt, f.Name, d.Value)
	case f.Form == entry.Inline:
		return fmt.Errorf("field %q holds its value itself", f.Name)
	case d.Erased:
		return fmt.Errorf("field %q is not private, and cannot be erased", f.Name)
	default:
		digest = entry.BlobDigest(d.Salt, d.Value)
		if uint64(len(d.Value)) != f.Size {
			return fmt.Errorf("field %q: value of %d bytes, want %d", f.Name, len(d.Value), f.Size)
		}
	}
	if !bytes.Equal(digest[:], f.Value) {
		return fmt.Errorf("field %q: the disclosed value is not the one that was kept", f.Name)
	}
	return nil
}
