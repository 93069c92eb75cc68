package entry

import (
	"fmt"
	"math"
	"slices"
)

// maxInterned bounds the names that a Decoder remembers.
const maxInterned = 4096

// Decoder decodes bodies. It remembers the names it has seen so that decoding allocates nothing once they are known.
// The zero value is ready; a Decoder must not be used by two goroutines at once.
type Decoder struct {
	names  map[string]name
	recent []name // by position of the field: entries that follow each other often have the same fields
	zone   string // the one that was met last
}

// name is a text that was met, and whether it can name a field.
type name struct {
	text  string
	valid bool // and is not known by a number
}

// Decode sets e to what body says. Values and parameters point into body. It accepts exactly what [AppendBody]
// prints, of kinds up to [MaxKind]: anything else is [ErrFormat]. A version, kind or renderer above those that this
// program knows is [ErrNewer]; but for the first, e then is what body says.
func (d *Decoder) Decode(body []byte, e *Entry) error {
	if len(body) > MaxBody {
		return ErrFormat
	}
	return d.DecodeLong(body, e)
}

// DecodeLong is [Decoder.Decode] without the limit of length, the inverse of [AppendLong].
func (d *Decoder) DecodeLong(body []byte, e *Entry) error {
	e.Reset()
	r := reader{buf: body, names: d}
	if version := r.byte(); version > Version {
		return fmt.Errorf("%w: entry format %d, this program knows %d", ErrNewer, version, Version)
	} else if version < Version {
		return fmt.Errorf("%w: entry format %d, this program reads %d", ErrFormat, version, Version)
	}
	e.Kind = Kind(r.byte())
	epoch := r.uvarint()
	e.Epoch = uint32(epoch)
	e.Received = r.svarint()
	e.Event = r.time()
	renderer := r.uvarint()
	e.Renderer = Renderer(renderer)
	e.Params = r.bytes()
	e.Fields = r.fields(e.Fields)
	switch {
	case r.bad || len(r.buf) != 0:
		return ErrFormat
	case epoch > math.MaxUint32 || e.Kind > MaxKind || renderer > math.MaxUint16 || !e.Event.valid():
		return ErrFormat
	}
	return e.Known()
}

// DecodeFields decodes the list of fields that a packed blob holds: inline and private ones.
func (d *Decoder) DecodeFields(data []byte) ([]Field, error) {
	r := reader{buf: data, names: d}
	fields := r.fields(nil)
	if r.bad || len(r.buf) != 0 {
		return nil, ErrFormat
	}
	for i := range fields {
		if form := fields[i].Form; form == Blob || form == Packed {
			return nil, ErrFormat
		}
	}
	return fields, nil
}

// maxRecent bounds the positions of fields whose names are remembered.
const maxRecent = 64

// nameAt is [Decoder.intern] for the name of field number i.
func (d *Decoder) nameAt(i int, b []byte) name {
	if i < len(d.recent) && d.recent[i].text == string(b) {
		return d.recent[i]
	}
	n := d.intern(b)
	switch {
	case i < len(d.recent):
		d.recent[i] = n
	case i < maxRecent && i == len(d.recent):
		d.recent = append(d.recent, n)
	}
	return n
}

func (d *Decoder) intern(b []byte) name {
	if n, ok := d.names[string(b)]; ok {
		return n
	}
	n := name{text: string(b)}
	n.valid = ValidName(n.text) && knownNumber(n.text) == 0
	if d.names == nil {
		d.names = make(map[string]name, 64)
	}
	if len(d.names) < maxInterned {
		d.names[n.text] = n
	}
	return n
}

// zoneOf returns a zone as text.
func (d *Decoder) zoneOf(b []byte) string {
	if d.zone != string(b) {
		d.zone = d.intern(b).text
	}
	return d.zone
}

// reader takes values off the front of buf; after the first that is not there, or not in its shortest form, bad is
// set and everything is zero.
type reader struct {
	buf   []byte
	names *Decoder
	bad   bool
}

func (r *reader) fail() {
	r.bad = true
	r.buf = nil
}

func (r *reader) byte() byte {
	if len(r.buf) == 0 {
		r.fail()
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	if len(r.buf) > 0 && r.buf[0] < 0x80 {
		b := r.buf[0]
		r.buf = r.buf[1:]
		return uint64(b)
	}
	return r.longUvarint()
}

func (r *reader) longUvarint() uint64 {
	value := uint64(0)
	for i, b := range r.buf {
		if i == 9 && b > 1 {
			break
		}
		value |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if b == 0 && i > 0 {
				break
			}
			r.buf = r.buf[i+1:]
			return value
		}
		if i == 9 {
			break
		}
	}
	r.fail()
	return 0
}

func (r *reader) svarint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) time() Time {
	flag := r.byte()
	if flag == 0 {
		return Time{}
	}
	t := Time{Valid: true, Digits: flag - 1, Micros: r.svarint()}
	if t.Digits > 6 {
		nanos := r.uvarint()
		if nanos > 999 {
			r.fail()
		}
		t.Nanos = uint16(nanos)
	}
	zone := r.bytes()
	if len(zone) > MaxZone {
		r.fail()
		return Time{}
	}
	t.Zone = r.names.zoneOf(zone)
	return t
}

func (r *reader) fields(fields []Field) []Field {
	count := r.uvarint()
	if count > uint64(len(r.buf))/2 {
		r.fail()
		return fields
	}
	from, n := len(fields), int(count)
	fields = slices.Grow(fields, n)[:from+n]
	for i := range n {
		if f := &fields[from+i]; !r.plain(f) {
			*f = r.field(i)
		}
		if r.bad {
			return fields[:from+i]
		}
	}
	return fields
}

// plainTag is what a tag says that stands for a well-known name, an inline value and no error; else the name is empty.
type plainTag struct {
	name       string
	provenance Provenance
}

var plainTags = listPlainTags()

func listPlainTags() (tags [256]plainTag) {
	for tag := range tags {
		p, number := Provenance(tag&3), tag>>4
		if number == 0 || number == LongName || Form(tag>>2&3) != Inline {
			continue
		}
		if f := (Field{Name: knownNames[number], Provenance: p}); f.check(true) == nil {
			tags[tag] = plainTag{f.Name, p}
		}
	}
	return tags
}

// plain reads a field as most are: with a well-known name in its tag and a short inline value. It returns false, and
// has read nothing, if the field is another one.
func (r *reader) plain(f *Field) bool {
	if len(r.buf) < 2 {
		return false
	}
	tag, size := &plainTags[r.buf[0]], int(r.buf[1])
	if tag.name == "" || size >= 0x80 || len(r.buf) < 2+size {
		return false
	}
	*f = Field{Name: tag.name, Value: r.buf[2 : 2+size : 2+size], Provenance: tag.provenance}
	r.buf = r.buf[2+size:]
	return true
}

// field reads field number i.
func (r *reader) field(i int) Field {
	tag := r.byte()
	f := Field{Provenance: Provenance(tag & 3), Form: Form(tag >> 2 & 3)}
	named := r.name(int(tag>>4), i)
	f.Name = named.text
	switch f.Form {
	case Inline:
		f.Value = r.bytes()
	case Private:
		f.Value = r.take(DigestSize)
	default:
		f.Value = r.take(DigestSize)
		f.Size = r.uvarint()
	}
	if !r.bad && f.check(named.valid) != nil {
		r.fail()
	}
	return f
}

// name reads the name of field number i, whose tag says that number: see [AppendHead].
func (r *reader) name(number, i int) name {
	if number == 0 {
		text := r.bytes()
		if len(text) > MaxName {
			r.fail()
			return name{}
		}
		return r.names.nameAt(i, text)
	}
	if number == LongName {
		number += int(r.byte())
	}
	if number > lastKnown {
		r.fail()
		return name{}
	}
	return name{knownNames[number], true}
}
