package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCustodyExamples runs the examples of docs/custody.md as they stand there, and checks the sessions that they make.
func TestCustodyExamples(t *testing.T) {
	d := serve(t, "listen: {}\nhttp: off\n")
	examples(t, d, "custody.md", custodyFiles, func(t *testing.T, dir string, printed []byte) {
		s := &station{t: t, d: d}
		out, status := s.run("custody", "check", "--session", strings.TrimSpace(string(printed)), "--medium", filepath.Join(dir, "out"))
		for _, want := range []string{"CHAIN INTACT", "a é.txt: clean (ClamAV clean); delivered unchanged; on the medium unchanged", "evil.exe: infected (ClamAV infected Eicar); not delivered", "files on the medium: 2"} {
			if status != 0 || !strings.Contains(out, want) {
				t.Errorf("status %d, %q is not said: %s", status, want, out)
			}
		}
	})
}

// custodyFiles makes the directories that the examples work in.
func custodyFiles(dir string) error {
	for _, name := range []string{"in", "repository", "out"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	for name, data := range map[string]string{"in/a é.txt": "good", "in/b.txt": "", "in/evil.exe": "EICAR"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			return err
		}
	}
	return nil
}
