package entry

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// The parameters of [RenderExport]. Empty: flags 0. Otherwise one byte of the bits below; any other is an error.
//
// Every field is rendered, in order, as text
//
//	NAME=value LF
//
// or as binary
//
//	NAME LF  length (8 bytes, little-endian)  value LF
//
// and a blank line ends the entry (systemd, "Journal Export Format"). A value is binary if it holds an LF.
const (
	// ExportPrintable: journalctl's own rule decides. A value is text if it is UTF-8 without noncharacters and without
	// control characters (C0, DEL, C1) other than TAB, otherwise binary.
	ExportPrintable = 1 << iota
	// ExportOpen: the closing blank line is missing.
	ExportOpen
)

// appendExport renders an entry of the journal export format.
func appendExport(dst []byte, e *Entry) ([]byte, error) {
	flags := byte(0)
	if len(e.Params) > 0 {
		flags = e.Params[0]
	}
	if len(e.Params) > 1 || flags > ExportPrintable|ExportOpen {
		return dst, errParams
	}
	out := dst
	r := received{fields: e.Fields}
	for f := r.next(); f != nil; f = r.next() {
		out = append(out, f.Name...)
		if exportText(f.Value, flags) {
			out = append(out, '=')
		} else {
			out = binary.LittleEndian.AppendUint64(append(out, '\n'), uint64(len(f.Value)))
		}
		out = append(append(out, f.Value...), '\n')
	}
	if r.err != nil {
		return dst, r.err
	}
	if flags&ExportOpen == 0 {
		out = append(out, '\n')
	}
	return out, nil
}

// exportText reports whether a value is written as text.
func exportText(value []byte, flags byte) bool {
	if flags&ExportPrintable == 0 {
		return bytes.IndexByte(value, '\n') < 0
	}
	for len(value) > 0 {
		c, size := utf8.DecodeRune(value)
		switch {
		case c == utf8.RuneError && size == 1:
			return false
		case c < 0x20 && c != '\t', c >= 0x7f && c <= 0x9f:
			return false
		case c >= 0xfdd0 && c <= 0xfdef, c&0xfffe == 0xfffe:
			return false
		}
		value = value[size:]
	}
	return true
}
