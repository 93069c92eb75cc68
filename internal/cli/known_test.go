package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"constat/seal"
)

func certificate(origin string, number byte) seal.Certificate {
	c := seal.Certificate{Origin: origin, Identity: seal.NewIdentity().Public(), SealAfter: seal.DefaultSealAfter,
		Heartbeat: seal.DefaultHeartbeat, Keys: seal.DefaultKeys}
	c.Store[0] = number
	return c
}

// Stores that are made at the same time are all noted, whatever their directories are called.
func TestRememberTogether(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			if _, err := remember(certificate("host.example", byte(i)), fmt.Sprintf("/a \"b\"\n%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	name, err := knownCodesFile()
	if err != nil {
		t.Fatal(err)
	}
	known, err := readKnown(name)
	if err != nil || len(known) != 20 {
		t.Errorf("%d noted, %v", len(known), err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 2 { // the file and its lock
		t.Errorf("left behind: %v %v", left, err)
	}
}

// The directory speaks first, then the code, then the id of the store.
func TestPinFor(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	one, two := certificate("one.example", 1), certificate("two.example", 2)
	for dir, c := range map[string]seal.Certificate{"/one": one, "/two": two} {
		if _, err := remember(c, dir); err != nil {
			t.Fatal(err)
		}
	}
	forged := certificate("one.example", 1) // same id, another key
	for name, c := range map[string]struct {
		found seal.Certificate
		dir   string
		want  seal.Certificate
	}{
		"at its place":           {one, "/one", one},
		"copied":                 {one, "/mnt/copy", one},
		"replaced by another":    {two, "/one", one},
		"replaced by a stranger": {certificate("x.example", 3), "/one", one},
		"forged, elsewhere":      {forged, "/mnt/copy", one},
	} {
		pin, _, err := pinFor(c.found, c.dir)
		if err != nil || pin == nil || *pin != c.want.Code() {
			t.Errorf("%s: %v %v", name, pin, err)
		}
	}
	if pin, _, err := pinFor(certificate("x.example", 3), "/x"); pin != nil || err != nil {
		t.Errorf("a stranger is pinned: %v %v", pin, err)
	}
}

// A damaged line is an error that names it: verify must not go on without the pin.
func TestKnownCodesDamaged(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	if _, err := remember(certificate("one.example", 1), "/one"); err != nil {
		t.Fatal(err)
	}
	name, _ := knownCodesFile()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"nonsense", strings.Replace(string(data), "one.example", "", 1), "X" + string(data)[1:20]} {
		if err := os.WriteFile(name, []byte("# a comment\n\n"+bad+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := pinFor(certificate("one.example", 1), "/one"); err == nil || !strings.Contains(err.Error(), "known-codes line 3") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, Größe 10 µs\n": "plain text, Größe 10 µs\n",
		"\x1b[2K\r":                 `\x1b[2K\x0d`,
		"bad \xff":                  `bad \xff`,
		"\u202e\u009b":              `\xe2\x80\xae\xc2\x9b`,
		"\ufffd":                    "\ufffd",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// remember notes the store by its own code.
func remember(c seal.Certificate, dir string) ([]knownStore, error) {
	return rememberCode(c.Code(), c, dir)
}
