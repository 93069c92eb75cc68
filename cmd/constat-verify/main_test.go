package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/cli"
)

// command runs constat in the test.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if status := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, nil); status != 0 {
		t.Fatalf("constat %s: status %d\n%s", strings.Join(args, " "), status, &errs)
	}
	return out.String()
}

// setting makes a store with a few entries.
func setting(t *testing.T) (dir, code string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	t.Setenv("CONSTAT_SOCKET", "")
	t.Setenv("CONSTAT_STORE", filepath.Join(dir, "store"))
	code = strings.TrimSpace(command(t, "init", "--origin", "host.example/log"))
	for _, text := range []string{"one", "two", "three"} {
		command(t, "log", "--journal", "app", "-t", "test", text)
	}
	return dir, code
}

func exit(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(args, &out, &errs); got != want {
		t.Errorf("constat-verify %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, want, &out, &errs)
	}
	return out.String()
}

func TestEvidence(t *testing.T) {
	dir, code := setting(t)
	zip := filepath.Join(dir, "case.evidence.zip")
	command(t, "prove", "-o", zip, "two", "--journal", "app")
	exit(t, 0, "--code", code, zip)
	if out := exit(t, 2, zip); !strings.HasPrefix(out, "VERIFIED, AGAINST ITS OWN KEY ONLY") {
		t.Errorf("%s", out)
	}
	exit(t, 1, "--code", strings.Repeat("A", 52), zip)
	var report struct {
		Verdict  string
		Shown    int
		Withheld int
		Checks   []struct{ Code, Status string }
	}
	if err := json.Unmarshal([]byte(exit(t, 0, "--code", code, "-o", "json", zip)), &report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != "verified" || report.Shown != 1 || report.Withheld != 2 || len(report.Checks) < 7 {
		t.Errorf("%+v", report)
	}
	data, err := os.ReadFile(zip)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(zip, data, 0o600); err != nil {
		t.Fatal(err)
	}
	exit(t, 3, "--code", code, zip)
}

func TestUsage(t *testing.T) {
	exit(t, 3)
	exit(t, 3, "-o", "xml", "file")
	exit(t, 3, "--code", "x", "file")
	exit(t, 3, "--policy", "nowhere", "file")
	exit(t, 3, filepath.Join(t.TempDir(), "nowhere"))
	exit(t, 3, "--nothing")
}

func TestTiles(t *testing.T) {
	dir, _ := setting(t)
	out := filepath.Join(dir, "tiles")
	command(t, "export", "--tiles", out)
	var status struct {
		Journals map[string]struct{ VKey string }
	}
	if err := json.Unmarshal([]byte(command(t, "status", "-o", "json")), &status); err != nil {
		t.Fatal(err)
	}
	log, vkey := filepath.Join(out, "app"), status.Journals["app"].VKey
	exit(t, 0, "--vkey", vkey, log)
	exit(t, 2, log)
	exit(t, 1, "--vkey", status.Journals["system"].VKey, log)
	exit(t, 3, "--vkey", "nonsense", log)
	bundle := filepath.Join(log, "tile/entries/000.p/3")
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(bundle, data, 0o640); err != nil {
		t.Fatal(err)
	}
	exit(t, 1, "--vkey", vkey, log)
	if err := os.Remove(bundle); err != nil {
		t.Fatal(err)
	}
	exit(t, 1, "--vkey", vkey, log)
	exit(t, 3, dir)
}
