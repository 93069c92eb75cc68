package entry

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var updateVectors = flag.Bool("update", false, "write the results in testdata/vectors.txt again")

const vectorFile = "testdata/vectors.txt"

// vector is one case of the vector file.
type vector struct {
	sort string // entry, private or blob
	name string
	line int // of its first line, from 0

	entry Entry // sort entry
	key   NonceKey
	index uint64

	salt    [SaltSize]byte // sorts private and blob
	private string         // name of the private field
	value   []byte

	results map[string]string // as the file says: nonce, body, leaf; digest
}

// resultNames are the lines that the program can write, in their order.
var resultNames = []string{"nonce", "body", "leaf", "digest"}

// loadVectors reads the vector file. Finding no case, or one without its results, is an error.
func loadVectors(tb testing.TB) []*vector {
	tb.Helper()
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		tb.Fatal(err)
	}
	vectors, err := parseVectors(string(data))
	if err != nil {
		tb.Fatal(err)
	}
	return vectors
}

func parseVectors(text string) (vectors []*vector, err error) {
	var v *vector
	names := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "":
			v = nil
			continue
		case strings.HasPrefix(line, "#"):
			continue
		case v == nil:
			v = &vector{sort: word, name: rest, line: n, results: map[string]string{}}
			if !slices.Contains([]string{"entry", "private", "blob"}, word) || rest == "" || names[word+rest] {
				err = fmt.Errorf("begins no case, or one that was there before")
			}
			names[word+rest] = true
			vectors = append(vectors, v)
		default:
			err = v.set(word, rest)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q: %w", vectorFile, n+1, line, err)
		}
	}
	if len(vectors) == 0 {
		return nil, fmt.Errorf("%s: no case", vectorFile)
	}
	return vectors, nil
}

// set takes one line of a case.
func (v *vector) set(word, rest string) error {
	if slices.Contains(resultNames, word) {
		v.results[word] = rest
		return nil
	}
	words, err := splitWords(rest)
	if err != nil {
		return err
	}
	w := wordReader{words: words}
	switch v.sort + " " + word {
	case "entry kind":
		v.entry.Kind, w.err = ParseKind(w.next())
	case "entry epoch":
		v.entry.Epoch = uint32(w.number(32))
	case "entry received":
		v.entry.Received = w.signed()
	case "entry event":
		v.entry.Event = Time{Valid: true, Micros: w.signed(), Digits: uint8(w.number(8)), Zone: w.next()}
		if len(w.words) > 0 {
			v.entry.Event.Nanos = uint16(w.number(16))
		}
	case "entry renderer":
		v.entry.Renderer = Renderer(w.number(16))
	case "entry params":
		v.entry.Params = []byte(w.next())
	case "entry field":
		v.entry.Fields = append(v.entry.Fields, w.field())
	case "entry key":
		w.hex(v.key[:])
	case "entry index":
		v.index = w.number(64)
	case "private salt", "blob salt":
		w.hex(v.salt[:])
	case "private name":
		v.private = w.next()
	case "private value", "blob value":
		v.value = []byte(w.next())
	default:
		return fmt.Errorf("unknown word")
	}
	if w.err == nil && len(w.words) > 0 {
		w.err = fmt.Errorf("too many words")
	}
	return w.err
}

// splitWords splits a line at its blanks; a word in quotes is a Go string literal.
func splitWords(s string) (words []string, err error) {
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		word := s
		if s[0] == '"' {
			if word, err = strconv.QuotedPrefix(s); err != nil {
				return nil, err
			}
			s = s[len(word):]
			if word, err = strconv.Unquote(word); err != nil {
				return nil, err
			}
		} else {
			word, s, _ = strings.Cut(s, " ")
		}
		words = append(words, word)
	}
	return words, nil
}

// wordReader takes words off a line; the first that does not fit sets err.
type wordReader struct {
	words []string
	err   error
}

func (w *wordReader) next() string {
	if len(w.words) == 0 {
		w.fail(fmt.Errorf("too few words"))
		return ""
	}
	word := w.words[0]
	w.words = w.words[1:]
	return word
}

func (w *wordReader) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *wordReader) number(bits int) uint64 {
	n, err := strconv.ParseUint(w.next(), 10, bits)
	w.fail(err)
	return n
}

func (w *wordReader) signed() int64 {
	n, err := strconv.ParseInt(w.next(), 10, 64)
	w.fail(err)
	return n
}

func (w *wordReader) hex(dst []byte) {
	b, err := hex.DecodeString(w.next())
	if err == nil && len(b) != len(dst) {
		err = fmt.Errorf("%d bytes, want %d", len(b), len(dst))
	}
	w.fail(err)
	copy(dst, b)
}

func (w *wordReader) field() (f Field) {
	provenance, form := w.next(), w.next()
	p := slices.Index(provenanceNames[:], provenance)
	if p < 0 {
		w.fail(fmt.Errorf("provenance %q", provenance))
	}
	f.Provenance = Provenance(p)
	if form != "packed" {
		f.Name = w.next()
	}
	if form == "inline" {
		f.Value = []byte(w.next())
		return f
	}
	f.Value = make([]byte, DigestSize)
	w.hex(f.Value)
	switch form {
	case "private":
		f.Form = Private
	case "blob":
		f.Form, f.Size = Blob, w.number(64)
	case "packed":
		f.Form, f.Size = Packed, w.number(64)
	default:
		w.fail(fmt.Errorf("form %q", form))
	}
	return f
}

// compute returns what the program makes of a case.
func (v *vector) compute() (results map[string]string, err error) {
	results = map[string]string{}
	switch v.sort {
	case "entry":
		body, err := AppendBody(nil, &v.entry)
		if err != nil {
			return nil, err
		}
		nonces := NewNonces(v.key)
		leaf := nonces.LeafHash(v.index, body)
		results["nonce"] = hex.EncodeToString(nonces.AppendLeaf(nil, v.index, nil))
		results["body"] = hex.EncodeToString(body)
		results["leaf"] = hex.EncodeToString(leaf[:])
	case "private":
		digest := PrivateDigest(v.salt, v.private, v.value)
		results["digest"] = hex.EncodeToString(digest[:])
	case "blob":
		digest := BlobDigest(v.salt, v.value)
		results["digest"] = hex.EncodeToString(digest[:])
	}
	return results, nil
}

func TestVectors(t *testing.T) {
	vectors := loadVectors(t)
	if *updateVectors {
		rewriteVectors(t, vectors)
		vectors = loadVectors(t)
	}
	var decoder Decoder
	for _, v := range vectors {
		t.Run(v.sort+"/"+v.name, func(t *testing.T) {
			want, err := v.compute()
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range resultNames {
				if v.results[name] != want[name] {
					t.Errorf("%s\n%s, the file says\n%s", name, want[name], v.results[name])
				}
			}
			if v.sort == "entry" {
				v.checkEntry(t, &decoder)
			} else {
				v.checkDigest(t)
			}
		})
	}
}

// checkEntry decodes the body that the file says, and computes nonce and leaf hash without the code under test.
func (v *vector) checkEntry(t *testing.T, decoder *Decoder) {
	body := v.result(t, "body")
	var got Entry
	if err := decoder.Decode(body, &got); err != nil {
		t.Fatal(err)
	}
	if !sameEntry(&got, &v.entry) {
		t.Errorf("decoded\n%+v, want\n%+v", got, v.entry)
	}
	block, err := aes.NewCipher(v.key[:])
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 16)
	block.Encrypt(nonce, append(binary.LittleEndian.AppendUint64(nil, v.index), make([]byte, 8)...))
	hash := sha256.Sum256(slices.Concat([]byte{0}, nonce, body))
	if !bytes.Equal(nonce, v.result(t, "nonce")) || !bytes.Equal(hash[:], v.result(t, "leaf")) {
		t.Errorf("nonce %x and leaf hash %x by hand differ from the file", nonce, hash)
	}
}

// checkDigest computes the digest that the file says without the code under test.
func (v *vector) checkDigest(t *testing.T) {
	preimage := slices.Concat([]byte("constat blob v0\n"), v.salt[:], v.value)
	if v.sort == "private" {
		name := append([]byte{byte(len(v.private))}, v.private...) // shorter than 128 bytes
		preimage = slices.Concat([]byte("constat private field v0\n"), v.salt[:], name, v.value)
	}
	if hash := sha256.Sum256(preimage); !bytes.Equal(hash[:], v.result(t, "digest")) {
		t.Errorf("digest %x by hand differs from the file", hash)
	}
}

func (v *vector) result(t *testing.T, name string) []byte {
	b, err := hex.DecodeString(v.results[name])
	if err != nil || len(b) == 0 {
		t.Fatalf("%s %q: %v", name, v.results[name], err)
	}
	return b
}

// rewriteVectors puts the results behind the lines of each case and leaves everything else as it is.
func rewriteVectors(t *testing.T, vectors []*vector) {
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	var current *vector
	finish := func() {
		if current == nil {
			return
		}
		results, err := current.compute()
		if err != nil {
			t.Fatalf("%s: %v", current.name, err)
		}
		for _, name := range resultNames {
			if results[name] != "" {
				out = append(out, name+" "+results[name])
			}
		}
		current = nil
	}
	for n, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		word, _, _ := strings.Cut(line, " ")
		if line == "" {
			finish()
		}
		if current != nil && slices.Contains(resultNames, word) {
			continue
		}
		for _, v := range vectors {
			if v.line == n {
				current = v
			}
		}
		out = append(out, line)
	}
	finish()
	if err := os.WriteFile(vectorFile, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestVectorsCover checks that the file has what a reader of the format needs to see.
func TestVectorsCover(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range loadVectors(t) {
		seen[v.sort] = true
		e := &v.entry
		if v.sort != "entry" {
			continue
		}
		seen[e.Kind.String()] = true
		seen[fmt.Sprintf("renderer %d", e.Renderer)] = true
		if e.Event.Valid {
			seen[fmt.Sprintf("%d digits", e.Event.Digits)] = true
			seen[fmt.Sprintf("zone %v", e.Event.Zone != "")] = true
			seen[fmt.Sprintf("before 1970 %v", e.Event.Micros < 0)] = true
		}
		for _, f := range e.Fields {
			seen[fmt.Sprintf("%s form %d", f.Provenance, f.Form)] = true
		}
	}
	want := []string{"private", "blob", "event", "loss", "seal", "control", "zone true", "zone false",
		"0 digits", "3 digits", "6 digits", "7 digits", "9 digits", "before 1970 true",
		"claimed form 0", "observed form 0", "imported form 0", "claimed form 1", "observed form 1", "imported form 1",
		"claimed form 2", "observed form 2", "imported form 2", "observed form 3"}
	for r := range lastRenderer + 1 {
		want = append(want, fmt.Sprintf("renderer %d", r))
	}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("no case for %q", w)
		}
	}
}

func TestVectorsNeedCases(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# only words\n", "case x\n", "entry\n", "entry a\n\nentry a\n", "entry a\nkind wrong\n",
		"entry a\nepoch 4294967296\n", "entry a\nepoch 1 2\n", "entry a\nfield claimed inline \"A\"\n", "blob a\nname \"x\"\n"} {
		if vectors, err := parseVectors(text); err == nil {
			t.Errorf("%q: %d cases, want an error", text, len(vectors))
		}
	}
}

// TestFormatDocument checks that the worked example in FORMAT.md is the vector of that name: under the marker stands a
// block of lines, each with bytes in hex and, behind two blanks, what they mean.
func TestFormatDocument(t *testing.T) {
	const name, marker = "worked-example", "<!-- vector: worked-example -->\n```\n"
	data, err := os.ReadFile("../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	vectors := loadVectors(t)
	at := slices.IndexFunc(vectors, func(v *vector) bool { return v.sort == "entry" && v.name == name })
	_, block, found := strings.Cut(string(data), marker)
	block, _, closed := strings.Cut(block, "```")
	if at < 0 || !found || !closed {
		t.Fatalf("vector %s at %d, marker in the document: %v, end of the block: %v", name, at, found, closed)
	}
	var printed strings.Builder
	for line := range strings.Lines(block) {
		bytesOf, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		printed.WriteString(strings.ReplaceAll(bytesOf, " ", ""))
	}
	v := vectors[at]
	if printed.String() != v.results["body"] {
		t.Errorf("the document has the body\n%s, the vector\n%s", printed.String(), v.results["body"])
	}
	for _, want := range []string{v.results["nonce"], v.results["leaf"], hex.EncodeToString(v.key[:])} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the document does not have %s", want)
		}
	}
}
