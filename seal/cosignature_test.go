package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// cosignedNote is a checkpoint of a log with cosignatures at these times, in order.
func cosignedNote(t testing.TB, id *Identity, c Checkpoint, by map[int64]*WitnessKey, times ...int64) []byte {
	t.Helper()
	signed, err := SignCheckpoint(c, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range times {
		signed = append(signed, by[at].Cosign(c.Text(), at).Line()...)
	}
	return signed
}

func witnessKey(t testing.TB, name string) *WitnessKey {
	t.Helper()
	k, err := NewWitnessKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCosignature(t *testing.T) {
	k, other := witnessKey(t, "w.example/1"), witnessKey(t, "w.example/1")
	text := Checkpoint{Origin: "host.example/system", Size: 7, Root: Hash{1}}.Text()
	s := k.Cosign(text, 1679315147)
	if err := k.Cosigner().Verify(text, s); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"another text":    k.Cosigner().Verify(text+"more\n", s),
		"another key":     other.Cosigner().Verify(text, s),
		"another time":    k.Cosigner().Verify(text, Cosignature{s.Name, s.ID, s.Time + 1, s.Signature}),
		"under that name": k.Cosigner().Verify(text, Cosignature{s.Name, s.ID, s.Time, other.Cosign(text, s.Time).Signature}),
	} {
		if !errors.Is(err, ErrCosignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	back, err := ParseCosignature(s.Line())
	if err != nil || back != s {
		t.Errorf("%v: %+v from %q", err, back, s.Line())
	}
	line := s.Line()
	for i := range line {
		b := []byte(line)
		b[i] ^= 1
		if got, err := ParseCosignature(string(b)); err == nil && got == s {
			t.Errorf("byte %d does not count", i)
		}
	}
}

func TestWitnessKeyFormat(t *testing.T) {
	k := witnessKey(t, "w.example/1")
	back, err := ParseWitnessKey(k.Format())
	if err != nil || back.Cosigner() != k.Cosigner() {
		t.Fatalf("%v: %v", err, back)
	}
	c, err := ParseCosigner(k.Cosigner().VKey())
	if err != nil || c != k.Cosigner() {
		t.Fatalf("%v: %+v", err, c)
	}
	for _, bad := range []string{"", "\n", k.Cosigner().VKey() + "\n", NewIdentity().Format("w.example/1"), strings.Replace(k.Format(), "w.", "x.", 1), k.Format() + "\n"} {
		if _, err := ParseWitnessKey(bad); !errors.Is(err, ErrCosignature) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "w", NewIdentity().Public().VKey("w.example/1"), strings.Replace(c.VKey(), "w.", "x.", 1)} {
		if _, err := ParseCosigner(bad); !errors.Is(err, ErrCosignature) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseLogKey(c.VKey()); err == nil {
		t.Error("the key of a witness was taken for that of a log")
	}
}

// TestCosignedStaysACheckpoint wants a cosigned checkpoint to be one for everybody who knew it before.
func TestCosignedStaysACheckpoint(t *testing.T) {
	id, k := NewIdentity(), witnessKey(t, "w.example/1")
	c := Checkpoint{Origin: "host.example/system", Size: 7, Root: Hash{1}}
	signed := cosignedNote(t, id, c, map[int64]*WitnessKey{5: k}, 5)
	if got, err := OpenCheckpoint(signed, c.Origin, id.Public()); err != nil || got != c {
		t.Errorf("%v: %+v", err, got)
	}
	text, list, err := Cosignatures(signed)
	if err != nil || text != c.Text() || len(list) != 1 || list[0].Time != 5 {
		t.Errorf("%v: %q, %+v", err, text, list)
	}
}

func TestTreeHead(t *testing.T) {
	id := NewIdentity()
	c := Checkpoint{Origin: "host.example/system", Size: 7, Root: Hash{1}}
	signed, err := SignCheckpoint(c, id)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseLogKey(id.Public().VKey(c.Origin))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ParseLogKey(NewIdentity().Public().VKey(c.Origin))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := OpenTreeHead(signed, []LogKey{stranger, key}); err != nil || h.Checkpoint != c {
		t.Errorf("%v: %+v", err, h)
	}
	if _, err := OpenTreeHead(signed, []LogKey{stranger}); !errors.Is(err, ErrLogSignature) {
		t.Errorf("another key: %v", err)
	}
	if _, err := OpenTreeHead(bytes.Replace(signed, []byte("\n7\n"), []byte("\n8\n"), 1), []LogKey{key}); !errors.Is(err, ErrLogSignature) {
		t.Errorf("another size: %v", err)
	}
	if _, err := OpenTreeHead(signed[:len(signed)-1], []LogKey{key}); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("cut: %v", err)
	}
	h, err := ParseTreeHead(c.Text() + "a line of the log's own\n")
	if err != nil || h.Checkpoint != c || !strings.HasSuffix(h.Text, "own\n") {
		t.Errorf("%v: %+v", err, h)
	}
	for _, bad := range []string{"", "\n", c.Text() + "\n", c.Text() + "x", "o\n01\n" + c.Root.String() + "\n", strings.TrimPrefix(c.Text(), c.Origin)} {
		if _, err := ParseTreeHead(bad); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSplitNotes(t *testing.T) {
	id, k := NewIdentity(), witnessKey(t, "w.example/1")
	var all []byte
	var want []string
	for i := range 3 {
		c := Checkpoint{Origin: "host.example/system", Size: uint64(9 - i)}
		n := cosignedNote(t, id, c, map[int64]*WitnessKey{5: k}, 5)
		all, want = append(all, n...), append(want, string(n))
	}
	list, err := SplitNotes(all)
	if err != nil || len(list) != 3 {
		t.Fatalf("%v: %d notes", err, len(list))
	}
	for i, n := range list {
		if string(n) != want[i] {
			t.Errorf("note %d is %q", i, n)
		}
	}
	if _, err := SplitNotes(all[:len(all)-1]); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("cut: %v", err)
	}
}

func TestConsistency(t *testing.T) {
	const size = 700
	h := hashesOf(size)
	root := func(n uint64) Hash {
		r, err := RootAt(h, n)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, old := range []uint64{0, 1, 255, 256, 257, 512, 699, 700} {
		proof, err := ProveConsistency(h, old, size)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(proof, old, size, root(old), root(size)); err != nil {
			t.Errorf("from %d: %v", old, err)
		}
		if old > 0 {
			if err := CheckConsistency(proof, old, size, Hash{1}, root(size)); !errors.Is(err, ErrInconsistent) {
				t.Errorf("from another root at %d: %v", old, err)
			}
		}
		if err := CheckConsistency(append(proof, Hash{}), old, size, root(old), root(size)); !errors.Is(err, ErrInconsistent) {
			t.Errorf("with a hash more, from %d: %v", old, err)
		}
	}
	if err := CheckConsistency(nil, 8, 7, root(8), root(7)); !errors.Is(err, ErrInconsistent) {
		t.Errorf("backwards: %v", err)
	}
}

// hashesOf is the tree of leaves 0 to n-1.
func hashesOf(n int) *Hashes {
	leaves := func(b uint64) []Hash {
		var list []Hash
		for i := int(b) * BlockSize; i < min(int(b+1)*BlockSize, n); i++ {
			list = append(list, leafHash(i))
		}
		return list
	}
	return &Hashes{Leaves: func(b uint64) ([]Hash, error) { return leaves(b), nil },
		Block: func(b uint64) (Hash, error) { return BlockHash(leaves(b)), nil }}
}

// policyOf is a policy of that many witnesses, W0 and on, with these lines below.
func policyOf(t testing.TB, keys []*WitnessKey, lines ...string) (*Policy, error) {
	t.Helper()
	var b strings.Builder
	for i, k := range keys {
		fmt.Fprintf(&b, "witness W%d %s\n", i, k.Cosigner().VKey())
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	return ParsePolicy([]byte(b.String()))
}

func TestPolicyQuorum(t *testing.T) {
	var keys []*WitnessKey
	for i := range 6 {
		keys = append(keys, witnessKey(t, fmt.Sprintf("w.example/%d", i)))
	}
	p, err := policyOf(t, keys, "# two of three, and any of three", " group\tX 2 W0 W1 W2 ", "group Y any W3 W4 W5", "", "group both all X Y", "quorum both")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		times [6]int64 // of W0 to W5; 0: has not cosigned
		until int64    // 0: not satisfied
		since int64
	}{
		{[6]int64{}, 0, 0},
		{[6]int64{1, 2, 3}, 0, 0},
		{[6]int64{1, 0, 0, 9, 8, 7}, 0, 0},
		{[6]int64{1, 5, 0, 3}, 5, 1},
		{[6]int64{9, 5, 4, 3, 2}, 5, 3},
		{[6]int64{1, 2, 3, 0, 0, 30}, 30, 2},
	} {
		var by []WitnessedBy
		for i, at := range c.times {
			if at > 0 {
				by = append(by, WitnessedBy{Name: fmt.Sprintf("W%d", i), Time: at})
			}
		}
		if until, ok := p.Quorum(by); until != c.until || ok != (c.until > 0) {
			t.Errorf("%v: %d, %v; want %d", c.times, until, ok, c.until)
		}
		if since, ok := p.QuorumSince(by); since != c.since || ok != (c.since > 0) {
			t.Errorf("%v: since %d, %v; want %d", c.times, since, ok, c.since)
		}
	}
}

func TestPolicyEvaluate(t *testing.T) {
	id, keys := NewIdentity(), []*WitnessKey{witnessKey(t, "w.example/0"), witnessKey(t, "w.example/1")}
	c := Checkpoint{Origin: "host.example/system", Size: 7, Root: Hash{1}}
	by := map[int64]*WitnessKey{10: keys[0], 20: keys[1], 30: keys[0]}
	log := "log " + id.Public().VKey(c.Origin)
	quorum := []string{"group both all W0 W1", "quorum both"}
	mine, err := policyOf(t, keys, append(quorum, log)...)
	if err != nil {
		t.Fatal(err)
	}
	both := cosignedNote(t, id, c, by, 30, 10, 20)
	if s, err := mine.Evaluate(both); err != nil || !s.Satisfied || s.NotAfter != 20 || s.Checkpoint != c || len(s.Witnesses) != 2 || s.Log == "" {
		t.Errorf("%v: %+v", err, s)
	}
	if s, err := mine.Evaluate(cosignedNote(t, id, c, by, 10, 30)); err != nil || s.Satisfied || len(s.Witnesses) != 1 {
		t.Errorf("one of two: %v: %+v", err, s)
	}
	others, err := policyOf(t, keys, append(quorum, "log "+NewIdentity().Public().VKey("other.example/system"))...)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := others.Evaluate(both); err != nil || s.Satisfied {
		t.Errorf("another log: %v: %+v", err, s)
	}
	if s, err := mine.Evaluate(cosignedNote(t, NewIdentity(), c, by, 10, 20)); !errors.Is(err, ErrLogSignature) {
		t.Errorf("signed by another: %v: %+v", err, s)
	}
	forged := keys[0].Cosign("another text\n", 10)
	if s, err := mine.Evaluate(append(cosignedNote(t, id, c, by, 20), forged.Line()...)); !errors.Is(err, ErrCosignature) {
		t.Errorf("forged: %v: %+v", err, s)
	}
	none, err := policyOf(t, nil, "quorum none")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := none.Evaluate(cosignedNote(t, id, c, nil)); err != nil || !s.Satisfied || s.NotAfter != 0 {
		t.Errorf("quorum none: %v: %+v", err, s)
	}
}

func TestPolicyRefused(t *testing.T) {
	keys := []*WitnessKey{witnessKey(t, "w.example/0"), witnessKey(t, "w.example/1")}
	id := NewIdentity().Public()
	for name, lines := range map[string][]string{
		"no quorum":         {},
		"two quorums":       {"quorum W0", "quorum W1"},
		"unknown quorum":    {"quorum W2"},
		"group below":       {"quorum G", "group G any W0"},
		"threshold 0":       {"group G 0 W0", "quorum G"},
		"threshold 3":       {"group G 3 W0 W1", "quorum G"},
		"threshold 01":      {"group G 01 W0", "quorum G"},
		"threshold word":    {"group G most W0", "quorum G"},
		"no members":        {"group G any", "quorum G"},
		"member twice":      {"group G 2 W0 W0", "quorum G"},
		"member of two":     {"group G any W0", "group H any W0", "quorum H"},
		"member of itself":  {"group G any G", "quorum G"},
		"none as a member":  {"group G any none", "quorum G"},
		"none as a name":    {"group none any W0", "quorum none"},
		"name taken":        {"group W0 any W1", "quorum W0"},
		"unknown word":      {"witnesses W", "quorum W0"},
		"too many words":    {"quorum W0 W1"},
		"witness twice":     {"witness W9 " + keys[0].Cosigner().VKey(), "quorum W0"},
		"key of a log":      {"witness W9 " + id.VKey("x"), "quorum W0"},
		"log twice":         {"log " + id.VKey("x"), "log " + id.VKey("y"), "quorum W0"},
		"key of a witness":  {"log " + keys[0].Cosigner().VKey(), "quorum W0"},
		"control character": {"# \x01", "quorum W0"},
		"carriage return":   {"quorum W0\r"},
	} {
		if _, err := policyOf(t, keys, lines...); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParsePolicy([]byte("quorum none")); !errors.Is(err, ErrPolicy) {
		t.Errorf("no LF: %v", err)
	}
}

func FuzzPolicy(f *testing.F) {
	k := witnessKey(f, "w.example/0")
	f.Add([]byte("quorum none\n"))
	f.Add([]byte("witness A " + k.Cosigner().VKey() + " https://w.example\ngroup G 1 A\nquorum G\n"))
	f.Add([]byte("log " + NewIdentity().Public().VKey("x") + "\n# c\nquorum none\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePolicy(data)
		if err != nil {
			if !errors.Is(err, ErrPolicy) {
				t.Error(err)
			}
			return
		}
		if !p.Satisfied(func(string) bool { return true }) {
			t.Error("all of them do not satisfy it")
		}
	})
}

func FuzzNotes(f *testing.F) {
	id, k := NewIdentity(), witnessKey(f, "w.example/0")
	one := cosignedNote(f, id, Checkpoint{Origin: "o", Size: 3}, map[int64]*WitnessKey{5: k}, 5)
	f.Add(one)
	f.Add(append(one, one...))
	f.Add([]byte("o\n1\n\n— a b\n"))
	key, err := ParseLogKey(id.Public().VKey("o"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := SplitNotes(data)
		if err == nil && !bytes.Equal(bytes.Join(list, nil), data) {
			t.Error("bytes got lost")
		}
		for _, n := range list {
			if text, sigs, err := Cosignatures(n); err == nil {
				for _, s := range sigs {
					if !strings.Contains(string(n), s.Line()) {
						t.Errorf("line %q does not stand in the note of %q", s.Line(), text)
					}
				}
			}
			if h, err := OpenTreeHead(n, []LogKey{key}); err == nil && !strings.HasPrefix(h.Text, h.Checkpoint.Text()) {
				t.Errorf("%+v", h)
			}
		}
	})
}
