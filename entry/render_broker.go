package entry

// TopicField is the field with the topic on which a broker delivered a message. It and the fields behind it are not of
// the payload.
const TopicField = "MQTT_TOPIC"

// The parameters of [RenderBroker] are those of [RenderZato], of which [ZatoNoTime] says that there is no "datetime", and
// BrokerError that MESSAGE is the member "error". What is rendered is an object as Python writes it:
//
//	{"component": HOSTNAME, "module": SYSLOG_IDENTIFIER, "datetime": "YYYY-MM-DD hh:mm:ss.mmm", "description": MESSAGE}
//
// Fields come in their order, "datetime" before the first MESSAGE; other fields are members under their names.
const BrokerError = ZatoText

// BrokerKey returns the key of a field in the object; errors says that MESSAGE is the member "error".
func BrokerKey(name string, errors bool) string {
	switch name {
	case "HOSTNAME":
		return "component"
	case "SYSLOG_IDENTIFIER":
		return "module"
	case "MESSAGE":
		if errors {
			return "error"
		}
		return "description"
	}
	return name
}

// appendBroker renders an event of a broker.
func appendBroker(dst []byte, e *Entry) ([]byte, error) {
	flags, offset, err := paramsZato(e.Params)
	if err != nil {
		return dst, err
	}
	timed := flags&ZatoNoTime == 0
	if timed && (!e.Event.Valid || e.Event.Digits != 3 || !e.Event.valid()) {
		return dst, errEvent
	}
	r := received{fields: e.Fields}
	w := objectWriter{out: append(dst, '{'), flags: flags}
	for f := r.next(); f != nil && f.Name != TopicField; f = r.next() {
		if timed && f.Name == "MESSAGE" {
			timed = false
			w.key("datetime")
			w.string(AppendBrokerTime(nil, e.Event.Micros, int(offset)))
		}
		w.key(BrokerKey(f.Name, flags&BrokerError != 0))
		w.string(f.Value)
	}
	if r.err != nil {
		return dst, r.err
	}
	return append(w.out, '}'), nil
}

// AppendBrokerTime appends the time of an event: what a clock shows that is so many seconds east of UTC.
func AppendBrokerTime(dst []byte, micros int64, offset int) []byte {
	start := len(dst)
	dst = AppendZatoTime(dst, micros, offset)
	dst[start+len("2006-01-02 15:04:05")] = '.'
	return dst
}
