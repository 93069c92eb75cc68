package entry

import (
	"hash/crc32"
	"strconv"
	"unicode/utf8"
)

// Frame is one line on the log channel of a station (FORMAT.md, section 22), which the sender numbers so that what gets
// lost on the way is missed.
type Frame struct {
	Kind    byte    // [FrameMessage], [FrameHeartbeat] or [FrameEnd]
	Run     []byte  // 16 hex digits, drawn when the channel was opened
	Number  uint64  // of the message within the run, from 1; of the last one if this is none. At most [MaxFrameNumber]
	Time    Time    // the zero value is none
	Level   int     // 0 (emerg) to 7 (debug)
	Module  []byte  // "" is none
	Fields  []Field // names as [ValidFrameName] takes them, inline values
	Message []byte
}

// The kinds of frames.
const (
	FrameMessage   = 'm'
	FrameHeartbeat = 'h' // says the number of the last message
	FrameEnd       = 'e' // says that too, and that no more come
)

// Sizes of frames. MaxFrame is in bytes, with the LF behind it.
const (
	FrameMagic      = "%c1 "
	FrameCheck      = len(" 00000000")
	FrameRunSize    = 16
	MaxFrame        = 16384
	MaxFrameFields  = 64
	MaxFrameName    = 64
	MaxFrameNumber  = 1<<63 - 1
	noModule        = '-'
	frameHex        = "0123456789abcdef"
	writtenNoModule = `\x2d`
)

// Names of the fields that a frame makes.
const (
	FrameRun     = "CHANNEL_RUN"    // 16 hex digits
	FrameNumber  = "CHANNEL_NUMBER" // decimal
	FrameDropped = "DROPPED"        // of an end or heartbeat: messages that the sender could not write, decimal
)

// ValidFrameName reports whether a field of a frame may have that name: a letter and at most 63 more of letters, digits,
// '_', '.' and '-', and none of those that the frame says itself.
func ValidFrameName[T string | []byte](name T) bool {
	if len(name) == 0 || len(name) > MaxFrameName || (name[0]|0x20) < 'a' || (name[0]|0x20) > 'z' {
		return false
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	switch string(name) {
	case "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE", FrameRun, FrameNumber:
		return false
	}
	return true
}

// AppendFrame appends a frame without the LF behind it. What is out of range makes a frame that nobody takes for one.
func AppendFrame(dst []byte, f *Frame) []byte {
	start := len(dst)
	dst = append(append(dst, FrameMagic...), f.Kind, ' ')
	dst = append(append(dst, f.Run...), ' ')
	dst = append(strconv.AppendUint(dst, f.Number, 10), ' ')
	if f.Time.Valid {
		dst = f.Time.AppendRFC3339(dst)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, ' ', byte('0'+f.Level), ' ')
	switch {
	case len(f.Module) == 0:
		dst = append(dst, noModule)
	case len(f.Module) == 1 && f.Module[0] == noModule:
		dst = append(dst, writtenNoModule...)
	default:
		dst = AppendFrameText(dst, f.Module, true)
	}
	for i := range f.Fields {
		dst = append(append(append(dst, ' '), f.Fields[i].Name...), '=')
		dst = AppendFrameText(dst, f.Fields[i].Value, true)
	}
	dst = AppendFrameText(append(dst, ' ', ':'), f.Message, false)
	return AppendFrameCheck(dst, dst[start:])
}

// AppendFrameCheck appends the checksum of a frame that is written so far.
func AppendFrameCheck(dst, frame []byte) []byte {
	sum := crc32.ChecksumIEEE(frame)
	dst = append(dst, ' ')
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, frameHex[sum>>shift&15])
	}
	return dst
}

// AppendFrameText appends text so that it is printable and in one line. In a token blanks are escaped too.
func AppendFrameText(dst, text []byte, token bool) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\\':
			dst = append(dst, '\\', '\\')
		case c > ' ' && c < 0x7f || c == ' ' && !token:
			dst = append(dst, c)
		case c >= utf8.RuneSelf:
			if r, size := utf8.DecodeRune(text[i:]); size > 1 && r >= 0xa0 {
				dst = append(dst, text[i:i+size]...)
				i += size
				continue
			}
			fallthrough
		default:
			dst = append(dst, '\\', 'x', frameHex[c>>4], frameHex[c&15])
		}
		i++
	}
	return dst
}
