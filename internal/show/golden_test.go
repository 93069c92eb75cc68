package show

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files again")

// Every case in every format. In testdata/NAME.golden each case has its name and its output, a line of it a line: after
// "|" as it is, after ">" quoted as in Go.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		file, format string
		options      Options
	}{
		{"short", "short", Options{}},
		{"short-terminal", "short", Options{Colour: true, Escape: true}},
		{"short-fields", "short", Options{Fields: []string{"level", "TAG", "message", "__CURSOR"}}},
		{"short-iso", "short-iso", Options{}},
		{"full", "full", Options{}},
		{"full-terminal", "full", Options{Colour: true, Escape: true}},
		{"full-fields", "full", Options{Fields: []string{"MESSAGE", "__KIND", "__RECEIVED"}}},
		{"json", "json", Options{Escape: true}},
		{"json-fields", "json", Options{Fields: []string{"MESSAGE", "TAG", "__INDEX", "__KIND"}}},
		{"export", "export", Options{Escape: true}},
		{"export-fields", "export", Options{Fields: []string{"MESSAGE", "__KIND"}}},
		{"cat", "cat", Options{}},
		{"cat-terminal", "cat", Options{Colour: true, Escape: true}},
		{"cat-fields", "cat", Options{Fields: []string{"level", "TAG"}}},
		{"raw", "raw", Options{Escape: true}},
		{"logfmt", "logfmt", Options{}},
		{"logfmt-fields", "logfmt", Options{Fields: []string{"msg", "TAG", "__EVENT_TIME", "kind"}}},
		{"csv", "csv", Options{}},
		{"csv-fields", "csv", Options{Fields: []string{"TAG", "__KIND", "facility"}}},
		{"csv-one-field", "csv", Options{Fields: []string{"MESSAGE"}}},
	} {
		t.Run(c.file, func(t *testing.T) {
			c.options.Location = paris
			checkGolden(t, filepath.Join("testdata", c.file+".golden"), printCases(t, c.format, c.options))
		})
	}
}

func printCases(t *testing.T, format string, o Options) []byte {
	p, err := New(format, o)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	printLines(&out, "header", p.AppendHeader(nil))
	for _, c := range cases() {
		printed, err := p.Append([]byte("before"), c.record)
		rest, found := bytes.CutPrefix(printed, []byte("before"))
		if !found || (err != nil && (!errors.Is(err, ErrOctets) || len(rest) > 0)) {
			t.Errorf("%s: %q %v", c.name, printed, err)
		}
		if err != nil {
			rest = []byte("error: " + err.Error() + "\n")
		}
		printLines(&out, c.name, rest)
	}
	return out.Bytes()
}

// printLines writes one case of a golden file.
func printLines(out *bytes.Buffer, name string, printed []byte) {
	if len(printed) == 0 && name == "header" {
		return
	}
	out.WriteString("== " + name + "\n")
	for line := range strings.Lines(string(printed)) {
		bare := strings.TrimSuffix(line, "\n")
		switch {
		case bare == line:
			out.WriteString("without LF: " + strconv.Quote(line) + "\n")
		case strconv.CanBackquote(bare) && strings.TrimRight(bare, " ") == bare:
			out.WriteString("|" + line)
		default:
			out.WriteString(">" + strconv.Quote(bare) + "\n")
		}
	}
}

func checkGolden(t *testing.T, path string, got []byte) {
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(wantLines), len(gotLines)) {
		var w, g string
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if w != g {
			t.Errorf("%s:%d:\n got %s\nwant %s", path, i+1, g, w)
			return
		}
	}
}
