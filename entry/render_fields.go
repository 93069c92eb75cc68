package entry

import "errors"

// Errors of the renderers.
var (
	errParams  = errors.New("parameters do not fit the renderer")
	errMissing = errors.New("a field that the renderer needs is missing or malformed")
	errAbsent  = errors.New("a value is not at hand: it is private or in a blob")
	errEvent   = errors.New("the event time does not fit the renderer")
)

// received walks the fields that came with the octets, in their order. Observed fields are what daemon or kernel
// added: no renderer looks at them. After the first value that is not inline err is set.
type received struct {
	fields []Field
	err    error
}

// peek returns the next field, nil at the end.
func (r *received) peek() *Field {
	for len(r.fields) > 0 {
		f := &r.fields[0]
		if f.Provenance != Observed {
			if f.Form != Inline {
				r.err = errAbsent
				return nil
			}
			return f
		}
		r.fields = r.fields[1:]
	}
	return nil
}

// next returns the next field and steps over it; nil at the end.
func (r *received) next() *Field {
	f := r.peek()
	if f != nil {
		r.fields = r.fields[1:]
	}
	return f
}

// take returns the value of the next field and steps over it if it has that name.
func (r *received) take(name string) ([]byte, bool) {
	f := r.peek()
	if f == nil || f.Name != name {
		return nil, false
	}
	r.fields = r.fields[1:]
	return f.Value, true
}

// param takes a uvarint off params.
func param(params []byte) (value uint64, rest []byte, err error) {
	r := reader{buf: params}
	value = r.uvarint()
	if r.bad {
		return 0, nil, errParams
	}
	return value, r.buf, nil
}

// appendPRI takes PRIORITY and SYSLOG_FACILITY off the fields and appends <PRI> (RFC 5424, section 6.2.1). found is
// false if the next field is not PRIORITY.
func appendPRI(dst []byte, r *received) (out []byte, found bool, err error) {
	priority, found := r.take("PRIORITY")
	if !found {
		return dst, false, nil
	}
	facility, found := r.take("SYSLOG_FACILITY")
	code, ok := smallNumber(facility)
	if !found || !ok || code > 23 || len(priority) != 1 || priority[0] < '0' || priority[0] > '7' {
		return dst, true, errMissing
	}
	pri := code*8 + int(priority[0]-'0')
	dst = append(dst, '<')
	if pri >= 100 {
		dst = append(dst, '1')
	}
	if pri >= 10 {
		dst = append(dst, byte('0'+pri/10%10))
	}
	return append(dst, byte('0'+pri%10), '>'), true, nil
}
