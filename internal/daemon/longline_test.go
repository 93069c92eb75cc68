package daemon

import (
	"bytes"
	"testing"

	"constat/internal/vfs"
)

// TestLongLine: of a line above 16 MiB that "constat log" gives to the daemon the beginning is kept, and how much is
// missing.
func TestLongLine(t *testing.T) {
	p := newPlace(t, localOnly)
	d := p.serve()
	const limit, more = 16 << 20, 1234
	c := p.command("log", "-t", "long")
	c.Stdin = bytes.NewReader(append(bytes.Repeat([]byte{'x'}, limit+more), "\nshort\n"...))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	d.stop()
	p.verify()
	found := 0
	for _, k := range entriesOf(t, vfs.OS(), p.store, "system") {
		switch {
		case k.fields["SYSLOG_IDENTIFIER"] != "long":
		case k.fields["MESSAGE"] == "short":
			found++
			if cut, has := k.fields["TRUNCATED_BYTES"]; has {
				t.Errorf("short line: cut by %s", cut)
			}
		default:
			found++
			if n, cut := len(k.fields["MESSAGE"]), k.fields["TRUNCATED_BYTES"]; n != limit || cut != itoa(more) {
				t.Errorf("%d octets kept, %q said to be missing", n, cut)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d lines kept", found)
	}
}
