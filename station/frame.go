package station

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// frame makes a frame without kind, run and number.
func (e *Entry) frame() (*entry.Frame, error) {
	f := &entry.Frame{Level: int(min(max(e.Level, 0), 7)), Module: []byte(cut(e.Module, MaxModule)), Time: stamp(e.Time),
		Message: []byte(cut(e.Message, entry.MaxFrame))}
	size := 0
	for _, field := range e.Fields {
		if !entry.ValidFrameName(field.Name) {
			return nil, fmt.Errorf("field %q: want a name of letters, digits, '_', '.' and '-' that begins with a letter and is not the frame's own", field.Name)
		}
		value := []byte(field.Value)
		if size += len(field.Name) + len(value); size <= MaxFields { // an escape is no shorter
			size += len(entry.AppendFrameText(nil, value, true)) - len(value)
		}
		f.Fields = append(f.Fields, entry.Field{Name: field.Name, Value: value})
	}
	if size > MaxFields || len(f.Fields) >= entry.MaxFrameFields {
		return nil, fmt.Errorf("%d fields of %d bytes: at most %d of %d bytes", len(f.Fields), size, entry.MaxFrameFields-1, MaxFields)
	}
	if n := len(e.Message) - len(f.Message) + e.left; n > 0 {
		f.Fields = append(f.Fields, truncated(n))
	}
	return f, nil
}

// appendFrame appends a frame and its LF. What is too long is cut at the end of the message.
func appendFrame(dst []byte, f *entry.Frame) []byte {
	start := len(dst)
	for {
		dst = append(entry.AppendFrame(dst[:start], f), '\n')
		over := len(dst) - start - entry.MaxFrame
		if over <= 0 {
			return dst
		}
		kept := cut(string(f.Message), max(len(f.Message)-max(over/4, 1), 0)) // an escape is at most four bytes for one
		leaveOut(f, len(f.Message)-len(kept))
		f.Message = []byte(kept)
	}
}

// leaveOut counts n more bytes of a message that are left out, in the last field.
func leaveOut(f *entry.Frame, n int) {
	last := len(f.Fields) - 1
	if last < 0 || f.Fields[last].Name != truncatedBytes {
		f.Fields = append(f.Fields, truncated(n))
		return
	}
	before, err := strconv.Atoi(string(f.Fields[last].Value))
	if err == nil {
		f.Fields[last] = truncated(before + n)
	}
}

// truncatedBytes is the field that says how many bytes of a message were left out.
const truncatedBytes = "TRUNCATED_BYTES"

func truncated(n int) entry.Field {
	return entry.Field{Name: truncatedBytes, Value: strconv.AppendInt(nil, int64(n), 10)}
}

// cut returns at most n bytes of s, without a part of a UTF-8 sequence at the end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := 0; i < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); i++ {
		n--
	}
	return s[:n]
}

// stamp is a time in UTC with six digits.
func stamp(t time.Time) entry.Time {
	if t.IsZero() {
		return entry.Time{}
	}
	return entry.Time{Micros: t.UnixMicro(), Digits: 6, Zone: "Z", Valid: true}
}
