package seal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"constat/seal"
)

// authority is a time-stamping authority made of the program openssl.
type authority struct{ dir string }

// newAuthority makes a root and the certificate of an authority. kind is as "openssl genpkey" takes it.
func newAuthority(t testing.TB, kind ...string) authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: ", err)
	}
	a := authority{t.TempDir()}
	a.write(t, "tsa.cnf", `[tsa]
default_tsa = one
[one]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ordering = yes
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
`)
	a.write(t, "serial", "01\n")
	a.run(t, append([]string{"genpkey", "-out", "ca.key"}, kind...)...)
	a.run(t, "req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=Root", "-days", "30", "-out", "ca.pem")
	a.run(t, append([]string{"genpkey", "-out", "tsa.key"}, kind...)...)
	a.run(t, "req", "-new", "-key", "tsa.key", "-subj", "/CN=Stamps", "-out", "tsa.csr")
	a.run(t, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
		"-extfile", "tsa.cnf", "-extensions", "ext", "-out", "tsa.pem")
	return a
}

func (a authority) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a authority) run(t testing.TB, args ...string) {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = a.dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// reply answers a request.
func (a authority) reply(t testing.TB, request []byte) []byte {
	t.Helper()
	a.write(t, "q.tsq", string(request))
	a.run(t, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-inkey", "tsa.key", "-signer", "tsa.pem", "-out", "r.tsr")
	data, err := os.ReadFile(filepath.Join(a.dir, "r.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (a authority) roots(t testing.TB) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, "ca.pem"))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(data) {
		t.Fatal("no root: ", err)
	}
	return pool
}

func TestTimestamp(t *testing.T) {
	for name, kind := range map[string][]string{"RSA": {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"}, "ECDSA": {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t, kind...)
			data := []byte("a checkpoint\n")
			var nonce [16]byte
			rand.Read(nonce[:])
			nonce[0] = 0 // a leading zero is none of the number
			der := a.reply(t, seal.TimestampRequest(data, nonce))
			stamp, err := seal.ParseTimestamp(der)
			if err != nil {
				t.Fatal(err)
			}
			if !stamp.Answers(data, nonce) || stamp.Stamps([]byte("other")) || stamp.Answers(data, [16]byte{1}) || stamp.Policy != "1.2.3.4.1" {
				t.Errorf("%+v", stamp)
			}
			if d := time.Since(stamp.Time); d < -time.Minute || d > time.Minute {
				t.Errorf("time %v", stamp.Time)
			}
			if err := stamp.Check(a.roots(t)); err != nil {
				t.Error(err)
			}
			a.write(t, "data", string(data)) // and what openssl says of what we keep
			a.run(t, "ts", "-verify", "-data", "data", "-in", "r.tsr", "-CAfile", "ca.pem")
			for what, roots := range map[string]*x509.CertPool{"another root": newAuthority(t, kind...).roots(t), "no root": x509.NewCertPool()} {
				if err := stamp.Check(roots); !errors.Is(err, seal.ErrTimestamp) {
					t.Errorf("%s: %v", what, err)
				}
			}
			everyBit(t, der, data, stamp, a.roots(t))
		})
	}
}

// everyBit flips bits all over the token: what is checked then says no, or says the same as before.
func everyBit(t *testing.T, der, data []byte, stamp *seal.Timestamp, roots *x509.CertPool) {
	t.Helper()
	for i := range der {
		bad := bytes.Clone(der)
		bad[i] ^= 1 << (i % 8)
		got, err := seal.ParseTimestamp(bad)
		if err != nil {
			continue
		}
		if got.Check(roots) == nil && got.Stamps(data) && (!got.Time.Equal(stamp.Time) || got.Serial.Cmp(stamp.Serial) != 0) {
			t.Errorf("byte %d: says %v now", i, got.Time)
		}
		if got.Check(roots) == nil && !got.Stamps(data) {
			t.Errorf("byte %d: is about something else now", i)
		}
	}
}

func TestTimestampRefused(t *testing.T) {
	refused := []byte{0x30, 0x19, 0x30, 0x17, 0x02, 0x01, 0x02, 0x30, 0x0c, 0x0c, 0x0a, 'b', 'a', 'd', ' ', 'a', 'n', 's', 'w', 'e', 'r', 0x03, 0x04, 0x05, 0x00, 0x00, 0x20}
	for name, der := range map[string][]byte{"nothing": nil, "refused": refused, "text": []byte("<html>")} {
		if _, err := seal.ParseTimestamp(der); !errors.Is(err, seal.ErrTimestamp) {
			t.Errorf("%s: %v", name, err)
		} else {
			t.Log(err)
		}
	}
}

func FuzzTimestamp(f *testing.F) {
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00})
	if _, err := exec.LookPath("openssl"); err == nil {
		a := newAuthority(f, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
		f.Add(a.reply(f, seal.TimestampRequest([]byte("x"), [16]byte{1})))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		stamp, err := seal.ParseTimestamp(der)
		if err != nil {
			if !errors.Is(err, seal.ErrTimestamp) {
				t.Error(err)
			}
			return
		}
		if err := stamp.Check(x509.NewCertPool()); err == nil {
			t.Error("without a root it is checked")
		}
		stamp.Answers([]byte("x"), [16]byte{1})
	})
}
