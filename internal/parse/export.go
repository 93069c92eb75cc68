package parse

import (
	"bytes"
	"encoding/binary"

	"constat/entry"
)

// maxAnnounced is the longest value that a binary field may announce: what journald keeps in one entry. A higher
// number is not a length.
const maxAnnounced = 1 << 30

// export reads an entry of the journal export format: lines NAME=value, or NAME, a length of 8 octets little-endian
// and the value; a blank line ends it (systemd, "Journal Export Format").
func (p *Parser) export(e *entry.Entry, octets []byte) bool {
	rest := octets
	flags := byte(entry.ExportOpen)
	rank := uint8(0)
	for len(rest) > 0 && len(e.Fields) < maxFields {
		if rest[0] == '\n' {
			flags &^= entry.ExportOpen
			break // what follows is not of this entry: the check finds it
		}
		f, size, state := cutExportField(rest)
		if state == fieldBroken || f.name == nil {
			break
		}
		if f.binary && bytes.IndexByte(f.value, '\n') < 0 {
			flags |= entry.ExportPrintable
		}
		key := p.names.find(len(e.Fields), f.name)
		if key.export != 0 && (rank == 0 || key.export < rank) {
			if t, ok := microseconds(f.value); ok {
				e.Event, rank = t, key.export
			}
		}
		p.add(e, key.field, f.value)
		rest = rest[size:]
	}
	if len(e.Fields) == 0 && flags&entry.ExportOpen != 0 && len(octets) > 0 {
		return false
	}
	e.Renderer = entry.RenderExport
	if flags != 0 {
		p.params = append(p.params[:0], flags)
		e.Params = p.arena.copy(p.params)
	}
	return true
}

// fieldState says how a field ended.
type fieldState uint8

const (
	fieldWhole  fieldState = iota
	fieldOpen              // the octets end before it does
	fieldBroken            // it is not in the format
)

// exportField is one field. name is nil if the octets end before the value of a binary field does.
type exportField struct {
	name, value []byte
	binary      bool
}

// cutExportField reads the field at the head of b, which is not empty.
func cutExportField(b []byte) (f exportField, size int, state fieldState) {
	end := bytes.IndexByte(b, '\n')
	line := b
	if end >= 0 {
		line = b[:end]
	}
	if equals := bytes.IndexByte(line, '='); equals >= 0 {
		f.name, f.value = line[:equals], line[equals+1:]
		if end < 0 {
			return f, len(b), fieldOpen
		}
		return f, end + 1, fieldWhole
	}
	value := b[len(line):]
	if len(value) < 9 {
		return f, len(b), fieldOpen
	}
	length := binary.LittleEndian.Uint64(value[1:])
	value = value[9:]
	switch {
	case length > maxAnnounced:
		return f, 0, fieldBroken
	case length >= uint64(len(value)):
		return f, len(b), fieldOpen
	case value[length] != '\n':
		return f, 0, fieldBroken
	}
	f = exportField{name: line, value: value[:length], binary: true}
	return f, len(line) + 9 + int(length) + 1, fieldWhole
}
