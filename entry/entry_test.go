package entry

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// joined puts pieces of bytes together: strings as they are, an int as one byte.
func joined(pieces ...any) []byte {
	var out []byte
	for _, p := range pieces {
		switch p := p.(type) {
		case int:
			out = append(out, byte(p))
		case string:
			out = append(out, p...)
		case []byte:
			out = append(out, p...)
		default:
			panic(fmt.Sprintf("piece of type %T", p))
		}
	}
	return out
}

// Pieces of bodies. A body is preamble, event time (none: 0), middle, count of fields, fields.
const (
	preamble = string(rune(Version)) + "\x00\x00\x00" // version, kind, epoch, received
	middle   = "\x00\x00"                             // renderer, no parameters
	oneField = "\x00\x01A\x01x"                       // claimed, inline, A=x
)

var digest32 = strings.Repeat("d", DigestSize)

// TestAccepted makes sure that what [TestRefused] varies is accepted as it is.
func TestAccepted(t *testing.T) {
	long := joined(preamble, 0, middle, 1, 0, 1, "A", "\xe1\xff\x03", strings.Repeat("x", MaxBody-14))
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"no fields", joined(preamble, 0, middle, 0)},
		{"one field", joined(preamble, 0, middle, 1, oneField)},
		{"time of 0 digits", joined(preamble, 1, "\x00\x00", middle, 0)},
		{"time of 3 digits", joined(preamble, 4, "\xd0\x0f\x00", middle, 0)},
		{"time of 9 digits", joined(preamble, 10, "\x02\xe7\x07\x00", middle, 0)},
		{"private", joined(preamble, 0, middle, 1, 1<<2, 1, "A", digest32)},
		{"blob", joined(preamble, 0, middle, 1, 2<<2, 1, "A", digest32, 5)},
		{"packed", joined(preamble, 0, middle, 1, 1|3<<2, 0, digest32, 5)},
		{"epoch 2^32-1", joined(Version, 0, "\xff\xff\xff\xff\x0f", 0, 0, middle, 0)},
		{"received: 10 bytes", joined(Version, 0, 0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0, middle, 0)},
		{"longest", long},
	} {
		var d Decoder
		var e Entry
		err := d.Decode(c.body, &e)
		if err != nil {
			t.Errorf("%s: %d bytes: %v", c.name, len(c.body), err)
		}
		checkOneSpelling(t, c.body, &e, err)
	}
	if len(long) != MaxBody {
		t.Errorf("the longest body has %d bytes, want %d", len(long), MaxBody)
	}
}

func TestRefused(t *testing.T) {
	field := func(pieces ...any) []byte { return joined(preamble, 0, middle, 1, joined(pieces...)) }
	event := func(pieces ...any) []byte { return joined(preamble, joined(pieces...), middle, 0) }
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"next version", joined(Version+1, 0, 0, 0, 0, middle, 0), ErrNewer},
		{"next version and nothing else", joined(Version + 1), ErrNewer},
		{"version 255", joined(255, 0, 0, 0, 0, middle, 0), ErrNewer},
		{"kind 4", joined(Version, 4, 0, 0, 0, middle, 0), ErrNewer},
		{"kind 7", joined(Version, 7, 0, 0, 0, middle, 0), ErrNewer},
		{"kind 7 and bytes behind the end", joined(Version, 7, 0, 0, 0, middle, 0, 0), ErrFormat},
		{"kind 8", joined(Version, 8, 0, 0, 0, middle, 0), ErrFormat},
		{"kind 255", joined(Version, 255, 0, 0, 0, middle, 0), ErrFormat},

		{"epoch in two bytes", joined(Version, 0, "\x80\x00", 0, 0, middle, 0), ErrFormat},
		{"epoch 2^32", joined(Version, 0, "\x80\x80\x80\x80\x10", 0, 0, middle, 0), ErrFormat},
		{"received in two bytes", joined(Version, 0, 0, "\x80\x00", 0, middle, 0), ErrFormat},
		{"received 1 in three bytes", joined(Version, 0, 0, "\x82\x80\x00", 0, middle, 0), ErrFormat},
		{"received of 65 bits", joined(Version, 0, 0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 0, middle, 0), ErrFormat},
		{"received in 10 bytes, the last zero", joined(Version, 0, 0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00", 0, middle, 0), ErrFormat},
		{"received in 11 bytes", joined(Version, 0, 0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 0, middle, 0), ErrFormat},
		{"renderer in two bytes", joined(preamble, 0, "\x80\x00", 0, 0), ErrFormat},
		{"renderer unknown", joined(preamble, 0, int(lastRenderer)+1, 0, 0), ErrNewer},
		{"renderer 2^16-1", joined(preamble, 0, "\xff\xff\x03", 0, 0), ErrNewer},
		{"renderer 2^16", joined(preamble, 0, "\x80\x80\x04", 0, 0), ErrFormat},
		{"params: length in two bytes", joined(preamble, 0, 0, "\x81\x00p", 0), ErrFormat},
		{"params longer than the body", joined(preamble, 0, 0, 5, "p", 0), ErrFormat},
		{"params of 2^64-1 bytes", joined(preamble, 0, 0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0), ErrFormat},

		{"10 digits", event(11, 0, 0, 0), ErrFormat},
		{"254 digits", event(255, 0, 0, 0), ErrFormat},
		{"micros in two bytes", event(1, "\x80\x00", 0), ErrFormat},
		{"0 digits, 1 µs", event(1, 2, 0), ErrFormat},
		{"3 digits, 1 µs", event(4, 2, 0), ErrFormat},
		{"3 digits, 1001 µs", event(4, "\xd2\x0f", 0), ErrFormat},
		{"3 digits, -999 µs", event(4, "\xcd\x0f", 0), ErrFormat},
		{"5 digits, 1 µs", event(6, 2, 0), ErrFormat},
		{"6 digits and nanos 0", event(7, 2, 0, 0), ErrFormat},
		{"7 digits, 1 ns", event(8, 2, 1, 0), ErrFormat},
		{"7 digits, 110 ns", event(8, 2, 110, 0), ErrFormat},
		{"8 digits, 1 ns", event(9, 2, 1, 0), ErrFormat},
		{"9 digits, 1000 ns", event(10, 2, "\xe8\x07", 0), ErrFormat},
		{"9 digits, 2^16 ns", event(10, 2, "\x80\x80\x04", 0), ErrFormat},
		{"nanos in two bytes", event(10, 2, "\x81\x00", 0), ErrFormat},
		{"zone of 33 bytes", event(1, 0, 33, strings.Repeat("z", 33)), ErrFormat},
		{"zone: length in two bytes", event(1, 0, "\x81\x00Z"), ErrFormat},

		{"provenance 3", field(3, 1, "A", 1, "x"), ErrFormat},
		{"tag bit 4", field(1<<4, 1, "A", 1, "x"), ErrFormat},
		{"tag bit 5", field(1<<5, 1, "A", 1, "x"), ErrFormat},
		{"tag bit 6", field(1<<6, 1, "A", 1, "x"), ErrFormat},
		{"tag bit 7", field(1<<7, 1, "A", 1, "x"), ErrFormat},
		{"tag bit 4, as a blob", field(1<<4|2<<2, 1, "A", digest32, 1), ErrFormat},
		{"claimed _A", field(0, 2, "_A", 1, "x"), ErrFormat},
		{"claimed private _A", field(1<<2, 2, "_A", digest32), ErrFormat},
		{"claimed blob _A", field(2<<2, 2, "_A", digest32, 1), ErrFormat},
		{"no name", field(0, 0, 1, "x"), ErrFormat},
		{"name with =", field(0, 3, "a=b", 1, "x"), ErrFormat},
		{"name with LF", field(0, 3, "a\nb", 1, "x"), ErrFormat},
		{"name with NUL", field(0, 1, 0, 1, "x"), ErrFormat},
		{"name with DEL", field(0, 2, "a\x7f", 1, "x"), ErrFormat},
		{"name not UTF-8", field(0, 2, "\xc3(", 1, "x"), ErrFormat},
		{"name with a surrogate", field(0, 3, "\xed\xa0\x80", 1, "x"), ErrFormat},
		{"name of 256 bytes", field(0, "\x80\x02", strings.Repeat("n", 256), 1, "x"), ErrFormat},
		{"name: length in two bytes", field(0, "\x81\x00A", 1, "x"), ErrFormat},
		{"value: length in two bytes", field(0, 1, "A", "\x81\x00x"), ErrFormat},
		{"value longer than the body", field(0, 1, "A", 2, "x"), ErrFormat},
		{"packed with a name", field(1|3<<2, 1, "A", digest32, 1), ErrFormat},
		{"blob size in two bytes", field(2<<2, 1, "A", digest32, "\x81\x00"), ErrFormat},
		{"blob size of 65 bits", field(2<<2, 1, "A", digest32, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03"), ErrFormat},
		{"private with a size", field(1<<2, 1, "A", digest32, 1), ErrFormat},
		{"digest of 31 bytes", field(1<<2, 1, "A", digest32[1:]), ErrFormat},

		{"count in two bytes", joined(preamble, 0, middle, "\x81\x00", oneField), ErrFormat},
		{"count of one too many", joined(preamble, 0, middle, 2, oneField), ErrFormat},
		{"count of one too few", joined(preamble, 0, middle, 1, oneField, oneField), ErrFormat},
		{"count of 2^63", joined(preamble, 0, middle, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", oneField), ErrFormat},
		{"count above the bytes", joined(preamble, 0, middle, 100, oneField), ErrFormat},
		{"one byte behind", joined(preamble, 0, middle, 0, 0), ErrFormat},
		{"one byte behind a field", joined(preamble, 0, middle, 1, oneField, 0), ErrFormat},
		{"too long", joined(preamble, 0, middle, 1, 0, 1, "A", "\xe2\xff\x03", strings.Repeat("x", MaxBody-13)), ErrFormat},
	} {
		var d Decoder
		var e Entry
		if err := d.Decode(c.body, &e); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestTruncated cuts every vector at every byte, and puts one behind it.
func TestTruncated(t *testing.T) {
	var d Decoder
	var e Entry
	for _, v := range loadVectors(t) {
		if v.sort != "entry" {
			continue
		}
		body := v.result(t, "body")
		for n := range body {
			if err := d.Decode(body[:n], &e); !errors.Is(err, ErrFormat) {
				t.Errorf("%s, %d of %d bytes: %v", v.name, n, len(body), err)
			}
		}
		for _, c := range []byte{0, 1, 0xff} {
			if err := d.Decode(append(body[:len(body):len(body)], c), &e); !errors.Is(err, ErrFormat) {
				t.Errorf("%s and %#x: %v", v.name, c, err)
			}
		}
	}
}

// TestNotEncoded: an entry that breaks a rule is refused, and the bytes before it stay as they were.
func TestNotEncoded(t *testing.T) {
	digest := make([]byte, DigestSize)
	with := func(f Field) Entry { return Entry{Fields: []Field{{Name: "ok"}, f}} }
	for _, c := range []struct {
		name  string
		entry Entry
		want  string // in the error
	}{
		{"kind", Entry{Kind: Control + 1}, "kind"},
		{"time", Entry{Event: Time{Micros: 1}}, "time"},
		{"renderer", Entry{Renderer: lastRenderer + 1}, "renderer"},
		{"no name", with(Field{}), "name"},
		{"claimed", with(Field{Name: "_A"}), "cannot set"},
		{"claimed private", with(Field{Name: "_A", Form: Private, Value: digest}), "cannot set"},
		{"equals", with(Field{Name: "a=b"}), `"a=b"`},
		{"long name", with(Field{Name: strings.Repeat("n", MaxName+1)}), "255"},
		{"provenance", with(Field{Name: "a", Provenance: Imported + 1}), "provenance 3"},
		{"form", with(Field{Name: "a", Form: Packed + 1}), "form 4"},
		{"packed with name", with(Field{Name: "a", Form: Packed, Value: digest}), "no name"},
		{"private without digest", with(Field{Name: "a", Form: Private, Value: []byte("secret")}), "digest of 6 bytes"},
		{"blob without digest", with(Field{Name: "a", Form: Blob}), "digest of 0 bytes"},
		{"inline with size", with(Field{Name: "a", Size: 1}), "size"},
		{"private with size", with(Field{Name: "a", Form: Private, Value: digest, Size: 1}), "size"},
		{"too long", with(Field{Name: "a", Value: make([]byte, MaxBody)}), ErrTooLong.Error()},
	} {
		out, err := AppendBody([]byte("before"), &c.entry)
		if err == nil || !strings.Contains(err.Error(), c.want) || string(out) != "before" {
			t.Errorf("%s: %q, %v, want an error with %q", c.name, out, err, c.want)
		}
		if errors.Is(err, ErrTooLong) != (c.name == "too long") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestLimit: a leaf of MaxLeaf bytes is encoded, one byte more is not.
func TestLimit(t *testing.T) {
	e := entryOfSize(MaxBody)
	body, err := AppendBody(nil, e)
	if leaf := NewNonces(NonceKey{}).AppendLeaf(nil, 0, body); err != nil || len(leaf) != MaxLeaf {
		t.Errorf("leaf of %d bytes, %v", len(leaf), err)
	}
	if _, err := AppendBody(nil, entryOfSize(MaxBody+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("one byte more: %v", err)
	}
}

// entryOfSize returns an entry whose body has that many bytes, at least 20000, with its largest value below SpillAbove.
func entryOfSize(size int) *Entry {
	e := new(Entry)
	for i := 0; ; i++ {
		body, _ := appendEntry(nil, e)
		left := size - len(body) - len("\x00\x03f00\x80\x01")
		if left <= 16000 {
			e.Add(fmt.Sprintf("f%02d", i), make([]byte, max(left, 0)), Claimed)
			for body, _ = appendEntry(nil, e); len(body) != size; body, _ = appendEntry(nil, e) {
				f := &e.Fields[0]
				f.Value = append(f.Value, make([]byte, size-len(body))...)
			}
			return e
		}
		e.Add(fmt.Sprintf("f%02d", i), make([]byte, 10000), Claimed)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"A": true, "_PID": true, "größe": true, "a b": true, "a.b-c/d": true, strings.Repeat("n", MaxName): true, strings.Repeat("é", MaxName/2): true,
		"": false, "a=b": false, "a\tb": false, "\x00": false, "\x1f": false, "\x7f": false, "\xff": false, "é\xc3": false,
		strings.Repeat("n", MaxName+1): false, strings.Repeat("é", MaxName/2+1): false,
	} {
		if ValidName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	for k := Event; k <= Control; k++ {
		if got, err := ParseKind(k.String()); got != k || err != nil {
			t.Errorf("kind %s: %v, %v", k, got, err)
		}
	}
	if _, err := ParseKind("kind(4)"); err == nil || Kind(4).String() != "kind(4)" || Provenance(3).String() != "provenance(3)" {
		t.Error("numbers without a name")
	}
}

// TestFields: Get sees inline values only, and the first of a name; Reset empties.
func TestFields(t *testing.T) {
	e := &Entry{Kind: Loss, Epoch: 1, Received: 2, Event: Time{Valid: true}, Renderer: RenderText, Params: []byte("p"),
		Fields: []Field{{Name: "a", Form: Private, Value: make([]byte, DigestSize)}, {Name: "a", Value: []byte("1")}, {Name: "a", Value: []byte("2")}}}
	if value, ok := e.Get("a"); string(value) != "1" || !ok {
		t.Errorf("a is %q, %v", value, ok)
	}
	if _, ok := e.Get("b"); ok {
		t.Error("b is there")
	}
	if e.Reset(); !sameEntry(e, new(Entry)) {
		t.Errorf("after Reset: %+v", e)
	}
	e.AddString("name", "value", Claimed)
	e.Fields = append(e.Fields, Field{Name: "blob", Form: Blob, Size: 1000})
	if e.Size() != uint64(len("namevalueblob")+1000) {
		t.Errorf("size %d", e.Size())
	}
}

// TestManyNames: a decoder that has seen more names than it remembers decodes as well.
func TestManyNames(t *testing.T) {
	var d Decoder
	var got Entry
	for i := range 3 * maxInterned {
		e := &Entry{Fields: []Field{{Name: fmt.Sprintf("name%d", i), Value: []byte{1}}}}
		body, err := AppendBody(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(body, &got); err != nil || !sameEntry(&got, e) {
			t.Fatalf("%d: %+v, %v", i, got, err)
		}
	}
	if len(d.names) > maxInterned {
		t.Errorf("%d names remembered", len(d.names))
	}
}

// benchEntry is like what comes from syslog: its body has about 130 bytes.
func benchEntry() *Entry {
	e := &Entry{Received: 1714557600000123, Event: Time{Valid: true, Micros: 1714557599123456, Digits: 6, Zone: "+02:00"}, Renderer: RenderRFC3164, Params: []byte{3}}
	for _, f := range [][2]string{{"PRIORITY", "6"}, {"SYSLOG_FACILITY", "4"}, {"HOSTNAME", "gate.example"}, {"SYSLOG_IDENTIFIER", "sshd"}, {"SYSLOG_PID", "4711"},
		{"MESSAGE", "Accepted publickey for alice from 192.0.2.17 port 51234"}} {
		e.AddString(f[0], f[1], Claimed)
	}
	e.AddString("_TRANSPORT", "syslog", Observed)
	return e
}

func benchBody(tb testing.TB) []byte {
	body, err := AppendBody(nil, benchEntry())
	if err != nil || len(body) < 110 || len(body) > 150 {
		tb.Fatalf("body of %d bytes, %v", len(body), err)
	}
	return body
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	e, buf := benchEntry(), make([]byte, 0, MaxLeaf)
	if n := testing.AllocsPerRun(100, func() { AppendBody(buf, e) }); n != 0 {
		t.Errorf("AppendBody: %v allocations", n)
	}
	var d Decoder
	var got Entry
	for _, v := range loadVectors(t) {
		if v.sort != "entry" {
			continue
		}
		body := v.result(t, "body")
		if n := testing.AllocsPerRun(20, func() { d.Decode(body, &got) }); n != 0 {
			t.Errorf("Decode of %s: %v allocations", v.name, n)
		}
	}
}

// TestDecodePointsIntoBody: that is what makes it cheap, and what a caller has to know.
func TestDecodePointsIntoBody(t *testing.T) {
	body := benchBody(t)
	var d Decoder
	var e Entry
	if err := d.Decode(body, &e); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(body, []byte("Accepted"))
	body[at] = 'a'
	if message, _ := e.Get("MESSAGE"); message[0] != 'a' || cap(message) != len(message) {
		t.Errorf("message %q, capacity %d", message, cap(message))
	}
}

func BenchmarkAppendBody(b *testing.B) {
	e, buf := benchEntry(), make([]byte, 0, MaxLeaf)
	var encoder Encoder
	b.SetBytes(int64(len(benchBody(b))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encoder.AppendBody(buf, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	body := benchBody(b)
	var d Decoder
	var e Entry
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(body, &e); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEncoder: an encoder that remembers names says the same as one that does not.
func TestEncoder(t *testing.T) {
	var encoder Encoder
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{}
		for range rapid.IntRange(0, 20).Draw(t, "fields") {
			name := rapid.SampledFrom([]string{"MESSAGE", "_PID", "a=b", "", "a\x00", "é", "\xff", "PRIORITY", "x"}).Draw(t, "name")
			e.AddString(name, "v", Observed)
		}
		want, err1 := AppendBody(nil, &e)
		got, err2 := encoder.AppendBody(nil, &e)
		if !bytes.Equal(got, want) || (err1 == nil) != (err2 == nil) {
			t.Fatalf("%v: %v, %v", e.Fields, err2, err1)
		}
	})
}
