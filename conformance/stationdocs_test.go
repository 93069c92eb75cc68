package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStationExamples runs the examples of docs/station-log.md as they stand there, in Dom0, and checks what they saved.
func TestStationExamples(t *testing.T) {
	d := serve(t, "listen: {}\nhttp: off\n")
	page, err := os.ReadFile("../docs/station-log.md")
	if err != nil {
		t.Fatal(err)
	}
	clients, err := filepath.Abs("../clients/python")
	if err != nil {
		t.Fatal(err)
	}
	exe, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ language, file, run string }{
		{"python", "example.py", `PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$CLIENTS" python3 -W error example.py`},
		{"go", "main.go", `go build -C "$CLIENTS" -o "$PWD/example" "$PWD/main.go" && ./example`},
	} {
		t.Run(c.language, func(t *testing.T) {
			_, rest, _ := bytes.Cut(page, []byte("<!-- example: "+c.language+" -->\n```"+c.language+"\n"))
			text, _, ok := bytes.Cut(rest, []byte("\n```\n"))
			if !ok {
				t.Fatal("no example in docs/station-log.md")
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
				t.Fatal(err)
			}
			x := exec.Command("sh", "-c", c.run)
			x.Dir, x.Env = dir, append(environment(d.store), "CLIENTS="+clients, "CONSTAT_BIN="+exe)
			var complaint bytes.Buffer
			x.Stderr = &complaint
			out, err := x.Output()
			if err != nil || complaint.Len() > 0 {
				t.Fatalf("%v: %s", err, &complaint)
			}
			for _, want := range []string{"[sys-usb             ] disk gone\n", " sys-usb disk gone\n", " Démarrage\n", "\nsaved: "} {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q is not said:\n%s", want, out)
				}
			}
			if strings.Contains(string(out), "not said") {
				t.Errorf("said below the level:\n%s", out)
			}
			saved, err := os.ReadFile(filepath.Join(dir, "out", "journal.jsonl"))
			if err != nil || !bytes.Contains(saved, []byte(`"MESSAGE":"disk gone"`)) {
				t.Errorf("%v\n%s", err, saved)
			}
			constat(t, d.store, nil, "verify", filepath.Join(dir, "out", "journal.evidence.zip"))
		})
	}
}
