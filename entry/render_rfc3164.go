package entry

// The parameters of [RenderRFC3164]. Empty: flags 0, offset 0. Otherwise
//
//	flags   byte     stamp (bits 0-2) and the bits below
//	tail    byte     [TailCR] …, not 0; only if the flags have RFC3164Tail
//	offset  svarint  seconds east of UTC that were assumed because the stamp has no zone; left out if 0
//
// What is rendered, each piece only if it is there, pieces after the first set off by one blank:
//
//	<PRI> STAMP HOST TAG[PID]: MESSAGE tail
//
// PRI follows from PRIORITY and SYSLOG_FACILITY, both or neither, and the blanks after it and before the
// tail are not written. The fields
// follow in the order HOSTNAME, SYSLOG_IDENTIFIER, SYSLOG_PID, MESSAGE; "[PID]" is there if SYSLOG_PID is.
const (
	RFC3164Blank = iota // "Oct  1 22:14:15": the day padded with a blank
	RFC3164Zero         // "Oct 01 22:14:15"
	RFC3164Bare         // "Oct 1 22:14:15"
	RFC3164ISO          // as [Time.AppendRFC3339]; if no zone was written, the clock at the offset
	RFC3164None         // no stamp
	RFC3164Year         // "Oct 01 2023 22:14:15"

	RFC3164NilHost = 1 << 3 // HOSTNAME is absent and "-" was written
	RFC3164NoColon = 1 << 4 // TAG[PID] without the colon
	RFC3164Glued   = 1 << 5 // no blank between TAG[PID]: and MESSAGE
	RFC3164Gap     = 1 << 6 // a blank after <PRI>
	RFC3164Tail    = 1 << 7 // a tail

	stampBits   = 1<<3 - 1
	maxOffset   = 86400
	secondsADay = 86400
)

const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

// appendRFC3164 renders a line as syslog daemons write it (RFC 3164, section 4.1).
func appendRFC3164(dst []byte, e *Entry) ([]byte, error) {
	flags, tail, offset, err := params3164(e.Params)
	if err != nil {
		return dst, err
	}
	r := received{fields: e.Fields}
	out, found, err := appendPRI(dst, &r)
	if err != nil {
		return dst, err
	}
	if flags&RFC3164Gap != 0 {
		if !found {
			return dst, errParams
		}
		out = append(out, ' ')
	}
	start := len(out)
	if out, err = appendStamp(out, flags&stampBits, e.Event, offset); err != nil {
		return dst, err
	}
	out = appendHost(out, start, flags, &r)
	glued := false
	if out, glued, err = appendTag(out, start, flags, &r); err != nil {
		return dst, err
	}
	if message, found := r.take("MESSAGE"); found {
		if !glued {
			out = appendBlank(out, start)
		}
		out = append(out, message...)
	}
	if r.err != nil {
		return dst, r.err
	}
	return appendTail(out, tail), nil
}

func params3164(params []byte) (flags, tail byte, offset int64, err error) {
	if len(params) == 0 {
		return 0, 0, 0, nil
	}
	flags, params = params[0], params[1:]
	if flags&RFC3164Tail != 0 {
		if len(params) == 0 || params[0] == 0 || params[0] > tailBits {
			return 0, 0, 0, errParams
		}
		tail, params = params[0], params[1:]
	}
	r := reader{buf: params}
	if len(r.buf) > 0 {
		offset = r.svarint()
	}
	if r.bad || len(r.buf) > 0 || flags&stampBits > RFC3164Year || offset < -maxOffset || offset > maxOffset {
		return 0, 0, 0, errParams
	}
	return flags, tail, offset, nil
}

// appendBlank appends the blank that sets a piece off, unless it is the first.
func appendBlank(dst []byte, start int) []byte {
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	return dst
}

func appendStamp(dst []byte, stamp byte, t Time, offset int64) ([]byte, error) {
	if stamp == RFC3164None {
		return dst, nil
	}
	if !t.Valid || !t.valid() {
		return dst, errEvent
	}
	if stamp == RFC3164ISO {
		if t.Zone == "" {
			return t.appendLocal(dst, int(offset)), nil
		}
		return t.AppendRFC3339(dst), nil
	}
	return appendMonthStamp(dst, stamp, t, offset)
}

// appendMonthStamp renders the stamps that begin with the name of a month (RFC 3164, section 4.1.2); the fraction, if
// there are digits, is the addition of some senders.
func appendMonthStamp(dst []byte, stamp byte, t Time, offset int64) ([]byte, error) {
	seconds, micros := floorDiv(t.Micros, 1_000_000)
	days, second := floorDiv(seconds+offset, secondsADay)
	year, month, day := civil(days)
	dst = append(append(dst, monthNames[3*month-3:3*month]...), ' ')
	switch {
	case day >= 10 || stamp == RFC3164Zero || stamp == RFC3164Year:
		dst = appendPadded(dst, uint64(day), 2)
	case stamp == RFC3164Blank:
		dst = append(dst, ' ', byte('0'+day))
	default:
		dst = append(dst, byte('0'+day))
	}
	if stamp == RFC3164Year {
		if year < 0 || year > 9999 {
			return dst, errEvent
		}
		dst = appendPadded(append(dst, ' '), uint64(year), 4)
	}
	dst = appendClock(append(dst, ' '), second)
	if t.Digits > 0 {
		dst = appendFraction(append(dst, '.'), uint(micros), uint(t.Nanos), int(t.Digits))
	}
	return dst, nil
}

func appendHost(dst []byte, start int, flags byte, r *received) []byte {
	host, found := r.take("HOSTNAME")
	if flags&RFC3164NilHost != 0 && !found {
		return append(appendBlank(dst, start), '-')
	}
	if found {
		dst = append(appendBlank(dst, start), host...)
	}
	return dst
}

// appendTag renders TAG[PID]: and reports whether the message follows without a blank.
func appendTag(dst []byte, start int, flags byte, r *received) (out []byte, glued bool, err error) {
	tag, found := r.take("SYSLOG_IDENTIFIER")
	if !found {
		if flags&(RFC3164NoColon|RFC3164Glued) != 0 {
			return dst, false, errParams
		}
		return dst, false, nil
	}
	dst = append(appendBlank(dst, start), tag...)
	if pid, found := r.take("SYSLOG_PID"); found {
		dst = append(append(append(dst, '['), pid...), ']')
	}
	if flags&RFC3164NoColon == 0 {
		dst = append(dst, ':')
	}
	return dst, flags&RFC3164Glued != 0, nil
}
