//go:build long

package daemon

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/internal/input/xen/xentest"
	"constat/station"
)

// bridge is a machine that passes what comes in at each of its two serial ports on to the other: 512 bytes for a PC.
func bridge() []byte {
	code := []byte{
		0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0x14, // again: has 3f8 something? no: other
		0xba, 0xf8, 0x03, 0xec, 0x88, 0xc3, // read it into bl
		0xba, 0xfd, 0x02, 0xec, 0xa8, 0x20, 0x74, 0xfb, // wait until 2f8 takes something
		0x88, 0xd8, 0xba, 0xf8, 0x02, 0xee, // write it
		0xba, 0xfd, 0x02, 0xec, 0xa8, 0x01, 0x74, 0xdc, // other: has 2f8 something? no: again
		0xba, 0xf8, 0x02, 0xec, 0x88, 0xc3, // and the same the other way
		0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb,
		0x88, 0xd8, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xc6, // jmp again
	}
	sector := make([]byte, 512)
	copy(sector, code)
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

// TestQueryQEMU: question and answer go over the socket of QEMU itself, through a guest, to the terminal of a program. Only
// with -tags long: it takes half a minute.
func TestQueryQEMU(t *testing.T) {
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("no qemu-system-x86_64 (Debian: qemu-system-x86)")
	}
	p := newPlace(t, "listen:\n  xen: [DIR]\nhttp: off\n")
	floppy := filepath.Join(p.dir, "floppy")
	if err := os.WriteFile(floppy, append(bridge(), make([]byte, 1440<<10-512)...), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(qemu, "-display", "none", "-M", "pc", "-m", "16", "-net", "none", "-boot", "a",
		"-drive", "format=raw,if=floppy,readonly=on,file="+floppy, "-chardev", "pty,id=p", "-serial", "chardev:p",
		"-chardev", "socket,id=q,server=on,wait=off,path="+filepath.Join(p.dir, "q-query.sock"), "-serial", "chardev:q")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	said, err := bufio.NewReader(out).ReadString('\n')
	_, path, ok := strings.Cut(said, "redirected to ")
	device, _, _ := strings.Cut(path, " ")
	if err != nil || !ok {
		t.Fatalf("%q, %v", said, err)
	}
	logs, err := xentest.Start(filepath.Join(p.dir, "q-log.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Stop()
	d := p.serve()
	const entries = 300
	for n := range entries {
		fmt.Fprintf(logs, "2026-11-21 19:41:24,081 INFO     q          [m                   ] number %d %s\n", n, strings.Repeat("x", 200))
	}
	p.until("all is there", func() bool { logs.Write(nil); return len(p.all("system")) >= entries+2 })
	from := station.Source{Channel: device, Timeout: time.Minute}
	var l station.Log
	p.until("the machine runs", func() bool {
		short := station.Source{Channel: device, Timeout: 2 * time.Second}
		_, err := short.GetLog(context.Background(), station.Query{Limit: 1})
		return err == nil
	})
	if l, err = from.GetLog(context.Background(), station.Query{Module: "m"}); err != nil || len(l.Entries) != entries {
		t.Errorf("%d entries, %v", len(l.Entries), err)
	}
	dir := t.TempDir()
	saved, err := from.SaveLog(context.Background(), dir, station.Save{Name: "j", AnyDirectory: true, Query: station.Query{Module: "m"}})
	if err != nil || saved.Entries != entries {
		t.Error(saved, err)
	}
	d.stop()
	p.verify()
}
