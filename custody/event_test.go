package custody

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"constat/entry"
)

var (
	at     = time.Date(2026, 11, 29, 22, 1, 2, 345678000, time.UTC)
	source = Medium{ID: "sdb1", Label: "CLÉ", Serial: "0x1", Role: Source}
	target = Medium{ID: "sdc1", Role: Destination}
	engine = Engine{Name: "AV", Version: "1.2", Signatures: "77", SignaturesDate: "2026-11-28"}
)

func content(b byte) *Content { return &Content{Size: int64(b), SHA256: SHA256{b}, MD5: [16]byte{b}} }

// samples are one event of each kind and result.
func samples() []Event {
	return []Event{
		{Op: Opened, Session: "s-1", At: at, Station: "salle 12", Medium: source},
		{Op: Opened, Session: "s", At: at},
		{Op: Read, Session: "s", At: at, Began: at.Add(-time.Second), Path: "a/b.pdf", Content: content(1), MIME: "application/pdf", Medium: source, Result: OK},
		{Op: Read, Session: "s", At: at, Path: "\xff\xfe", Medium: source, Result: Skipped, Reason: "too large"},
		{Op: Scanned, Session: "s", At: at, Path: "e\u0301", Content: content(1), Engine: engine, Result: Infected, Threat: "Eicar"},
		{Op: Scanned, Session: "s", At: at, Path: "x", Medium: source, Engine: Engine{Name: "AV", Version: "1"}, Result: Error, Reason: "no room"},
		{Op: Scanned, Session: "s", At: at, Path: "x", Content: content(0), Engine: engine, Result: Clean},
		{Op: Copied, Session: "s", At: at, Path: "..a/b..", Content: content(9), Medium: target, Result: OK},
		{Op: Deleted, Session: "s", At: at, Path: "x", Medium: target, Result: OK},
		{Op: Closed, Session: "s", At: at, Result: Complete, Counts: Counts{1, 2, 3, 4, 5, 6, 7}},
		{Op: Closed, Session: "s", At: at, Result: Aborted, Reason: "key removed"},
	}
}

// TestRoundTrip: an event is read as it was written, also with what the daemon adds.
func TestRoundTrip(t *testing.T) {
	for _, e := range samples() {
		x, err := e.Entry("station")
		if err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		x.AddString("_UID", "17", entry.Observed)
		x.AddString("_EXE", "/usr/bin/av", entry.Observed)
		got, err := Decode(&x)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%v: %+v, want %+v", err, got, e)
		}
		if w := writerText(writer(&x)); !IsEvent(&x) || w != "uid 17, /usr/bin/av" {
			t.Errorf("written by %q", w)
		}
		if m := e.Message(); !strings.HasPrefix(m, string(e.Op)) || strings.Contains(m, "\n") || !utf8.ValidString(m) {
			t.Errorf("message %q", m)
		}
	}
}

// TestStrict: every field in its one spelling, once, and where it belongs; the error names it.
func TestStrict(t *testing.T) {
	e := samples()[2]
	for _, c := range []struct{ name, value, says string }{
		{"file.size", "01", "file.size"}, {"file.size", "-1", "file.size"}, {"file.sha256", strings.Repeat("A", 64), "file.sha256"},
		{"file.sha256", "00", "file.sha256"}, {"file.md5", "zz", "file.md5"}, {"file.path", "/etc", "file.path"}, {"file.path", "a//b", "file.path"},
		{"file.path", "a/../b", "file.path"}, {"file.path", ".", "file.path"}, {"file.path", "a\x00", "file.path"}, {"op", "file.eaten", "op"},
		{"cid", "a b", "cid"}, {"result", "fine", "result"}, {"result", "error", "reason"}, {"medium.role", "destination", "medium.role"},
		{"medium.label", "a\nb", "medium.label"}, {"custody", "1", "custody"}, {"began", "2026-11-29", "began"}, {"file.mime", "", "file.mime"},
		{"medium.id", strings.Repeat("x", 256), "medium.id"},
	} {
		x, err := e.Entry("")
		if err != nil {
			t.Fatal(err)
		}
		for i := range x.Fields {
			if x.Fields[i].Name == c.name {
				x.Fields[i].Value = []byte(c.value)
			}
		}
		if _, err := Decode(&x); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s=%q: %v", c.name, c.value, err)
		} else if c.name == "file.path" && !errors.Is(err, ErrPath) {
			t.Errorf("%s=%q: %v is no ErrPath", c.name, c.value, err)
		}
	}
	for _, c := range []struct{ name, value string }{{"file.path", "again"}, {"file.colour", "red"}, {"threat", "T"}, {"count.read", "1"}, {"engine.name", "AV"}, {"station", "x"}} {
		x, _ := e.Entry("")
		x.AddString(c.name, c.value, entry.Claimed)
		if _, err := Decode(&x); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(c.name, "read")) {
			t.Errorf("%s more: %v", c.name, err)
		}
	}
	x, _ := e.Entry("")
	x.Fields[len(x.Fields)-1].Form = entry.Private
	if _, err := Decode(&x); err == nil || !strings.Contains(err.Error(), "private") {
		t.Errorf("private: %v", err)
	}
	x, _ = e.Entry("")
	x.Kind = entry.Loss
	if _, err := Decode(&x); err == nil || !strings.Contains(err.Error(), "kind loss") {
		t.Errorf("of another kind: %v", err)
	}
}

// TestFolded: Unicode forms of one name are equal, other names are not.
func TestFolded(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"é", "e\u0301", true}, {"ệ", "e\u0323\u0302", true}, {"ệ", "e\u0302\u0323", true}, {"각", "\u1100\u1161\u11a8", true},
		{"Å", "\u212b", true}, {"e", "é", false}, {"\xff", "\xfe", false}, {"\xff", "\uFFFD", false}, {"가", "각", false}, {"ﬁ", "fi", false},
	} {
		if same := Folded(c.a) == Folded(c.b); same != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, same)
		}
	}
	if n := len(decompositions()); n != 2061 {
		t.Errorf("%d decompositions", n)
	}
}

// FuzzDecode: no entry makes the decoder panic, and whatever it accepts is written and read again as the same.
func FuzzDecode(f *testing.F) {
	n := 0
	for _, e := range samples() {
		x, err := e.Entry("app")
		if err != nil {
			f.Fatal(err)
		}
		body, err := entry.AppendBody(nil, &x)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		n++
	}
	if n == 0 {
		f.Fatal("no case")
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d entry.Decoder
		var x entry.Entry
		if d.Decode(body, &x) != nil {
			return
		}
		e, err := Decode(&x)
		if err != nil {
			return
		}
		again, err := e.Entry("app")
		if err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		if back, err := Decode(&again); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%v: %+v, want %+v", err, back, e)
		}
		var h History
		h.Add("audit", 0, &x)
		for _, lang := range []string{"en", "fr"} {
			if text := h.Sessions()[0].Check().Text(lang); bytes.ContainsAny([]byte(text), "\x00\x1b\r") {
				t.Fatalf("%q", text)
			}
		}
	})
}
