package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this binary stand for the programs that tests start: the command, and a writer to be killed.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"constat":     func() { os.Exit(runTested()) },
		"acknowledge": acknowledge,
	})
}

// runTested is the command with the patience that a test asks for.
func runTested() int {
	a := &app{in: os.Stdin, out: &stdout{w: os.Stdout}, err: os.Stderr, patience: lockPatience, sealKeys: 16}
	if d, err := time.ParseDuration(os.Getenv("TEST_PATIENCE")); err == nil {
		a.patience = d
	}
	return a.run(context.Background(), os.Args[1:])
}

// acknowledge writes entries into the store, and converts its heads, until it is killed, and prints the index of each
// that is durable. Their messages say their index.
func acknowledge() {
	w, err := journal.OpenWriter(vfs.OS(), os.Getenv("CONSTAT_STORE"), journal.Options{})
	if err == nil {
		go convertAlways(w)
	}
	for n := 0; err == nil; n++ {
		first := w.Size("load")
		batch := make([]entry.Entry, 1+n%7)
		for i := range batch {
			batch[i].Renderer = entry.RenderText
			batch[i].AddString("MESSAGE", fmt.Sprint(first+uint64(i)), entry.Claimed)
		}
		if _, err = w.Append("load", batch); err == nil {
			err = w.Sync()
		}
		if err == nil && n%3 == 0 {
			err = w.Checkpoint()
		}
		if err == nil && n%9 == 8 {
			err = w.Rotate()
		}
		if err == nil {
			fmt.Println(first + uint64(len(batch)) - 1)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func convertAlways(w *journal.Writer) {
	for range w.Completed() {
		if _, err := w.Convert(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// environment is that of a program under test: nothing of the user's is seen or changed.
func environment(dir string) []string {
	return []string{
		"HOME=" + filepath.Join(dir, "home"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
		"XDG_STATE_HOME=" + filepath.Join(dir, "state"), "CONSTAT_STORE=" + filepath.Join(dir, "store"),
		"TZ=UTC", "LC_ALL=C", "NO_COLOR=", "CONSTAT_PAGER=", "PAGER=", "LESS=", "TEST_PATIENCE=5s", "TERM=xterm",
		"GOCOVERDIR=" + os.Getenv("GOCOVERDIR"), "GORACE=atexit_sleep_ms=0", // else each program sleeps for a second
	}
}

// command is the command in the store of dir.
func command(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command("constat", args...)
	c.Dir = dir
	c.Env = append(environment(dir), "PATH="+os.Getenv("PATH"))
	return c
}

// constat runs the command, which must succeed, and returns what it prints.
func constat(t testing.TB, dir string, args ...string) string {
	t.Helper()
	c := command(t, dir, args...)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("constat %s: %v\n%s%s", strings.Join(args, " "), err, out, errs.String())
	}
	return string(out)
}

// linesOf sends what a stream says, line by line, and closes the channel at its end.
func linesOf(s *bufio.Scanner) <-chan string {
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		for s.Scan() {
			lines <- s.Text()
		}
	}()
	return lines
}
