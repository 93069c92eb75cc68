package evidence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/seal"
)

// TestEveryBit flips every bit of a small zip and of a page that stands alone: none goes unnoticed.
func TestEveryBit(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	zip := w.evidence(t, 1)
	step := 1
	if testing.Short() {
		step = 97
	}
	for i := 0; i < len(zip)*8; i += step {
		zip[i/8] ^= 1 << (i % 8)
		if v := Verify(zip, w.pin()).Verdict; v != Tampered && v != Unreadable {
			t.Fatalf("bit %d of byte %d: %v", i%8, i/8, v)
		}
		zip[i/8] ^= 1 << (i % 8)
	}
	page, err := Page(zip)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(page)*8; i += 211 {
		page[i/8] ^= 1 << (i % 8)
		if v := Verify(page, w.pin()).Verdict; v != Tampered && v != Unreadable {
			t.Fatalf("page: bit %d of byte %d: %v", i%8, i/8, v)
		}
		page[i/8] ^= 1 << (i % 8)
	}
}

// rezipped changes files and makes a zip of them again, with right sums and, unless the page itself was changed, with
// the proof block that belongs to them: what a forger does who knows the format.
func rezipped(t *testing.T, zip []byte, change func(files []file) []file) []byte {
	t.Helper()
	files, err := parseZip(zip)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i].data = bytes.Clone(files[i].data)
	}
	out, err := formatZip(completed(sorted(change(files))))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// completed makes the proof block of the page and the sums anew.
func completed(files []file) []file {
	files = slices.Clone(files)
	if c, err := load(files); err == nil {
		if trees, err := c.trees(); err == nil {
			c.wantPage(trees)
			for _, x := range trees {
				x.fold()
			}
			if proof, err := c.pageProof(trees); err == nil {
				for i := range files {
					if files[i].name == pageName {
						files[i].data = filled(files[i].data, proof)
					}
				}
			}
		}
	}
	files = slices.DeleteFunc(files, func(f file) bool { return f.name == sumsName })
	return sorted(append(files, file{sumsName, formatSums(files)}))
}

// edit replaces one file.
func edit(name string, change func([]byte) []byte) func([]file) []file {
	return func(files []file) []file {
		for i := range files {
			if files[i].name == name {
				files[i].data = change(files[i].data)
			}
		}
		return files
	}
}

// TestForgeries makes what a forger makes who knows the format but not the keys.
func TestForgeries(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	zip := w.evidence(t, 3, 4, 5, 20)
	stranger := newWorldOf(t, 2)
	stranger.fill(40)
	foreign := stranger.evidence(t, 3, 4, 5, 20)
	foreignFiles, err := parseZip(foreign)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, with string) func([]byte) []byte {
		return func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("nothing to forge: %q", old)
			}
			return bytes.ReplaceAll(b, []byte(old), []byte(with))
		}
	}
	all := func(steps ...func([]file) []file) func([]file) []file {
		return func(files []file) []file {
			for _, s := range steps {
				files = s(files)
			}
			return files
		}
	}
	dropLeaf := func(b []byte) []byte { return b[2+binary.BigEndian.Uint16(b):] }
	for _, c := range []struct {
		name   string
		change func([]file) []file
		rule   string // that must be broken
	}{
		{"nothing", func(f []file) []file { return f }, ""},
		{"message in the leaves", edit(leavesName, replace("user 4 failed", "user 9 failed")), "integrity"},
		{"message in the lines", edit(entriesName, replace("user 4 failed", "user 9 failed")), "integrity"},
		{"message everywhere", all(edit(leavesName, replace("user 4 failed", "user 9 failed")), edit(entriesName, replace("user 4 failed", "user 9 failed"))), "integrity"},
		{"message on the page", edit(pageName, replace("user 4 failed", "user 9 failed")), "logged"},
		{"limits on the page", edit(pageName, replace("What is not proven", "What is proven")), "logged"},
		{"README", edit(readmeName, replace("CHECK IT", "TRUST IT")), "logged"},
		{"entry missing", edit(leavesName, dropLeaf), "format"},
		{"entry missing and not counted", all(edit(leavesName, dropLeaf), edit(questionName, replace("[[3,3],", "[[4,2],"))), "completeness"},
		{"entry twice", edit(leavesName, func(b []byte) []byte { return append(b[:2+binary.BigEndian.Uint16(b)], b...) }), "format"},
		{"window cut", edit(questionName, replace(`"to":40`, `"to":39`)), "sealed"},
		{"question changed", edit(questionName, replace(`failed`, `passed`)), "logged"},
		{"made earlier", edit(questionName, replace(`"made":"2025`, `"made":"2021`)), "logged"},
		{"said not to be logged", edit(questionName, replace(`"logged":true`, `"logged":false`)), "logged"},
		{"export disowned", all(edit(questionName, replace(`"logged":true`, `"logged":false`)),
			edit(proofName, func(b []byte) []byte {
				return bytes.Replace(b, fmt.Appendf(nil, `"exported":%d`, w.system.size-2), []byte(`"exported":null`), 1)
			})), "page"},
		{"withheld hash", edit(withheldName, func(b []byte) []byte { b[0] ^= 1; return b }), "integrity"},
		{"hashes missing", edit(withheldName, func(b []byte) []byte { return b[32:] }), "format"},
		{"another's proof", func(files []file) []file {
			for i := range files {
				if other, ok := find(foreignFiles, files[i].name); ok && (files[i].name == proofName || files[i].name == withheldName || files[i].name == supportName || strings.HasPrefix(files[i].name, checkpoints)) {
					files[i].data = other
				}
			}
			return files
		}, "integrity"},
		{"another's seals", func(files []file) []file {
			for i := range files {
				if other, ok := find(foreignFiles, files[i].name); ok && strings.HasPrefix(files[i].name, sealsPrefix) {
					files[i].data = other
				}
			}
			return files
		}, "sealed"},
		{"seal missing", func(files []file) []file {
			return slices.DeleteFunc(files, func(f file) bool { return f.name == sealsPrefix+"0.json" })
		}, "sealed"},
		{"single entry's proof", edit(entryPrefix+"main-3.tlog-proof", replace("index 3", "index 4")), "format"},
		{"single entry gone", func(files []file) []file {
			return slices.DeleteFunc(files, func(f file) bool { return f.name == entryPrefix+"main-20.leaf" })
		}, "format"},
		{"file that nobody knows", func(files []file) []file { return append(files, file{"VERDICT.txt", []byte("all is well\n")}) }, "format"},
		{"file missing", func(files []file) []file {
			return slices.DeleteFunc(files, func(f file) bool { return f.name == entriesName })
		}, "format"},
		{"disclosed without a field", edit(disclosedName, func([]byte) []byte { return []byte{0, 3, 200, 1, 1, 5} }), "redacted"},
	} {
		r := Verify(rezipped(t, zip, c.change), w.pin())
		if c.rule == "" {
			if r.Verdict != Verified {
				t.Fatalf("%s: %+v", c.name, r.Findings)
			}
			continue
		}
		if r.Verdict != Tampered || !r.failed(c.rule) {
			t.Errorf("%s: %v, want rule %s: %v", c.name, r.Verdict, c.rule, r.Findings)
		}
	}
	for _, at := range []int{0, 1} { // version, kind
		later := edit(leavesName, func(b []byte) []byte { b[2+entry.NonceSize+at] = 7; return b })
		if r := Verify(rezipped(t, zip, later), w.pin()); r.Verdict != Unreadable || !strings.Contains(r.Findings[0].Text, "newer constat") {
			t.Errorf("of a newer program: %v %v", r.Verdict, r.Findings)
		}
	}
	r := Verify(foreign, w.pin())
	if r.Verdict != Tampered || !r.failed("trust") {
		t.Errorf("evidence of another store: %v %v", r.Verdict, r.Findings)
	}
}

// TestFirstBadIndex wants the index of a changed entry to be named where its line tells it.
func TestFirstBadIndex(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	zip := rezipped(t, w.evidence(t, 3, 17), edit(entriesName, func(b []byte) []byte { return bytes.Replace(b, []byte("user 17"), []byte("user 18"), 1) }))
	r := Verify(zip, w.pin())
	for _, f := range r.Findings {
		if f.Rule == "integrity" && f.First != nil && *f.First == 17 {
			return
		}
	}
	t.Errorf("no finding about entry 17: %v", r.Findings)
}

// TestCutShort cuts a zip at every length.
func TestCutShort(t *testing.T) {
	w := newWorld(t)
	w.fill(3)
	zip := w.evidence(t, 1)
	for n := 0; n < len(zip); n += 7 {
		if v := Verify(zip[:n], w.pin()).Verdict; v != Unreadable && v != Tampered {
			t.Fatalf("%d of %d bytes: %v", n, len(zip), v)
		}
	}
	if v := Verify(append(bytes.Clone(zip), 0), w.pin()).Verdict; v != Unreadable {
		t.Errorf("a byte too many: %v", v)
	}
}

// TestZipForms wants the zips of others, and those with two files of a name, refused.
func TestZipForms(t *testing.T) {
	ok, err := formatZip([]file{{pageName, []byte("x")}, {"a", nil}, {"b", bytes.Repeat([]byte{1}, 100)}})
	if err != nil {
		t.Fatal(err)
	}
	if files, err := parseZip(ok); err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, list := range [][]file{{{"a", nil}, {"a", nil}}, {{"b", nil}, {"a", nil}}, {{"a", nil}, {pageName, nil}}, {{"", nil}}, {{"\xff", nil}}} {
		zip, err := formatZip(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseZip(zip); err == nil {
			t.Errorf("accepted: %q", list)
		}
	}
	bomb := bytes.Clone(ok) // says that a file is 4 GB long
	binary.LittleEndian.PutUint32(bomb[18:], 1<<32-1)
	if _, err := parseZip(bomb); err == nil {
		t.Error("a file that is longer than the zip")
	}
}

// TestNotLogged proves without an entry in the journal: the page must then follow from the other files.
func TestNotLogged(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	s := w.seal(t)
	d, err := Prepare(w.request(s, false, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	zip, err := d.Finish(Proof{Logs: []Log{w.main}, Seals: []seal.Seal{*s}})
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(zip, w.pin())
	if r.Verdict != Verified || !strings.Contains(r.Text(), "not logged") {
		t.Fatal(r.Text())
	}
	forged := rezipped(t, zip, edit(pageName, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("user 4 "), []byte("user 9 ")) }))
	if r := Verify(forged, w.pin()); r.Verdict != Tampered || !r.failed("page") {
		t.Errorf("forged page: %v %v", r.Verdict, r.Findings)
	}
}

// TestUnsealed proves by the signed checkpoint alone.
func TestUnsealed(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	request := w.request(w.seal(t), false, 3)
	request.Journals[0].ToSeal, request.Journals[0].To = nil, w.main.size
	d, err := Prepare(request)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := d.Finish(Proof{Logs: []Log{w.main}})
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(zip, w.pin())
	if r.Verdict != Verified || !strings.Contains(r.Text(), "not sealed") {
		t.Fatal(r.Text())
	}
}

// TestUpgrade proves evidence again when the journals have grown.
func TestUpgrade(t *testing.T) {
	w := newWorld(t)
	w.fill(40)
	zip := w.evidence(t, 3, 4)
	w.fill(300)
	later := w.seal(t)
	d, at, err := Reopen(zip)
	if err != nil {
		t.Fatal(err)
	}
	var seals []seal.Seal
	for counter := range d.SealCounters() {
		seals = append(seals, w.made[counter])
	}
	again, err := d.Finish(Proof{Logs: w.logs(), Exported: at, Seals: append(seals, *later), Witnessed: []Witnessed{{"main", w.main.Checkpoint()}}})
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(again, w.pin())
	if r.Verdict != Verified || r.Journals[0].Size != 340 || r.Withheld != 38 {
		t.Fatalf("%+v", r)
	}
}

// TestPrivate discloses one private value and says that another was erased.
func TestPrivate(t *testing.T) {
	w := newWorld(t)
	salt := [entry.SaltSize]byte{7}
	e := w.event(0)
	for _, value := range []string{"alice@example.org", "bob@example.org", "carol@example.org"} {
		digest := entry.PrivateDigest(salt, "EMAIL", []byte(value))
		e.Fields = append(e.Fields, entry.Field{Name: "EMAIL", Value: digest[:], Form: entry.Private})
	}
	w.main.add(e)
	erasure := entry.Entry{Kind: entry.Control, Received: w.clock}
	erasure.AddString("CONTROL", "erased", entry.Observed)
	erasure.AddString("JOURNAL", "main", entry.Observed)
	by := w.system.add(erasure)
	made := func(d ...Disclosure) (*Report, error) {
		s := w.seal(t)
		request := w.request(s, false, 0)
		request.Disclose = func(string, uint64, *entry.Entry) ([]Disclosure, error) { return d, nil }
		draft, err := Prepare(request)
		if err != nil {
			return nil, err
		}
		zip, err := draft.Finish(Proof{Logs: w.logs(), Seals: []seal.Seal{*s}})
		if err != nil {
			t.Fatal(err)
		}
		lines, _ := find(must(parseZip(zip)), entriesName)
		if !bytes.Contains(lines, []byte(`alice@example.org`)) || bytes.Contains(lines, []byte("carol")) || !bytes.Contains(lines, []byte(`"state":"erased"`)) {
			t.Errorf("%s", lines)
		}
		return Verify(zip, w.pin()), nil
	}
	alice := Disclosure{Field: len(e.Fields) - 3, Salt: salt, Value: []byte("alice@example.org")}
	r, err := made(Disclosure{Field: len(e.Fields) - 2, Erased: true, By: by}, alice)
	if err != nil || r.Verdict != Verified || r.Erased != 1 || r.Disclosed != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	r, err = made(Disclosure{Field: len(e.Fields) - 2, Erased: true, By: 0}, alice)
	if err != nil || r.Verdict != Tampered || !r.failed("redacted") {
		t.Errorf("erased by an entry that says something else: %+v %v", r, err)
	}
	alice.Value = []byte("mallory@example.org")
	if _, err := made(alice); err == nil {
		t.Error("a value that is not the one that was kept is disclosed")
	}
}

func must(files []file, err error) []file {
	if err != nil {
		panic(err)
	}
	return files
}
