package xen

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

var paris = time.FixedZone("", 3600)

func parsed(t testing.TB, octets string) *entry.Entry {
	t.Helper()
	var e entry.Entry
	New(paris).Parse(&e, []byte(octets), 1795289000000000)
	out, ok, err := entry.AppendReceived(nil, &e)
	if string(out) != octets || !ok || err != nil {
		t.Errorf("%q came back as %q, %v %v", octets, out, ok, err)
	}
	if _, err := entry.AppendLong(nil, &e); err != nil {
		t.Errorf("%q: %v", octets, err)
	}
	return &e
}

// fieldsOf lists the fields without those that only help to give the octets back.
func fieldsOf(e *entry.Entry) string {
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Name+"="+string(f.Value))
	}
	return strings.Join(out, "|")
}

const line = "2026-11-21 19:41:24,081 INFO     vm-sys-usb [Messagerie DomU     ] "

func TestText(t *testing.T) {
	for octets, want := range map[string]string{
		line + "ligne 1\nligne 2":  "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=ligne 1\nligne 2",
		line + "\r\n":              "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=",
		line + "a\r\nb\r":          "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=a\r\nb",
		line + "a\n\n":             "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=a\n",
		line + "\xff\x1b[2J\x00":   "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=\xff\x1b[2J\x00",
		line + "] x] y":            "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=] x] y",
		"no header":                "MESSAGE=no header",
		"":                         "MESSAGE=",
		"\n":                       "MESSAGE=",
		line[:len(line)-1]:         "MESSAGE=" + line[:len(line)-1],
		"x" + line:                 "MESSAGE=x" + line,
		"2026-02-30" + line[10:]:   "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=|_RAW=2026-02-30" + line[10:],
		"2026-13-01" + line[10:]:   "PRIORITY=6|HOSTNAME=vm-sys-usb|SYSLOG_IDENTIFIER=Messagerie DomU|MESSAGE=|_RAW=2026-13-01" + line[10:],
		line[:24] + "NOTICE   d  ": "MESSAGE=" + line[:24] + "NOTICE   d  ",
		"2026-11-21 19:41:24,081 CRITICAL dom0       [Contrôleur          ] é":            "PRIORITY=2|HOSTNAME=dom0|SYSLOG_IDENTIFIER=Contrôleur|MESSAGE=é",
		"2026-11-21 19:41:24,081 ERROR    un-domaine-long [un module au nom très long] x": "PRIORITY=3|HOSTNAME=un-domaine-long|SYSLOG_IDENTIFIER=un module au nom très long|MESSAGE=x",
	} {
		if got := fieldsOf(parsed(t, octets)); got != want {
			t.Errorf("%q: %q, want %q", octets, got, want)
		}
	}
	e := parsed(t, line+"x")
	if want := time.Date(2026, 11, 21, 18, 41, 24, 81e6, time.UTC); !e.Event.Time().Equal(want) || e.Event.Zone != "" || e.Event.Digits != 3 {
		t.Errorf("event time %+v, want %v", e.Event, want)
	}
}

// TestDocument reads the examples of FORMAT.md.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "## 22. Frame")
	kinds := map[byte]int{}
	for text := range strings.Lines(section) {
		f, ok := CutFrame([]byte(strings.TrimSuffix(text, "\n")))
		if ok {
			kinds[f.Kind]++
		}
		if ok && f.Kind == 'm' && f.Number == 2 {
			const want = "CHANNEL_RUN=9f3a5c01d2e4b687|CHANNEL_NUMBER=2|PRIORITY=3|SYSLOG_IDENTIFIER=sys usb|HOSTNAME=vm-sys-usb|" +
				"disk=KINGSTON 8G|empty=|MESSAGE=ligne 1\nligne 2\x1b[2J C:\\tmp \xc2\x9b\xff"
			e := parsed(t, strings.TrimSuffix(text, "\n"))
			if got := fieldsOf(e); got != want || e.Event.Zone != "+01:00" || e.Renderer != entry.RenderFrame {
				t.Errorf("%+v %q, want %q", e, got, want)
			}
		}
	}
	if kinds['m'] != 3 || kinds['h'] != 1 || kinds['e'] != 1 {
		t.Errorf("examples by kind: %v", kinds)
	}
}

func frame(f entry.Frame) string {
	f.Kind, f.Run = entry.FrameMessage, []byte("0123456789abcdef")
	return string(entry.AppendFrame(nil, &f))
}

// checked puts a checksum behind what is no good frame otherwise.
func checked(s string) string { return s + string(entry.AppendFrameCheck(nil, []byte(s))) }

// TestTorn: what is not as it was sent is text, whole.
func TestTorn(t *testing.T) {
	good := frame(entry.Frame{Number: 7, Level: 3, Module: []byte("m"), Message: []byte("hello")})
	torn := []string{good[:len(good)-1], good[:30], "%c1 ", good + " ", good + good, strings.Replace(good, "hello", "hallo", 1)}
	const head = "%c1 m 0123456789abcdef "
	for _, s := range []string{head + "0 - 6 - :", head + "01 - 6 - :", head + "9223372036854775808 - 6 - :", head + "1 - 8 - :", head + "1 - 6 - ",
		head + "1 - 6  :", head + "1 - 6 - x", head + "1 - 6 - x :", head + "1 - 6 - _x=1 :", head + "1 - 6 - MESSAGE=1 :", head + "1 - 6 - :\\", head + "1 - 6 - :\\x0",
		head + "1 - 6 - :\\x0A", head + "1 - 6 - :a\x1b", head + "1 2026-11-21T19:41:24 6 - :", head + "1 2026-11-21T19:41:24,5Z 6 - :",
		head + "1 2026-11-21T19:41:24.0123456789Z 6 - :", head + "1 - 6 - " + strings.Repeat("a=b ", 65) + ":", "%c1 q 0123456789abcdef 1 - 6 - :",
		"%c1 m 0123456789ABCDEF 1 - 6 - :", "%c1 m 0123456789abcde 1 - 6 - :"} {
		torn = append(torn, checked(s))
	}
	for _, s := range torn {
		if f, ok := CutFrame([]byte(s)); ok {
			t.Errorf("%q: %+v", s, f)
		}
		if got := fieldsOf(parsed(t, s)); got != "MESSAGE="+s {
			t.Errorf("%q: %q", s, got)
		}
	}
	for _, s := range []string{good, good + "\r", checked(head + "1 - 6 - " + strings.Repeat("a=b ", 64) + ":")} {
		if f, ok := CutFrame([]byte(s)); !ok || f.Kind != 'm' || string(f.Run) != "0123456789abcdef" {
			t.Errorf("%q: %+v %v", s, f, ok)
		}
	}
	// Escapes that are not needed are read, and come back as they were.
	if got := fieldsOf(parsed(t, checked(head+"1 - 6 - :\\x41"))); !strings.Contains(got, "|MESSAGE=A|_RAW=") {
		t.Errorf("an escape that is not needed: %q", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(line + "ligne 1\nligne 2\r\n"))
	f.Add([]byte("2024-02-29 24:00:60,999 CRITICAL é          [\xff                   ] ] \x00"))
	f.Fuzz(func(t *testing.T, octets []byte) { parsed(t, string(octets)) })
}

// FuzzFrame: octets come back, with and without a checksum that fits; only what is whole is a frame.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("%c1 m 0123456789abcdef 1 2026-11-21T19:41:24.081500Z 6 m\\x20 A=b :hi"))
	f.Add([]byte("%c1"))
	f.Add([]byte("%c1 h 0123456789abcdef 9223372036854775807 - 6 - DROPPED=1 :"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		for _, s := range []string{string(octets), checked(string(octets))} {
			e := parsed(t, s)
			f, ok := CutFrame([]byte(s))
			run, isFrame := e.Get(entry.FrameRun)
			if isFrame != (ok && f.Kind == entry.FrameMessage) || isFrame && !bytes.Equal(run, f.Run) {
				t.Errorf("%q: %+v %v, entry %+v", s, f, ok, e)
			}
		}
	})
}

// FuzzFields: whatever a sender puts into a frame comes out of it.
func FuzzFields(f *testing.F) {
	f.Add(uint64(1), 3, []byte("-"), "NAME", []byte("a b\n"), []byte(":é\u009b\xff\\ "))
	f.Fuzz(func(t *testing.T, number uint64, level int, module []byte, name string, value, message []byte) {
		if number = number & entry.MaxFrameNumber; number == 0 {
			number = 1
		}
		in := entry.Frame{Number: number, Level: level & 7, Module: module, Message: message}
		if entry.ValidFrameName(name) {
			in.Fields = []entry.Field{{Name: name, Value: value}}
		}
		e := parsed(t, frame(in))
		got, _ := e.Get("MESSAGE")
		as, _ := e.Get("SYSLOG_IDENTIFIER")
		if e.Renderer != entry.RenderFrame || !bytes.Equal(got, message) || !bytes.Equal(as, module) {
			t.Errorf("%+v became %+v", in, e)
		}
	})
}
