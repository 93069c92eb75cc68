package cli

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// follower is a running "show -f".
type follower struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines <-chan string
	errs  strings.Builder
}

func follow(t *testing.T, dir string, args ...string) *follower {
	t.Helper()
	f := &follower{t: t, cmd: command(t, dir, append([]string{"show", "-f", "-o", "cat"}, args...)...)}
	f.cmd.Stderr = &f.errs
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.cmd.Process.Kill(); f.cmd.Wait() })
	f.lines = linesOf(bufio.NewScanner(out))
	return f
}

// expect waits for a line.
func (f *follower) expect(want string) {
	f.t.Helper()
	select {
	case line, ok := <-f.lines:
		if !ok || line != want {
			f.t.Fatalf("got %q (%t), want %q\n%s", line, ok, want, f.errs.String())
		}
	case <-time.After(10 * time.Second):
		f.t.Fatalf("%q does not come", want)
	}
}

// prepend puts a line back before those that follow.
func prepend(line string, lines <-chan string) <-chan string {
	all := make(chan string, 1)
	all <- line
	go func() {
		defer close(all)
		for line := range lines {
			all <- line
		}
	}()
	return all
}

// end sends a signal and returns the exit status, -1 if the signal ended the process.
func (f *follower) end(s syscall.Signal) int {
	f.t.Helper()
	if err := f.cmd.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
	for line := range f.lines {
		f.t.Errorf("unexpected: %q", line)
	}
	f.cmd.Wait()
	return f.cmd.ProcessState.ExitCode()
}

func TestFollowLatency(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "log", "begin")
	f := follow(t, dir)
	f.expect("begin")
	const want = 100 * time.Millisecond
	median := time.Hour
	for range 3 { // the machine may be busy with something else
		if median = f.latency(dir, 15); median <= want {
			break
		}
	}
	if median > want {
		t.Errorf("median %v, want at most %v", median, want)
	}
	constat(t, dir, "verify")
}

// latency is the median of how long entries take to be seen, of n.
func (f *follower) latency(dir string, n int) time.Duration {
	f.t.Helper()
	var delays []time.Duration
	for i := range n {
		message := fmt.Sprint("message ", i)
		constat(f.t, dir, "log", message)
		returned := time.Now()
		f.expect(message)
		delays = append(delays, time.Since(returned))
	}
	slices.Sort(delays)
	f.t.Logf("after constat log has returned: median %v, longest %v", delays[n/2], delays[n-1])
	return delays[n/2]
}

// A follower sees new journals, goes on across rotation, and skips what it was told to skip.
func TestFollowGoesOn(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "log", "old one")
	constat(t, dir, "log", "old two")
	all, last, none, errs := follow(t, dir), follow(t, dir, "-n", "1"), follow(t, dir, "-n", "0"), follow(t, dir, "-p", "err")
	all.expect("old one")
	all.expect("old two")
	last.expect("old two")
	constat(t, dir, "log", "sync the others")
	for _, f := range []*follower{all, last} {
		f.expect("sync the others")
	}
	constat(t, dir, "log", "--journal", "fresh", "in a new journal")
	constat(t, dir, "rotate")
	constat(t, dir, "log", "-p", "err", "after rotation")
	if line := <-none.lines; line != "sync the others" { // it may have begun before or after that
		none.lines = prepend(line, none.lines)
	}
	for _, f := range []*follower{all, last, none} {
		f.expect("in a new journal")
		f.expect("after rotation")
	}
	errs.expect("after rotation")
	for _, f := range []*follower{all, last, none, errs} {
		if status := f.end(syscall.SIGTERM); status != 0 {
			t.Errorf("status %d", status)
		}
	}
	constat(t, dir, "verify")
}

func TestFollowEnds(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "log", "one")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		f := follow(t, dir)
		f.expect("one")
		if status := f.end(s); status != 0 || f.errs.Len() > 0 {
			t.Errorf("%v: status %d, %q", s, status, f.errs.String())
		}
	}
	constat(t, dir, "verify")
}

// A follower whose output nobody takes cannot end by itself; the second signal ends it.
func TestFollowSecondSignal(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 1<<20)
	in := command(t, dir, "log")
	in.Stdin = strings.NewReader(long + "\n")
	if out, err := in.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	c := command(t, dir, "show", "-f", "-o", "cat")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 10)); err != nil { // it writes; the pipe takes 64 KiB of the rest
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	deadline := time.After(10 * time.Second)
	for range 1000 { // the signals may be one while the first has not been seen
		c.Process.Signal(syscall.SIGTERM) // SIGINT is ignored by all that a script starts with &
		select {
		case <-ended:
			return
		case <-deadline:
			t.Fatal("does not end")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
