package entry

import (
	"errors"
	"math"
	"testing"
)

// eventAt is 2003-10-11T22:14:15.003Z.
var eventAt = Time{Micros: 1065910455003000, Digits: 3, Zone: "Z", Valid: true}

// fieldList makes claimed fields of name, value, name, value …
func fieldList(pairs ...string) (fields []Field) {
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, Field{Name: pairs[i], Value: []byte(pairs[i+1])})
	}
	return fields
}

// syslogFields are those of the syslog renderers, all there.
func syslogFields() []Field {
	return fieldList("PRIORITY", "2", "SYSLOG_FACILITY", "4", "HOSTNAME", "h", "SYSLOG_IDENTIFIER", "su", "SYSLOG_PID", "7")
}

// TestRender pins what the renderers print: they are formats.
func TestRender(t *testing.T) {
	with := func(pairs ...string) []Field { return append(syslogFields(), fieldList(pairs...)...) }
	for _, c := range []struct {
		renderer Renderer
		params   string
		event    Time
		fields   []Field
		want     string
	}{
		{RenderText, "", Time{}, fieldList("MESSAGE", "a\xff"), "a\xff"},
		{RenderRFC5424, "", eventAt, with("SYSLOG_MSGID", "m", "MESSAGE", "hi"), "<34>1 2003-10-11T22:14:15.003Z h su 7 m - hi"},
		{RenderRFC5424, "", Time{}, fieldList("PRIORITY", "7", "SYSLOG_FACILITY", "23"), "<191>1 - - - - - -"},
		{RenderRFC5424, "\x01", Time{}, with("MESSAGE", ""), "<34>1 - h su 7 - - \ufeff"},
		{RenderRFC5424, "\x02", Time{}, with("MESSAGE", "[x"), "<34>1 - h su 7 - [x"},
		{RenderRFC5424, "\x00\x01\x00\x03\x02", Time{}, with("MESSAGE", "m", "a", "", "b.c.d.e", `"\]`, "b.c.f", ""),
			`<34>1 - h su 7 - [a][b.c d.e="\"\\\]" f=""] m`},
		{RenderRFC5424, "\x1d", Time{}, with("MESSAGE", "hi"), "<34>1 - h su 7 - - \ufeffhi\r\n\x00"},
		{RenderRFC5424, "\x08\x01\x00", Time{}, with("a", ""), "<34>1 - h su 7 - [a]\n"},
		{RenderRFC3164, "", eventAt, with("MESSAGE", "hi"), "<34>Oct 11 22:14:15.003 h su[7]: hi"},
		{RenderRFC3164, "\x00\xc0\x70", Time{Micros: 1064959200000000, Valid: true}, fieldList("HOSTNAME", "h"), "Oct  1 00:00:00 h"},
		{RenderRFC3164, "\x01", Time{Valid: true}, fieldList("MESSAGE", "x"), "Jan 01 00:00:00 x"},
		{RenderRFC3164, "\x02", Time{Valid: true}, fieldList("MESSAGE", ""), "Jan 1 00:00:00 "},
		{RenderRFC3164, "\x03", eventAt, with(), "<34>2003-10-11T22:14:15.003Z h su[7]:"},
		{RenderRFC3164, "\x03\xc0\x70", Time{Valid: true}, nil, "1970-01-01T02:00:00"},
		{RenderRFC3164, "\x04", Time{}, fieldList("SYSLOG_IDENTIFIER", "a", "MESSAGE", "b"), "a: b"},
		{RenderRFC3164, "\x05", Time{Valid: true}, fieldList("HOSTNAME", "h"), "Jan 01 1970 00:00:00 h"},
		{RenderRFC3164, "\x7c", Time{}, fieldList("PRIORITY", "0", "SYSLOG_FACILITY", "0", "SYSLOG_IDENTIFIER", "a", "MESSAGE", "b"), "<0> - ab"},
		{RenderRFC3164, "\x84\x02", Time{}, fieldList("MESSAGE", "x"), "x\n"},
		{RenderRFC3164, "\x83\x07\xc0\x70", Time{Valid: true}, fieldList("MESSAGE", "x"), "1970-01-01T02:00:00 x\r\n\x00"},
		{RenderJSON, "", Time{}, fieldList("a", "\"\\\b\f\n\r\t\x00\x1f\x7f/\xff", `b"`, ""),
			`{"a":"\"\\\b\f\n\r\t\u0000\u001f` + "\x7f/\xff" + `","b\"":""}`},
		{RenderJSON, "\x01\x02\x02\x01\x08", Time{}, fieldList("a", "\x00", "a", "y", "b", "1"), `{"a": [{"base64": "AA=="}, "y"], "b": 1}`},
		{RenderJSON, "", Time{}, nil, `{}`},
		{RenderExport, "", Time{}, fieldList("A", "b", "C", "\n"), "A=b\nC\n\x01\x00\x00\x00\x00\x00\x00\x00\n\n\n"},
		{RenderZato, "", eventAt, zatoFields("cid", "c", "op", "é/\U0001f600\x7f"), `2003-10-11 22:14:15,003 - WARNING - 1:T - z:4 - {"cid": "c", "op": "\u00e9/\ud83d\ude00\u007f"}`},
		{RenderZato, "\x0f", Time{}, zatoFields("extra.a", "1", "extra.b", `"1"`, "extra.c", "é/", "op", "x"), `WARNING - 1:T - z:4 - {"extra":{"a":1,"b":"1","c":"é\/"},"op":"x"}`},
		{RenderZato, "\x00\xc0\x70", Time{Digits: 3, Valid: true}, zatoFields("extra", "{}"), `1970-01-01 02:00:00,000 - WARNING - 1:T - z:4 - {"extra": {}}`},
		{RenderZato, "\x18", Time{}, zatoFields("MESSAGE", "hi"), `WARNING - 1:T - z:4 - hi`},
		{RenderStation, "", eventAt, stationFields("MESSAGE", "a\nb"), "2003-10-11 22:14:15,003 INFO     vm-sys-usb [Messagerie DomU     ] a\nb"},
		{RenderStation, "\x03\xc0\x70", Time{Digits: 3, Valid: true}, fieldList("PRIORITY", "2", "HOSTNAME", "d0", "SYSLOG_IDENTIFIER", "é", "MESSAGE", ""),
			"1970-01-01 02:00:00,000 CRITICAL d0         [é                   ] \r\n"},
		{RenderStation, "\x0a", Time{}, fieldList("MESSAGE", "x"), "x\n"},
		{RenderFrame, "", eventAt, frameFields("SYSLOG_IDENTIFIER", "a b", "X", "\x00 ", "MESSAGE", "é\u009b\xff\\"),
			`%c1 m 9f3a5c01d2e4b687 3 2003-10-11T22:14:15.003Z 7 a\x20b X=\x00\x20 :é\xc2\x9b\xff\\ e4494b06`},
		{RenderFrame, "\x01", Time{}, frameFields("MESSAGE", ""), "%c1 m 9f3a5c01d2e4b687 3 - 7 - : f3126be5\r"},
		{RenderBroker, "", eventAt, brokerFields(), `{"component": "d", "module": "m", "datetime": "2003-10-11 22:14:15.003", "description": "\u00e9/"}`},
		{RenderBroker, "\x07\xc0\x70", Time{Digits: 3, Valid: true}, fieldList("MESSAGE", "é/"), `{"datetime":"1970-01-01 02:00:00.000","description":"é\/"}`},
		{RenderBroker, "\x18", Time{}, fieldList("disk", "D", "MESSAGE", "gone", TopicField, "x", "PRIORITY", "3"), `{"disk": "D", "error": "gone"}`},
		{RenderBroker, "\x08", Time{}, nil, `{}`},
		{RenderExport, "\x03", Time{}, fieldList("A", "\t\u00e9", "C", "\x7f"), "A=\t\u00e9\nC\n\x01\x00\x00\x00\x00\x00\x00\x00\x7f\n"},
	} {
		e := Entry{Renderer: c.renderer, Params: []byte(c.params), Event: c.event, Fields: c.fields}
		e.Add("_PID", []byte("1"), Observed) // what the daemon adds is never rendered
		out, ok, err := AppendReceived([]byte(">"), &e)
		if string(out) != ">"+c.want || !ok || err != nil {
			t.Errorf("renderer %d, params %x: %q, %v, %v; want %q", c.renderer, c.params, out, ok, err, c.want)
		}
	}
}

func zatoFields(more ...string) []Field {
	return fieldList(append([]string{"PRIORITY", "4", "SYSLOG_PID", "1", "THREAD_NAME", "T", "SYSLOG_IDENTIFIER", "z", "CODE_LINE", "4"}, more...)...)
}

func brokerFields() []Field {
	return fieldList("HOSTNAME", "d", "SYSLOG_IDENTIFIER", "m", "MESSAGE", "é/", TopicField, "system/events/info", "PRIORITY", "6")
}

func stationFields(more ...string) []Field {
	return fieldList(append([]string{"PRIORITY", "6", "HOSTNAME", "vm-sys-usb", "SYSLOG_IDENTIFIER", "Messagerie DomU"}, more...)...)
}

func frameFields(more ...string) []Field {
	return fieldList(append([]string{FrameRun, "9f3a5c01d2e4b687", FrameNumber, "3", "PRIORITY", "7"}, more...)...)
}

func TestRenderErrors(t *testing.T) {
	private := Field{Name: "MESSAGE", Value: make([]byte, DigestSize), Form: Private}
	for _, c := range []struct {
		renderer Renderer
		params   string
		fields   []Field
		want     error
	}{
		{RenderRFC5424, "\x20", syslogFields(), errParams},
		{RenderRFC5424, "\x02\x01\x00", syslogFields(), errParams},
		{RenderRFC5424, "\x00\x01", syslogFields(), errParams},
		{RenderRFC5424, "\x00\x01\x00", syslogFields(), errMissing},
		{RenderRFC5424, "\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", append(syslogFields(), fieldList("a.b", "")...), errMissing},
		{RenderRFC5424, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", append(syslogFields(), fieldList("a.b", "")...), errMissing},
		{RenderRFC5424, "", nil, errMissing},
		{RenderRFC5424, "", fieldList("PRIORITY", "8", "SYSLOG_FACILITY", "0"), errMissing},
		{RenderRFC5424, "", fieldList("PRIORITY", "0", "SYSLOG_FACILITY", "24"), errMissing},
		{RenderRFC5424, "", append(syslogFields(), private), errAbsent},
		{RenderRFC3164, "", syslogFields(), errEvent},
		{RenderRFC3164, "\x06", syslogFields(), errParams},
		{RenderRFC3164, "\x84", syslogFields(), errParams},
		{RenderRFC3164, "\x84\x00", syslogFields(), errParams},
		{RenderRFC3164, "\x84\x08", syslogFields(), errParams},
		{RenderRFC3164, "\x04\xff", syslogFields(), errParams},
		{RenderRFC3164, "\x04\x82\xc6\x0a", syslogFields(), errParams},
		{RenderRFC3164, "\x44", nil, errParams},
		{RenderRFC3164, "\x14", nil, errParams},
		{RenderRFC3164, "\x04", append(syslogFields(), private), errAbsent},
		{RenderJSON, "\x10", nil, errParams},
		{RenderJSON, "\x00\x03\x00", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x03\x80\x02", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x03\x01\x03\x01", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x00\x03\x01", fieldList("a", "1"), errParams},
		{RenderJSON, "\x00\x00", nil, errParams},
		{RenderJSON, "\x00\x03", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x02\x00", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x02\x02", fieldList("a", "b"), errParams},
		{RenderJSON, "\x00\x02\x02", fieldList("a", "b", "c", "d"), errParams},
		{RenderJSON, "\x00\x02\x01\x00", fieldList("a", "1"), errParams},
		{RenderJSON, "", []Field{private}, errAbsent},
		{RenderZato, "", zatoFields(), errEvent},
		{RenderZato, "\x20", zatoFields(), errParams},
		{RenderZato, "\x08\xff", zatoFields(), errParams},
		{RenderZato, "\x08", nil, errMissing},
		{RenderZato, "\x08", zatoFields("other", "x"), errParams},
		{RenderZato, "\x08", append(zatoFields(), private), errAbsent},
		{RenderStation, "", stationFields("MESSAGE", ""), errEvent},
		{RenderStation, "\x04", stationFields("MESSAGE", ""), errParams},
		{RenderStation, "\x08\xff", stationFields("MESSAGE", ""), errParams},
		{RenderStation, "\x08", stationFields(), errMissing},
		{RenderStation, "\x08", []Field{private}, errAbsent},
		{RenderFrame, "\x08", frameFields("MESSAGE", ""), errParams},
		{RenderFrame, "", frameFields(), errMissing},
		{RenderFrame, "", frameFields("_A", "x", "MESSAGE", ""), errMissing},
		{RenderFrame, "", append(frameFields(), private), errAbsent},
		{RenderBroker, "", brokerFields(), errEvent},
		{RenderBroker, "\x20", brokerFields(), errParams},
		{RenderBroker, "\x08", []Field{private}, errAbsent},
		{RenderExport, "\x04", nil, errParams},
		{RenderExport, "\x00\x00", nil, errParams},
		{RenderExport, "", []Field{private}, errAbsent},
	} {
		e := Entry{Renderer: c.renderer, Params: []byte(c.params), Fields: c.fields}
		out, ok, err := AppendReceived([]byte(">"), &e)
		if string(out) != ">" || ok || !errors.Is(err, c.want) {
			t.Errorf("renderer %d, params %x: %q, %v, %v; want %v", c.renderer, c.params, out, ok, err, c.want)
		}
	}
}

// FuzzAppendReceived: no parameters, fields or time make a renderer panic, and after an error nothing was appended.
func FuzzAppendReceived(f *testing.F) {
	f.Add(uint16(RenderRFC5424), []byte("\x00\x01\x01"), "PRIORITY\x002\x00SYSLOG_FACILITY\x004\x00a.b\x00c", eventAt.Micros, uint8(3), "Z")
	f.Add(uint16(RenderRFC3164), []byte("\x05\xc0\x70"), "PRIORITY\x002\x00SYSLOG_FACILITY\x004\x00HOSTNAME\x00h", eventAt.Micros, uint8(0), "")
	f.Add(uint16(RenderJSON), []byte("\x01\x02\x02\x01\x08"), "a\x00b\x00a\x00c\x00d\x001", int64(math.MaxInt64), uint8(9), "+99:99")
	f.Add(uint16(RenderBroker), []byte("\x01\xc0\x70"), "HOSTNAME\x00d\x00MESSAGE\x00m\x00MQTT_TOPIC\x00t", eventAt.Micros, uint8(3), "")
	f.Add(uint16(RenderZato), []byte("\x01\xc0\x70"), "PRIORITY\x002\x00SYSLOG_PID\x004\x00THREAD_NAME\x00h\x00SYSLOG_IDENTIFIER\x00z\x00CODE_LINE\x004\x00extra.a\x00{}", eventAt.Micros, uint8(3), "")
	f.Add(uint16(RenderStation), []byte("\x03\xc0\x70"), "PRIORITY\x002\x00HOSTNAME\x00h\x00SYSLOG_IDENTIFIER\x00z\x00MESSAGE\x00m", eventAt.Micros, uint8(3), "")
	f.Add(uint16(RenderFrame), []byte("\x01"), "CHANNEL_RUN\x009f3a5c01d2e4b687\x00CHANNEL_NUMBER\x003\x00PRIORITY\x002\x00a\x00b\x00MESSAGE\x00m", eventAt.Micros, uint8(3), "Z")
	f.Add(uint16(RenderExport), []byte("\x03"), "A\x00b\x00C\x00\n", int64(math.MinInt64), uint8(200), "-")
	f.Fuzz(func(t *testing.T, renderer uint16, params []byte, fields string, micros int64, digits uint8, zone string) {
		e := Entry{Renderer: Renderer(renderer) % (lastRenderer + 1), Params: params,
			Event: Time{Micros: micros, Digits: digits, Zone: zone, Valid: digits != 255}}
		var pairs []string
		start := 0
		for i := range len(fields) + 1 {
			if i == len(fields) || fields[i] == 0 {
				pairs = append(pairs, fields[start:i])
				start = i + 1
			}
		}
		e.Fields = fieldList(pairs[:len(pairs)&^1]...)
		out, ok, err := AppendReceived([]byte(">"), &e)
		if (err != nil && ok) || (!ok && string(out) != ">") || out[0] != '>' {
			t.Fatalf("%q, %v, %v", out, ok, err)
		}
	})
}
