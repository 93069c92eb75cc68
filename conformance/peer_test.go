package conformance_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"constat/internal/tiles"
)

// peer is a program written by others.
type peer string

// peerLimit is how long a peer may take; fsck hangs for ever when enough tiles are wrong.
const peerLimit = 120 * time.Second

// buildPeer builds a program from the module in peers. Without its modules the test is skipped, unless CI wants it.
func buildPeer(t *testing.T, pkg string) peer {
	t.Helper()
	program := filepath.Join(t.TempDir(), path.Base(pkg))
	out, err := exec.Command("go", "build", "-C", "peers", "-o", program, pkg).CombinedOutput()
	if err == nil {
		return peer(program)
	}
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	t.Skipf("%s cannot be built: %v: %s", pkg, err, out)
	return ""
}

var success = regexp.MustCompile(`Successfully fsck'd log with size (\d+) and root`)

// check runs fsck with as many workers as it takes to report an error instead of hanging. Its exit status says nothing
// (tessera v1.0.4 exits 0 on failure): the size is that of its success line, 0 if there is none.
func (p peer) check(t *testing.T, url, keyFile string, more ...string) (size int, out string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peerLimit)
	defer cancel()
	args := append([]string{"--storage_url=" + url, "--public_key=" + keyFile, "--ui=false", "-N", "16"}, more...)
	c := exec.CommandContext(ctx, string(p), args...)
	var b bytes.Buffer
	c.Stdout, c.Stderr = &b, &b
	if err := c.Run(); err != nil {
		b.WriteString(err.Error())
	}
	out = b.String()
	if m := success.FindStringSubmatch(out); m != nil && !strings.Contains(out, "fsck failed") {
		size, _ = strconv.Atoi(m[1])
	}
	return size, out
}

// mutilation is something done to one file of an exported log.
type mutilation struct {
	name, file string
	change     func(data []byte) []byte // nil: the file goes
}

// mutilations of a log of that size.
func mutilations(size int) []mutilation {
	partial := tiles.Path{Kind: tiles.Hashes, N: uint64(size / tiles.Full), Width: size % tiles.Full}
	bundle := partial
	bundle.Kind = tiles.Bundle
	return []mutilation{
		{"bit in a bundle", tiles.Path{Kind: tiles.Bundle, N: 100, Width: tiles.Full}.String(), flip(40)},
		{"bit in the last bundle", bundle.String(), flip(40)},
		{"bit in a tile", tiles.Path{Kind: tiles.Hashes, N: 100, Width: tiles.Full}.String(), flip(1000)},
		{"bit in a tile above", tiles.Path{Kind: tiles.Hashes, Level: 1, Width: tiles.Full}.String(), flip(1000)},
		{"two entries swapped", tiles.Path{Kind: tiles.Bundle, N: 7, Width: tiles.Full}.String(), swap},
		{"partial tile missing", partial.String(), nil},
		{"partial bundle missing", bundle.String(), nil},
		{"bit in the checkpoint", "checkpoint", flip(25)},
	}
}

// apply does it and returns what undoes it.
func (m mutilation) apply(t *testing.T, log string) (undo func()) {
	t.Helper()
	name := filepath.Join(log, filepath.FromSlash(m.file))
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.Remove(name)
	}
	if err == nil && m.change != nil {
		err = os.WriteFile(name, m.change(bytes.Clone(data)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		data[at] ^= 4
		return data
	}
}

// swap exchanges the first two entries of a bundle.
func swap(data []byte) []byte {
	first := 2 + int(binary.BigEndian.Uint16(data))
	second := first + 2 + int(binary.BigEndian.Uint16(data[first:]))
	return bytes.Join([][]byte{data[first:second], data[:first], data[second:]}, nil)
}
