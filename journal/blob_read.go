package journal

import "constat/entry"

// BlobValue is a value that was moved out of an entry. With it, anybody can compute the digest that the entry has
// ([entry.BlobDigest]).
type BlobValue struct {
	Position int // of the field in the entry as it was hashed
	Salt     [entry.SaltSize]byte
	Value    []byte
}

// Blobs returns the values that were moved out of an entry, which is given as it was hashed, as far as they can be had. It may
// be called by one goroutine at a time, as [View.Entries].
func (v *View) Blobs(index uint64, e *entry.Entry) (list []BlobValue, err error) {
	p := v.partOf(index)
	if p == nil {
		return nil, errNoPart
	}
	v.restoring.Lock()
	defer v.restoring.Unlock()
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Form != entry.Blob && f.Form != entry.Packed {
			continue
		}
		salt, value, err := v.restored.blobsAt(v, p.first).find(index, [entry.DigestSize]byte(f.Value))
		if err != nil {
			continue // it stays a reference
		}
		list = append(list, BlobValue{i, salt, value})
	}
	return list, nil
}

// blobsAt returns the blob file of the part that begins at first.
func (r *reading) blobsAt(v *View, first uint64) *blobFile {
	if r.blobs == nil || r.blobs.first != first {
		r.closeBlobs()
		r.blobs = openBlobs(v.fsys, v.dir, v.Journal, first)
	}
	return r.blobs
}
