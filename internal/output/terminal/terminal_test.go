package terminal

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"constat/internal/output"
)

// TestUsers: those who are named, or all, on their terminals only.
func TestUsers(t *testing.T) {
	dir := t.TempDir()
	utmp := []byte{}
	for _, r := range []struct {
		kind       uint16
		line, user string
	}{{7, "tty1", "anna"}, {7, "pts/0", "bert"}, {8, "tty2", "gone"}, {7, "../utmp", "evil"}, {7, "pts/0", "bert"}} {
		record := make([]byte, utmpSize)
		binary.NativeEndian.PutUint16(record, r.kind)
		copy(record[lineAt:], r.line)
		copy(record[userAt:], r.user)
		utmp = append(utmp, record...)
	}
	os.Mkdir(dir+"/pts", 0o755)
	for _, name := range []string{"tty1", "tty2", "pts/0"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/utmp", append(utmp, "short"...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{"anna", "gone"}, nil} {
		target, err := Users{Names: names, Utmp: dir + "/utmp", Dev: dir}.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := new(output.Messages)
		m.Add([]byte("disk\x1b[2J full\n"))
		if err := target.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]int{"tty1": 2, "pts/0": 1, "tty2": 0} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if once := "\r\ndisk?[2J full\r\n"; err != nil || len(data) > 0 && string(data[:len(once)]) != once || (want == 0) != (len(data) == 0) {
			t.Errorf("%s got %q, %v", name, data, err)
		}
	}
}

// TestDevice: a terminal that is none of ours, and one that does not take anything.
func TestDevice(t *testing.T) {
	if _, err := (Device{t.TempDir() + "/tty"}).Open(t.Context(), nil); err == nil {
		t.Error("a device that is not there")
	}
	target, err := Device{"/dev/full"}.Open(t.Context(), func(string, uint64, uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	m := new(output.Messages)
	m.Add([]byte("x"))
	if err := target.Send(t.Context(), m); err == nil {
		t.Error("a full device took it")
	}
}

// TestAppendText: nothing that a terminal obeys gets to it.
func TestAppendText(t *testing.T) {
	m := new(output.Messages)
	m.Add([]byte("é\t\x1b[31m \u009b31m \x9b31m \x7f\x00\r\nx\n"))
	if got, want := string(appendText(nil, m)), "é\t?[31m ?31m ?31m ????x\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
