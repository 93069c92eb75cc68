package parse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// shape is one line and what becomes of it, as dump prints it.
type shape struct {
	in, want string
}

// testTime is when the lines of the tests were received: 2023-10-12, noon.
var testTime = time.Date(2023, 10, 12, 12, 0, 0, 0, time.UTC).UnixMicro()

var rendererNames = [...]string{"raw", "text", "rfc5424", "rfc3164", "json", "export", "zato"}

// dump writes an entry on one line: renderer, parameters, event time, fields. The raw octets are left out.
func dump(e *entry.Entry) string {
	var b strings.Builder
	b.WriteString(rendererNames[e.Renderer])
	if len(e.Params) > 0 {
		fmt.Fprintf(&b, " %x", e.Params)
	}
	if e.Event.Valid {
		fmt.Fprintf(&b, " @%s", e.Event.AppendRFC3339(nil))
	}
	for _, f := range e.Fields {
		if f.Provenance != entry.Observed {
			fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
		}
	}
	return b.String()
}

// checkEntry fails unless the entry gives the octets back, can be encoded, and is the same when decoded again.
func checkEntry(t *testing.T, e *entry.Entry, octets []byte) {
	t.Helper()
	out, ok, err := entry.AppendReceived(nil, e)
	if err != nil || !ok || !bytes.Equal(out, octets) {
		t.Fatalf("%q: rendered %q, %v, %v\n%s", octets, out, ok, err, dump(e))
	}
	body, err := entry.AppendBody(nil, e)
	if err == entry.ErrTooLong {
		return
	}
	if err != nil {
		t.Fatalf("%q: body: %v", octets, err)
	}
	var d entry.Decoder
	var back entry.Entry
	if err := d.Decode(body, &back); err != nil {
		t.Fatalf("%q: decode: %v", octets, err)
	}
	if got, want := fmt.Sprintf("%+v %v", back.Fields, back.Event), fmt.Sprintf("%+v %v", e.Fields, e.Event); got != want {
		t.Fatalf("%q: decoded\n%s, want\n%s", octets, got, want)
	}
	if dump(&back) != dump(e) || back.Received != e.Received {
		t.Fatalf("%q: decoded\n%s, want\n%s", octets, dump(&back), dump(e))
	}
}

func checkShapes(t *testing.T, f Format, o Options, shapes []shape) {
	t.Helper()
	if o.Location == nil {
		o.Location = time.UTC
	}
	p := New(f, o)
	var e entry.Entry
	for _, s := range shapes {
		p.Parse(&e, []byte(s.in), testTime)
		if got := dump(&e); got != s.want {
			t.Errorf("%q:\n got %s\nwant %s", s.in, got, s.want)
		}
		checkEntry(t, &e, []byte(s.in))
	}
}

func TestText(t *testing.T) {
	checkShapes(t, Text, Options{}, []shape{
		{"", `text MESSAGE=""`},
		{"<13>Oct 11 22:14:15 x", `text MESSAGE="<13>Oct 11 22:14:15 x"`},
		{"\xff\x00\r", `text MESSAGE="\xff\x00\r"`},
	})
}

func TestAuto(t *testing.T) {
	checkShapes(t, Auto, Options{}, []shape{
		{`{"a":"b"}`, `json a="b"`},
		{`{"a":`, `text MESSAGE="{\"a\":"`},
		{`<34>1 - - - - - - x`, `rfc5424 PRIORITY="2" SYSLOG_FACILITY="4" MESSAGE="x"`},
		{`<34>1 Oct 11 22:14:15 h a: x`, `rfc3164 04 PRIORITY="2" SYSLOG_FACILITY="4" MESSAGE="1 Oct 11 22:14:15 h a: x"`},
		{`<34>app: x`, `rfc3164 04 PRIORITY="2" SYSLOG_FACILITY="4" SYSLOG_IDENTIFIER="app" MESSAGE="x"`},
		{`Oct 11 22:14:15 h app: x`, `rfc3164 @2023-10-11T22:14:15 HOSTNAME="h" SYSLOG_IDENTIFIER="app" MESSAGE="x"`},
		{`2023-10-11T22:14:15Z h app: x`, `rfc3164 03 @2023-10-11T22:14:15Z HOSTNAME="h" SYSLOG_IDENTIFIER="app" MESSAGE="x"`},
		{`2023-10-11 22:14:15,123 INFO x`, `text MESSAGE="2023-10-11 22:14:15,123 INFO x"`},
		{`<abc>x`, `text MESSAGE="<abc>x"`},
		{``, `text MESSAGE=""`},
	})
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		head string
		want Format
	}{
		{"", Auto},
		{"__CURSOR=x\n_PID=1\nMESSAGE=y\n\n", Export},
		{"MESSAGE=y", Export},
		{"MESSAGE\n\x03\x00\x00\x00\x00\x00\x00\x00a\nb\n_PID=1\n\n", Export},
		{"PATH=/bin\nHOME=/root\n", Text},
		{"{\"a\":1}\n{\"a\":2}\n{\"a", JSONLines},
		{"{\"a\":1}\nx\n", Auto},
		{"<34>1 - - - - - -\n\n<34>1 - - - - - -\n", RFC5424},
		{"<34>Oct 11 22:14:15 h a: b\nOct 11 22:14:15 h a: b\n<3", RFC3164},
		{"<34>Oct 11 22:14:15 h a: b", RFC3164},
		{"hello\nworld\n", Text},
	} {
		if got := Detect([]byte(c.head)); got != c.want {
			t.Errorf("%q: %v, want %v", c.head, got, c.want)
		}
	}
}

func TestFormatByName(t *testing.T) {
	for f := Auto; f <= Syslog; f++ {
		if got, err := FormatByName(f.String()); got != f || err != nil {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	_, err := FormatByName("xml")
	if err == nil || !strings.Contains(err.Error(), "auto, rfc3164, rfc5424, jsonl, export, text, syslog, zato") {
		t.Errorf("error %v does not list the formats", err)
	}
}

// TestBatch: what was parsed stays as it is until Release, however much is parsed after it.
func TestBatch(t *testing.T) {
	p := New(JSONLines, Options{Provenance: entry.Imported})
	for range 2 {
		entries := make([]entry.Entry, 3000)
		for i := range entries {
			p.Parse(&entries[i], []byte(jsonLine(i)), testTime)
		}
		for i := range entries {
			checkEntry(t, &entries[i], []byte(jsonLine(i)))
		}
		p.Release()
	}
}

func jsonLine(i int) string {
	return fmt.Sprintf(`{"n":%d,"m":"\"%s\" \\ %d"}`, i, strings.Repeat("x", i%100), i)
}
