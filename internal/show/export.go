package show

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"constat/entry"
)

// maxRealtime is above every time that journald takes for one, in µs: 2^55 (VALID_REALTIME of systemd).
const maxRealtime = 1 << 55

// appendExport prints one entry of the journal export format, nothing if no field would be printed.
func (p *Printer) appendExport(dst []byte, r *Record) ([]byte, error) {
	start := len(dst)
	dst = append(append(dst, metaNames[metaCursor]...), '=')
	dst = append(appendCursor(dst, r.ID, r.Index), '\n')
	dst = append(append(dst, metaNames[metaRealtime]...), '=')
	dst = append(appendRealtime(dst, r), '\n')
	for m := metaJournal; m < metaCount; m++ {
		dst = p.appendExportLine(dst, m, r)
	}
	head := len(dst)
	for i := range r.Entry.Fields {
		f := &r.Entry.Fields[i]
		if f.Form == entry.Inline && !p.chosen.hides(f.Name) && f.Name != metaNames[metaRealtime] {
			dst = appendExportField(dst, f.Name, f.Value)
		}
	}
	if len(dst) == head {
		return dst[:start], nil
	}
	return append(dst, '\n'), nil
}

// appendExportLine prints another line about the entry if it was asked for and no stored field stands in its place.
func (p *Printer) appendExportLine(dst []byte, m meta, r *Record) []byte {
	if !p.chosen.metas.has(m) || replaced(r.Entry).has(m) {
		return dst
	}
	value, ok := p.appendMeta(p.scratch[:0], m, r)
	p.scratch = value
	if !ok {
		return dst
	}
	return appendExportField(dst, metaNames[m], value)
}

// appendRealtime appends the stored time or else the one shown, unless journald would refuse the stream for it: then
// the received time.
func appendRealtime(dst []byte, r *Record) []byte {
	if stored, ok := r.Entry.Get(metaNames[metaRealtime]); ok && validRealtime(stored) {
		return append(dst, stored...)
	}
	micros := r.micros()
	if micros <= 0 || micros >= maxRealtime {
		micros = r.Entry.Received
	}
	return strconv.AppendInt(dst, micros, 10)
}

// validRealtime reports whether s is a time in decimal that journald accepts.
func validRealtime(s []byte) bool {
	if len(s) == 0 || len(s) > 17 {
		return false
	}
	n := int64(0)
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int64(c-'0')
	}
	return n > 0 && n < maxRealtime
}

// appendExportField appends NAME=VALUE LF, or the binary form: NAME LF, length (8 bytes, little-endian), VALUE LF.
func appendExportField(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	if isExportText(value) {
		dst = append(dst, '=')
	} else {
		dst = binary.LittleEndian.AppendUint64(append(dst, '\n'), uint64(len(value)))
	}
	return append(append(dst, value...), '\n')
}

// isExportText reports whether s is UTF-8 without control characters (C0, DEL, C1) other than TAB.
func isExportText(s []byte) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if (c < 0x20 && c != '\t') || c == 0x7f {
				return false
			}
			i++
			continue
		}
		c, size := utf8.DecodeRune(s[i:])
		if (c == utf8.RuneError && size == 1) || c <= 0x9f {
			return false
		}
		i += size
	}
	return true
}
