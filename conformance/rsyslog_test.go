package conformance

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSelectorsOfRsyslog sends a message of each facility and level to Debian's rsyslogd, which has a file for each case
// of dialect accumulate: it must select what the case says. The cases that are errors here are left out, and numbers of
// facilities, which rsyslog does not read.
func TestSelectorsOfRsyslog(t *testing.T) {
	rsyslogd := findRsyslogd(t)
	dir := t.TempDir()
	portFile := filepath.Join(dir, "port")
	var conf strings.Builder
	fmt.Fprintf(&conf, "module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"0\" listenPortFileName=%q)\n", portFile)
	ran, others := 0, 0
	asked := map[string]selectorCase{} // by file
	for i, c := range selectorCases(t) {
		if c.want["accumulate"] == "error" || c.selector[0] >= '0' && c.selector[0] <= '9' {
			others++
			continue
		}
		file := filepath.Join(dir, fmt.Sprint("case", i))
		asked[file] = c
		fmt.Fprintf(&conf, "%s\t%s\n", c.selector, file)
	}
	all := filepath.Join(dir, "all")
	conf.WriteString("*.*\t" + all + "\n")
	file := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(rsyslogd, "-n", "-iNONE", "-f", file)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			c.Process.Kill()
			c.Wait()
		}
	}()
	port := waitFor(t, portFile, func(text string) bool { return text != "" })
	sendAll(t, "127.0.0.1:"+strings.TrimSpace(port))
	waitFor(t, all, func(text string) bool { return strings.Contains(text, "the last") })
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		t.Fatalf("rsyslogd: %v\n%s", err, &said)
	}
	ended = true
	for file, asked := range asked {
		ran++
		got := selectedIn(t, file)
		if want := setOf(asked.want["accumulate"]); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s %s: rsyslog selects %v, and the case says %v", asked.number, asked.selector, got, want)
		}
	}
	report(t, "selectors", "rsyslogd", ran, others)
}

func findRsyslogd(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"rsyslogd", "/usr/sbin/rsyslogd"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatal("rsyslogd is not installed")
	}
	t.Skip("rsyslogd is not installed")
	return ""
}

// waitFor waits until a file is as wanted and returns it.
func waitFor(t *testing.T, name string, wanted func(string) bool) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(name); err == nil && wanted(string(text)) {
			return string(text)
		}
	}
	t.Fatalf("%s is not written", name)
	return ""
}

// sendAll sends a message of each facility and level, which says both, and one that is the last.
func sendAll(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for f := range facilities {
		for l := range levels {
			fmt.Fprintf(conn, "<%d>Oct 11 22:14:15 alpha test: %s.%s\n", f*8+l, facilities[f], levels[l])
		}
	}
	if _, err := fmt.Fprint(conn, "<14>Oct 11 22:14:15 alpha test: the last\n"); err != nil {
		t.Fatal(err)
	}
}

// selectedIn reads the file of a case: the messages that were selected.
func selectedIn(t *testing.T, name string) map[string][]string {
	t.Helper()
	set := map[string][]string{}
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return set // nothing was selected
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		_, message, found := strings.Cut(line, " test: ")
		facility, level, both := strings.Cut(message, ".")
		if !found || !both {
			continue
		}
		if !slices.Contains(facilities, facility) || !slices.Contains(levels, level) {
			t.Fatalf("%s: %q", name, line)
		}
		set[facility] = append(set[facility], level)
	}
	for _, list := range set {
		slices.SortFunc(list, func(a, b string) int { return slices.Index(levels, a) - slices.Index(levels, b) })
	}
	return set
}
