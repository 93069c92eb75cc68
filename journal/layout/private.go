package layout

import (
	"encoding/hex"
	"strconv"
	"strings"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/sidecar"
)

// SidecarID names a file of private values.
type SidecarID struct {
	Journal frame.JournalID
	First   uint64 // the number in its name
}

// Sidecars is what the control entries of a store say of its private values. The zero value is that of a store without
// any.
type Sidecars struct {
	Blocks   map[SidecarID][]SaidBlock // that must be there, in their order
	Erasures map[sidecar.ErasureID]SaidErasure

	next uint64 // index behind the last entry that was learned
}

// SaidBlock is a block that a control entry names.
type SaidBlock struct {
	Hash sidecar.Hash
	By   uint64 // index of the control entry
}

// SaidErasure is what a control entry says of an erasure.
type SaidErasure struct {
	Index    uint64 // of the control entry
	File     SidecarID
	Journal  string
	Field    string
	Reason   string
	Selector string
	By       string
	Count    uint64 // values
}

// Learn takes from a control entry, which stands at an index, what it says of private values. Entries must come in their
// order; one that was learned is passed over. It returns false if the entry speaks of private values and cannot be
// understood.
func (s *Sidecars) Learn(e *entry.Entry, index uint64) bool {
	what := Text(e, Control)
	if what != PrivateBlocks && what != Erased || index < s.next {
		return true
	}
	s.next = index + 1
	id, err := hex.DecodeString(Text(e, JournalIDOf))
	first, err2 := strconv.ParseUint(Text(e, FirstIndex), 10, 63)
	hashes, ok := ParseHashes(Text(e, Blocks))
	if err != nil || err2 != nil || len(id) != len(frame.JournalID{}) || !ok {
		return false
	}
	if s.Blocks == nil {
		s.Blocks, s.Erasures = map[SidecarID][]SaidBlock{}, map[sidecar.ErasureID]SaidErasure{}
	}
	file := SidecarID{frame.JournalID(id), first}
	list := s.Blocks[file]
	if what == Erased {
		list = nil
		if ok := s.erased(e, file, index); !ok {
			return false
		}
	}
	for _, h := range hashes {
		list = append(list, SaidBlock{h, index})
	}
	s.Blocks[file] = list
	return true
}

func (s *Sidecars) erased(e *entry.Entry, file SidecarID, index uint64) bool {
	id, err := hex.DecodeString(Text(e, Erasure))
	count, err2 := strconv.ParseUint(Text(e, Count), 10, 64)
	if err != nil || err2 != nil || len(id) != len(sidecar.ErasureID{}) {
		return false
	}
	s.Erasures[sidecar.ErasureID(id)] = SaidErasure{Index: index, File: file, Journal: Text(e, JournalName), Field: Text(e, Field),
		Reason: Text(e, Reason), Selector: Text(e, Selector), By: Text(e, By), Count: count}
	return true
}

// FormatHashes is how a control entry names blocks.
func FormatHashes(list []sidecar.Hash) string {
	words := make([]string, len(list))
	for i, h := range list {
		words[i] = h.String()
	}
	return strings.Join(words, " ")
}

// ParseHashes is the inverse of [FormatHashes].
func ParseHashes(text string) (list []sidecar.Hash, ok bool) {
	if text == "" {
		return nil, true
	}
	for word := range strings.SplitSeq(text, " ") {
		b, err := hex.DecodeString(word)
		if err != nil || len(b) != len(sidecar.Hash{}) {
			return nil, false
		}
		list = append(list, sidecar.Hash(b))
	}
	return list, true
}
