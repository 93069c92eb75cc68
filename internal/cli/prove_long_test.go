package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
)

// TestProveLong proves entries that do not fit into a leaf: a long value, and a list of fields with private ones among them,
// which are withheld, disclosed, and erased.
func TestProveLong(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "init", "--origin", "host.example/log")
	w, err := journal.OpenWriter(vfs.OS(), filepath.Join(dir, "store"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := make([]entry.Entry, 2)
	for i := range list {
		list[i].Renderer = entry.RenderText
		list[i].AddString("MESSAGE", fmt.Sprint("entry ", i), entry.Claimed)
	}
	list[0].AddString("DUMP", strings.Repeat("long ", 40_000), entry.Claimed)
	for i := range 4000 {
		list[1].AddString(fmt.Sprintf("FIELD_%d", i), "twenty bytes of text", entry.Claimed)
	}
	for _, who := range []string{"alice", "bob"} {
		list[1].Fields = append(list[1].Fields, entry.Field{Name: "EMAIL_" + strings.ToUpper(who), Value: []byte(who + "@example.org"), Form: entry.Private})
	}
	if _, err = w.Append("app", list); err == nil {
		err = w.Checkpoint()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	shows := func(said string, yes, no []string, args ...string) {
		t.Helper()
		constat(t, dir, append([]string{"prove", "--journal", "app", "-o", "page.html"}, args...)...)
		page, err := os.ReadFile(filepath.Join(dir, "page.html"))
		if err != nil {
			t.Fatal(err)
		}
		if out := constat(t, dir, "verify", "page.html"); !strings.HasPrefix(out, "VERIFIED") || !strings.Contains(out, "redacted      "+said) {
			t.Errorf("%v: want %q: %s", args, said, out)
		}
		for _, s := range yes {
			if !strings.Contains(string(page), s) {
				t.Errorf("%v: the page lacks %q", args, s)
			}
		}
		for _, s := range no {
			if strings.Contains(string(page), s) {
				t.Errorf("%v: the page has %q", args, s)
			}
		}
	}
	shows("0 private values erased, 0 disclosed, 2 long values disclosed", []string{"EMAIL_ALICE=[private: withheld]"}, []string{"alice@example.org"})
	shows("0 private values erased, 2 disclosed, 2 long values disclosed", []string{"EMAIL_ALICE=alice@example.org", "EMAIL_BOB=bob@example.org"}, nil, "--private")
	constat(t, dir, "rotate") // and the same from a segment
	shows("0 private values erased, 2 disclosed, 2 long values disclosed", []string{"EMAIL_BOB=bob@example.org"}, nil, "--private")
	constat(t, dir, "erase", "--field", "EMAIL_ALICE", "--reason", "asked", "entry")
	shows("1 private values erased, 1 disclosed, 2 long values disclosed", []string{"EMAIL_ALICE=[private: erased]", "EMAIL_BOB=bob@example.org"}, []string{"alice@example.org"}, "--private")
	constat(t, dir, "verify")
}
