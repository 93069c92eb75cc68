package show

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"constat/entry"
)

// What json prints, read by encoding/json, is the entry.
func TestJSONReadsBack(t *testing.T) {
	p, err := New("json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		out, err := p.Append(nil, r)
		if err != nil || !utf8.Valid(out) || bytes.IndexByte(out, '\n') != len(out)-1 {
			t.Fatalf("%q %v: want one line of UTF-8", out, err)
		}
		got, names := readObject(t, out)
		want := wantedObject(r)
		if len(got) != len(want) || len(names) != len(want) {
			t.Fatalf("%s\nhas %d members of %d names, want %d", out, len(names), len(got), len(want))
		}
		for name, value := range want {
			if g, w := fmt.Sprintf("%#v", got[name]), fmt.Sprintf("%#v", value); g != w {
				t.Fatalf("%s\n%s = %s, want %s", out, name, g, w)
			}
		}
		if !slices.IsSortedFunc(names, byFirst(r.Entry.Fields)) {
			t.Fatalf("%s\nout of order: %q", out, names)
		}
	})
}

// readObject returns the members of an object and their names as they stand, doubles included.
func readObject(t *rapid.T, data []byte) (members map[string]any, names []string) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	d = json.NewDecoder(bytes.NewReader(data))
	for depth, key := 0, true; ; {
		token, err := d.Token()
		if err == io.EOF {
			return members, names
		}
		delim, isDelim := token.(json.Delim)
		switch {
		case isDelim && (delim == '{' || delim == '['):
			depth++
		case isDelim:
			depth--
		case depth == 1 && key:
			names = append(names, token.(string))
			key = false
			continue
		}
		key = depth == 1
	}
}

// wantedObject says what json must print, the slow way.
func wantedObject(r *Record) map[string]any {
	e := r.Entry
	want := map[string]any{
		"__CURSOR": Cursor(r.ID, r.Index), "__REALTIME_TIMESTAMP": fmt.Sprint(r.micros()), "__JOURNAL": wantedText([]byte(r.Journal)),
		"__INDEX": json.Number(fmt.Sprint(r.Index)), "__RECEIVED": time.UnixMicro(e.Received).UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
	}
	if e.Event.Valid {
		want["__EVENT_TIME"] = wantedText(e.Event.AppendRFC3339(nil))
	}
	if e.Kind != entry.Event {
		want["__KIND"] = e.Kind.String()
	}
	stored := map[string][]any{}
	for _, f := range e.Fields {
		if f.Form == entry.Packed || f.Name == "__CURSOR" || f.Name == "__JOURNAL" || f.Name == "__INDEX" {
			continue
		}
		var value any
		switch {
		case f.Form == entry.Inline:
			value = wantedText(f.Value)
		case f.Form == entry.Private && f.Erased:
			value = map[string]any{"erased": true}
		case f.Form == entry.Private:
			value = map[string]any{"private": true}
		}
		stored[f.Name] = append(stored[f.Name], value)
	}
	for name, values := range stored {
		want[name] = any(values)
		if len(values) == 1 {
			want[name] = values[0]
		}
	}
	return want
}

func wantedText(s []byte) any {
	if utf8.Valid(s) {
		return string(s)
	}
	return map[string]any{"base64": base64.StdEncoding.EncodeToString(s)}
}

// byFirst orders names by their first position in the entry; ours, which are nowhere, come first.
func byFirst(fields []entry.Field) func(a, b string) int {
	first := func(name string) int {
		if metaOf(name).ours() {
			return -1
		}
		return slices.IndexFunc(fields, func(f entry.Field) bool { return f.Name == name })
	}
	return func(a, b string) int { return first(a) - first(b) }
}

func TestJSONString(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `""`}, {"plain", `"plain"`}, {`a"b\c/`, `"a\"b\\c/"`}, {"\b\t\n\f\r", `"\b\t\n\f\r"`}, {"\x00\x1f\x7f", `"\u0000\u001f\u007f"`},
		{"é\u2028\u0085☃", "\"é\u2028\u0085☃\""}, {"<&>", `"<&>"`},
	} {
		if got := string(appendJSONString(nil, c.in)); got != c.want {
			t.Errorf("%q = %s, want %s", c.in, got, c.want)
		}
		if got := string(appendJSONString(nil, []byte(c.in))); got != c.want {
			t.Errorf("%q = %s, want %s", c.in, got, c.want)
		}
	}
}

// An entry of very many fields costs a sort, not their square.
func TestManyFields(t *testing.T) {
	var fields []entry.Field
	for i := range 200_000 {
		fields = append(fields, claimed(fmt.Sprintf("F%06d", i/2), "v"))
	}
	p, err := New("json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Append(nil, record(fields...))
	if n := strings.Count(string(out), `["v","v"]`); err != nil || n != 100_000 {
		t.Errorf("%d arrays, %v", n, err)
	}
}

// Every byte at every place among plain ones, and beside another odd one.
func TestIsJSONPlain(t *testing.T) {
	for size := range 26 {
		for at := range size {
			for c := range 256 {
				s := bytes.Repeat([]byte{'a'}, size)
				s[at] = byte(c)
				want := c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
				if isJSONPlain(s) != want {
					t.Fatalf("%q: not %v", s, want)
				}
				s[(at+1)%size] = '!'
				if isJSONPlain(s) != (want || size == 1) {
					t.Fatalf("%q: not %v", s, want)
				}
			}
		}
	}
}

// More names than the cache has slots, in changing order.
func TestManyNames(t *testing.T) {
	p, err := New("json", Options{Fields: []string{"N7", "N77", "N777"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		out, err := p.Append(nil, record(claimed(fmt.Sprint("N", i), "v"), claimed(fmt.Sprint("N", i/2), "w")))
		var got, want map[string]string
		want = map[string]string{}
		for _, name := range []string{"N7", "N77", "N777"} {
			if name == fmt.Sprint("N", i/2) {
				want[name] = "w"
			} else if name == fmt.Sprint("N", i) {
				want[name] = "v"
			}
		}
		if jsonErr := json.Unmarshal(out, &got); err != nil || jsonErr != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s %v %v, want %v", out, err, jsonErr, want)
		}
	}
}
