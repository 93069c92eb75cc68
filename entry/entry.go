package entry

import (
	"fmt"
	"unicode/utf8"
)

// Version is the number of the format: that at the head of every body, and the one from which packages journal/frame,
// journal/layout and evidence take theirs. See the package comment.
const Version = 1

// Limits of one entry. MaxLeaf is the limit of a C2SP tlog-tiles entry bundle.
const (
	NonceSize = 16
	MaxLeaf   = 65535
	MaxBody   = MaxLeaf - NonceSize
	MaxName   = 255 // bytes of a field name
	MaxZone   = 32  // bytes of a zone as written
)

// Kind is what an entry is.
type Kind uint8

// The kinds. Loss: something could not be kept (how much, of whom, why). Seal and control are the store's own.
const (
	Event Kind = iota
	Loss
	Seal
	Control
)

// MaxKind is the highest kind that there can ever be: heads and segments say in a byte which kinds they hold.
const MaxKind Kind = 7

var kindNames = [...]string{"event", "loss", "seal", "control"}

// String returns the name of the kind as it is written in queries.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, error) {
	for i, name := range kindNames {
		if s == name {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("kind %q: want event, loss, seal or control", s)
}

// Provenance says who vouches for a field: the sender claims it, the daemon or the kernel observed it, or it came
// with an import.
type Provenance uint8

// The provenances. A claimed name never begins with an underscore.
const (
	Claimed Provenance = iota
	Observed
	Imported
)

var provenanceNames = [...]string{"claimed", "observed", "imported"}

// String returns the name of the provenance.
func (p Provenance) String() string {
	if int(p) < len(provenanceNames) {
		return provenanceNames[p]
	}
	return fmt.Sprintf("provenance(%d)", uint8(p))
}

// Form is where the value of a field is.
type Form uint8

// The forms. Inline: Value holds the bytes. Private: Value is the salted digest of an erasable value kept in a
// sidecar. Blob: Value is the salted digest and Size the length of a value kept in a blob file. Packed: a blob that
// holds an encoded list of fields.
const (
	Inline Form = iota
	Private
	Blob
	Packed
)

// Field is one named value. Name is 1 to [MaxName] bytes (empty if Packed). Value belongs to whoever made the field;
// after decoding it points into the decoded bytes.
type Field struct {
	Name       string
	Value      []byte
	Size       uint64 // bytes of a blob; 0 for other forms
	Provenance Provenance
	Form       Form
	Erased     bool // said by readers of a private field: its value is gone for good. It is not encoded
}

// Entry is one event. The zero value is an event without fields at time zero.
type Entry struct {
	Kind     Kind
	Epoch    uint32   // time epoch of the store
	Received int64    // µs since 1970-01-01 UTC, by the ingest clock
	Event    Time     // the sender's time, as a claim
	Renderer Renderer // gives the received octets back
	Params   []byte   // parameters of the renderer
	Fields   []Field
}

// Known returns [ErrNewer] if the kind or the renderer of the entry came with a newer program.
func (e *Entry) Known() error {
	if e.Kind > Control {
		return fmt.Errorf("%w: kind %d, this program knows 0 to %d", ErrNewer, uint8(e.Kind), uint8(Control))
	}
	if e.Renderer > lastRenderer {
		return fmt.Errorf("%w: renderer %d, this program knows 0 to %d", ErrNewer, e.Renderer, lastRenderer)
	}
	return nil
}

// Reset empties the entry. It keeps the memory of its list of fields, but not that of its values and parameters, which
// belongs to somebody else.
func (e *Entry) Reset() {
	*e = Entry{Fields: e.Fields[:0]}
}

// Add appends an inline field.
func (e *Entry) Add(name string, value []byte, p Provenance) {
	e.Fields = append(e.Fields, Field{Name: name, Value: value, Provenance: p})
}

// AddString appends an inline field with a text value.
func (e *Entry) AddString(name, value string, p Provenance) { e.Add(name, []byte(value), p) }

// Get returns the first inline value of that name.
func (e *Entry) Get(name string) ([]byte, bool) {
	for i := range e.Fields {
		if e.Fields[i].Name == name && e.Fields[i].Form == Inline {
			return e.Fields[i].Value, true
		}
	}
	return nil, false
}

// Size is the number of bytes in the names and values of the entry, those in blobs and the digests of these included.
func (e *Entry) Size() uint64 {
	n := uint64(0)
	for i := range e.Fields {
		n += uint64(len(e.Fields[i].Name)+len(e.Fields[i].Value)) + e.Fields[i].Size
	}
	return n
}

// ValidName reports whether s can name a field: 1 to [MaxName] bytes of UTF-8 without ASCII control characters and
// without '=', which ends the name in the journal export format.
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > MaxName {
		return false
	}
	ascii := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == 0x7f || c == '=' {
			return false
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s)
}
