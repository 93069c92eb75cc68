package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/seal"
)

// spilled moves values out of an entry as a store does, and returns them.
func spilled(t *testing.T, e *entry.Entry) (values [][]byte) {
	t.Helper()
	err := entry.Spill(e, func(ordinal int, data []byte) ([entry.DigestSize]byte, error) {
		values = append(values, bytes.Clone(data))
		return entry.BlobDigest([entry.SaltSize]byte{byte(ordinal)}, data), nil
	})
	if err != nil || len(values) == 0 {
		t.Fatalf("%d values, %v", len(values), err)
	}
	return values
}

// TestLong discloses values that were moved out of an entry, and those of an entry of which all fields were, with private ones
// among them.
func TestLong(t *testing.T) {
	w := newWorld(t)
	salt := [entry.SaltSize]byte{9}
	private := func(value string) entry.Field {
		digest := entry.PrivateDigest(salt, "EMAIL", []byte(value))
		return entry.Field{Name: "EMAIL", Value: digest[:], Form: entry.Private}
	}
	long := w.event(0)
	long.AddString("DUMP", strings.Repeat("dump ", 20_000), entry.Claimed)
	dump := spilled(t, &long)[0]
	many := w.event(1)
	for i := range 4000 {
		many.AddString(fmt.Sprintf("FIELD_%d", i), "twenty bytes of text", entry.Claimed)
	}
	before := len(many.Fields)
	many.Fields = append(many.Fields, private("alice@example.org"), private("bob@example.org"), private("carol@example.org"))
	list := spilled(t, &many)[0]
	w.main.add(long)
	w.main.add(many)
	erasure := entry.Entry{Kind: entry.Control, Received: w.clock}
	erasure.AddString("CONTROL", "erased", entry.Observed)
	erasure.AddString("JOURNAL", "main", entry.Observed)
	by := w.system.add(erasure)

	made := func(told map[uint64][]Disclosure) ([]byte, error) {
		s := w.seal(t)
		request := w.request(s, false, 0, 1)
		request.Disclose = func(_ string, index uint64, _ *entry.Entry) ([]Disclosure, error) { return told[index], nil }
		draft, err := Prepare(request)
		if err != nil {
			return nil, err
		}
		return draft.Finish(Proof{Logs: w.logs(), Seals: []seal.Seal{*s}})
	}
	field := len(long.Fields) - 1
	at := len(many.Fields) + before // of the first private field in the list
	told := map[uint64][]Disclosure{0: {{Field: field, Value: dump}},
		1: {{Field: 0, Value: list}, {Field: at, Salt: salt, Value: []byte("alice@example.org")}, {Field: at + 1, Erased: true, By: by}}}
	zip, err := made(told)
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(zip, w.pin())
	if r.Verdict != Verified || r.Long != 2 || r.Disclosed != 1 || r.Erased != 1 || !strings.Contains(r.Text(), "1 private values erased, 1 disclosed, 2 long values disclosed") {
		t.Fatal(r.Text())
	}
	page, err := Page(zip)
	if err != nil {
		t.Fatal(err)
	}
	if r := Verify(page, w.pin()); r.Verdict != Verified {
		t.Errorf("page alone: %s", r.Text())
	}
	lines, _ := find(must(parseZip(zip)), entriesName)
	for _, want := range []string{`,"value":"dump dump `, `["FIELD_3999","twenty bytes of text"]`, `"value":"alice@example.org"`, `"state":"erased"`, `"state":"withheld"`,
		`{"packed":"` + fmt.Sprintf("%x", many.Fields[0].Value) + `","state":"disclosed","salt":"00000000000000000000000000000000"}`} {
		if !bytes.Contains(lines, []byte(want)) {
			t.Errorf("entries.jsonl lacks %s", want)
		}
	}
	if bytes.Contains(lines, []byte("carol")) || !bytes.Contains(page, []byte("user 1 failed to log in from 192.0.2.1 · EMAIL=alice@example.org · EMAIL=[private: erased] · EMAIL=[private: withheld]</td>")) {
		t.Error("the page does not show the fields of the list")
	}
	for name, change := range map[string]func(map[uint64][]Disclosure){
		"another long value":    func(m map[uint64][]Disclosure) { m[0] = []Disclosure{{Field: field, Value: dump[1:]}} },
		"another list":          func(m map[uint64][]Disclosure) { m[1] = []Disclosure{{Field: 0, Value: list[:len(list)-1]}} },
		"a field of no list":    func(m map[uint64][]Disclosure) { m[1] = m[1][1:] },
		"a long value erased":   func(m map[uint64][]Disclosure) { m[0] = []Disclosure{{Field: field, Erased: true, By: by}} },
		"an inline field":       func(m map[uint64][]Disclosure) { m[0] = []Disclosure{{Field: 0, Value: []byte("x")}} },
		"a field behind it all": func(m map[uint64][]Disclosure) { m[1] = []Disclosure{{Field: 0, Value: list}, {Field: at + 3}} },
	} {
		m := map[uint64][]Disclosure{0: told[0], 1: told[1]}
		change(m)
		if _, err := made(m); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, text := range map[string]string{"dump dump": "Dump dump", "alice@": "elice@", "twenty bytes": "Twenty bytes"} {
		forged := rezipped(t, zip, edit(disclosedName, func(b []byte) []byte { return bytes.Replace(b, []byte(name), []byte(text), 1) }))
		if r := Verify(forged, w.pin()); r.Verdict != Tampered || !r.failed("redacted") {
			t.Errorf("%s: %s", text, r.Text())
		}
	}
}
