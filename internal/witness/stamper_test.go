package witness

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/layout"
)

// openssl runs the program in a directory.
func openssl(t testing.TB, dir string, args ...string) {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("openssl %v: %v\n%s", args, err, out)
	}
}

// newAuthority is an authority behind HTTP, and the directory of its files.
func newAuthority(t testing.TB) (url, dir string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: ", err)
	}
	dir = t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write("tsa.cnf", "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\ndefault_policy = 1.2.3\ndigests = sha256\nsigner_digest = sha256\ness_cert_id_alg = sha256\n")
	write("serial", "01\n")
	openssl(t, dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "tsa.pem",
		"-subj", "/CN=Stamps", "-addext", "extendedKeyUsage=critical,timeStamping")
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		write("q.tsq", string(body))
		openssl(t, dir, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-inkey", "key.pem", "-signer", "tsa.pem", "-out", "r.tsr")
		w.Header().Set("Content-Type", replyType)
		http.ServeFile(w, r, filepath.Join(dir, "r.tsr"))
	}))
	t.Cleanup(h.Close)
	return h.URL, dir
}

func newTestStamper(t testing.TB, s *ourStore, url string) *Stamper {
	t.Helper()
	r, err := journal.OpenReader(s.fsys, storeDir)
	if err != nil {
		t.Fatal(err)
	}
	return NewStamper(StamperConfig{FS: s.fsys, Reader: r, URL: url, Journals: []string{"app"}, Now: func() time.Time { return s.now },
		Report: func(err error) { s.reports = append(s.reports, err.Error()) },
		Write: func(_ context.Context, list []entry.Entry) error {
			_, err := s.writer.Append(layout.System, list)
			return errors.Join(err, s.writer.Checkpoint())
		}})
}

func TestStamper(t *testing.T) {
	url, dir := newAuthority(t)
	disk := crashfs.New()
	s := newStore(t, disk)
	s.now = time.Now()
	s.ask(t, "app") // for controls
	stamper := newTestStamper(t, s, url)
	stamper.round(t.Context())
	s.must(t, "app", 7)
	for range 100 { // once, whatever the number of rounds
		s.now = s.now.Add(time.Minute)
		stamper.round(t.Context())
	}
	after := disk.Crash(nil)
	note, stamp, err := ReadStamp(after, storeDir+"/app")
	if err != nil || !strings.Contains(string(note), "our.example/app\n7\n") || time.Since(stamp.Time).Abs() > time.Minute {
		t.Fatalf("%v: %q %+v, reports %q", err, note, stamp, s.reports)
	}
	if n := s.controls(t, layout.Timestamped); n != 1 {
		t.Errorf("%d entries", n)
	}
	for name, file := range map[string]string{"note": layout.TimestampedFile, "token": layout.TokenFile} { // openssl checks our files
		data, err := after.ReadFile(storeDir + "/app/" + file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	openssl(t, dir, "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "tsa.pem")
	if x := stamper.States(); len(x) != 1 || x[0].Size != 7 || x[0].Problem != "" {
		t.Errorf("%+v", x)
	}
	// A token of another checkpoint, as a crash can leave it, is asked for again.
	if err := disk.WriteFile(storeDir+"/app/"+layout.TimestampedFile, []byte("another\n")); err != nil {
		t.Fatal(err)
	}
	again := newTestStamper(t, s, url)
	again.round(t.Context())
	if _, _, err := ReadStamp(disk, storeDir+"/app"); err != nil || s.controls(t, layout.Timestamped) != 2 {
		t.Errorf("%v, %q", err, s.reports)
	}
}

func TestStamperRefused(t *testing.T) {
	s := newStore(t, crashfs.New())
	s.must(t, "app", 7)
	status, body := 200, "<html>"
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	defer h.Close()
	stamper := newTestStamper(t, s, h.URL)
	stamper.round(t.Context())
	stamper.round(t.Context()) // not at once again
	if x := stamper.States()[0]; x.Failures != 1 || !strings.Contains(x.Problem, "bad time stamp") || len(s.reports) != 1 {
		t.Errorf("%+v %q", x, s.reports)
	}
	status, body = 503, "later"
	s.now = s.now.Add(time.Hour)
	stamper.round(t.Context())
	if x := stamper.States()[0]; x.Failures != 2 || !strings.Contains(x.Problem, `answered 503 "later"`) {
		t.Errorf("%+v", x)
	}
	if _, _, err := ReadStamp(s.fsys, storeDir+"/app"); err == nil {
		t.Error("something was kept")
	}
}
