package pipe

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/internal/output"
)

func messages(list ...string) *output.Messages {
	m := new(output.Messages)
	for _, text := range list {
		m.Add([]byte(text))
	}
	return m
}

// TestFIFO: without a reader, and with a full pipe, nobody is held up.
func TestFIFO(t *testing.T) {
	p := FIFO{Name: filepath.Join(t.TempDir(), "p"), Timeout: 50 * time.Millisecond}
	if err := syscall.Mkfifo(p.Name, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "nobody reads") {
		t.Errorf("without a reader: %v", err)
	}
	r, err := os.OpenFile(p.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := p.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Send(t.Context(), messages("one", "two\nlines\n")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(r)
	for _, want := range []string{"one\n", "two lines\n"} {
		if got, err := in.ReadString('\n'); got != want || err != nil {
			t.Errorf("%q %v", got, err)
		}
	}
	if n, err := w.Confirmed(false); n != 2 || err != nil {
		t.Error(n, err)
	}
	for err == nil {
		err = w.Send(t.Context(), messages(strings.Repeat("x", 60000)))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a full pipe: %v", err)
	}
	if _, err := (FIFO{Name: os.DevNull}).Open(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "mkfifo") {
		t.Errorf("/dev/null: %v", err)
	}
}

// TestProgram: it reads to the end, what it says is told, and one that has ended is an error.
func TestProgram(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	said := make(chan string, 1)
	p := Program{Args: []string{"/bin/sh", "-c", "echo ready >&2; exec cat > " + name}, Said: func(line string) { said <- line }}
	w, err := p.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Send(t.Context(), messages("one", "two")); err != nil {
		t.Fatal(err)
	}
	if line := <-said; line != "ready" {
		t.Errorf("%q", line)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(name); string(got) != "one\ntwo\n" {
		t.Errorf("%q %v", got, err)
	}
	w, err = Program{Args: []string{"/bin/false"}}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		_, err = w.Confirmed(false)
	}
	if err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("ended: %v", err)
	}
	w.Close()
	if _, err := (Program{Args: []string{"/nowhere/program"}}).Open(t.Context(), nil); err == nil {
		t.Error("what is not there was started")
	}
}
