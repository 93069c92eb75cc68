package conformance_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/evidence"
	"constat/internal/cli"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// constat runs a command on a store of the test.
func constat(t *testing.T, dir string, args ...string) string {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(filepath.Dir(dir), "config"))
	t.Setenv("CONSTAT_SOCKET", "")
	var out, errs bytes.Buffer
	if status := cli.Run(t.Context(), append([]string{"--store", dir}, args...), strings.NewReader(""), &out, &errs, nil); status != 0 {
		t.Fatalf("constat %s: status %d\n%s%s", strings.Join(args, " "), status, &out, &errs)
	}
	return out.String()
}

// provable makes a store on disk that no writer holds, with n entries in the journal imported.
func provable(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	lines := filepath.Join(t.TempDir(), "lines")
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "<38>1 2026-01-02T03:04:%02d.%03d+01:00 web%d sshd 4711 - - Failed password for invalid user guest%d from 192.0.2.%d port %d ssh2\n", i%60, i%1000, i%3, i, i%250, 30000+i)
	}
	if err := os.WriteFile(lines, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	constat(t, dir, "init", "--origin", "station.example/log")
	constat(t, dir, "import", lines)
	return dir
}

// TestSpicy lets a program of others check the proof of one entry.
func TestSpicy(t *testing.T) {
	spicy := buildPeer(t, "filippo.io/torchwood/cmd/spicy")
	dir := provable(t, 5000)
	proof := filepath.Join(t.TempDir(), "one.tlog-proof")
	constat(t, dir, "prove", "-o", proof, "--format", "tlog-proof", "guest4321")
	leaf, err := os.ReadFile(proof + ".leaf")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(proof)
	if err != nil {
		t.Fatal(err)
	}
	_, old, _ := bytes.Cut(text, []byte("\n")) // spicy of torchwood v0.9.0 is older than the first line
	status := constat(t, dir, "status", "-o", "json")
	vkey := vkeyOf(t, status, "imported")
	for _, c := range []struct {
		name string
		leaf []byte
		good bool
	}{{"the entry", leaf, true}, {"another", append(bytes.Clone(leaf[:len(leaf)-1]), 'x'), false}} {
		file := filepath.Join(t.TempDir(), "entry")
		if err := os.WriteFile(file, c.leaf, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+".spicy", old, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(string(spicy), "-verify", vkey, file).CombinedOutput()
		if (err == nil) != c.good {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
}

// vkeyOf finds the verifier key of a journal in what status says.
func vkeyOf(t *testing.T, status, journal string) string {
	t.Helper()
	_, rest, ok := strings.Cut(status, `"station.example/log/`+journal+"+")
	key, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		t.Fatalf("no key of journal %s in %s", journal, status)
	}
	return "station.example/log/" + journal + "+" + key
}

// browser is a headless Chromium.
type browser string

// needBrowser finds it, or skips the test, which CI does not let pass.
func needBrowser(t *testing.T) browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser(path)
		}
	}
	t.Skip("no Chromium; install Debian's chromium and poppler-utils")
	return ""
}

// run starts it with a page.
func (b browser) run(t *testing.T, page string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, string(b), append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir=" + t.TempDir(), "--virtual-time-budget=20000"}, append(args, "file://"+page)...)...)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return string(out)
}

// pageOf makes a page about n entries.
func pageOf(t *testing.T, n int) (page string) {
	t.Helper()
	dir := provable(t, 1000)
	page = filepath.Join(t.TempDir(), "page.html")
	constat(t, dir, "prove", "-o", page, "-n", strconv.Itoa(n), "--journal", "imported")
	return page
}

// TestPageInBrowser wants the verdict of the page about itself to be right.
func TestPageInBrowser(t *testing.T) {
	b := needBrowser(t)
	page := pageOf(t, 20)
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, with, verdict string }{
		{"good", "", "", "good"},
		{"browser without Ed25519", `{ name: "Ed25519" }, false`, `{ name: "none" }, false`, "good"},
		{"message", "user guest990 from", "user root from", "bad"},
		{"time", "03:04:30.990", "03:05:30.990", "bad"},
		{"count shown", `<b id="shown">20<`, `<b id="shown">21<`, "bad"},
		{"count withheld", `<b id="withheld">980<`, `<b id="withheld">0<`, "bad"},
		{"origin", `id="origin">station.example/log<`, `id="origin">other.example/log<`, "bad"},
		{"question", `id="question">--journal`, `id="question">all --journal`, "bad"},
	} {
		forged := bytes.Replace(data, []byte(c.old), []byte(c.with), 1)
		if c.old != "" && bytes.Equal(forged, data) {
			t.Fatalf("%s: nothing to forge", c.name)
		}
		file := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(file, forged, 0o600); err != nil {
			t.Fatal(err)
		}
		dom := b.run(t, file, "--dump-dom")
		_, said, _ := strings.Cut(dom, `id="verdict">`)
		said, _, _ = strings.Cut(said, "</div>")
		if !strings.Contains(dom, `data-checked="`+c.verdict+`"`) {
			t.Errorf("%s: want %s: %s", c.name, c.verdict, said)
		}
		if without := c.name == "browser without Ed25519"; strings.Contains(said, "lacks Ed25519") != without {
			t.Errorf("%s: the page says the wrong thing of Ed25519", c.name)
		}
	}
}

// TestPageInPrint wants 20 entries on at most three sheets, with what matters on the first, and nothing cut.
func TestPageInPrint(t *testing.T) {
	b := needBrowser(t)
	page := pageOf(t, 20)
	pdf := filepath.Join(t.TempDir(), "page.pdf")
	b.run(t, page, "--no-pdf-header-footer", "--print-to-pdf="+pdf)
	info, err := exec.Command("pdfinfo", pdf).Output()
	if err != nil {
		t.Fatalf("pdfinfo of poppler-utils: %v", err)
	}
	_, rest, _ := strings.Cut(string(info), "Pages:")
	if pages, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0])); err != nil || pages > 3 {
		t.Errorf("%d pages, %v", pages, err)
	}
	text := func(args ...string) string {
		out, err := exec.Command("pdftotext", append(args, pdf, "-")...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(out)), "")
	}
	first, all := text("-l", "1"), text()
	for _, want := range []string{"entriesshown", "20of20entries", "20shown,980withheld,0missing", "station.example/log", "Whatisnotproven", "Whovouches", "Thispageagreeswiththesignedjournalitcarries"} {
		if !strings.Contains(first, want) {
			t.Errorf("page 1 lacks %s: %s", want, first)
		}
	}
	for i := 980; i < 1000; i++ {
		if want := fmt.Sprintf("guest%d", i); !strings.Contains(all, want) {
			t.Errorf("%s is not in print", want)
		}
	}
	if !strings.Contains(all, "SHA-256ofthefilehandedover") {
		t.Error("no signature block")
	}
}

// TestWitnessedPageInBrowser wants the page to list who cosigned system, and what its seals state of the journal that is
// shown; and to refuse a checkpoint of another root.
func TestWitnessedPageInBrowser(t *testing.T) {
	b := needBrowser(t)
	dir, file, page := provable(t, 50), filepath.Join(t.TempDir(), "case.evidence.zip"), filepath.Join(t.TempDir(), "page.html")
	wide := appendWide(t, dir)
	constat(t, dir, "prove", "--private", "-o", file, "--journal", "imported", "guest7 OR wide")
	key, err := seal.NewWitnessKey("witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile(filepath.Join(dir, layout.System, layout.CheckpointFile))
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := seal.Cosignatures(note)
	if err != nil {
		t.Fatal(err)
	}
	note = append(note, key.Cosign(text, 1_800_000_000).Line()...)
	if err := os.WriteFile(filepath.Join(dir, layout.System, layout.CosignedFile), note, 0o640); err != nil {
		t.Fatal(err)
	}
	stampedBy(t, filepath.Join(dir, layout.System))
	constat(t, dir, "prove", "--upgrade", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := evidence.Page(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, data, 0o600); err != nil {
		t.Fatal(err)
	}
	dom := b.run(t, page, "--dump-dom")
	_, said, _ := strings.Cut(dom, `id="witnesses">`)
	said, _, _ = strings.Cut(said, "</li>")
	if want := "of station.example/log/system by 2027-01-15T08:00:00Z, and with its seals imported up to entry 51"; !strings.Contains(said, want) || !strings.Contains(said, "Time stamps came with it, which this page does not check: anchors/system-") || !strings.Contains(dom, `data-checked="good"`) {
		t.Errorf("want %q: %s", want, said)
	}
	nothing := filepath.Join(t.TempDir(), "nothing.html")
	constat(t, dir, "prove", "-o", nothing, "--journal", "imported", "nobody")
	if dom := b.run(t, nothing, "--dump-dom"); !strings.Contains(dom, `data-checked="good"`) {
		t.Error("a page that shows nothing does not agree with itself")
	}
	if want := "wide · EMAIL=alice@example.org</td>"; !strings.Contains(dom, want) {
		t.Errorf("the page lacks %q", want)
	}
	root := strings.Split(text, "\n")[2]
	disclosed := fileOf(t, whole, "disclosed.bin")
	for _, c := range []struct {
		file, old, with, said string
	}{
		{string(note), root, strings.Repeat("A", 43) + "=", "do not lead to the root that others saw"},
		{disclosed, "alice@", "elice@", "the table does not say what the entry says"},
		{disclosed, wide, strings.ToUpper(wide), "a disclosed value is not the one that was kept"},
	} {
		base64 := base64.StdEncoding.EncodeToString
		forged := bytes.Replace(data, []byte(base64([]byte(c.file))), []byte(base64([]byte(strings.Replace(c.file, c.old, c.with, 1)))), 1)
		if bytes.Equal(forged, data) {
			t.Fatalf("nothing to forge: %s", c.said)
		}
		if err := os.WriteFile(page, forged, 0o600); err != nil {
			t.Fatal(err)
		}
		if dom := b.run(t, page, "--dump-dom"); !strings.Contains(dom, `data-checked="bad"`) || !strings.Contains(dom, c.said) {
			t.Errorf("taken, which should not: %s", c.said)
		}
	}
}

// appendWide appends an entry of so many fields that they are packed into one, a private one among them, and returns a value
// of another.
func appendWide(t *testing.T, dir string) (value string) {
	t.Helper()
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := entry.Entry{Renderer: entry.RenderText}
	e.AddString("MESSAGE", "wide", entry.Claimed)
	for i := range 4000 {
		e.AddString(fmt.Sprintf("FIELD_%d", i), "twenty bytes of text", entry.Claimed)
	}
	e.Fields = append(e.Fields, entry.Field{Name: "EMAIL", Value: []byte("alice@example.org"), Form: entry.Private})
	if _, err = w.Append("imported", []entry.Entry{e}); err == nil {
		err = w.Checkpoint()
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return "twenty bytes of text"
}

// fileOf is a file of a zip.
func fileOf(t *testing.T, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(z, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stampedBy has openssl stamp the checkpoint of a journal, and keeps the token as the daemon does.
func stampedBy(t *testing.T, journal string) {
	t.Helper()
	need(t, "openssl")
	dir := t.TempDir()
	for name, text := range map[string]string{"serial": "01\n",
		"tsa.cnf": "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\ndefault_policy = 1.2.3\ndigests = sha256\nsigner_digest = sha256\ness_cert_id_alg = sha256\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(journal, layout.TimestampedFile)
	note, err := os.ReadFile(filepath.Join(journal, layout.CheckpointFile))
	if err == nil {
		err = os.WriteFile(data, note, 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
	command(t, dir, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "tsa.pem",
		"-subj", "/CN=Stamps", "-addext", "extendedKeyUsage=critical,timeStamping")
	command(t, dir, "openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", "q.tsq")
	command(t, dir, "openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-inkey", "key.pem", "-signer", "tsa.pem", "-out", filepath.Join(journal, layout.TokenFile))
}
