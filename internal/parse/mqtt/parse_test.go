package mqtt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// paris is the zone of the tests: an hour or two ahead.
func paris(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

// describe prints an entry: its time, its fields, and "raw" if the octets are kept beside them.
func describe(e *entry.Entry) string {
	var b strings.Builder
	if e.Event.Valid {
		fmt.Fprintf(&b, "%s ", time.UnixMicro(e.Event.Micros).UTC().Format("0102T150405.000"))
	}
	for _, f := range e.Fields {
		if f.Name == entry.Raw {
			b.WriteString("raw ")
			continue
		}
		fmt.Fprintf(&b, "%s=%s ", f.Name, f.Value)
	}
	return strings.TrimSpace(b.String())
}

// payloads are what is published, and what becomes of it in Paris.
var payloads = []struct{ payload, want string }{
	{`{"component": "vm-sys-usb", "module": "UsbDaemon", "datetime": "2026-11-21 19:41:24.081", "description": "Disk ready"}`,
		"1121T184124.081 HOSTNAME=vm-sys-usb SYSLOG_IDENTIFIER=UsbDaemon MESSAGE=Disk ready"},
	{`{"component":"d","module":"m","datetime":"2026-07-01 10:00:00.000","description":"ligne 1\nligne 2 \u00e9"}`,
		"0701T080000.000 HOSTNAME=d SYSLOG_IDENTIFIER=m MESSAGE=ligne 1\nligne 2 é"},
	{`{"component": "d", "module": "", "datetime": "2026-07-01 10:00:00.000", "description": "\u00e9 \ud83d\ude00 \"q\" \\ /"}`,
		"0701T080000.000 HOSTNAME=d SYSLOG_IDENTIFIER= MESSAGE=é \U0001f600 \"q\" \\ /"},
	{`{"component":"d","description":"é"}`, "HOSTNAME=d MESSAGE=é"},
	{`{"disk": "KINGSTON", "filepath": "/a.txt", "error": "not found"}`, "disk=KINGSTON filepath=/a.txt MESSAGE=not found"},
	{`{"error": "e", "description": "d"}`, "error=e MESSAGE=d"},
	{`{"level": "debug"}`, "level=debug"},
	{`{"level": 3}`, "level=3 raw"},
	{`{ "level": "x" }`, "level=x raw"},
	{`{"datetime": "2026-11-21 19:41:24.081"}`, "1121T184124.081 raw"},
	{`{"datetime": "yesterday", "description": "d"}`, "datetime=yesterday MESSAGE=d"},
	{`{"datetime": "2026-02-30 10:00:00.000", "description": "d"}`, "datetime=2026-02-30 10:00:00.000 MESSAGE=d"},
	{`{"datetime": "2026-03-29 02:30:00.000", "description": "an hour that there was not"}`,
		"0329T013000.000 MESSAGE=an hour that there was not raw"},
	{`{"PRIORITY": "0", "_PID": "1", "MESSAGE": "m", "MQTT_TOPIC": "t"}`,
		"payload.PRIORITY=0 payload._PID=1 payload.MESSAGE=m payload.MQTT_TOPIC=t raw"},
	{`{"component": "a", "component": "b"}`, "HOSTNAME=a HOSTNAME=b"},
	{`{"description": "caf` + "\xe9" + `"}`, "MESSAGE=caf\ufffd raw"},
	{`{"description": "half \ud800"}`, "MESSAGE=half \ufffd raw"},
	{`{}`, ""},
	{`{"a": {"b": [1, 2]}}`, `a={"b": [1, 2]} raw`},
}

// broken are no events.
var broken = []string{"", "text", "[]", `"x"`, "null", `{"a": "b"`, `{"a": "b"} x`, `{"": "x"}`, `{"a=b": "x"}`, `{"a": }`, "\xff\x00",
	`{"` + strings.Repeat("k", 300) + `": "x"}`, "{" + strings.Repeat(`"a": "b", `, 256) + `"a": "b"}`}

// TestParse: members become fields, and the payload comes back.
func TestParse(t *testing.T) {
	p := New(paris(t))
	var e entry.Entry
	for _, c := range payloads {
		if !Valid([]byte(c.payload)) {
			t.Errorf("%s: not valid", c.payload)
		}
		p.Parse(&e, []byte(c.payload), 1)
		if got := describe(&e); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.payload, got, c.want)
		}
		comesBack(t, &e, []byte(c.payload))
	}
	for _, payload := range broken {
		if Valid([]byte(payload)) {
			t.Errorf("%q: valid", payload)
		}
		p.Parse(&e, []byte(payload), 1)
		if got, want := describe(&e), strings.TrimSpace("MESSAGE="+payload); got != want {
			t.Errorf("%q: %s", payload, got)
		}
		comesBack(t, &e, []byte(payload))
	}
}

// comesBack wants the payload back, also behind the fields of a topic.
func comesBack(t *testing.T, e *entry.Entry, payload []byte) {
	t.Helper()
	e.AddString(entry.TopicField, "system/events/info", entry.Claimed)
	e.AddString("PRIORITY", "6", entry.Claimed)
	out, ok, err := entry.AppendReceived(nil, e)
	if err != nil || !ok || !bytes.Equal(out, payload) {
		t.Errorf("%q came back as %q, %v %v", payload, out, ok, err)
	}
}

// TestLevel: the level is the last part of the topic.
func TestLevel(t *testing.T) {
	for topic, want := range map[string]string{"system/events/info": "6", "system/events/warn": "4", "system/events/warning": "4",
		"system/events/error": "3", "system/events/critical": "2", "debug": "7", "system/events/set_loglevel": "", "": "", "info/": ""} {
		if level, ok := Level(topic); level != want || ok != (want != "") {
			t.Errorf("%s: %q %v", topic, level, ok)
		}
	}
}

// FuzzParse: whatever is published comes back, and what cannot be encoded is not made.
func FuzzParse(f *testing.F) {
	for _, c := range payloads {
		f.Add([]byte(c.payload))
	}
	for _, payload := range broken {
		f.Add([]byte(payload))
	}
	zone := paris(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var e entry.Entry
		New(zone).Parse(&e, payload, 1)
		if _, err := entry.AppendLong(nil, &e); err != nil {
			t.Fatalf("%q: %v", payload, err)
		}
		comesBack(t, &e, payload)
	})
}
