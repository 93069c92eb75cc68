package show

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"constat/entry"
)

// Whatever an entry holds: no format panics, output ends in LF, an error prints nothing, and the buffer before it stays.
func TestEveryFormatPrintsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		o := Options{Location: paris, Colour: rapid.Bool().Draw(t, "colour"), Escape: rapid.Bool().Draw(t, "escape")}
		o.Fields = rapid.SliceOfN(rapid.SampledFrom(append([]string{"app", "index", "kind", "message"}, someNames...)), 0, 4).Draw(t, "chosen")
		for _, format := range Formats() {
			p, err := New(format, o)
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Append([]byte("before"), r)
			rest, found := bytes.CutPrefix(out, []byte("before"))
			if !found || (len(rest) > 0 && rest[len(rest)-1] != '\n') || (err != nil && (len(rest) > 0 || !errors.Is(err, ErrOctets))) {
				t.Fatalf("%s: %q %v", format, out, err)
			}
		}
	})
}

// On a terminal nothing but LF acts: no control character, no bidirectional control, no byte that is not UTF-8.
func TestEscape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		o := Options{Location: paris, Escape: true}
		if rapid.Bool().Draw(t, "choose") {
			o.Fields = []string{"MESSAGE", "C1\u0085", "__JOURNAL", "__EVENT_TIME"}
		}
		for _, format := range []string{"short", "short-iso", "full", "cat", "logfmt"} {
			p, err := New(format, o)
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Append(nil, r)
			for s := out; len(s) > 0; {
				size, is := control(s)
				if err != nil || (is && s[0] != '\n') {
					t.Fatalf("%s: %q %v", format, out, err)
				}
				s = s[size:]
			}
		}
	})
}

// No message imitates an entry: in short and full only the first line begins in the first column.
func TestContinuation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		for _, format := range []string{"short", "short-iso", "full"} {
			p, err := New(format, Options{Location: paris, Escape: rapid.Bool().Draw(t, "escape")})
			if err != nil {
				t.Fatal(err)
			}
			out, err := p.Append(nil, r)
			lines := strings.Split(string(out), "\n")
			for i, line := range lines {
				if err != nil || (i > 0 && line != "" && line[0] != ' ') {
					t.Fatalf("%s: line %d of %q %v", format, i, out, err)
				}
			}
		}
	})
}

// What logfmt prints can be read back: the fields asked for by their names, with every byte.
func TestLogfmtReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := &entry.Entry{Fields: rapid.SliceOfN(rapid.Custom(anyField), 0, 6).Draw(t, "fields")}
		var names []string
		var want [][2]string
		for _, f := range e.Fields {
			if f.Form == entry.Inline && newColumn(f.Name).from == fromField && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
		for _, name := range names {
			for i := range e.Fields {
				if f := &e.Fields[i]; f.Name == name && f.Form != entry.Packed {
					want = append(want, [2]string{name, string((&Printer{}).shown(f))})
				}
			}
		}
		p, err := New("logfmt", Options{Fields: append(names, "not there")})
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Append(nil, &Record{Entry: e})
		if err != nil {
			t.Fatal(err)
		}
		if got := readLogfmt(t, string(out)); !slices.Equal(got, want) {
			t.Fatalf("%s reads %q, want %q", out, got, want)
		}
	})
}

func readLogfmt(t *rapid.T, line string) (pairs [][2]string) {
	text := func(ends string) string {
		if !strings.HasPrefix(line, `"`) {
			end := strings.IndexAny(line, ends)
			word := line[:end]
			line = line[end:]
			return word
		}
		end := 1
		for line[end] != '"' {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		word, err := strconv.Unquote(line[:end+1])
		if err != nil {
			t.Fatalf("%q: %v", line[:end+1], err)
		}
		line = line[end+1:]
		return word
	}
	for line != "" && line != "\n" {
		name := text("=")
		line = line[1:]
		pairs = append(pairs, [2]string{name, text(" \n")})
		line = strings.TrimPrefix(line, " ")
	}
	return pairs
}

// What csv prints can be read back by encoding/csv, which turns CR LF into LF.
func TestCSVReadsBack(t *testing.T) {
	p, err := New("csv", Options{Location: paris})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		out, err := p.Append(p.AppendHeader(nil), r)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %d rows, %v", out, len(rows), err)
		}
		message := ""
		if i := find(r.Entry, p.roles.message); i >= 0 {
			message = string(p.shown(&r.Entry.Fields[i]))
		}
		if want := strings.ReplaceAll(message, "\r\n", "\n"); rows[1][7] != want || rows[1][2] != strconv.FormatUint(r.Index, 10) {
			t.Fatalf("%q reads %q, want the message %q", out, rows[1], want)
		}
	})
}

func TestColours(t *testing.T) {
	p, err := New("cat", Options{Colour: true})
	if err != nil {
		t.Fatal(err)
	}
	want := [8]string{colourError, colourError, colourError, colourError, colourWarning, colourNotice, "", colourDebug}
	for level, colour := range want {
		out, err := p.Append(nil, record(claimed("PRIORITY", strconv.Itoa(level)), claimed("MESSAGE", "a\n\nb")))
		expected := colour + "a" + colourOff + "\n\n" + colour + "b" + colourOff + "\n"
		if colour == "" {
			expected = "a\n\nb\n"
		}
		if err != nil || string(out) != expected {
			t.Errorf("level %d: %q %v, want %q", level, out, err, expected)
		}
	}
}

// A long head does not make the lines of a message grow without bound.
func TestIndentIsBounded(t *testing.T) {
	p, err := New("short", Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Append(nil, record(claimed("HOSTNAME", strings.Repeat("é", 500)), claimed("MESSAGE", strings.Repeat("x\n", 1000))))
	if err != nil || len(out) > 1100+1000*(maxIndent+2) || !utf8.Valid(out) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}
