package cli

import (
	"slices"
	"strings"
	"testing"

	"constat/seal"
)

func TestWords(t *testing.T) {
	list := strings.Fields(wordText)
	if len(list) != 2048 || !slices.IsSorted(list) {
		t.Fatalf("%d words, sorted: %v", len(list), slices.IsSorted(list))
	}
	for i, w := range list {
		if len(w) < 3 || len(w) > 8 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("word %q", w)
		}
		if i > 0 && list[i-1][:min(4, len(list[i-1]))] == w[:min(4, len(w))] {
			t.Errorf("%q and %q begin alike", list[i-1], w)
		}
	}
	var code seal.Code
	code[0], code[1], code[10] = 0xff, 0xe0, 0x01
	words := strings.Fields(wordsOf(code))
	if len(words) != codeWords || words[0] != list[2047] || words[1] != list[0] || words[7] != list[1] {
		t.Errorf("%q", words)
	}
}

func TestPageFitsOnPaper(t *testing.T) {
	c := seal.Certificate{Origin: "host.example/journal", Identity: seal.NewIdentity().Public(), Keys: 16384}
	page := pageOf(c, nil)
	if lines := strings.Split(page, "\n"); len(lines) > 50 {
		t.Errorf("%d lines", len(lines))
	} else {
		for _, line := range lines {
			if len(line) > 120 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
	}
	for _, want := range []string{c.Code().String(), groupsOf(c.Code()), wordsOf(c.Code()), c.Text(), "constat verify --code"} {
		if !strings.Contains(page, want) {
			t.Errorf("page without %q", want)
		}
	}
}
