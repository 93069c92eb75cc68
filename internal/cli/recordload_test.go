package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Fifty clients at once, with the file rotated in the middle: in the files and in the journal no line is torn, none is
// missing, and those of each client are in order. CONSTAT_LONG=1 makes it 10,000 lines each instead of 40.
func TestRecordManyClients(t *testing.T) {
	clients, lines := 50, 40
	if os.Getenv("CONSTAT_LONG") != "" {
		lines = 10_000
	}
	dir := t.TempDir()
	r := tape(t, dir, recordingAt, "0", "f", "--listen", "127.0.0.1", "--max-size", fmt.Sprint(clients*lines*4500/5))
	var sending sync.WaitGroup
	began := time.Now()
	for n := range clients {
		sending.Go(func() { sendNumbered(t, r.port, n, lines) })
	}
	time.Sleep(50 * time.Millisecond)
	if err := os.Rename(filepath.Join(dir, "f"), filepath.Join(dir, "f.moved")); err != nil {
		t.Error(err)
	}
	r.cmd.Process.Signal(syscall.SIGHUP)
	sending.Wait()
	t.Logf("%d lines sent and taken in %v", clients*lines, time.Since(began))
	r.end(syscall.SIGTERM)
	t.Logf("all in the journal after %v", time.Since(began))
	files, _ := filepath.Glob(filepath.Join(dir, "f*"))
	if len(files) < 3 { // at least: one that is full, the one that was moved, and the last; which others depends on the moment
		t.Errorf("files %v", files)
	}
	seen := newTally(clients, lines)
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		seen.read(t, name, f)
		f.Close()
	}
	seen.complete(t, "files")
	show := command(t, dir, "show", "-o", "cat")
	out, err := show.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := show.Start(); err != nil {
		t.Fatal(err)
	}
	seen = newTally(clients, lines)
	seen.read(t, "journal", out)
	if err := show.Wait(); err != nil {
		t.Error(err)
	}
	seen.complete(t, "journal")
}

// numbered is line i of client n: up to 9,000 octets that say what they should be.
func numbered(n, i int) string {
	size := (n*7919 + i*104729) % 8960
	return fmt.Sprintf("%d %d %s", n, i, strings.Repeat(string(rune('a'+(n+i)%26)), size))
}

func sendNumbered(t *testing.T, port string, n, lines int) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	w := bufio.NewWriterSize(conn, 20_000) // pieces end anywhere in a line
	for i := range lines {
		fmt.Fprintln(w, numbered(n, i))
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	conn.(*net.TCPConn).CloseWrite()
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("client %d: %v, want a clean end", n, err)
	}
}

// tally counts the lines of each client.
type tally struct {
	seen  [][]bool
	total int
}

func newTally(clients, lines int) *tally {
	t := &tally{seen: make([][]bool, clients)}
	for n := range t.seen {
		t.seen[n] = make([]bool, lines)
	}
	return t
}

// read wants whole lines, none twice, and those of each client in order.
func (c *tally) read(t *testing.T, name string, r io.Reader) {
	t.Helper()
	next := make([]int, len(c.seen))
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v after %q", name, err, line[:min(len(line), 40)])
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		var n, i int
		if _, err := fmt.Sscanf(string(line[:min(len(line), 20)]), "%d %d ", &n, &i); err != nil || n >= len(c.seen) || i >= len(c.seen[n]) || string(line) != numbered(n, i) {
			t.Fatalf("%s: torn line %.60q", name, line)
		}
		if i < next[n] || c.seen[n][i] {
			t.Fatalf("%s: line %d of client %d after %d, or twice", name, i, n, next[n])
		}
		c.seen[n][i], next[n] = true, i
		c.total++
	}
}

func (c *tally) complete(t *testing.T, name string) {
	t.Helper()
	if want := len(c.seen) * len(c.seen[0]); c.total != want {
		t.Errorf("%s: %d lines, want %d", name, c.total, want)
	}
}
