package entry

import (
	"encoding/binary"
	"strings"
)

// The parameters of [RenderZato]: empty, or
//
//	flags   byte     the bits below
//	offset  svarint  seconds east of UTC that were assumed because the stamp has no zone; left out if 0
//
// What is rendered is a line as Zato writes it into audit-pii.log:
//
//	YYYY-MM-DD hh:mm:ss,mmm - LEVEL - PID:THREAD - LOGGER:LINE - OBJECT
//
// The fields follow in the order PRIORITY, SYSLOG_PID, THREAD_NAME, SYSLOG_IDENTIFIER, CODE_LINE, and then the members of
// the object as [AppendAudit] reads them.
const (
	ZatoCompact = 1 << iota // no blank after ',' and ':' in the object
	ZatoUnicode             // octets beyond ASCII stand for themselves; otherwise they are escaped
	ZatoSlash               // '/' is escaped
	ZatoNoTime              // no stamp
	ZatoText                // MESSAGE in place of the object

	zatoBits = 1<<5 - 1
)

// ZatoLevel returns the name that Python gives to a level of syslog, 0 to 7.
func ZatoLevel(level int) string {
	switch {
	case level <= 2:
		return "CRITICAL"
	case level == 3:
		return "ERROR"
	case level == 4:
		return "WARNING"
	case level <= 6:
		return "INFO"
	}
	return "DEBUG"
}

// appendZato renders a line of audit-pii.log.
func appendZato(dst []byte, e *Entry) ([]byte, error) {
	flags, offset, err := paramsZato(e.Params)
	if err != nil {
		return dst, err
	}
	out := dst
	if flags&ZatoNoTime == 0 {
		if !e.Event.Valid || e.Event.Digits != 3 || !e.Event.valid() {
			return dst, errEvent
		}
		out = append(AppendZatoTime(out, e.Event.Micros, int(offset)), " - "...)
	}
	r := received{fields: e.Fields}
	if out, err = appendZatoHead(out, &r); err != nil {
		return dst, err
	}
	if flags&ZatoText != 0 {
		message, _ := r.take("MESSAGE")
		out = append(out, message...)
	} else if out, err = appendObject(out, r.fields, flags); err != nil {
		return dst, err
	}
	if r.err != nil {
		return dst, r.err
	}
	return out, nil
}

func paramsZato(params []byte) (flags byte, offset int64, err error) {
	if len(params) == 0 {
		return 0, 0, nil
	}
	flags = params[0]
	r := reader{buf: params[1:]}
	if len(r.buf) > 0 {
		offset = r.svarint()
	}
	if r.bad || len(r.buf) > 0 || flags > zatoBits || offset < -maxOffset || offset > maxOffset {
		return 0, 0, errParams
	}
	return flags, offset, nil
}

// ZatoParams makes the parameters of [RenderZato].
func ZatoParams(dst []byte, flags byte, offset int64) []byte {
	if flags == 0 && offset == 0 {
		return dst
	}
	if dst = append(dst, flags); offset != 0 {
		dst = binary.AppendVarint(dst, offset)
	}
	return dst
}

// AppendZatoTime appends the stamp of a line: what a clock shows that is so many seconds east of UTC.
func AppendZatoTime(dst []byte, micros int64, offset int) []byte {
	start := len(dst)
	seconds, rest := floorDiv(micros, 1_000_000)
	dst = appendCivil(dst, seconds+int64(offset))
	dst[start+len("2006-01-02")] = ' '
	return appendPadded(append(dst, ','), uint64(rest/1000), 3)
}

// appendZatoHead renders LEVEL - PID:THREAD - LOGGER:LINE and what sets it off.
func appendZatoHead(dst []byte, r *received) ([]byte, error) {
	var values [5][]byte
	for i, name := range [...]string{"PRIORITY", "SYSLOG_PID", "THREAD_NAME", "SYSLOG_IDENTIFIER", "CODE_LINE"} {
		value, found := r.take(name)
		if !found {
			return dst, errMissing
		}
		values[i] = value
	}
	level, ok := smallNumber(values[0])
	if !ok || level > 7 {
		return dst, errMissing
	}
	return AppendZatoHead(dst, level, values[1], values[2], values[3], values[4]), nil
}

// AppendZatoHead appends what stands between the stamp of a line and its object.
func AppendZatoHead(dst []byte, level int, pid, thread, logger, line []byte) []byte {
	dst = append(append(dst, ZatoLevel(level)...), " - "...)
	dst = append(append(append(dst, pid...), ':'), thread...)
	dst = append(append(append(append(dst, " - "...), logger...), ':'), line...)
	return append(dst, " - "...)
}

// Names of the fields of an audit entry.
const (
	AuditCID     = "cid"
	AuditOp      = "op"
	AuditCurrent = "current_user"
	AuditTarget  = "target_user"
	AuditResult  = "result"
	AuditExtra   = "extra"  // JSON text: an object whose keys cannot name fields, or what is no object at all
	AuditPrefix  = "extra." // and a key: a member of extra, as [AuditValue] makes it
)

// isAuditName reports whether a field is a member of the object of an audit entry.
func isAuditName(name string) bool {
	switch name {
	case AuditCID, AuditOp, AuditCurrent, AuditTarget, AuditResult, AuditExtra:
		return true
	}
	return strings.HasPrefix(name, AuditPrefix)
}
