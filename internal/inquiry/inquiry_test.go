package inquiry_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"constat/internal/inquiry"
)

// TestDocument: the examples of FORMAT.md are lines as they are sent.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "## 25. Question")
	kinds := map[byte]int{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "%q1 ") || strings.Contains(line, "KIND") {
			continue
		}
		l, ok := inquiry.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if !ok || string(l.Append(nil)) != line {
			t.Errorf("no line: %q, want %q", line, l.Append(nil))
		}
		kinds[l.Kind]++
		if l.Kind == inquiry.KindQuestion {
			if _, err := inquiry.ParseQuestion(l.Body); err != nil {
				t.Error(err)
			}
		}
	}
	if kinds['q'] == 0 || kinds['a'] == 0 || kinds['z'] == 0 {
		t.Errorf("examples by kind: %v", kinds)
	}
}

func TestQuestion(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "", `{"limit":1000,"level":0,"oldest":true,"cursor":"x"}`: "",
		`{"limit":1001}`: "limit", `{"level":8}`: "level", `{"since":"yesterday"}`: "since", `{"cursor":"x"}`: "cursor",
		`{"domain":"other"}`: "unknown", `{}{}`: "more than one", `[]`: "question", ``: "question",
		`{"text":"` + strings.Repeat("x", 257) + `"}`: "text",
	} {
		_, err := inquiry.ParseQuestion([]byte(body))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", body, err, want)
		}
	}
}

// FuzzParse: what is taken for a line is written in the same way.
func FuzzParse(f *testing.F) {
	l := inquiry.Line{Kind: 'q', ID: []byte("00000000000000aa"), Body: []byte(`{"limit":5}`)}
	f.Add(bytes.TrimSuffix(l.Append(nil), []byte("\n")))
	f.Add([]byte("%q1 q 00000000000000aa 0 {} 00000000"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, ok := inquiry.Parse(line)
		if !ok {
			return
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if got := l.Append(nil); string(got) != string(line)+"\n" {
			t.Errorf("%q is written as %q", line, got)
		}
		inquiry.ParseQuestion(l.Body)
	})
}
