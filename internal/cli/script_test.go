package cli

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"constat/internal/vfs"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs testdata/script. A script is named after the verb and what it looks at.
func TestScript(t *testing.T) {
	const dir = "testdata/script"
	scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	for _, name := range scripts {
		if !regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)+\.txtar$`).MatchString(filepath.Base(name)) {
			t.Errorf("%s: want <verb>_<what>.txtar", name)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, environment(e.WorkDir)...)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": cmdExits, "bytes": cmdBytes, "lines": cmdLines, "capture": cmdCapture, "json": cmdJSON,
			"flip": cmdFlip, "record": cmdRecord, "unchanged": cmdUnchanged, "hold": cmdHold, "long": cmdLong,
		},
		RequireUniqueNames: true,
	})
}

// exits STATUS COMMAND… runs a command that must end with that status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || neg || status != want {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}

// bytes FILE STRING… writes a file of strings with the escapes of Go.
func cmdBytes(ts *testscript.TestScript, _ bool, args []string) {
	var all []byte
	for _, arg := range args[1:] {
		text, err := strconv.Unquote(`"` + arg + `"`)
		ts.Check(err)
		all = append(all, text...)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), all, 0o666))
}

// long FILE SIZE writes a line of so many octets, its LF included.
func cmdLong(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("abcdefgh", size/8+1)[:size-1]+"\n"), 0o666))
}

// lines N [FILE] counts the lines of standard output or a file.
func cmdLines(ts *testscript.TestScript, _ bool, args []string) {
	name := append(args, "stdout")[1]
	if n := strings.Count(ts.ReadFile(name), "\n"); strconv.Itoa(n) != args[0] {
		ts.Fatalf("%s has %d lines, want %s", name, n, args[0])
	}
}

// capture NAME REGEXP [FILE] sets a variable to the first group found in standard output or a file.
func cmdCapture(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile(append(args, "stdout")[2]))
	if found == nil {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// json NAME… checks that standard output is a sequence of JSON objects, each of which has these names.
func cmdJSON(ts *testscript.TestScript, _ bool, args []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	n := 0
	for ; ; n++ {
		var object map[string]any
		if err := d.Decode(&object); err == io.EOF {
			break
		} else if err != nil {
			ts.Fatalf("object %d: %v", n, err)
		}
		for _, name := range args {
			if _, ok := object[name]; !ok {
				ts.Fatalf("object %d has no %q", n, name)
			}
		}
	}
	if n == 0 {
		ts.Fatalf("no JSON object")
	}
}

// flip FILE OFFSET changes one octet; a negative offset counts from the end.
func cmdFlip(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	if offset < 0 {
		offset += len(data)
	}
	data[offset] ^= 0x40
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// record DIR remembers names, times and content below a directory; unchanged DIR compares.
func cmdRecord(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("RECORD_"+args[0], digestOf(ts, args[0]))
}

func cmdUnchanged(ts *testscript.TestScript, _ bool, args []string) {
	if digestOf(ts, args[0]) != ts.Getenv("RECORD_"+args[0]) {
		ts.Fatalf("%s has changed", args[0])
	}
}

func digestOf(ts *testscript.TestScript, dir string) string {
	h := sha256.New()
	ts.Check(filepath.WalkDir(ts.MkAbs(dir), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(h, name, info.Mode(), info.ModTime().UnixNano(), info.Size())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(name)
			h.Write(data)
			return err
		}
		return nil
	}))
	return fmt.Sprintf("%x", h.Sum(nil))
}

// hold DIR takes the lock of a store until the end of the script.
func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	lock, err := vfs.OS().Lock(ts.MkAbs(filepath.Join(args[0], "lock")))
	ts.Check(err)
	ts.Defer(func() { lock.Close() })
}
