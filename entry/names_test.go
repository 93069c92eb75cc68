package entry

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestKnownNames(t *testing.T) {
	for i, name := range KnownNames() {
		number := i + 1
		if knownNumber(name) != number || KnownName(number) != name || !IsKnownName([]byte(name)) || !ValidName(name) {
			t.Errorf("%s: number %d, the name of which is %q", name, knownNumber(name), KnownName(number))
		}
	}
	if lastKnown < 100 || lastKnown > LongName+255 {
		t.Errorf("%d well-known names", lastKnown)
	}
	for _, name := range []string{"", "MESSAG", "MESSAGES", "message ", "_", "PRIORITY\x00"} {
		if IsKnownName([]byte(name)) {
			t.Errorf("%q is taken for a well-known name", name)
		}
	}
	if KnownName(0)+KnownName(-1)+KnownName(lastKnown+1) != "" {
		t.Error("a number without a name has one")
	}
}

// TestOneSpellingOfNames: a well-known name in full, a number that has none, and a name where none can be are refused.
func TestOneSpellingOfNames(t *testing.T) {
	body := func(field ...byte) []byte { return append([]byte{Version, 0, 0, 0, 0, 0, 0, 1}, field...) }
	first, last := AppendHead(nil, Observed, Inline, "_PID"), AppendHead(nil, Claimed, Inline, knownNames[lastKnown])
	for _, c := range []struct {
		body []byte
		ok   bool
	}{
		{body(append(first, 1, 'x')...), true},
		{body(append(last, 1, 'x')...), true},
		{body(append([]byte{1, 4}, "_PID\x01x"...)...), false},
		{body(append([]byte{0, 4}, "_PIX\x01x"...)...), false}, // claimed
		{body(append([]byte{1, 4}, "_PIX\x01x"...)...), true},
		{body(append([]byte{0xa0}, 1, 'x')...), false}, // _PID, claimed
		{body(0xf0, byte(lastKnown-LongName+1), 1, 'x'), false},
		{body(0xf0, 255, 1, 'x'), false},
		{body(0xf0), false},
	} {
		var e Entry
		if err := new(Decoder).Decode(c.body, &e); (err == nil) != c.ok {
			t.Errorf("%x: %v", c.body, err)
		}
	}
}

// TestNamesDocument: FORMAT.md lists the names with their numbers, under a marker.
func TestNamesDocument(t *testing.T) {
	data, err := os.ReadFile("../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(data), "<!-- well-known names -->\n```\n")
	block, _, _ = strings.Cut(block, "```")
	var want []string
	for i, name := range KnownNames() {
		want = append(want, fmt.Sprint(i+1), name)
	}
	if got := strings.Fields(block); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the document lists\n%q, the program\n%q", got, want)
	}
}

// TestNamesOfPython: the client in Python has the same list.
func TestNamesOfPython(t *testing.T) {
	data, err := os.ReadFile("../clients/python/constat/_names.py")
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := os.ReadFile("../clients/python/constat/_entry.py")
	if err != nil || !strings.Contains(string(encoder), fmt.Sprintf("\n_VERSION = %d ", Version)) {
		t.Errorf("the client in Python writes another version than %d, %v", Version, err)
	}
	parts := strings.Split(string(data), `"""`)
	if len(parts) != 5 || strings.Join(strings.Fields(parts[3]), " ") != strings.Join(KnownNames(), " ") {
		t.Errorf("the list of the client in Python, in part 3 of %d, is another", len(parts))
	}
}
