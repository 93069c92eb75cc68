package seal_test

import (
	"bytes"
	"testing"

	"constat/seal"
)

// FuzzParseSeal: what is accepted has one spelling, and nothing makes a verifier panic.
func FuzzParseSeal(f *testing.F) {
	h := ordinary(f)
	for _, e := range h.log {
		if e.seal != nil {
			f.Add(e.seal.Append(nil))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := seal.ParseSeal(b)
		if err != nil {
			return
		}
		if got := s.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("printed as %x", got)
		}
		a := seal.NewAudit(h.cert, "system")
		keys, position, _ := a.Seal(&s, seal.Point{})
		_ = s.Verify(keys, position)
		a.Seal(&s, seal.Point{Index: 1, Epoch: 1, Received: -1 << 63})
		for n := range s.List {
			if err := s.CheckJournal(s.List[n], n, seal.ProveJournal(s.List, n)); (err == nil) != (s.Root == seal.JournalsRoot(s.List)) {
				t.Errorf("journal %d: %v", n, err)
			}
		}
	})
}

// FuzzParseEndorsed: the same for certificates.
func FuzzParseEndorsed(f *testing.F) {
	h := ordinary(f)
	for _, e := range h.log {
		if e.cert != nil {
			f.Add(e.cert.Format())
		}
	}
	g := seal.Generation{Number: 1, Terms: h.cert, First: 1}
	e := g.EndorseByIdentity(seal.NewIdentity())
	f.Add(e.Format())
	f.Fuzz(func(t *testing.T, text string) {
		e, err := seal.ParseEndorsed(text)
		if err != nil {
			return
		}
		if got := e.Format(); got != text {
			t.Errorf("printed as %q", got)
		}
		a := seal.NewAudit(h.cert, "system")
		a.Certificate(&e, seal.Point{})
		keys, position, _ := a.Seal(h.log[0].seal, seal.Point{})
		_ = h.log[0].seal.Verify(keys, position)
	})
}

// FuzzParseStatement: a statement and a signature that ship alone.
func FuzzParseStatement(f *testing.F) {
	s := ordinary(f).log[0].seal
	f.Add(s.AppendStatement(nil), s.Key.AppendKey(nil))
	f.Fuzz(func(t *testing.T, statement, key []byte) {
		if s, err := seal.ParseStatement(statement); err == nil && !bytes.Equal(s.AppendStatement(nil), statement) {
			t.Errorf("statement printed as %x", s.AppendStatement(nil))
		}
		k, err := seal.ParseKeySignature(key)
		if err != nil {
			return
		}
		if !bytes.Equal(k.AppendKey(nil), key) {
			t.Errorf("signature printed as %x", k.AppendKey(nil))
		}
		_ = k.Verify(seal.Keys{Count: 8}, 3, statement)
	})
}

// FuzzAudit feeds an honest history with pieces left out, doubled and swapped, as the bytes say. Whatever comes out, an
// audit without problems has seen an unbroken run from seal 0.
func FuzzAudit(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3})
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte{3, 2, 2, 9, 250})
	h := ordinary(f)
	f.Fuzz(func(t *testing.T, order []byte) {
		a, problems := seal.NewAudit(h.cert, "system"), 0
		for _, n := range order[:min(len(order), 100)] {
			switch e := h.log[int(n)%len(h.log)]; {
			case e.cert != nil:
				problems += len(a.Certificate(e.cert, e.at))
			default:
				keys, position, found := a.Seal(e.seal, e.at)
				problems += len(found)
				if e.seal.Verify(keys, position) != nil {
					problems++
				}
			}
		}
		honest := true
		for i, n := range order[:min(len(order), 100)] {
			honest = honest && i == int(n)%len(h.log)
		}
		if honest != (problems == 0) {
			t.Errorf("order %v: honest is %v, %d problems", order, honest, problems)
		}
	})
}

// FuzzTexts: the parsers of texts that verifiers are given, one a target number. What is accepted is printed again.
func FuzzTexts(f *testing.F) {
	h := ordinary(f)
	cosigner, err := seal.NewWitnessKey("w.example/0")
	if err != nil {
		f.Fatal(err)
	}
	c := cosigner.Cosigner()
	for n, text := range []string{h.cert.Text(), h.cert.Code().String(), seal.Checkpoint{Origin: "o", Size: 3}.Text(), c.VKey(), cosigner.Cosign("o\n", 5).Line()} {
		f.Add(uint8(n), text)
	}
	f.Fuzz(func(t *testing.T, n uint8, text string) {
		again, err := text, error(nil)
		switch n % 5 {
		case 0:
			c, e := seal.ParseCertificate(text)
			again, err = c.Text(), e
		case 1:
			_, err = seal.ParseCode(text) // has several spellings
		case 2:
			c, e := seal.ParseCheckpoint(text)
			again, err = c.Text(), e
			if h, e := seal.ParseTreeHead(text); e == nil && h.Text != text {
				t.Errorf("tree head keeps %q", h.Text)
			}
		case 3:
			c, e := seal.ParseCosigner(text)
			again, err = c.VKey(), e
		case 4:
			s, e := seal.ParseCosignature(text)
			again, err = s.Line(), e
		}
		if err == nil && again != text {
			t.Errorf("parser %d prints %q", n%5, again)
		}
	})
}
