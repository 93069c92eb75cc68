package render

import (
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/output"
	"constat/internal/parse"
)

// received0 is when everything came in: 2023-11-14 22:13:20.123456 UTC.
const received0 = 1_700_000_000_123_456

// record parses a message as if it had come from the network.
func record(t testing.TB, octets string, more ...string) *output.Record {
	t.Helper()
	e := new(entry.Entry)
	parse.New(parse.Syslog, parse.Options{Location: time.UTC}).Parse(e, []byte(octets), received0)
	e.Received = received0
	for i := 0; i+1 < len(more); i += 2 {
		e.AddString(more[i], more[i+1], entry.Observed)
	}
	return &output.Record{Journal: "system", Index: 7, Entry: e}
}

// TestFormats: each format of each shape.
func TestFormats(t *testing.T) {
	const classic3164 = "<34>Oct 11 22:14:15 web1 su[7]: it's\tdone"
	const modern = `<165>1 2026-10-11T22:14:15.003Z web1 app 7 ID1 [a@1 b="c\"d"] text`
	network := []string{"_TRANSPORT", "syslog-udp", "_SOURCE_ADDR", "192.0.2.7"}
	for _, c := range []struct{ format, octets, want string }{
		{"received", classic3164, classic3164},
		{"received", modern, modern},
		{"received", "<13>tag: no host", "<13>tag: no host"},
		{"received", "no priority", `<13>1 2023-11-14T22:13:20.123456Z 192.0.2.7 - - - [constat@32473 _SYNTAX="no_pri" _TRANSPORT="syslog-udp" _SOURCE_ADDR="192.0.2.7"] no priority`},
		{"rfc5424", modern, `<165>1 2026-10-11T22:14:15.003Z web1 app 7 ID1 [constat@32473 _TRANSPORT="syslog-udp" _SOURCE_ADDR="192.0.2.7"][a@1 b="c\"d"] text`},
		{"rfc5424", `<165>1 2026-10-11T22:14:15.003Z web1 app 7 ID1 - text`, `<165>1 2026-10-11T22:14:15.003Z web1 app 7 ID1 [constat@32473 _TRANSPORT="syslog-udp" _SOURCE_ADDR="192.0.2.7"] text`},
		{"rfc5424", `<13>1 - h a - - [constat@32473 _UID="0"][b@1 c="d"] x`, `<13>1 - h a - - [constat.2@32473 _TRANSPORT="syslog-udp" _SOURCE_ADDR="192.0.2.7"][constat@32473 _UID="0"][b@1 c="d"] x`},
		{"rfc5424", `<13>1 - h a - - [constat.2@32473 a="b"][constat@32473 a="b"] x`, `<13>1 - h a - - [constat.3@32473 _TRANSPORT="syslog-udp" _SOURCE_ADDR="192.0.2.7"][constat.2@32473 a="b"][constat@32473 a="b"] x`},
		{"rfc3164", modern, "<165>Oct 11 22:14:15 web1 app[7]: text"},
		{"rfc3164-iso", modern, "<165>2026-10-11T22:14:15.003Z web1 app[7]: text"},
		{"traditional", "<13>1 2026-10-11T22:14:15Z h a - - - one\ntwo\x07\n", "Oct 11 22:14:15 h a: one#012two#007"},
		{"traditional", classic3164, "Oct 11 22:14:15 web1 su[7]: it's#011done"},
		{"iso", modern, "2026-10-11T22:14:15.003Z web1 app[7]: text"},
		{"message", modern, "text"},
		{"{time:iso} {level}.{facility} {tag} {message} {{x} {SYSLOG_MSGID}{NONE}", modern, "2026-10-11T22:14:15.003Z notice.local4 app[7]: text {x} ID1"},
		{"{journal}/{index} {pri} {host} {app} {pid} {time} {received:iso}", modern, "system/7 165 web1 app 7 Oct 11 22:14:15 2023-11-14T22:13:20.123456Z"},
	} {
		f, err := New(c.format, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f([]byte("x"), record(t, c.octets, network...))); got != "x"+c.want {
			t.Errorf("%s of %q:\n got %q\nwant %q", c.format, c.octets, got, "x"+c.want)
		}
	}
	for _, bad := range []string{"rfc9999", "{message", "{nothing}", "{}"} {
		if _, err := New(bad, nil); err == nil {
			t.Errorf("%q is a format", bad)
		}
	}
}

// TestLocal: what a process of this machine writes says from which machine it is, and what is private is left out.
func TestLocal(t *testing.T) {
	x := record(t, "<13>Oct 11 22:14:15 tag[7]: hello", "_HOSTNAME", "alpha", "_PID", "9")
	x.Entry.Fields = append(x.Entry.Fields, entry.Field{Name: "EMAIL", Value: []byte("digest"), Form: entry.Private})
	for _, format := range Formats() {
		f, err := New(format, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		got := string(f(nil, x))
		if strings.Contains(got, "digest") && format != "json" || format != "message" && !strings.Contains(got, "alpha") || !strings.Contains(got, "hello") {
			t.Errorf("%s: %q", format, got)
		}
	}
}

// FuzzRFC5424: whatever comes in, what goes out is RFC 5424 with one line of header, and is read back as such.
func FuzzRFC5424(f *testing.F) {
	for _, seed := range []string{"<34>Oct 11 22:14:15 web1 su: x", "<1>1 - - - - - -", "{\"a]b\":\"c\"}", "\x00\xff", `<165>1 2026-10-11T22:14:15.003Z w a 7 I [a@1 b="c"] t`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		x := record(t, string(octets), "_SOURCE_ADDR", "192.0.2.7", "_COMM", "a]\"\\b")
		for _, render := range []Func{rfc5424, received} {
			out := render(nil, x)
			if len(out) == 0 || out[0] != '<' {
				t.Fatalf("%q", out)
			}
		}
		out := rfc5424(nil, x)
		back := record(t, string(out))
		if back.Entry.Renderer != entry.RenderRFC5424 && x.Entry.Renderer != entry.RenderRFC5424 {
			t.Fatalf("%q became %q, which is not read as RFC 5424", octets, out)
		}
	})
}

func BenchmarkReceived(b *testing.B) {
	x := record(b, "<34>Oct 11 22:14:15 web1 su[7]: authentication failure for user anna on tty1", "_SOURCE_ADDR", "192.0.2.7")
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = received(out[:0], x)
	}
}
