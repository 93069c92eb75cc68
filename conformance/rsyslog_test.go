package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	findRsyslogd(t)
	dir := t.TempDir()
	var conf strings.Builder
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
	var messages []string
	for f := range facilities {
		for l := range levels {
			messages = append(messages, fmt.Sprintf("<%d>Oct 11 22:14:15 alpha test: %s.%s", f*8+l, facilities[f], levels[l]))
		}
	}
	runRsyslogd(t, dir, conf.String(), messages)
	for file, asked := range asked {
		ran++
		got := selectedIn(t, file)
		if want := setOf(asked.want["accumulate"]); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s %s: rsyslog selects %v, and the case says %v", asked.number, asked.selector, got, want)
		}
	}
	report(t, "selectors", "rsyslogd", ran, others)
}

// runRsyslogd sends messages to rsyslogd with these rules and waits until it has ended. It may write below dir.
func runRsyslogd(t *testing.T, dir, rules string, messages []string) {
	t.Helper()
	rsyslogd := findRsyslogd(t)
	portFile, all, file := filepath.Join(dir, "port"), filepath.Join(dir, "all"), filepath.Join(dir, "rsyslog.conf")
	conf := fmt.Sprintf("module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"0\" listenPortFileName=%q)\n*.*\t%s\n%s", portFile, all, rules)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
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
	conn, err := net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "%s\n<14>Oct 11 22:14:15 alpha test: the last\n", strings.Join(messages, "\n")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, all, func(text string) bool { return strings.Contains(text, "the last") })
	c.Process.Signal(syscall.SIGTERM)
	if err := c.Wait(); err != nil {
		t.Fatalf("rsyslogd: %v\n%s", err, &said)
	}
	if strings.Contains(said.String(), "syntax error") || strings.Contains(said.String(), "invalid character in selector") {
		t.Errorf("rsyslogd does not read all of it:\n%s", &said)
	}
	ended = true
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

// TestLinesOfRsyslog compares, for a file of rules with all that both understand, where rsyslogd puts each message with
// where "rules test" says that it goes.
func TestLinesOfRsyslog(t *testing.T) {
	findRsyslogd(t)
	dir := t.TempDir()
	rules := strings.ReplaceAll(linesOfRules, "DIR", dir)
	if err := os.WriteFile(filepath.Join(dir, "more.conf"), []byte("news.*\t"+dir+"/news\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var messages []string
	for i, text := range []string{"sshd[1]: Failed password", "sshd: Accepted", "cron[22]: run", "app: noise", "app: all is well (1)", "kernel: Out of memory", "su: a \"quoted\" word"} {
		for _, pri := range []int{0, 3, 6, 16, 19, 38, 56, 77, 82, 131, 132, 191} {
			messages = append(messages, fmt.Sprintf("<%d>Oct 11 22:14:15 alpha %s m%d-%d.", pri, text, i, pri))
		}
	}
	runRsyslogd(t, dir, rules, messages)
	conf := filepath.Join(dir, "ours.conf")
	if err := os.WriteFile(conf, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(constat(t, filepath.Join(dir, "store"), []byte(strings.Join(messages, "\n")), "rules", "test", "-o", "json", conf)))
	files := writtenTo(t, dir)
	for _, name := range regexp.MustCompile(`DIR/\w+`).FindAllString(strings.ReplaceAll(linesOfRules, "DIR/more.conf", "DIR/news"), -1) {
		if _, err := os.Stat(filepath.Join(dir, filepath.Base(name))); err != nil {
			t.Errorf("no message for this rule: %v", err)
		}
	}
	ran := 0
	for _, message := range messages {
		var tested struct {
			Rules []struct{ Kind, Target string }
		}
		if err := d.Decode(&tested); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, r := range tested.Rules {
			if r.Kind == "file" && !slices.Contains(want, r.Target) {
				want = append(want, r.Target)
			}
		}
		slices.Sort(want)
		mark := message[strings.LastIndexByte(message, ' '):]
		if got := files[mark]; !slices.Equal(got, want) {
			t.Errorf("%s: rsyslog writes to %v, and rules test says %v", message, got, want)
		}
		ran++
	}
	report(t, "lines", "rsyslogd", ran, 0)
}

// linesOfRules are lines that both understand. DIR is where the files are.
const linesOfRules = `# comment
  *.err	DIR/err   # behind an action
*.info;\
	mail.none;\
	cron.none	-DIR/info
kern.*	\
	DIR/kern
:msg, contains, "noise"	DIR/noise
& stop
:programname, !isequal, "sshd"	DIR/notsshd
:msg, ereregex, "Out|\\(1\\)"	DIR/ere
:msg, regex, "a \"qu.*\" w"	DIR/bre
:msg, startswith, " Failed"	DIR/failed
auth,authpriv.*	DIR/auth
& DIR/auth2
AUTH.=Info	~
$IncludeConfig DIR/more.conf
local0.warn;local0.!=err	DIR/local
:programname, startswith, "cro" {
	DIR/cron   # in a block
	DIR/cron2
}
mail.* {
	action(type="omfile"
		file="DIR/mail")
}
if $programname == 'app' then DIR/app
if not ($msg contains_i "WELL") then {
	DIR/notwell
}
if $hostname != 'alpha' then
	~
news.*;news.!=debug	stop
*.*	action(type="omfile" file="DIR/rest")
`

// writtenTo returns the files below a directory by the marks of the messages that stand in them.
func writtenTo(t *testing.T, dir string) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, e := range entries { // by name
		if e.Name() == "all" || filepath.Ext(e.Name()) == ".conf" || e.IsDir() {
			continue
		}
		file := filepath.Join(dir, e.Name())
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
			mark := line[strings.LastIndexByte(line, ' ')+1:]
			found[" "+mark] = append(found[" "+mark], file)
		}
	}
	return found
}
