package evidence

import (
	"bytes"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"constat/entry"
	"constat/seal"
)

// authority is a time-stamping authority made of the program openssl.
type authority struct{ dir string }

func newAuthority(t *testing.T) authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: ", err)
	}
	a := authority{t.TempDir()}
	a.write(t, "tsa.cnf", []byte("[tsa]\ndefault_tsa = one\n[one]\nserial = serial\ndefault_policy = 1.2.3\ndigests = sha256\nsigner_digest = sha256\ness_cert_id_alg = sha256\n"))
	a.write(t, "serial", []byte("01\n"))
	for _, name := range []string{"tsa", "other"} {
		a.run(t, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name+".key", "-out", name+".pem",
			"-subj", "/CN="+name, "-addext", "extendedKeyUsage=critical,timeStamping")
	}
	return a
}

func (a authority) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a authority) run(t *testing.T, args ...string) {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = a.dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// stamp has data stamped.
func (a authority) stamp(t *testing.T, data []byte) []byte {
	t.Helper()
	a.write(t, "data", data)
	a.run(t, "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "q.tsq")
	a.run(t, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-inkey", "tsa.key", "-signer", "tsa.pem", "-out", "r.tsr")
	token, err := os.ReadFile(filepath.Join(a.dir, "r.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (a authority) roots(t *testing.T, name string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, name+".pem"))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	return pool
}

// TestStamps holds evidence to time stamps: one over system with a seal over what is shown, and one in an entry before that.
func TestStamps(t *testing.T) {
	a := newAuthority(t)
	w := newWorld(t)
	w.fill(10)
	early := Stamped{Journal: "system", Signed: w.system.Checkpoint()}
	early.Token = a.stamp(t, early.Signed)
	e := entry.Entry{Kind: entry.Control, Received: w.clock}
	e.AddString("CONTROL", "timestamped", entry.Observed)
	e.Add("CHECKPOINT", early.Signed, entry.Observed)
	e.Add("TOKEN", early.Token, entry.Observed)
	at := w.system.add(e)
	low := w.seal(t) // over 10 of main
	w.fill(30)
	s := w.seal(t)
	late := Stamped{Journal: "system", Signed: w.system.Checkpoint()}
	late.Token = a.stamp(t, late.Signed)
	own := Stamped{Journal: "main", Signed: w.main.Checkpoint()}
	own.Token = a.stamp(t, own.Signed)
	made := func(stamps ...Stamped) []byte {
		d, err := Prepare(w.request(s, false, 12, 20))
		if err != nil {
			t.Fatal(err)
		}
		zip, err := d.Finish(Proof{Logs: w.logs(), Support: []uint64{at}, Seals: []seal.Seal{*low, *s}, Stamped: stamps})
		if err != nil {
			t.Fatal(err)
		}
		return zip
	}
	zip := made(early, late, own)
	r := Verify(zip, w.pin())
	if r.Verdict != Verified || r.Title != "VERIFIED, NOT ANCHORED" {
		t.Fatal(r.Text())
	}
	for _, want := range []string{
		" timestamp     not checked: 40 entries of journal main were there at 20",
		"; 1 entries of journal system were there at 20", ", and what is shown came later, behind entry 1 of journal system, which holds this stamp; ",
		"; 4 entries of journal system were there at 20", "Z, and what is shown; whether an authority signed that is found with: openssl ts -verify -data anchors/system-4 -in anchors/system-4.tsr -CAfile CA.pem",
	} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("want %q: %s", want, r.Text())
		}
	}
	a.asksOpenSSL(t, zip, r.Text(), 3)

	with := func(zip []byte, ca string) *Report {
		o := w.pin()
		o.StampRoots = a.roots(t, ca)
		return Verify(zip, o)
	}
	if r := with(zip, "tsa"); r.Verdict != Verified || r.Title != "VERIFIED" || strings.Count(r.Text(), "signed by an authority under the CA given") != 3 {
		t.Errorf("with the CA: %s", r.Text())
	}
	if r := with(made(early), "tsa"); r.Verdict != Verified || r.Title != "VERIFIED, NOT ANCHORED" {
		t.Errorf("only a stamp from before: %s", r.Text())
	}
	for name, r := range map[string]*Report{"another CA": with(zip, "other"), "no stamp": with(made(), "tsa")} {
		if r.Verdict != Below || r.Title != "VERIFIED, NOT TIME-STAMPED" {
			t.Errorf("%s: %s", name, r.Text())
		}
	}
	page, err := Page(zip)
	if err != nil {
		t.Fatal(err)
	}
	if r := with(page, "tsa"); r.Title != "VERIFIED" {
		t.Errorf("page: %s", r.Text())
	}
	for name, c := range map[string]struct {
		change func([]file) []file
		rule   string
	}{
		"token of another":   {edit("anchors/main-40.tsr", func([]byte) []byte { return late.Token }), "timestamp"},
		"no token":           {edit("anchors/main-40.tsr", func([]byte) []byte { return []byte("x") }), "timestamp"},
		"another checkpoint": {edit("anchors/main-40", func([]byte) []byte { return late.Signed }), "timestamp"},
		"token without":      {func(f []file) []file { return without(f, "anchors/main-40") }, "format"},
		"checkpoint without": {func(f []file) []file { return without(f, "anchors/main-40.tsr") }, "format"},
		"the last without":   {func(f []file) []file { return without(f, "anchors/system-4.tsr") }, "format"},
		"of no such size": {func(f []file) []file {
			return append(without(f, "anchors/main-40", "anchors/main-40.tsr"), file{"anchors/main-41", own.Signed}, file{"anchors/main-41.tsr", own.Token})
		}, "timestamp"},
		"of no journal": {func(f []file) []file {
			return append(f, file{"anchors/zero-4", late.Signed}, file{"anchors/zero-4.tsr", late.Token})
		}, "timestamp"},
		"in another spelling": {func(f []file) []file {
			return append(f, file{"anchors/main-040", own.Signed}, file{"anchors/main-040.tsr", own.Token})
		}, "format"},
	} {
		if r := Verify(rezipped(t, zip, c.change), w.pin()); r.Verdict != Tampered || !r.failed(c.rule) {
			t.Errorf("%s: %s", name, r.Text())
		}
	}
}

func without(files []file, names ...string) (out []file) {
	for _, f := range files {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+f.name+" ") {
			out = append(out, f)
		}
	}
	return out
}

// asksOpenSSL runs the commands that a report names in the unpacked file, with the right CA and with another one.
func (a authority) asksOpenSSL(t *testing.T, zip []byte, text string, want int) {
	t.Helper()
	files, err := parseZip(zip)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commands := regexp.MustCompile(`openssl ts -verify [^;\n]+`).FindAllString(text, -1)
	if len(commands) != want {
		t.Errorf("%d commands, want %d: %q", len(commands), want, commands)
	}
	for _, line := range commands {
		for ca, good := range map[string]bool{"tsa": true, "other": false} {
			args := strings.Fields(strings.Replace(line, "CA.pem", filepath.Join(a.dir, ca+".pem"), 1))
			c := exec.Command(args[0], args[1:]...)
			c.Dir = dir
			out, err := c.CombinedOutput()
			if (err == nil) != good || bytes.Contains(out, []byte("Verification: OK")) != good {
				t.Errorf("%s with %s: %v\n%s", line, ca, err, out)
			}
		}
	}
}
