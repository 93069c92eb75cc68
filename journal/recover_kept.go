package journal

import (
	"path/filepath"

	"constat/entry"
	"constat/journal/layout"
)

// scanKept looks at what stays of a pruned segment or head. If that is still there, a crash came before its end: what
// stays was complete before it got its name, so that the rest can go. It returns false if the file is not to be used.
func (o *opening) scanKept(x span) (used bool, err error) {
	k, err := openKept(o.r.w.fsys, o.dir, o.desc, x.first)
	if err != nil && unlessDamaged(err) != nil {
		return false, err
	}
	if err != nil || x.first != o.end || len(k.lost()) > 0 || !o.inOrder(k.Oldest.Epoch, k.Oldest.Received) {
		if x.segment || x.head {
			o.wrong = append(o.wrong, filepath.Join(o.dir, layout.KeptName(x.first)))
		}
		return false, nil
	}
	if x.segment || x.head {
		o.unfinished = append(o.unfinished, k)
	}
	o.end, o.lastEpoch, o.lastReceived = k.End, k.Newest.Epoch, k.Newest.Received
	o.found = append(o.found, scanned{first: x.first, end: o.end, kept: k, epoch: o.lastEpoch, received: o.lastReceived})
	return true, nil
}

// hasBlobs reports whether a kept entry has values in blobs.
func (k *keptPart) hasBlobs() bool {
	var d entry.Decoder
	var e entry.Entry
	for _, row := range k.rows {
		if d.Decode(row.body, &e) == nil && refersToBlob(&e) {
			return true
		}
	}
	return false
}

// refersToBlob reports whether a field of an entry has its value in a blob.
func refersToBlob(e *entry.Entry) bool {
	for i := range e.Fields {
		if form := e.Fields[i].Form; form == entry.Blob || form == entry.Packed {
			return true
		}
	}
	return false
}
