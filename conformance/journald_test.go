package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// journalRemote makes a journal file of systemd's out of the journal export format.
const journalRemote = "/lib/systemd/systemd-journal-remote"

// needJournald skips the test where the programs of systemd are not installed, which CI does not let pass.
func needJournald(t *testing.T) {
	t.Helper()
	for _, name := range []string{journalRemote, "journalctl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s: %v; install Debian's systemd-journal-remote", name, err)
		}
	}
}

// fieldsOf is an entry of the journal export format: its lines NAME=VALUE, sorted, without what the reader adds.
type fieldsOf []string

// parseExport reads the journal export format, as its documentation lays it down.
func parseExport(t *testing.T, data []byte) []fieldsOf {
	t.Helper()
	var entries []fieldsOf
	var entry fieldsOf
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		name, value, text := bytes.Cut(line, []byte("="))
		switch {
		case len(line) == 0 && len(entry) > 0:
			sort.Strings(entry)
			entries, entry = append(entries, entry), nil
			continue
		case len(line) == 0:
			continue
		case !text:
			if len(data) < 8 || binary.LittleEndian.Uint64(data) >= uint64(len(data)-8) {
				t.Fatalf("field %q: length is wrong", line)
			}
			n := binary.LittleEndian.Uint64(data)
			value, data = data[8:8+n], data[9+n:]
		}
		if !added.Match(name) {
			entry = append(entry, fmt.Sprintf("%s=%s", name, value))
		}
	}
	return entries
}

// added are the fields that whoever writes the export makes up, or that the file made of it must have.
var added = regexp.MustCompile(`^(__CURSOR|__MONOTONIC_TIMESTAMP|__SEQNUM|__SEQNUM_ID|_BOOT_ID)$`)

// journalFile makes a journal file and has systemd verify it.
func journalFile(t *testing.T, export []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "made.journal")
	run(t, export, journalRemote, "-o", name, "-")
	run(t, nil, "journalctl", "--verify", "--file", name)
	return name
}

func run(t *testing.T, input []byte, name string, arguments ...string) []byte {
	t.Helper()
	c := exec.Command(name, arguments...)
	c.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, arguments, err, &complaint)
	}
	return out
}

// exportOf makes entries with text, binary, repeated, empty and long values.
func exportOf(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "__REALTIME_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=web%02d\nPRIORITY=%d\n", 1760000000000000+i*1000, i%7, i%8)
		fmt.Fprintf(&b, "SYSLOG_IDENTIFIER=app%d\n_PID=%d\nMESSAGE=request %d took %d ms\n", i%5, 300+i, i, i*i%977)
		switch i % 5 {
		case 0:
			binaryField(&b, "DATA", []byte("first\nsecond\x00\xff"))
		case 1:
			b.WriteString("TAG=one\nTAG=two\nEMPTY=\n")
		case 2:
			binaryField(&b, "LONG", bytes.Repeat([]byte("0123456789abcdef\n"), 1+i%3000))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func binaryField(b *bytes.Buffer, name string, value []byte) {
	b.WriteString(name + "\n")
	b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(value))))
	b.Write(value)
	b.WriteByte('\n')
}

// TestJournaldAndBack: a journal of systemd's goes into constat with every field, and out again into a journal that
// systemd accepts and that has them all.
func TestJournaldAndBack(t *testing.T) {
	needJournald(t)
	theirs := run(t, nil, "journalctl", "-o", "export", "--file", journalFile(t, exportOf(2000)))
	want := parseExport(t, theirs)
	if len(want) != 2000 {
		t.Fatalf("journalctl gives %d entries of 2000", len(want))
	}
	store := filepath.Join(t.TempDir(), "store")
	constat(t, store, theirs, "import", "-")
	constat(t, store, nil, "rotate")
	ours := constat(t, store, nil, "show", "--journal", "imported", "-o", "export")
	sameFields(t, "constat", parseExport(t, ours), want)
	back := run(t, nil, "journalctl", "-o", "export", "--file", journalFile(t, ours))
	sameFields(t, "journalctl", parseExport(t, back), want)
	constat(t, store, nil, "verify")
}

func sameFields(t *testing.T, who string, got, want []fieldsOf) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s gives %d entries, want %d", who, len(got), len(want))
	}
	for i := range want {
		if g, w := strings.Join(got[i], "\n"), strings.Join(want[i], "\n"); g != w {
			t.Fatalf("%s, entry %d:\n%.500q\nwant\n%.500q", who, i, g, w)
		}
	}
}

// TestSyslogToJournald: what came as syslog makes a journal that systemd accepts. Names that are none there, such as
// those of structured data, are lost on the way, all others come through.
func TestSyslogToJournald(t *testing.T) {
	needJournald(t)
	sample, err := os.ReadFile("../testdata/sample.log")
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "store")
	constat(t, store, sample, "import", "-")
	ours := constat(t, store, nil, "show", "--journal", "imported", "-o", "export")
	want := parseExport(t, ours)
	for i := range want {
		want[i] = validNames(want[i])
	}
	back := run(t, nil, "journalctl", "-o", "export", "--file", journalFile(t, ours))
	sameFields(t, "journalctl", parseExport(t, back), want)
}

// validNames keeps the fields whose names a journal of systemd's can have (journal_field_valid).
func validNames(fields fieldsOf) fieldsOf {
	var kept fieldsOf
	for _, f := range fields {
		if name, _, _ := strings.Cut(f, "="); journalName.MatchString(name) {
			kept = append(kept, f)
		}
	}
	return kept
}

var journalName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,63}$`)
