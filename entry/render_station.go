package entry

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// The parameters of [RenderStation]: empty, or
//
//	flags   byte     a tail (1 CR, 2 LF), StationBare
//	offset  svarint  seconds east of UTC that were assumed, because the stamp has no zone; left out if 0
//
// What is rendered is a line as the first programs of the station wrote it, and the lines behind it that have no header:
//
//	YYYY-MM-DD hh:mm:ss,mmm LEVEL DOMAIN [MODULE] MESSAGE
//
// LEVEL is filled up to 8 characters with blanks, DOMAIN to 10 and MODULE to 20. The fields follow in the order
// PRIORITY, HOSTNAME, SYSLOG_IDENTIFIER, MESSAGE. The parameters of [RenderFrame] are empty, or flags with a tail.
const (
	StationBare = 1 << 3 // there is no header, only MESSAGE

	stationTail = TailCR | TailLF
)

// Widths of the columns of a line, in characters.
const (
	StationLevel  = 8
	StationDomain = 10
	StationModule = 20
)

// appendStation renders a line of the station's first programs.
func appendStation(dst []byte, e *Entry) ([]byte, error) {
	flags, offset, err := paramsStation(e.Params)
	if err != nil {
		return dst, err
	}
	out, r := dst, received{fields: e.Fields}
	if flags&StationBare == 0 {
		if !e.Event.Valid || e.Event.Digits != 3 || !e.Event.valid() {
			return dst, errEvent
		}
		out = append(AppendZatoTime(out, e.Event.Micros, int(offset)), ' ')
		if out, err = appendStationHead(out, &r); err != nil {
			return dst, err
		}
	}
	message, found := r.take("MESSAGE")
	switch {
	case r.err != nil:
		return dst, r.err
	case !found:
		return dst, errMissing
	}
	return appendTail(append(out, message...), flags&stationTail), nil
}

// appendStationHead renders LEVEL DOMAIN [MODULE] and the blank behind.
func appendStationHead(dst []byte, r *received) ([]byte, error) {
	priority, found1 := r.take("PRIORITY")
	domain, found2 := r.take("HOSTNAME")
	module, found3 := r.take("SYSLOG_IDENTIFIER")
	level, ok := smallNumber(priority)
	if r.err != nil {
		return dst, r.err
	}
	if !found1 || !found2 || !found3 || !ok || level > 7 {
		return dst, errMissing
	}
	dst = append(appendColumn(dst, ZatoLevel(level), StationLevel), ' ')
	dst = append(appendColumn(dst, domain, StationDomain), " ["...)
	return append(appendColumn(dst, module, StationModule), "] "...), nil
}

// appendColumn appends a value and fills it up with blanks to so many characters.
func appendColumn[T string | []byte](dst []byte, value T, width int) []byte {
	dst = append(dst, value...)
	for n := utf8.RuneCountInString(string(value)); n < width; n++ {
		dst = append(dst, ' ')
	}
	return dst
}

func paramsStation(params []byte) (flags byte, offset int64, err error) {
	if len(params) == 0 {
		return 0, 0, nil
	}
	flags = params[0]
	r := reader{buf: params[1:]}
	if len(r.buf) > 0 {
		offset = r.svarint()
	}
	if r.bad || len(r.buf) > 0 || flags&^(stationTail|StationBare) != 0 || offset < -maxOffset || offset > maxOffset {
		return 0, 0, errParams
	}
	return flags, offset, nil
}

// StationParams makes the parameters of [RenderStation], and of [RenderFrame] with an offset of 0.
func StationParams(dst []byte, flags byte, offset int64) []byte {
	if flags == 0 && offset == 0 {
		return dst
	}
	if dst = append(dst, flags); offset != 0 {
		dst = binary.AppendVarint(dst, offset)
	}
	return dst
}

// appendMessageFrame renders a frame with a message: CHANNEL_RUN, CHANNEL_NUMBER, PRIORITY, perhaps SYSLOG_IDENTIFIER,
// further fields, MESSAGE.
func appendMessageFrame(dst []byte, e *Entry) ([]byte, error) {
	flags, offset, err := paramsStation(e.Params)
	if err != nil || flags&^stationTail != 0 || offset != 0 {
		return dst, errParams
	}
	if !e.Event.valid() {
		return dst, errEvent
	}
	r := received{fields: e.Fields}
	f := Frame{Kind: FrameMessage, Time: e.Event}
	ok := false
	if f.Run, ok = r.take(FrameRun); !ok {
		return dst, absentOr(&r)
	}
	number, _ := r.take(FrameNumber)
	if f.Number, err = strconv.ParseUint(string(number), 10, 63); err != nil {
		return dst, absentOr(&r)
	}
	priority, _ := r.take("PRIORITY")
	if f.Level, ok = smallNumber(priority); !ok || f.Level > 7 {
		return dst, absentOr(&r)
	}
	f.Module, _ = r.take("SYSLOG_IDENTIFIER")
	var fields [MaxFrameFields]Field
	f.Fields = fields[:0]
	for {
		next := r.next()
		switch {
		case next == nil:
			return dst, absentOr(&r)
		case next.Name == "MESSAGE":
			f.Message = next.Value
			return appendTail(AppendFrame(dst, &f), flags&stationTail), nil
		case len(f.Fields) == MaxFrameFields || !ValidFrameName(next.Name):
			return dst, errMissing
		}
		f.Fields = append(f.Fields, *next)
	}
}

// absentOr is why a field was not found.
func absentOr(r *received) error {
	if r.err != nil {
		return r.err
	}
	return errMissing
}
