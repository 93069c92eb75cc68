package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCustodyExamples runs the examples of docs/custody.md as they stand there, and checks the sessions that they make.
func TestCustodyExamples(t *testing.T) {
	d := serve(t, "listen: {}\nhttp: off\n")
	page, err := os.ReadFile("../docs/custody.md")
	if err != nil {
		t.Fatal(err)
	}
	clients, err := filepath.Abs("../clients/python")
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
				t.Fatal("no example in docs/custody.md")
			}
			dir := t.TempDir()
			for name, data := range map[string]string{c.file: string(text) + "\n", "in/a é.txt": "good", "in/b.txt": "", "in/evil.exe": "EICAR"} {
				err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"repository", "out"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			x := exec.Command("sh", "-c", c.run)
			x.Dir, x.Env = dir, append(environment(d.store), "CLIENTS="+clients)
			var complaint bytes.Buffer
			x.Stderr = &complaint
			id, err := x.Output()
			if err != nil || complaint.Len() > 0 {
				t.Fatalf("%v: %s", err, &complaint)
			}
			s := &station{t: t, d: d}
			out, status := s.run("custody", "check", "--session", strings.TrimSpace(string(id)), "--medium", filepath.Join(dir, "out"))
			for _, want := range []string{"CHAIN INTACT", "a é.txt: clean (ClamAV clean); delivered unchanged; on the medium unchanged", "evil.exe: infected (ClamAV infected Eicar); not delivered", "files on the medium: 2"} {
				if status != 0 || !strings.Contains(out, want) {
					t.Errorf("status %d, %q is not said: %s", status, want, out)
				}
			}
		})
	}
}
