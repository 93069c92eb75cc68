package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStationExamples runs the examples of docs/station-log.md as they stand there, in Dom0, and checks what they saved.
func TestStationExamples(t *testing.T) {
	d := serve(t, "listen: {}\nhttp: off\n")
	examples(t, d, "station-log.md", func(dir string) error { return os.Mkdir(filepath.Join(dir, "out"), 0o755) },
		func(t *testing.T, dir string, printed []byte) {
			for _, want := range []string{"[sys-usb             ] disk gone\n", " sys-usb disk gone\n", " Démarrage\n", "\nsaved: "} {
				if !strings.Contains(string(printed), want) {
					t.Errorf("%q is not said:\n%s", want, printed)
				}
			}
			if strings.Contains(string(printed), "not said") {
				t.Errorf("said below the level:\n%s", printed)
			}
			saved, err := os.ReadFile(filepath.Join(dir, "out", "journal.jsonl"))
			if err != nil || !bytes.Contains(saved, []byte(`"MESSAGE":"disk gone"`)) {
				t.Errorf("%v\n%s", err, saved)
			}
			constat(t, d.store, nil, "verify", filepath.Join(dir, "out", "journal.evidence.zip"))
		})
}
