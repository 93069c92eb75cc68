package evidence

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"constat/entry"
	"constat/seal"
)

// fuzzWitness is the key of a witness, always the same.
const fuzzWitness = "PRIVATE+KEY+witness.example/w1+502942c7+BJmlqjoGXCrZAAqMDGROD1zGtuu2Hq75gU+GozTH1ugE\n"

// small is evidence with a little of everything in it: a private value that is disclosed and one that was erased, in an entry whose
// fields are packed; cosignatures that cover what is shown, and others that stand before it.
func small(f *testing.F) (zip []byte, o Options) {
	f.Helper()
	w := newWorld(f)
	key, err := seal.ParseWitnessKey(fuzzWitness)
	if err != nil {
		f.Fatal(err)
	}
	o = w.pin()
	if o.Policy, err = seal.ParsePolicy([]byte("witness w1 " + key.Cosigner().VKey() + "\nquorum w1\n")); err != nil {
		f.Fatal(err)
	}
	cosigned := func(log *memLog, at int64) []byte {
		text := seal.Checkpoint{Origin: log.origin, Size: log.size, Root: log.root(log.size)}.Text()
		return append(log.Checkpoint(), key.Cosign(text, at).Line()...)
	}
	w.fill(2)
	erasure := entry.Entry{Kind: entry.Control, Received: w.clock}
	erasure.AddString("CONTROL", "erased", entry.Observed)
	erasure.AddString("JOURNAL", "main", entry.Observed)
	by := w.system.add(erasure)
	logged := entry.Entry{Kind: entry.Control, Received: w.clock}
	logged.AddString("CONTROL", "witnessed", entry.Observed)
	logged.Add("CHECKPOINT", cosigned(w.system, 1_700_000_000), entry.Observed)
	before := w.system.add(logged)
	low := w.seal(f)
	salt := [entry.SaltSize]byte{9}
	packed := entry.Entry{}
	for _, value := range []string{"alice", "bob"} {
		digest := entry.PrivateDigest(salt, "EMAIL", []byte(value))
		packed.Fields = append(packed.Fields, entry.Field{Name: "EMAIL", Value: digest[:], Form: entry.Private})
	}
	list := listOf(f, &packed)
	wide := entry.Entry{Received: w.clock}
	digest := entry.BlobDigest(salt, list)
	wide.Fields = []entry.Field{{Provenance: entry.Observed, Form: entry.Packed, Size: uint64(len(list)), Value: digest[:]}}
	w.main.add(wide)
	s := w.seal(f)
	request := w.request(s, true, 2)
	request.Disclose = func(string, uint64, *entry.Entry) ([]Disclosure, error) {
		return []Disclosure{{Field: 0, Salt: salt, Value: list}, {Field: 1, Salt: salt, Value: []byte("alice")}, {Field: 2, Erased: true, By: by}}, nil
	}
	d, err := Prepare(request)
	if err != nil {
		f.Fatal(err)
	}
	exported := d.Exported()
	exported.Received = w.clock
	at := w.system.add(exported)
	zip, err = d.Finish(Proof{Logs: w.logs(), Exported: &at, Support: []uint64{before}, Seals: []seal.Seal{*low, *s},
		Witnessed: []Witnessed{{"system", cosigned(w.system, 1_800_000_000)}}})
	if err != nil {
		f.Fatal(err)
	}
	if r := Verify(zip, o); r.Verdict != Verified || r.Disclosed+r.Erased+r.Long != 3 || strings.Contains(r.Text(), "not-before    no") {
		f.Fatal(r.Text())
	}
	return zip, o
}

// listOf is the list of the fields of an entry, with which its body ends.
func listOf(f *testing.F, e *entry.Entry) []byte {
	f.Helper()
	none, err := entry.AppendBody(nil, &entry.Entry{})
	if err != nil {
		f.Fatal(err)
	}
	body, err := entry.AppendBody(nil, e)
	if err != nil {
		f.Fatal(err)
	}
	return body[len(none)-1:] // none ends with a count of 0
}

// filesOf are the files of a zip.
func filesOf(f *testing.F, zip []byte) []file {
	f.Helper()
	files, err := parseZip(zip)
	if err != nil {
		f.Fatal(err)
	}
	return files
}

// FuzzZip wants what is accepted to be the one zip of its files.
func FuzzZip(f *testing.F) {
	for _, list := range [][]file{nil, {{pageName, nil}, {"a", []byte("x")}}} {
		zip, err := formatZip(list)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(zip)
	}
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

// FuzzVerify replaces some bytes of one file of good evidence, and makes sums, proof block and zip anew as a forger does: the
// verifier must find that, whatever the place. Only lines of signatures that nobody asks for may be others.
func FuzzVerify(f *testing.F) {
	zip, o := small(f)
	files := filesOf(f, zip)
	for i, x := range files {
		f.Add(uint8(i), uint16(0), uint16(0), []byte(nil))
		f.Add(uint8(i), uint16(len(x.data)/2), uint16(1), []byte("x"))
		f.Add(uint8(i), uint16(0), uint16(len(x.data)), []byte("{}\n"))
	}
	f.Fuzz(func(t *testing.T, n uint8, at, cut uint16, with []byte) {
		changed := slices.Clone(files)
		x := &changed[int(n)%len(files)]
		from := min(int(at), len(x.data))
		to := min(from+int(cut), len(x.data))
		x.data = slices.Concat(x.data[:from], with, x.data[to:])
		if x.name != sumsName {
			changed = completed(changed)
		}
		again, err := formatZip(changed)
		if err != nil || bytes.Equal(again, zip) {
			return
		}
		r := Verify(again, o)
		if loose := strings.HasPrefix(x.name, witnessed) || strings.HasPrefix(x.name, checkpoints); r.Verdict != Tampered && r.Verdict != Unreadable && !loose {
			t.Errorf("%s with bytes %d to %d replaced by %q: %s", x.name, from, to, with, r.Text())
		}
	})
}

// FuzzPage replaces some bytes of one block of a page that stands alone.
func FuzzPage(f *testing.F) {
	zip, o := small(f)
	page, _ := find(filesOf(f, zip), pageName)
	f.Add(false, uint16(0), uint16(0), []byte(nil))
	for _, n := range []uint16{0, 8, 100, 3000} {
		f.Add(false, n, uint16(1), []byte("1"))
		f.Add(true, n, uint16(1), []byte("1"))
	}
	f.Add(true, uint16(0), uint16(1<<16-1), []byte(`{"rows":0,"files":[]}`))
	f.Fuzz(func(t *testing.T, second bool, at, cut uint16, with []byte) {
		begin := dataBegin
		if second {
			begin = proofBegin
		}
		before, inside, after, ok := block(page, begin)
		if !ok {
			t.Fatal("the page has no such block")
		}
		from := min(int(at), len(inside))
		to := min(from+int(cut), len(inside))
		changed := slices.Concat(before, inside[:from], with, inside[to:], []byte(blockEnd), after)
		r := Verify(changed, o)
		if good := bytes.Equal(changed, page); good != (r.Verdict == Verified) {
			t.Errorf("bytes %d to %d replaced by %q: %s", from, to, with, r.Text())
		}
	})
}

// FuzzParts feeds each parser of a file alone: what it accepts it prints again.
func FuzzParts(f *testing.F) {
	zip, _ := small(f)
	for _, x := range filesOf(f, zip) {
		if n := slices.Index([]string{disclosedName, leavesName, withheldName, questionName, proofName}, x.name); n >= 0 {
			f.Add(uint8(n), x.data)
		} else if strings.HasPrefix(x.name, sealsPrefix) {
			f.Add(uint8(5), x.data)
		} else if strings.HasPrefix(x.name, witnessed) {
			f.Add(uint8(7), slices.Concat([]byte(x.name+"\n"), x.data))
		}
	}
	f.Add(uint8(6), []byte(`{"rows":1,"files":[{"name":"a","data":"eA=="}]}`))
	f.Add(uint8(7), []byte("anchors/main-4\nx"))
	q := &Question{Journals: []Asked{{Name: "main"}, {Name: "system"}}}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		again, err := data, error(nil)
		switch n % 8 {
		case 0:
			list, e := parseDisclosed(q, data)
			again, err = formatDisclosed(q, list), e
		case 1:
			list, e := parseLeaves(data)
			again, err = formatLeaves(list), e
		case 2:
			list, e := parseHashes(data)
			again, err = formatHashes(list), e
		case 3:
			x, e := parseQuestion(data)
			again, err = formatJSON(x), e
		case 4:
			x, e := parseProof(data)
			again, err = formatJSON(x), e
		case 5:
			_, err = parseSeal(sealsPrefix+"0.json", data)
		case 6:
			x, e := parseBlock(data)
			if err = e; err == nil {
				again, err = formatBlock(x)
			}
		case 7:
			name, rest, _ := strings.Cut(string(data), "\n")
			c := &contents{signed: map[string][]byte{}}
			err = c.loadNote(file{name, []byte(rest)})
		}
		if err == nil && !bytes.Equal(again, data) {
			t.Errorf("parser %d prints otherwise: %q", n%8, again)
		}
	})
}

// FuzzRow prints an entry as lines and pages have it, with a list of its fields and a value disclosed.
func FuzzRow(f *testing.F) {
	zip, _ := small(f)
	leaves, err := parseLeaves(must1(find(filesOf(f, zip), leavesName)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(leaves[0][entry.NonceSize:], []byte{1, 0, 1, 'a', 1, 'b'}, 1)
	f.Fuzz(func(t *testing.T, body, list []byte, field int) {
		var d entry.Decoder
		var e entry.Entry
		if d.Decode(body, &e) != nil {
			return
		}
		s := shownEntry{journal: "main", entry: &e, disclosed: []Disclosure{{Field: 0, Value: list}, {Field: field, Value: list}}}
		if s.unpack() != nil {
			return
		}
		line, r := appendLine(nil, &s), rowOf(&s)
		if bytes.IndexByte(line, '\n') != len(line)-1 || strings.ContainsAny(strings.Join(r[:], ""), "\n\x1b") {
			t.Errorf("%q %q", line, r)
		}
	})
}

func must1(data []byte, _ bool) []byte { return data }

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
