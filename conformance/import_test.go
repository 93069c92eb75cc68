package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// built is where the program is built to, and is removed at the end.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "constat-conformance"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

// program builds constat, once, and returns its path.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "constat")
	out, err := exec.Command("go", "build", "-o", path, "constat/cmd/constat").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// constat runs the program in UTC, on its own store and configuration, and returns its standard output.
func constat(t *testing.T, store string, input []byte, arguments ...string) []byte {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, arguments...)
	c.Env = environment(store)
	c.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		t.Fatalf("constat %q: %v\n%s", arguments, err, &complaint)
	}
	return out
}

// environment is that of the program: UTC, and nothing of the user's.
func environment(store string) []string {
	return append(os.Environ(), "TZ=UTC", "CONSTAT_STORE="+store, "XDG_CONFIG_HOME="+store+".config", "CONSTAT_SOCKET=")
}

// importer is the program: "constat import --format syslog" and "constat show". It takes lines, so a message that holds
// a LF is none for it. All cases are imported at once.
type importer map[string]kept

func newImporter(t *testing.T) target {
	var lines [][]byte
	for _, c := range cases(t, "syslog") {
		if isLine(c.input) {
			lines = append(lines, c.input)
		}
	}
	store := filepath.Join(t.TempDir(), "store")
	constat(t, store, bytes.Join(lines, []byte("\n")), "import", "--format", "syslog", "-")
	described := bytes.Split(constat(t, store, nil, "show", "--journal", "imported", "-o", "json"), []byte("\n"))
	octets := bytes.Split(constat(t, store, nil, "show", "--journal", "imported", "-o", "raw"), []byte("\n"))
	if len(described) != len(lines)+1 || len(octets) != len(lines)+1 {
		t.Fatalf("%d lines were imported, %d shown in JSON and %d raw", len(lines), len(described)-1, len(octets)-1)
	}
	to := importer{}
	for i, line := range lines {
		to[string(line)] = keptOf(t, described[i], octets[i])
	}
	return to
}

// keptOf reads what show printed of one entry.
func keptOf(t *testing.T, described, octets []byte) kept {
	t.Helper()
	k := kept{fields: fields{}, octets: octets}
	if err := json.Unmarshal(described, &k.fields); err != nil {
		t.Fatalf("%s: %v", described, err)
	}
	at, _ := k.fields["__RECEIVED"].(string)
	var err error
	if k.received, err = time.Parse(time.RFC3339, at); err != nil {
		t.Fatal(err)
	}
	return k
}

func isLine(octets []byte) bool { return len(octets) > 0 && !bytes.Contains(octets, []byte("\n")) }

func (to importer) message(t *testing.T, octets []byte) (entries []kept, counted, skip string) {
	if !isLine(octets) {
		return nil, "", "not a line: import cannot carry it"
	}
	k, found := to[string(octets)]
	if !found {
		t.Fatalf("%q was not imported", octets)
	}
	return []kept{k}, "", ""
}

func (importer) stream(*testing.T, []byte, []int, int) ([]kept, string) {
	return nil, "import takes no connections"
}
