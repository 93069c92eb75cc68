package entry

// The parameters of [RenderRFC5424]. Empty: no BOM, no structured data, no tail. Otherwise
//
//	flags    byte      the bits below; any other is an error
//	element  repeated  for each SD-ELEMENT in order, to the end of the parameters:
//	  id       uvarint   length of the SD-ID in bytes
//	  params   uvarint   how many SD-PARAMs
//
// The fields, in this order: PRIORITY, SYSLOG_FACILITY; HOSTNAME, SYSLOG_IDENTIFIER, SYSLOG_PID, SYSLOG_MSGID (absent
// where NIL was written); MESSAGE (absent where nothing follows the structured data, not even the blank); then for
// each element without SD-PARAM one field named SD-ID with an empty value, else one field SD-ID.PARAM-NAME a
// parameter. The lengths are kept because both halves may hold a dot. The event time is printed by
// [Time.AppendRFC3339]; an entry without one has the stamp NIL.
const (
	// RFC5424BOM: the octets EF BB BF stand before MSG (RFC 5424, section 6.4); MESSAGE is without them.
	RFC5424BOM = 1 << iota
	// RFC5424NoSD: no structured data was written, or it was malformed; MESSAGE is all that follows MSGID and a blank.
	RFC5424NoSD
)

// RFC5424Tail is how far the bits of the tail, [TailCR] …, are shifted to stand above the flags.
const RFC5424Tail = 2

// appendRFC5424 renders HEADER SP STRUCTURED-DATA [SP MSG] (RFC 5424, section 6) and the tail.
func appendRFC5424(dst []byte, e *Entry) ([]byte, error) {
	flags, shape := byte(0), []byte(nil)
	if len(e.Params) > 0 {
		flags, shape = e.Params[0], e.Params[1:]
	}
	tail := flags >> RFC5424Tail
	if tail > tailBits || (flags&RFC5424NoSD != 0 && len(shape) > 0) {
		return dst, errParams
	}
	r := received{fields: e.Fields}
	out, err := appendHeader5424(dst, e, &r)
	if err != nil {
		return dst, err
	}
	message, found := r.take("MESSAGE")
	if flags&RFC5424NoSD == 0 {
		out = append(out, ' ')
		if out, err = appendStructured(out, shape, &r); err != nil {
			return dst, err
		}
	}
	if found {
		out = append(out, ' ')
		if flags&RFC5424BOM != 0 {
			out = append(out, "\ufeff"...)
		}
		out = append(out, message...)
	}
	if r.err != nil {
		return dst, r.err
	}
	return appendTail(out, tail), nil
}

// appendHeader5424 renders <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID (RFC 5424, section 6.2).
func appendHeader5424(dst []byte, e *Entry, r *received) ([]byte, error) {
	dst, found, err := appendPRI(dst, r)
	if err != nil || !found {
		return dst, errMissing
	}
	dst = append(dst, "1 "...)
	switch {
	case !e.Event.valid():
		return dst, errEvent
	case e.Event.Valid:
		dst = e.Event.AppendRFC3339(dst)
	default:
		dst = append(dst, '-')
	}
	dst = appendOrNil(dst, "HOSTNAME", r)
	dst = appendOrNil(dst, "SYSLOG_IDENTIFIER", r)
	dst = appendOrNil(dst, "SYSLOG_PID", r)
	return appendOrNil(dst, "SYSLOG_MSGID", r), r.err
}

func appendOrNil(dst []byte, name string, r *received) []byte {
	dst = append(dst, ' ')
	if value, found := r.take(name); found {
		return append(dst, value...)
	}
	return append(dst, '-')
}

// appendStructured renders STRUCTURED-DATA (RFC 5424, section 6.3).
func appendStructured(dst, shape []byte, r *received) ([]byte, error) {
	if len(shape) == 0 {
		return append(dst, '-'), nil
	}
	for len(shape) > 0 {
		id, rest, err := param(shape)
		if err != nil {
			return dst, err
		}
		count, rest, err := param(rest)
		if err != nil {
			return dst, err
		}
		if dst, err = appendElement(dst, id, count, r); err != nil {
			return dst, err
		}
		shape = rest
	}
	return dst, nil
}

// appendElement renders one SD-ELEMENT from the next count fields, or from one field if count is 0.
func appendElement(dst []byte, id, count uint64, r *received) ([]byte, error) {
	f := r.next()
	if f == nil || id > uint64(len(f.Name)) {
		return dst, errMissing
	}
	name := f.Name[:id]
	dst = append(append(dst, '['), name...)
	if count == 0 {
		if len(f.Name) != len(name) || len(f.Value) != 0 {
			return dst, errMissing
		}
		return append(dst, ']'), nil
	}
	for {
		if uint64(len(f.Name)) <= id || f.Name[id] != '.' || f.Name[:id] != name {
			return dst, errMissing
		}
		dst = append(append(dst, ' '), f.Name[id+1:]...)
		dst = appendParamValue(append(dst, '='), f.Value)
		if count--; count == 0 {
			return append(dst, ']'), nil
		}
		if f = r.next(); f == nil {
			return dst, errMissing
		}
	}
}

// appendParamValue renders a PARAM-VALUE in quotes; '"', '\' and ']' are escaped (RFC 5424, section 6.3.3).
func appendParamValue(dst, value []byte) []byte {
	dst = append(dst, '"')
	for _, c := range value {
		if c == '"' || c == '\\' || c == ']' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
