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

// TestFIFOFull: a full pipe has whole lines, those that it has are confirmed, and when the reader goes nothing of what
// was sent last is.
func TestFIFOFull(t *testing.T) {
	p := FIFO{Name: filepath.Join(t.TempDir(), "p"), Timeout: 50 * time.Millisecond}
	if err := syscall.Mkfifo(p.Name, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(p.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	line := strings.Repeat("x", 299)
	list := messages()
	for range 1000 {
		list.Add([]byte(line))
	}
	if err := w.Send(t.Context(), list); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "takes nothing") {
		t.Fatalf("a full pipe: %v", err)
	}
	n, err := w.Confirmed(true)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	buffer := make([]byte, 1<<20)
	size, err := r.Read(buffer)
	if whole := strings.Repeat(line+"\n", int(n)); err != nil || string(buffer[:size]) != whole {
		t.Errorf("%d octets, want %d: %v", size, len(whole), err)
	}
	r.Close()
	if err := w.Send(t.Context(), messages("one")); err == nil || !strings.Contains(err.Error(), "the reader has gone") {
		t.Errorf("without a reader: %v", err)
	}
	if again, err := w.Confirmed(true); again != n || err != nil {
		t.Errorf("confirmed %d, want %d, %v", again, n, err)
	}
}

// TestProgramEnds: one that ends while it is written to is named, with how it ended, and has what it had read by then.
func TestProgramEnds(t *testing.T) {
	for _, c := range []struct {
		script string
		has    uint64
	}{{"exit 3", 0}, {"read line; exit 3", 1}, {"read a; read b; read c; exit 3", 3}} {
		w, err := Program{Args: []string{"/bin/sh", "-c", c.script}}.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Send(t.Context(), messages("one", "two", strings.Repeat("x", atomic), strings.Repeat("x", 1<<20)))
		if err == nil || !strings.Contains(err.Error(), "/bin/sh has ended: exit status 3") {
			t.Errorf("%s: %v", c.script, err)
		}
		if n, _ := w.Confirmed(true); n != c.has {
			t.Errorf("%s: confirmed %d, want %d", c.script, n, c.has)
		}
		w.Close()
	}
}

// TestProgramReads: what a program has not read is not confirmed, and what it has read is.
func TestProgramReads(t *testing.T) {
	w, err := Program{Args: []string{"/bin/sh", "-c", "read go; kill -STOP $$; exec cat >/dev/null"}}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	process := w.(*target).process.Process
	confirmed := func(want uint64) {
		t.Helper()
		n, err := w.Confirmed(false)
		for end := time.Now().Add(10 * time.Second); n != want && err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
			n, err = w.Confirmed(false)
		}
		if n != want || err != nil {
			t.Fatalf("confirmed %d, want %d: %v", n, want, err)
		}
	}
	if err := w.Send(t.Context(), messages("go")); err != nil {
		t.Fatal(err)
	}
	confirmed(1)
	if err := w.Send(t.Context(), messages("one", "two")); err != nil {
		t.Fatal(err)
	}
	confirmed(1)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		process.Signal(syscall.SIGCONT) // it may not have stopped yet
		if n, err := w.Confirmed(false); n == 3 || err != nil {
			break
		}
	}
	confirmed(3)
}
