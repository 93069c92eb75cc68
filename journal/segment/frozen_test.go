package segment_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/journal/frame"
)

var update = flag.Bool("update", false, "write testdata/formats anew: format 0 may change, later ones may not")

// Frozen files: a segment as this format number writes it, and the bodies that it must give back, in hex.
var (
	frozenSegment = fmt.Sprintf("../../testdata/formats/v%d/segment.seg", frame.Format)
	frozenBodies  = fmt.Sprintf("../../testdata/formats/v%d/segment.bodies", frame.Format)
)

// TestFrozen: what was written once can be read as long as its format number is known.
func TestFrozen(t *testing.T) {
	if *update {
		writeFrozen(t)
	}
	image, err := os.ReadFile(frozenSegment)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(frozenBodies)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	s := open(t, image)
	if s.Count() != len(lines) || len(lines) < 100 {
		t.Fatalf("%d entries, want %d, at least 100", s.Count(), len(lines))
	}
	if damage := s.Check(); len(damage) > 0 {
		t.Fatalf("damaged: %+v", damage)
	}
	for row, err := range s.NewReader().Bodies(s.First(), s.End()) {
		if want, decodeErr := hex.DecodeString(lines[row.Index-s.First()]); err != nil || decodeErr != nil || !bytes.Equal(row.Body, want) {
			t.Fatalf("entry %d: %v %v\n%x\n%x", row.Index, err, decodeErr, row.Body, want)
		}
	}
}

func writeFrozen(t *testing.T) {
	t.Helper()
	bodies := random(42, 400)
	var lines strings.Builder
	for _, b := range bodies {
		lines.WriteString(hex.EncodeToString(b) + "\n")
	}
	for name, data := range map[string][]byte{frozenSegment: build(t, bodies), frozenBodies: []byte(lines.String())} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}
