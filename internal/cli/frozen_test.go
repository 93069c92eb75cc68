package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
)

var freeze = flag.Bool("update", false, "make the frozen store of this format number anew: format 0 may change, later ones may not")

// frozenDir holds a store as this format number has it, evidence of it, its leaves, and what the command prints of them.
func frozenDir() string { return fmt.Sprintf("../../testdata/formats/v%d", layout.Format) }

// frozenCases are what is asked of the frozen store; the standard output must be that of the file of that name.
var frozenCases = []struct {
	file string
	args []string
}{
	{"verify.txt", []string{"verify", "--deep", "--policy", "policy"}},
	{"verify.json", []string{"verify", "-o", "json"}},
	{"show.json", []string{"show", "-o", "json", "--kind", "event,loss,seal,control", "NOT DUMP:*"}},
	{"dump.sha256", []string{"show", "-F", "DUMP"}},
	{"show-private.json", []string{"show", "-o", "json", "--journal", "audit", "--private"}},
	{"received.txt", []string{"show", "-o", "raw", "--journal", "imported"}},
	{"count.txt", []string{"show", "publickey", "OR", "disk", "| stats count() by (app)"}},
	{"evidence.json", []string{"verify", "-o", "json", "case.evidence.zip"}},
	{"page.txt", []string{"verify", "page.html"}},
}

// TestFrozenStore: a store that was written once is opened, shown and verified as long as its format number is known.
//
//	go test ./internal/cli -run FrozenStore -update
//
// makes it anew.
func TestFrozenStore(t *testing.T) {
	if *freeze {
		makeFrozen(t, frozenDir())
	}
	dir := copyFrozen(t)
	for _, c := range frozenCases {
		want, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			t.Fatal(err)
		}
		if got := askFrozen(t, dir, c.file, c.args); got != string(want) || len(want) < 10 {
			t.Errorf("%s: constat %s prints\n%s\nwant\n%s", c.file, strings.Join(c.args, " "), got, want)
		}
	}
	checkFrozenLeaves(t, dir)

	// The writer goes on where the frozen store ends.
	constat(t, dir, "log", "--tag", "frozen", "goes on")
	constat(t, dir, "rotate")
	if out := constat(t, dir, "show", "-o", "cat", "-t", "frozen"); out != "goes on\n" {
		t.Errorf("shows %q", out)
	}
	constat(t, dir, "verify", "--deep", "--code", frozenCode(t, dir))
}

// TestUnfrozenStore: a store from before the format was fixed is refused, with the way out.
func TestUnfrozenStore(t *testing.T) {
	if layout.Format == 0 {
		t.Skip("this is that format")
	}
	dir := copyFrozen(t)
	file := filepath.Join(dir, "store", layout.StoreFile)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, fmt.Appendf(nil, `"constat_store": %d`, layout.Format), []byte(`"constat_store": 0`), 1)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for args, status := range map[string]int{"verify": 3, "show": 1, "log hello": 1, "status": 1} {
		c := command(t, dir, strings.Fields(args)...)
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != status || !bytes.Contains(out, []byte("constat show -o export")) {
			t.Errorf("%s: %v, %s", args, err, out)
		}
	}
}

// copyFrozen copies the frozen files to a directory of the test.
func copyFrozen(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(frozenDir())); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		} else if err == nil {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func frozenCode(t *testing.T, dir string) string {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(dir, "code"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(code))
}

// sinceSeal is how long ago the newest seal was made.
var sinceSeal = regexp.MustCompile(`, [0-9a-z]+ ago`)

// askFrozen runs the command in a directory that holds the frozen files, with the code of the store, and returns what
// belongs into file.
func askFrozen(t *testing.T, dir, file string, args []string) string {
	t.Helper()
	if args[0] == "verify" {
		args = append([]string{"verify", "--code", frozenCode(t, dir)}, args[1:]...)
	}
	out := strings.ReplaceAll(constat(t, dir, args...), dir, "DIR")
	out = sinceSeal.ReplaceAllString(out, "")
	if strings.HasSuffix(file, ".sha256") {
		out = fmt.Sprintf("%x, %d bytes\n", sha256.Sum256([]byte(out)), len(out))
	}
	return out
}

// frozenLeaves prints the leaves of all journals, a line each: journal, index, leaf and leaf hash.
func frozenLeaves(t *testing.T, dir string) string {
	t.Helper()
	r, err := journal.OpenReader(vfs.OS(), filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	var b strings.Builder
	for _, v := range views {
		nonces, first := v.Nonces(), uint64(0)
		if list := v.Pruned(); len(list) > 0 {
			first = list[len(list)-1].Last + 1
		}
		for leaf, err := range v.Leaves(first, v.Size) {
			if err != nil {
				t.Fatalf("%s %d: %v", v.Journal.Name, leaf.Index, err)
			}
			hash := nonces.LeafHash(leaf.Index, leaf.Body)
			fmt.Fprintf(&b, "%s %d %x %x\n", v.Journal.Name, leaf.Index, nonces.AppendLeaf(nil, leaf.Index, leaf.Body), hash)
		}
	}
	return b.String()
}

// checkFrozenLeaves compares the leaves that the store gives with those that were written beside it, and these with
// their hashes; each decodes, and encodes to itself.
func checkFrozenLeaves(t *testing.T, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "leaves.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != frozenLeaves(t, dir) {
		t.Error("the leaves of the store are not those of leaves.txt")
	}
	var d entry.Decoder
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, line := range lines {
		words := strings.Fields(line)
		leaf, err := hex.DecodeString(words[2])
		if err != nil {
			t.Fatal(err)
		}
		var e entry.Entry
		if err := d.Decode(leaf[entry.NonceSize:], &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := entry.AppendBody(nil, &e)
		hash := sha256.Sum256(append([]byte{0}, leaf...))
		if err != nil || !bytes.Equal(again, leaf[entry.NonceSize:]) || hex.EncodeToString(hash[:]) != words[3] {
			t.Errorf("%s: encoded %x, %v, hash %x", line, again, err, hash)
		}
	}
	if len(lines) < 100 {
		t.Errorf("%d leaves", len(lines))
	}
}
