package xen_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/internal/input/inputtest"
	"constat/internal/input/xen"
)

// bootSector is a machine that writes a text into its first serial port for ever: 512 bytes for a PC.
func bootSector(text string) []byte {
	code := []byte{
		0x31, 0xc0, 0x8e, 0xd8, 0xfc, // xor ax,ax; mov ds,ax; cld
		0xbe, 0x1f, 0x7c, // again: mov si,text
		0xac, 0x84, 0xc0, 0x74, 0xf8, // next: lodsb; test al,al; jz again
		0x88, 0xc3, 0xba, 0xfd, 0x03, // mov bl,al; mov dx,3fd
		0xec, 0xa8, 0x20, 0x74, 0xf8, // wait: in al,dx; test al,20; jz wait
		0x88, 0xd8, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xe9, // mov al,bl; mov dx,3f8; out dx,al; jmp next
	}
	sector := make([]byte, 512)
	copy(sector[copy(sector, code):], text)
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

// TestQEMU: the socket of QEMU itself, with a guest that writes, serves one client, is left behind by a QEMU that is killed,
// and is there again with the next one. The double of package xentest does as it does.
func TestQEMU(t *testing.T) {
	program, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		t.Skip("no qemu-system-x86_64 (Debian: qemu-system-x86)")
	}
	s, sink := newStation(t), inputtest.NewSink(t)
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	floppy := filepath.Join(t.TempDir(), "floppy")
	entry := header + "ligne 1\nligne 2"
	if err := os.WriteFile(floppy, append(bootSector(entry+"\n"), make([]byte, 1440<<10-512)...), 0o600); err != nil {
		t.Fatal(err)
	}
	boot := func() *exec.Cmd {
		c := exec.Command(program, "-display", "none", "-M", "pc", "-m", "16", "-net", "none", "-boot", "a",
			"-drive", "format=raw,if=floppy,readonly=on,file="+floppy,
			"-chardev", "socket,id=c,server=on,wait=off,path="+s.path("q"), "-serial", "chardev:c")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill(); c.Wait() })
		return c
	}
	for life := 1; life <= 2; life++ {
		c := boot()
		before := whole(sink, entry)
		until(t, "the guest writes", func() bool { return whole(sink, entry) > before+100 })
		if conn, err := net.Dial("unix", s.path("q")); err != nil {
			t.Errorf("a second client: %v", err)
		} else {
			conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			if n, err := conn.Read(make([]byte, 100)); n > 0 || err == nil {
				t.Errorf("a second client hears %d octets: %v", n, err)
			}
			conn.Close()
		}
		c.Process.Kill()
		c.Wait()
		until(t, "the end is noted", func() bool { return happened(sink, "disconnected") >= life })
		if _, err := os.Lstat(s.path("q")); err != nil {
			t.Errorf("QEMU that was killed left no socket: %v", err)
		}
	}
	first, _, _ := strings.Cut(entry, "\n")
	cut := 0 // entries of which the machine had written the first line when it was killed
	for _, m := range sink.Messages() {
		if m.Octets == first {
			cut++
		} else if m.Flag == "" && m.Octets != entry {
			t.Fatalf("mixed: %q", m.Octets)
		}
	}
	if cut > 2 {
		t.Errorf("%d entries without their second line, of two machines", cut)
	}
}

// whole counts messages that are just that.
func whole(sink *inputtest.Sink, octets string) (n int) {
	for _, m := range sink.Messages() {
		if m.Octets == octets && m.Flag == "" {
			n++
		}
	}
	return n
}
