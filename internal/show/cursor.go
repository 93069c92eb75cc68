package show

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// cursorSize is the length of a cursor in hex digits.
const cursorSize = 32

// Cursor returns the cursor of an entry: 16 hex digits of the journal id and 16 of the index, both from the highest
// digit on, in lower case. Cursors of one journal sort like its entries.
func Cursor(id [8]byte, index uint64) string {
	return string(appendCursor(nil, id, index))
}

func appendCursor(dst []byte, id [8]byte, index uint64) []byte {
	var raw [16]byte
	copy(raw[:], id[:])
	binary.BigEndian.PutUint64(raw[8:], index)
	return hex.AppendEncode(dst, raw[:])
}

// ParseCursor is the inverse of [Cursor]; it accepts nothing else. The error says what is wrong.
func ParseCursor(s string) (id [8]byte, index uint64, err error) {
	switch {
	case len(s) > 2 && s[1] == '=':
		return id, 0, fmt.Errorf("cursor %q: it looks like one of journalctl; ours are %d hex digits", s, cursorSize)
	case len(s) != cursorSize:
		return id, 0, fmt.Errorf("cursor %q: %d characters, want %d hex digits", s, len(s), cursorSize)
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return id, 0, fmt.Errorf("cursor %q: character %d is %q, want hex digits in lower case", s, i+1, c)
		}
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return id, 0, errors.Join(fmt.Errorf("cursor %q", s), err)
	}
	return [8]byte(raw[:8]), binary.BigEndian.Uint64(raw[8:]), nil
}
