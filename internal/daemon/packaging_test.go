package daemon

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const packaging = "../../packaging"

// tool finds a program, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%v", err)
	}
	return path
}

// TestUnits: systemd itself finds nothing wrong with the units, and the service exposed little. The program and the
// user are not installed here: true stands for the one and daemon for the other.
func TestUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	dir := t.TempDir()
	for _, name := range []string{"constat.service", "constat.socket"} {
		text, err := os.ReadFile(filepath.Join(packaging, name))
		if err != nil {
			t.Fatal(err)
		}
		unit := strings.ReplaceAll(string(text), "/usr/bin/constat", "/bin/true")
		unit = strings.NewReplacer("User=constat", "User=daemon", "Group=constat", "Group=daemon").Replace(unit)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	service, socket := filepath.Join(dir, "constat.service"), filepath.Join(dir, "constat.socket")
	out, err := exec.Command(analyze, "verify", "--man=no", service, socket).CombinedOutput()
	var about []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "constat") {
			about = append(about, line)
		}
	}
	if err != nil || len(about) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err = exec.Command(analyze, "security", "--offline=true", "--threshold=25", service).CombinedOutput()
	if found := regexp.MustCompile(`(?m)^.*exposure level.*$`).Find(out); err != nil || found == nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	} else {
		t.Logf("%s", found)
	}
}

// openRC stands for what openrc-run gives a script: its functions note their arguments.
const openRC = `checkpath() { echo "checkpath $*"; }
need() { echo "need $*"; }; after() { echo "after $*"; }; provide() { echo "provide $*"; }; use() { echo "use $*"; }
ebegin() { echo "ebegin $*"; }; eend() { return $1; }
supervise() { echo "supervise-daemon $*"; } # a plain shell takes no dash in the name
RC_SVCNAME=constat
`

// TestOpenRC runs every function of the OpenRC script in a plain shell.
func TestOpenRC(t *testing.T) {
	file := filepath.Join(packaging, "constat.openrc")
	if out, err := exec.Command("sh", "-n", file).CombinedOutput(); err != nil {
		t.Fatalf("sh -n: %v %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "#!/sbin/openrc-run\n") {
		t.Error("openrc-run does not run it")
	}
	script := openRC + "set -eu\n" + strings.ReplaceAll(string(text), "\tsupervise-daemon ", "\tsupervise ") +
		"\ndepend; start_pre; reload; echo \"runs $supervisor $command $command_args\"\n"
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for _, want := range []string{"provide logger", "--mode 0750 /var/lib/constat\n", "supervise-daemon constat --signal HUP",
		"runs supervise-daemon /usr/bin/constat serve --store /var/lib/constat/journal --config /etc/constat/constat.yaml"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if shellcheck, err := exec.LookPath("shellcheck"); err == nil {
		out, err := exec.Command(shellcheck, "-s", "sh", "-e", "SC2034,SC2154", file).CombinedOutput()
		if err != nil {
			t.Errorf("shellcheck: %v\n%s", err, out)
		}
	}
}

// TestUnitCommand: both service files start the program with arguments that it takes, down to the configuration.
func TestUnitCommand(t *testing.T) {
	var commands []string
	for name, pattern := range map[string]string{"constat.service": `(?m)^ExecStart=/usr/bin/constat (.*)$`,
		"constat.openrc": `(?m)^command_args="(.*)"$`} {
		text, err := os.ReadFile(filepath.Join(packaging, name))
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s starts nothing", name)
		}
		commands = append(commands, string(m[1]))
	}
	if commands[0] != commands[1] {
		t.Errorf("they differ: %q", commands)
	}
	p := newPlace(t, everything)
	arguments := strings.NewReplacer("/var/lib/constat/journal", p.store, "/etc/constat/constat.yaml", p.file).Replace(commands[0])
	d := p.serve(func(c *exec.Cmd) { c.Args = append(c.Args[:1], strings.Fields(arguments)...) })
	d.stop()
}
