package terminal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/output"
)

// TestSessions: without utmp logind is asked, and where nobody knows who is logged in, that is said.
func TestSessions(t *testing.T) {
	dir := t.TempDir()
	sessions := filepath.Join(dir, "sessions")
	write := func(name, text string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "pts"), 0o755), os.Mkdir(sessions, 0o755), write("tty1", ""), write("pts/0", ""), write("tty2", ""),
		write("sessions/1", "# private\nUID=1000\nUSER=anna\nACTIVE=1\nTTY=tty1\n"), write("sessions/2", "USER=bert\nTTY=/dev/pts/0"), write("sessions/3", "USER=bert\nTTY=../sessions/1\n"),
		write("sessions/4", "USER=bert\n"), write("sessions/5", strings.Repeat("x", maxSession+1)), os.Mkdir(filepath.Join(sessions, "6"), 0o755)); err != nil {
		t.Fatal(err)
	}
	m := new(output.Messages)
	m.Add([]byte("disk full"))
	lost := uint64(0)
	for _, u := range []Users{{Names: []string{"anna", "carl"}, Sessions: sessions}, {Sessions: sessions}, {Sessions: filepath.Join(dir, "none")}} {
		u.Utmp, u.Dev = filepath.Join(dir, "utmp"), dir
		target, err := u.Open(t.Context(), func(_ string, messages, _ uint64) { lost += messages })
		if err == nil {
			err = target.Send(t.Context(), m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"tty1": true, "pts/0": true, "tty2": false} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(data), "disk full") != want {
			t.Errorf("%s got %q, %v", name, data, err)
		}
	}
	if lost != 1 {
		t.Errorf("%d lost, want that of the machine where nobody knows", lost)
	}
}
