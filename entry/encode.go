package entry

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// DigestSize is the size of a salted digest in bytes.
const DigestSize = 32

// Errors of encoding and decoding.
var (
	ErrTooLong = errors.New("entry longer than 65535 bytes as a leaf: spill it first")
	ErrNewer   = errors.New("written by a newer constat: read it with that one")
	ErrFormat  = errors.New("not a canonical entry")
)

// Encoder encodes entries and remembers the names of their fields, so that those that come again and again are looked at
// once. The zero value is ready; an Encoder must not be used by two goroutines at once.
type Encoder struct {
	recent [maxRecent]recentName // by position of the field: entries that follow each other often have the same fields
}

// recentName is a name that was met and is valid.
type recentName struct {
	text   string
	number int // of a well-known name
}

// AppendBody is the function [AppendBody].
func (n *Encoder) AppendBody(dst []byte, e *Entry) ([]byte, error) { return n.appendBody(dst, e) }

// look returns the number of the name of field number i, 0 if it is none of the well-known ones, and whether it is valid.
func (n *Encoder) look(i int, name string) (number int, valid bool) {
	if n == nil || i >= maxRecent {
		number = knownNumber(name)
		return number, number > 0 || ValidName(name)
	}
	slot := &n.recent[i]
	if slot.text == name && name != "" {
		return slot.number, true
	}
	number = knownNumber(name)
	if valid = number > 0 || ValidName(name); valid {
		*slot = recentName{name, number}
	}
	return number, valid
}

// AppendBody appends the canonical body of e to dst. It returns [ErrTooLong] when the leaf would be longer than
// [MaxLeaf] and an error that names the field when e breaks a rule; dst is then returned as it was.
func AppendBody(dst []byte, e *Entry) ([]byte, error) { return (*Encoder)(nil).appendBody(dst, e) }

func (n *Encoder) appendBody(dst []byte, e *Entry) ([]byte, error) {
	out, err := n.appendEntry(dst, e)
	if err != nil {
		return dst, err
	}
	if len(out)-len(dst) > MaxBody {
		return out[:len(dst)], ErrTooLong
	}
	return out, nil
}

// AppendLong is [AppendBody] without the limit of length, for entries that are still to be spilled.
func AppendLong(dst []byte, e *Entry) ([]byte, error) { return appendEntry(dst, e) }

func appendEntry(dst []byte, e *Entry) ([]byte, error) { return (*Encoder)(nil).appendEntry(dst, e) }

func (n *Encoder) appendEntry(dst []byte, e *Entry) ([]byte, error) {
	if e.Kind > Control || !e.Event.valid() || e.Renderer > lastRenderer {
		return nil, fmt.Errorf("entry: bad kind %d, event time or renderer %d", e.Kind, e.Renderer)
	}
	dst = append(dst, Version, byte(e.Kind))
	dst = binary.AppendUvarint(dst, uint64(e.Epoch))
	dst = binary.AppendVarint(dst, e.Received)
	dst = appendTime(dst, e.Event)
	dst = binary.AppendUvarint(dst, uint64(e.Renderer))
	dst = appendString(dst, e.Params)
	return n.appendFields(dst, e.Fields)
}

func appendTime(dst []byte, t Time) []byte {
	if !t.Valid {
		return append(dst, 0)
	}
	dst = append(dst, 1+t.Digits)
	dst = binary.AppendVarint(dst, t.Micros)
	if t.Digits > 6 {
		dst = binary.AppendUvarint(dst, uint64(t.Nanos))
	}
	return appendString(dst, t.Zone)
}

func appendFields(dst []byte, fields []Field) ([]byte, error) {
	return (*Encoder)(nil).appendFields(dst, fields)
}

func (n *Encoder) appendFields(dst []byte, fields []Field) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for i := range fields {
		f := &fields[i]
		number, valid := n.look(i, f.Name)
		if tag, plain := f.plainTag(number); plain {
			dst = append(append(dst, tag, byte(len(f.Value))), f.Value...)
			continue
		}
		if err := f.check(valid); err != nil {
			return nil, err
		}
		dst = appendHead(dst, f.Provenance, f.Form, f.Name, number)
		switch f.Form {
		case Inline:
			dst = appendString(dst, f.Value)
		case Private:
			dst = append(dst, f.Value...)
		default:
			dst = append(dst, f.Value...)
			dst = binary.AppendUvarint(dst, f.Size)
		}
	}
	return dst, nil
}

// plainTag returns the tag of a field that [reader.plain] reads. number is that of its name.
func (f *Field) plainTag(number int) (tag byte, plain bool) {
	if number == 0 || number >= LongName || f.Form != Inline || f.Size != 0 || f.Provenance > Imported || len(f.Value) >= 0x80 {
		return 0, false
	}
	tag = byte(f.Provenance) | byte(number)<<4
	return tag, plainTags[tag].name != ""
}

// check reports the rule that a field breaks. valid says whether its name is one.
func (f *Field) check(valid bool) error {
	switch {
	case f.Provenance > Imported || f.Form > Packed:
		return fmt.Errorf("field %q: bad provenance %d or form %d", f.Name, f.Provenance, f.Form)
	case f.Form == Packed && f.Name != "":
		return fmt.Errorf("field %q: packed fields have no name", f.Name)
	case f.Form != Packed && !valid:
		return fmt.Errorf("field %q: a name is 1 to %d bytes of UTF-8 without control characters and '='", f.Name, MaxName)
	case f.Provenance == Claimed && f.Form != Packed && f.Name[0] == '_':
		return fmt.Errorf("field %q: a sender cannot set names that begin with '_'", f.Name)
	case f.Form != Inline && len(f.Value) != DigestSize:
		return fmt.Errorf("field %q: digest of %d bytes, want %d", f.Name, len(f.Value), DigestSize)
	case f.Size != 0 && f.Form != Blob && f.Form != Packed:
		return fmt.Errorf("field %q: a size belongs to a blob", f.Name)
	}
	return nil
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}
