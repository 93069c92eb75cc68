package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// Lines are written when they come, and the store is free while none comes.
func TestLogWritesAtOnce(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "init")
	c := command(t, dir, "log", "--journal", "build")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	f := follow(t, dir)
	for _, line := range []string{"first", "second"} {
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Fatal(err)
		}
		f.expect(line)
		other := command(t, dir, "log", "meanwhile")
		other.Env = append(other.Env, "TEST_PATIENCE=2s") // the first one may still be signing
		if out, err := other.CombinedOutput(); err != nil {
			t.Errorf("the store is held while nothing comes: %v %s", err, out)
		}
		f.expect("meanwhile")
	}
	in.Close()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	constat(t, dir, "verify")
}

// A long import lets others write.
func TestImportGivesWay(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "init")
	c := command(t, dir, "import", "--format", "text", "-")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	sent := make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-done:
				in.Close()
				sent <- n
				return
			default:
				fmt.Fprintln(in, "line", n)
			}
		}
	}()
	for range 3 { // each would fail after its patience of 5 s
		constat(t, dir, "log", "in between")
	}
	close(done)
	n := <-sent
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(constat(t, dir, "show", "-o", "cat", "--journal", "imported"), "\n"); got != n {
		t.Errorf("%d lines sent, %d kept", n, got)
	}
	constat(t, dir, "verify")
}

// Lines wait in bounded memory.
func TestLineQueueIsBounded(t *testing.T) {
	q := newLineQueue()
	added := make(chan int, 100)
	go func() {
		for i := range 10 {
			q.add(entry.Entry{}, maxOctets/2)
			added <- i
		}
		q.end(errors.New("broken pipe"))
	}()
	for range 2 {
		<-added
	}
	select {
	case <-added:
		t.Error("more was taken than may wait")
	case <-time.After(20 * time.Millisecond):
	}
	n := 0
	for lines := q.take(); len(lines) > 0; lines = q.take() {
		if n += len(lines); len(lines) > 2 {
			t.Errorf("%d waited together", len(lines))
		}
	}
	if n != 10 || q.err == nil {
		t.Errorf("took %d, error %v", n, q.err)
	}
}
