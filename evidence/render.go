package evidence

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// shownEntry is an entry that is shown, with what is disclosed of its fields.
type shownEntry struct {
	journal   string
	index     uint64
	entry     *entry.Entry
	disclosed []Disclosure // sorted by field
}

// disclosure returns what is disclosed of a field; nil: nothing.
func (s *shownEntry) disclosure(field int) *Disclosure {
	for i := range s.disclosed {
		if s.disclosed[i].Field == field {
			return &s.disclosed[i]
		}
	}
	return nil
}

// unpack appends the fields of a disclosed list: their positions follow those of the leaf.
func (s *shownEntry) unpack() error {
	for i := range s.entry.Fields {
		d := s.disclosure(i)
		if s.entry.Fields[i].Form != entry.Packed || d == nil || d.Erased {
			continue
		}
		var x entry.Decoder
		fields, err := x.DecodeFields(d.Value)
		if err != nil {
			return fmt.Errorf("the disclosed list of fields: %w", err)
		}
		s.entry.Fields = append(s.entry.Fields, fields...)
		return nil // there is one at most
	}
	return nil
}

// appendLine appends the line of entries.jsonl: what is known of the entry, and its fields by who vouches for them.
func appendLine(dst []byte, s *shownEntry) []byte {
	e := s.entry
	dst = append(dst, `{"journal":`...)
	dst = appendText(dst, []byte(s.journal))
	dst = strconv.AppendUint(append(dst, `,"index":`...), s.index, 10)
	dst = appendText(append(dst, `,"kind":`...), []byte(e.Kind.String()))
	dst = strconv.AppendUint(append(dst, `,"epoch":`...), uint64(e.Epoch), 10)
	dst = append(append(append(dst, `,"received":"`...), timeText(e.Received)...), '"')
	if e.Event.Valid {
		dst = appendText(append(dst, `,"event_time":`...), e.Event.AppendRFC3339(nil))
	}
	for _, p := range []entry.Provenance{entry.Observed, entry.Claimed, entry.Imported} {
		dst = appendFields(dst, s, p)
	}
	return append(dst, "}\n"...)
}

// appendFields appends the fields of one provenance as pairs of name and value: names may repeat.
func appendFields(dst []byte, s *shownEntry, p entry.Provenance) []byte {
	begun := false
	for i := range s.entry.Fields {
		f := &s.entry.Fields[i]
		if f.Provenance != p {
			continue
		}
		if begun {
			dst = append(dst, ',')
		} else {
			dst = append(append(append(dst, `,"`...), p.String()...), `":[`...)
			begun = true
		}
		dst = appendText(append(dst, '['), []byte(f.Name))
		dst = appendValue(append(dst, ','), f, s.disclosure(i))
		dst = append(dst, ']')
	}
	if begun {
		dst = append(dst, ']')
	}
	return dst
}

// appendValue appends the value of a field: text, {"base64":…}, or what is known of one that is not in the leaf.
func appendValue(dst []byte, f *entry.Field, d *Disclosure) []byte {
	if f.Form == entry.Inline {
		return appendBytes(dst, f.Value)
	}
	what := [...]string{entry.Private: "private", entry.Blob: "long", entry.Packed: "packed"}[f.Form]
	dst = append(append(append(dst, `{"`...), what...), `":"`...)
	dst = hex.AppendEncode(dst, f.Value)
	dst = append(dst, `","state":"`...)
	switch {
	case d == nil:
		dst = append(dst, `withheld"`...)
	case d.Erased:
		dst = append(dst, `erased"`...)
	default:
		dst = append(dst, `disclosed","salt":"`...)
		dst = append(hex.AppendEncode(dst, d.Salt[:]), '"')
		if f.Form != entry.Packed { // the fields of a list stand beside it
			dst = appendBytes(append(dst, `,"value":`...), d.Value)
		}
	}
	return append(dst, '}')
}

// appendBytes appends text as a string, and other bytes as {"base64":"…"}.
func appendBytes(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return appendText(dst, b)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, `"}`...)
}

// appendText appends UTF-8 as a JSON string in one spelling (RFC 8259, section 7). Control characters are escaped, so
// that no line does anything to a terminal.
func appendText(dst, b []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			dst = append(dst, '\\', 'u')
			dst = hex.AppendEncode(dst, []byte{byte(r >> 8), byte(r)})
		default:
			dst = append(dst, b[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

// timeText is a time of the ingest clock in UTC to the µs.
func timeText(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z")
}
