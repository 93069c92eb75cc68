package daemon

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/journal/layout"
)

// keysTriedVolatile are the settings of a store in memory: tried here, because no other store can have them.
const keysTriedVolatile = "volatile volatile.station volatile.key volatile.size"

// boots is a station whose memory is a small disk, and which can be started again.
type boots struct {
	*place
	disk *disk
	code string // of the station
}

const bootsName = "lab/station-7"

func newBoots(t *testing.T) *boots {
	t.Helper()
	p := newPlace(t, everything+"volatile:\n  station: "+bootsName+"\n  key: DIR/station.pem\n  size: 32MiB\n")
	b := &boots{place: p, disk: smallDisk(t, p, 64)}
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(filepath.Join(p.dir, "station.pem"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	b.code = strings.TrimSpace(p.run("init", "--station-key", "station.pem", "--station", bootsName, "--code-only"))
	return b
}

// boot starts the daemon in a boot of that number, which the kernel seems to tell.
func (b *boots) boot(n int) *process { return b.serve(b.seems(n)) }

func (b *boots) seems(n int) func(*exec.Cmd) {
	name := filepath.Join(b.dir, "boot-id")
	if err := os.WriteFile(name, fmt.Appendf(nil, "%08d-0000-4000-8000-000000000000\n", n), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return func(c *exec.Cmd) {
		run := append([]string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"`, name}, c.Args...)
		c.Path, c.Args = "/usr/bin/unshare", run
	}
}

// powerOff takes what is in memory away.
func (b *boots) powerOff() {
	b.t.Helper()
	if err := syscall.Unmount(b.disk.dir, syscall.MNT_DETACH); err != nil {
		b.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", b.disk.dir, "tmpfs", 0, "size=64M"); err != nil {
		b.t.Fatal(err)
	}
}

// elsewhere runs the program as on a machine that knows nothing but what it is told.
func (b *boots) elsewhere(args ...string) (out string, status int) {
	c := b.command(args...)
	c.Env = append(c.Env, "XDG_CONFIG_HOME="+b.dir+"/elsewhere", "CONSTAT_STORE="+b.dir+"/none")
	text, err := c.CombinedOutput()
	return string(text), exitCode(err)
}

// TestStationInMemory: a station makes a store at each boot, in memory; its copies and its evidence verify on another
// machine with one code, which says each time what that is worth; and nothing keeps audit entries out.
func TestStationInMemory(t *testing.T) {
	b := newBoots(t)
	for n := 1; n <= 2; n++ {
		d := b.boot(n)
		audited := b.auditAll(t, fmt.Sprint("boot ", n))
		b.send("tcp", fmt.Sprintf("<14>scan: key %d is clean\n", n))
		b.until("the message", func() bool { return b.run("show", "-t", "scan", "-o", "cat") != "" })
		b.run("backup", fmt.Sprint("copy-", n))
		b.run("prove", "app:scan", "-o", fmt.Sprintf("scan-%d.zip", n))
		b.checkAuditedIn(t, filepath.Join(b.dir, fmt.Sprint("copy-", n)), audited)
		b.run("verify", "--code", b.code)
		d.stop()
		b.powerOff()
	}
	for n := 1; n <= 2; n++ {
		dir := fmt.Sprint("copy-", n)
		out, status := b.elsewhere("verify", "--code", b.code, dir)
		if status != 0 || !strings.Contains(out, "VERIFIED") || !strings.Contains(out, "not forward-secure across boots") {
			t.Errorf("boot %d: %d\n%s", n, status, out)
		}
		if out, status := b.elsewhere("verify", dir); status != 2 {
			t.Errorf("without the code: %d\n%s", status, out)
		}
		b.checkEvidence(t, n)
		page, err := os.ReadFile(filepath.Join(b.dir, dir, layout.PageFile))
		if err != nil || !strings.Contains(string(page), "constat verify --code "+b.code) || !strings.Contains(string(page), "not forward-secure across boots") {
			t.Errorf("page of boot %d: %s %v", n, page, err)
		}
	}
	first, second := b.stationIn("copy-1"), b.stationIn("copy-2")
	if first.Code != b.code || second.Code != b.code || first.Boot == second.Boot || first.Limit != "not forward-secure across boots" {
		t.Errorf("%+v %+v", first, second)
	}
}

type inReport struct{ Name, Code, Boot, Limit string }

// stationIn is what verify says of the station, to programs.
func (b *boots) stationIn(dir string) inReport {
	b.t.Helper()
	var r struct{ Station inReport }
	out, _ := b.elsewhere("verify", "--code", b.code, "-o", "json", dir)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	return r.Station
}

func (b *boots) checkAuditedIn(t *testing.T, dir string, want int) {
	t.Helper()
	out, status := b.elsewhere("--store", dir, "show", "--journal", "audit", "-o", "cat")
	if got := strings.Count(out, "\n"); status != 0 || got != want {
		t.Errorf("%d audit entries in %s, want %d: %s", got, dir, want, out)
	}
}

// checkEvidence: with the endorsement of the boot beside it, evidence verifies with the code of the station.
func (b *boots) checkEvidence(t *testing.T, n int) {
	t.Helper()
	file, note := fmt.Sprintf("scan-%d.zip", n), fmt.Sprintf("copy-%d/station.txt", n)
	if out, status := b.elsewhere("verify", "--code", b.code, "--station", note, file); status != 0 || !strings.Contains(out, bootsName) {
		t.Errorf("evidence of boot %d: %d\n%s", n, status, out)
	}
	for name, args := range map[string][]string{
		"of another boot":       {"--code", b.code, "--station", fmt.Sprintf("copy-%d/station.txt", 3-n)},
		"without endorsement":   {"--code", b.code},
		"without a code":        {"--station", note},
		"by the code of no one": {"--code", strings.Repeat("A", 52), "--station", note},
	} {
		if out, status := b.elsewhere(append([]string{"verify", file}, args...)...); status == 0 {
			t.Errorf("evidence %s: %s", name, out)
		}
	}
}

// TestStoreOfAnotherBoot: a station does not go on with a store of a boot before, and a store that would outlive the boot it does not
// make.
func TestStoreOfAnotherBoot(t *testing.T) {
	b := newBoots(t)
	b.boot(1).stop()
	b.boot(1).stop() // the same boot goes on
	for _, what := range []string{"another boot", "a disk"} {
		if what == "a disk" {
			b.store = filepath.Join(b.dir, "on-disk")
		}
		d := b.launch(b.seems(2))
		d.wait()
		if text := d.errs.String(); exitCode(d.end) != 1 || !strings.Contains(text, "constat backup") && !strings.Contains(text, "not in memory") {
			t.Errorf("%s: %v\n%s", what, d.end, text)
		}
	}
	if _, err := os.Stat(b.store); err == nil {
		t.Errorf("a store was made on a disk")
	}
}

// TestInitOfAStation: a store that was made by hand is that of the boot too; the daemon goes on with it, and so does whoever
// knows the code of the station.
func TestInitOfAStation(t *testing.T) {
	b := newBoots(t)
	if code := strings.TrimSpace(b.run("init", "--station-key", "station.pem", "--station", bootsName)); code != b.code {
		t.Errorf("code %s, want %s", code, b.code)
	}
	b.serve().stop()
	b.floorsAreAnHour()
	var status struct{ Station inReport }
	if err := json.Unmarshal([]byte(b.run("status", "-o", "json")), &status); err != nil || status.Station.Code != b.code || status.Station.Name != bootsName {
		t.Errorf("status %+v %v", status, err)
	}
	b.run("backup", "copy")
	for _, dir := range []string{b.store, "copy"} { // pinned by the file of known codes
		if out := b.run("verify", dir); !strings.Contains(out, "VERIFIED") {
			t.Errorf("%s: %s", dir, out)
		}
	}
	if _, errs, err := b.try("vacuum", "--dry-run", "--config", b.file); err != nil {
		t.Errorf("vacuum: %v %s", err, errs)
	}
	b.configure(everything + "volatile:\n  station: " + bootsName + "-2\n  key: DIR/station.pem\n")
	d := b.launch()
	if d.wait(); exitCode(d.end) != 1 || !strings.Contains(d.errs.String(), "constat backup") {
		t.Errorf("another station goes on: %v %s", d.end, &d.errs)
	}
}

// floorsAreAnHour wants no other floor in the store, from its first entry on.
func (b *boots) floorsAreAnHour() {
	b.t.Helper()
	n := 0
	b.each(layout.System, func(e *entry.Entry) {
		if layout.Text(e, layout.Control) != layout.FloorSet {
			return
		}
		if n++; layout.Text(e, layout.Floor) != "3600" {
			b.t.Errorf("floor of %s: %s s", layout.Text(e, layout.JournalName), layout.Text(e, layout.Floor))
		}
	})
	if n == 0 {
		b.t.Error("no floor was set")
	}
}

// TestMemoryRunsFull: a store takes what it may and no more. What is younger than the floor stays; who can wait has to, and
// everything that was acknowledged is there and verifies.
func TestMemoryRunsFull(t *testing.T) {
	b := newBoots(t)
	d := b.boot(1)
	b.importNoise(t, 6<<20)
	b.until("a large head was ended", func() bool { return exists(filepath.Join(b.store, "imported", layout.SegmentName(0))) })
	if out, errs, err := b.importNoise(t, 40<<20); exitCode(err) != 1 || !strings.Contains(errs, "space left") && !strings.Contains(errs, "disk full") {
		t.Fatalf("40 MiB into 32: %v %s%s", err, out, errs)
	}
	if used := sizeOf(t, b.store) + sizeOf(t, b.store+".keys"); used > 32<<20 || used < 20<<20 {
		t.Errorf("%d bytes taken of 32 MiB", used)
	}
	b.send("unixgram", "<14>lost: nobody waits for it")
	b.until("it is counted", func() bool { return b.run("show", "kind:loss", "-o", "cat") != "" })
	if _, errs, err := b.try("vacuum"); exitCode(err) == 2 {
		t.Errorf("vacuum: %v %s", err, errs)
	}
	said := ""
	b.each(layout.System, func(e *entry.Entry) {
		if layout.Text(e, layout.Control) == layout.FloorHolds && layout.Text(e, layout.JournalName) == "imported" {
			said = layout.Text(e, layout.Floor)
		}
	})
	if said != "3600" {
		t.Errorf("the floor holds: %q", said)
	}
	d.stop()
	b.run("verify", "--code", b.code)
	b.floorsAreAnHour()
}

func (b *boots) importNoise(t *testing.T, size int) (out, errs string, err error) {
	t.Helper()
	name := filepath.Join(b.dir, "noise")
	if err := os.WriteFile(name, noise(size), 0o644); err != nil {
		t.Fatal(err)
	}
	return b.try("import", "--format", "text", name)
}

// noise is text that cannot be made smaller, in lines.
func noise(size int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	raw, out := make([]byte, 384), make([]byte, 0, size)
	for len(out) < size {
		random.Read(raw)
		out = append(base64.StdEncoding.AppendEncode(out, raw), '\n')
	}
	return out
}

func sizeOf(t *testing.T, dir string) (total int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return total
}

// TestCopyOfABusyStore: a copy that is made while everything goes on verifies, with segments being made of heads.
func TestCopyOfABusyStore(t *testing.T) {
	p := newPlace(t, everything)
	code := p.make()
	d := p.serve()
	stop, stopped := make(chan struct{}), make(chan struct{})
	conn := p.dial("tcp")
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				fmt.Fprintf(conn, "<14>busy: message %d\n", i)
			}
			if i%20 == 0 {
				time.Sleep(time.Millisecond) // else no conversion keeps up
			}
		}
	}()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		p.run("rotate")
		dir := fmt.Sprint("copy-", time.Now().UnixNano())
		p.run("backup", dir)
		p.verifies(code, dir, 0)
	}
	close(stop)
	<-stopped
	d.stop()
	p.verifies(code, p.store, 0)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
