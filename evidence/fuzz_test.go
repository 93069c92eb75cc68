package evidence

import (
	"bytes"
	"testing"
	"testing/fstest"
)

// seeds are the files of a small zip, for the fuzzers of their parsers.
func seeds(f *testing.F) (zip []byte, files []file) {
	f.Helper()
	w := newWorld(f)
	w.fill(5)
	zip = w.evidence(f, 1, 3)
	files, err := parseZip(zip)
	if err != nil {
		f.Fatal(err)
	}
	return zip, files
}

// FuzzZip wants what is accepted to be the one zip of its files.
func FuzzZip(f *testing.F) {
	zip, _ := seeds(f)
	f.Add(zip)
	small, err := formatZip([]file{{pageName, nil}, {"a", []byte("x")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := parseZip(data)
		if err != nil {
			return
		}
		again, err := formatZip(files)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%d files are zipped otherwise: %v", len(files), err)
		}
	})
}

// FuzzVerify feeds the whole verifier: it ends with a report, and verifies nothing without a pin.
func FuzzVerify(f *testing.F) {
	zip, files := seeds(f)
	f.Add(zip)
	page, _ := find(files, pageName)
	f.Add(page)
	f.Add([]byte(pageBegin + dataBegin + `{"rows":0,"files":[]}` + blockEnd + proofBegin + `{"rows":0,"files":[]}` + blockEnd))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := Verify(data, Options{})
		if r.Verdict == Verified || r.Text() == "" {
			t.Errorf("verified without a pin: %s", r.Text())
		}
	})
}

// FuzzFiles replaces one file of evidence, sums and all: the verifier must find that.
func FuzzFiles(f *testing.F) {
	_, files := seeds(f)
	for i, x := range files {
		f.Add(uint8(i), x.data)
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		i := int(n) % len(files)
		if bytes.Equal(data, files[i].data) {
			return
		}
		changed := append([]file(nil), files...)
		changed[i].data = data
		if files[i].name != sumsName {
			for k := range changed {
				if changed[k].name == sumsName {
					changed[k].data = formatSums(changed)
				}
			}
		}
		zip, err := formatZip(changed)
		if err != nil {
			return
		}
		if r := Verify(zip, Options{}); r.Verdict != Tampered && r.Verdict != Unreadable {
			t.Errorf("%s replaced by %q: %s", files[i].name, data, r.Text())
		}
	})
}

// FuzzParts feeds each parser alone: what it accepts it prints again.
func FuzzParts(f *testing.F) {
	_, files := seeds(f)
	for _, x := range files {
		f.Add(x.data)
	}
	f.Add([]byte{0, 3, 200, 1, 1, 5})
	q := &Question{Journals: []Asked{{Name: "main"}, {Name: "system"}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := parseDisclosed(q, data); err == nil && !bytes.Equal(formatDisclosed(q, list), data) {
			t.Error("disclosures are printed otherwise")
		}
		if list, err := parseLeaves(data); err == nil && !bytes.Equal(formatLeaves(list), data) {
			t.Error("leaves are printed otherwise")
		}
		if list, err := parseHashes(data); err == nil && !bytes.Equal(formatHashes(list), data) {
			t.Error("hashes are printed otherwise")
		}
		if x, err := parseQuestion(data); err == nil && !bytes.Equal(formatJSON(x), data) {
			t.Error("the question is printed otherwise")
		}
		if x, err := parseProof(data); err == nil && !bytes.Equal(formatJSON(x), data) {
			t.Error("the proof is printed otherwise")
		}
		parseSeal(sealsPrefix+"0.json", data)
		parsePage(data)
		parseBlock(data)
	})
}

// FuzzTiles feeds a directory of tiles.
func FuzzTiles(f *testing.F) {
	w := newWorld(f)
	w.fill(3)
	f.Add(w.main.Checkpoint(), formatLeaves(w.main.leaves))
	f.Fuzz(func(t *testing.T, checkpoint, bundle []byte) {
		r := VerifyTiles(fstest.MapFS{"checkpoint": {Data: checkpoint}, "tile/entries/000.p/3": {Data: bundle}}, w.id.Public().VKey(w.main.origin))
		if r.Verdict == Verified {
			t.Errorf("verified without tiles: %s", r.Text())
		}
	})
}
