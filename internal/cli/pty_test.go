package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY opens a pseudo terminal: what is written to the terminal can be read from the other side.
func openPTY(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	return master, terminal
}

// onTerminal runs a command with standard output and error on a terminal, and returns what appears there.
func onTerminal(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	master, terminal := openPTY(t)
	c.Stdout, c.Stderr = terminal, terminal
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	var seen bytes.Buffer
	if _, err := io.Copy(&seen, master); err != nil && !errors.Is(err, syscall.EIO) { // EIO: the last user has closed it
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%q", err, seen.String())
	}
	return strings.ReplaceAll(seen.String(), "\r\n", "\n")
}

// evil is a message that would delete its line, imitate another, and reverse the rest.
const evil = "bad\x1b[2K\rJun 15 fake\x07 \u202egnihton \xff end"

func evilStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	constat(t, dir, "log", "-p", "err", "-t", "app\x1b]0;title\x07", evil)
	return dir
}

func TestTerminalEscapes(t *testing.T) {
	dir := evilStore(t)
	for _, format := range []string{"short", "short-iso", "full", "cat", "logfmt"} {
		got := onTerminal(t, command(t, dir, "show", "--no-pager", "-o", format))
		for _, bad := range []string{"\x1b[2K", "\x1b]", "\r", "\x07", "\u202e", "\xff"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s: %q reaches the terminal: %q", format, bad, got)
			}
		}
		if !strings.Contains(got, `\x1b[2K\x0dJun 15 fake\x07`) && format != "logfmt" {
			t.Errorf("%s: not shown as escapes: %q", format, got)
		}
	}
	piped := constat(t, dir, "show", "-o", "cat")
	if piped != evil+"\n" {
		t.Errorf("a pipe gets %q", piped)
	}
	constat(t, dir, "verify")
}

func TestTerminalColours(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "log", "-p", "err", "an error")
	coloured := func(set ...string) bool {
		c := command(t, dir, "show", "--no-pager")
		c.Env = append(c.Env, set...)
		got := onTerminal(t, c)
		if !strings.Contains(got, "an error") {
			t.Errorf("with %v: %q", set, got)
		}
		return strings.Contains(got, "\x1b[")
	}
	if !coloured() {
		t.Error("no colour on a terminal")
	}
	if coloured("NO_COLOR=1") {
		t.Error("colour in spite of NO_COLOR")
	}
	if coloured("TERM=dumb") {
		t.Error("colour on a dumb terminal")
	}
	if strings.Contains(constat(t, dir, "show"), "\x1b") {
		t.Error("colour in a pipe")
	}
}

func TestTerminalPager(t *testing.T) {
	dir := t.TempDir()
	constat(t, dir, "log", "-p", "info", "hello")
	show := func(set string, args ...string) string {
		c := command(t, dir, append([]string{"show", "-o", "cat"}, args...)...)
		c.Env = append(c.Env, set)
		return onTerminal(t, c)
	}
	const pager = "CONSTAT_PAGER=sed s/^/paged:/"
	for _, c := range []struct {
		set  string
		args []string
		want string
	}{
		{pager, nil, "paged:hello\n"},
		{pager, []string{"--no-pager"}, "hello\n"},
		{pager, []string{"-t", "nobody"}, ""},
		{"CONSTAT_PAGER=cat", nil, "hello\n"},
		{"CONSTAT_PAGER=", nil, "hello\n"},
		{"CONSTAT_PAGER=no-such-program", nil, "hello\n"},
	} {
		if got := show(c.set, c.args...); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.set, c.args, got, c.want)
		}
	}
}

// A reader who leaves early ends the search, without noise.
func TestTerminalPagerQuits(t *testing.T) {
	dir := t.TempDir()
	c := command(t, dir, "import", "-")
	c.Stdin = strings.NewReader(strings.Repeat("one of many lines, long enough to fill a pipe\n", 50_000))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	c = command(t, dir, "show", "-o", "cat")
	c.Env = append(c.Env, "CONSTAT_PAGER=head -n 1")
	if got := onTerminal(t, c); got != "one of many lines, long enough to fill a pipe\n" {
		t.Errorf("%q", got)
	}
	constat(t, dir, "verify")
}

func TestTerminalProgress(t *testing.T) {
	dir := t.TempDir()
	c := command(t, dir, "import", "-")
	c.Stdin = strings.NewReader("one\n")
	if got := onTerminal(t, c); !strings.Contains(got, "\x1b[K") || !strings.HasSuffix(got, "imported 1 entries into journal imported\n") {
		t.Errorf("%q", got)
	}
	c = command(t, dir, "import", "-")
	c.Stdin = strings.NewReader("two\n")
	if out, err := c.CombinedOutput(); err != nil || string(out) != "imported 1 entries into journal imported\n" {
		t.Errorf("without a terminal: %v %q", err, out)
	}
}
