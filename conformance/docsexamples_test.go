package conformance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// examples runs the examples that a page of ../docs has in Python and in Go, as they stand there, each in a directory that
// prepare has filled. check gets what it printed.
func examples(t *testing.T, d *daemon, page string, prepare func(dir string) error, check func(t *testing.T, dir string, printed []byte)) {
	text, err := os.ReadFile(filepath.Join("../docs", page))
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
			_, rest, _ := bytes.Cut(text, []byte("<!-- example: "+c.language+" -->\n```"+c.language+"\n"))
			program, _, ok := bytes.Cut(rest, []byte("\n```\n"))
			if !ok {
				t.Fatalf("no example in docs/%s", page)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), append(program, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := prepare(dir); err != nil {
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
			check(t, dir, out)
		})
	}
}
