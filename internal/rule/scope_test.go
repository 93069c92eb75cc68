package rule

import (
	"slices"
	"strings"
	"testing"
)

// TestLintInBlocks: what selectors in a block select is held against the block around them.
func TestLintInBlocks(t *testing.T) {
	const text = "mail.* {\n *.err /x\n mail.!info /y\n news.* /z\n *.=info;*.=debug /w\n}\nif $msg contains 'a' then {\n *.err /v\n}\n"
	set, problems := Parse("f", []byte(text), Options{})
	if len(problems) > 0 {
		t.Error(problems)
	}
	var got []string
	for _, p := range Lint(set, Accumulate, nil) {
		got = append(got, p.Error())
	}
	want := []string{`f:3:2: warning: selects nothing: "mail.!info" removes`, "f:3:2: warning: in dialect bsd this selects mail 7", "f:4:2: warning: selects nothing of what the block", "f:5:2: warning: in dialect bsd this selects mail 7, and here mail 6-7"}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%q, want %q", got, want)
	}
}
