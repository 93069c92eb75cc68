package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kills is the number of moments at which a writer is killed; a tenth of it with -short.
const kills = 100

// A writer is killed under load. Nothing that it acknowledged is missing, the store is sound each time, and the next
// start needs no hand.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "init")
	rounds := kills
	if testing.Short() {
		rounds /= 10
	}
	var acknowledged uint64
	for round := range rounds {
		acknowledged = max(acknowledged, killOnce(t, dir))
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		checkKept(t, dir, acknowledged, round%10 == 9)
	}
	t.Logf("%d kills, %d entries acknowledged", rounds, acknowledged)
	checkKept(t, dir, acknowledged, true)
	constat(t, dir, "log", "needs no hand")
	constat(t, dir, "verify")
	noneDamaged(t, dir)
}

// killOnce starts the writer, kills it, and returns the number of entries that it acknowledged in the journal.
func killOnce(t *testing.T, dir string) uint64 {
	c := exec.Command("acknowledge")
	c.Env = append(environment(dir), "PATH="+os.Getenv("PATH"))
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
	c.Process.Kill()
	c.Wait()
	if errs.Len() > 0 {
		t.Errorf("writer: %s", errs.String())
	}
	last := uint64(0)
	for line := range strings.Lines(out.String()) {
		if index, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64); err == nil && strings.HasSuffix(line, "\n") {
			last = index + 1
		}
	}
	return last
}

// checkKept verifies the store as the dead writer left it, and reads what was acknowledged.
func checkKept(t *testing.T, dir string, acknowledged uint64, all bool) {
	t.Helper()
	constat(t, dir, "verify")
	if acknowledged == 0 {
		return
	}
	args := []string{"show", "-o", "json", "--fields", "__INDEX,MESSAGE", "--journal", "load"}
	if !all {
		args = append(args, "-n", "300")
	}
	s := bufio.NewScanner(strings.NewReader(constat(t, dir, args...)))
	next := uint64(0)
	for first := true; s.Scan(); first = false {
		var index, message uint64
		if _, err := fmt.Sscanf(s.Text(), `{"__INDEX":%d,"MESSAGE":"%d"}`, &index, &message); err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		if first && !all {
			next = index
		}
		if index != next || message != next {
			t.Fatalf("index %d says %d, want %d", index, message, next)
		}
		next++
	}
	if next < acknowledged {
		t.Fatalf("%d entries were acknowledged, %d are kept", acknowledged, next)
	}
}

func noneDamaged(t *testing.T, dir string) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join(dir, "store", "*damaged*")); err != nil || len(found) > 0 {
		t.Errorf("damaged journals: %v %v", found, err)
	}
}

// The command itself is killed while it writes what stands on its standard input.
func TestKillLog(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "init")
	for range 15 {
		c := command(t, dir, "log", "--journal", "load")
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintln(in, "line", i)
			}
		}()
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		c.Process.Kill()
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("ended by itself: %v", err)
		}
		constat(t, dir, "verify")
	}
	constat(t, dir, "log", "needs no hand")
	constat(t, dir, "verify")
	noneDamaged(t, dir)
}
