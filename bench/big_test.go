package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two stores are made and asked; a second run finds them, and goes on where one is too small.
func testBig(t *testing.T, binary string) {
	s, err := options{messages: 1000, pairs: 1, binary: binary}.suite(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	b := big{s, t.TempDir(), 2000, 5000}
	var out bytes.Buffer
	if err := b.measure(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "| import and rotate | 5,000 | ") || strings.Count(text, "\n| ") < len(bigQuestions)+4 {
		t.Error(text)
	}
	if st, err := b.store(t.Context(), 2000); err != nil || st.fed != 0 || !strings.Contains(st.rate(), "earlier") {
		t.Errorf("%d events were imported again, %v", st.fed, err)
	}
	if err := os.Rename(filepath.Join(b.keep, "events-2000"), filepath.Join(b.keep, "events-3000")); err != nil {
		t.Fatal(err)
	}
	st, err := b.store(t.Context(), 3000) // the mark is elsewhere then, which no question is asked about
	if err != nil || st.fed != 1000 {
		t.Errorf("%d events were imported, %v", st.fed, err)
	}
}

func TestBigCompare(t *testing.T) {
	k := known{last: []string{"a", "b"}}
	q := bigQuestions[1]
	for out, right := range map[string]bool{"a\nb\n": true, "a\n": false, "a\nc\n": false, "": false} {
		if err := q.compare(k, []byte(out)); (err == nil) != right {
			t.Errorf("%q: %v", out, err)
		}
	}
}

func TestBigTooSmall(t *testing.T) {
	o := options{big: 10}
	if err := o.run(t.Context(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-big 10") {
		t.Error(err)
	}
}
