package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/vfs"
	"constat/internal/witness"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"

	"golang.org/x/mod/sumdb/note"
)

// publishedOrigin is the origin of the journal whose log is checked.
const publishedOrigin = "peers.example/log/" + published

// need skips the test if a program is not there, unless CI wants it.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if ci := os.Getenv("CI"); ci != "" && ci != "false" {
				t.Fatalf("%s is not installed: %v", p, err)
			}
			t.Skipf("%s is not installed: %v", p, err)
		}
	}
}

// lines collects what a program says.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// background runs a program until the test ends.
func background(t *testing.T, dir string, args ...string) *lines {
	t.Helper()
	out := &lines{}
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Stdout, c.Stderr = dir, out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return out
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "SSH_AUTH_SOCK="+filepath.Join(dir, "agent"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

var litewitnessKey = regexp.MustCompile(`litewitness\.example/w\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+`)

// newLitewitness starts torchwood's witness, which knows the log of a store.
func newLitewitness(t *testing.T, vkey string) witness.Target {
	t.Helper()
	need(t, "ssh-keygen", "ssh-agent", "ssh-add", "sqlite3")
	program := buildPeer(t, "filippo.io/torchwood/cmd/litewitness")
	dir, err := os.MkdirTemp("", "lw") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	command(t, dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "w.key")
	background(t, dir, "ssh-agent", "-D", "-a", filepath.Join(dir, "agent"))
	until(t, "ssh-agent", func() bool { _, err := os.Stat(filepath.Join(dir, "agent")); return err == nil })
	command(t, dir, "ssh-add", "-q", "w.key")
	fingerprint := strings.Fields(command(t, dir, "ssh-keygen", "-lf", "w.key.pub"))[1]
	address := freeAddress(t)
	out := background(t, dir, string(program), "-name", "litewitness.example/w", "-db", "lw.db", "-ssh-agent", filepath.Join(dir, "agent"),
		"-key", fingerprint, "-listen", address)
	url := "http://" + address
	until(t, "litewitness", func() bool {
		r, err := http.Post(url+"/add-checkpoint", "text/plain", strings.NewReader(""))
		if err == nil {
			r.Body.Close()
		}
		return err == nil && litewitnessKey.MatchString(out.String())
	})
	command(t, dir, "sqlite3", "lw.db", "INSERT INTO log VALUES('"+publishedOrigin+"',0,'47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='); "+
		"INSERT INTO key VALUES('"+publishedOrigin+"','"+vkey+"')")
	cosigner, err := seal.ParseCosigner(litewitnessKey.FindString(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return witness.Target{Cosigner: cosigner, URL: url, Journals: []string{published}, Every: time.Millisecond}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return s.Listener.Addr().String()
}

// newConstatWitness is our own witness, which knows the log of a store.
func newConstatWitness(t *testing.T, vkey string) witness.Target {
	t.Helper()
	return newWitnessOf(t, publishedOrigin, vkey)
}

// newWitnessOf is our own witness, which knows one log.
func newWitnessOf(t *testing.T, origin, vkey string) witness.Target {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.Mkdir(layout.KeysDir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	key, err := witness.LoadKey(vfs.OS(), dir, "constat.example/w")
	if err != nil {
		t.Fatal(err)
	}
	log, err := seal.ParseLogKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	s, err := witness.NewServer(witness.ServerConfig{FS: vfs.OS(), Store: dir, Key: key, Logs: []witness.Log{{Origin: origin, Key: log}}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return witness.Target{Cosigner: key.Cosigner(), URL: h.URL, Journals: []string{published}, Every: time.Millisecond}
}

// offer offers the newest checkpoint to witnesses until each has cosigned it or refused, and returns why not.
func (s *store) offer(t *testing.T, targets ...witness.Target) (problems []string) {
	t.Helper()
	c := witness.NewClient(witness.ClientConfig{FS: vfs.OS(), Reader: s.reader, Targets: targets,
		Write: func(_ context.Context, list []entry.Entry) error {
			_, err := s.writer.Append(layout.System, list)
			return errors.Join(err, s.writer.Checkpoint())
		}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	until(t, "an answer of each witness", func() bool {
		for _, x := range c.States() {
			if x.Problem == "" && x.Size != s.writer.Size(published) {
				return false
			}
		}
		return true
	})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, x := range c.States() {
		problems = append(problems, x.Problem)
	}
	return problems
}

// copyOf is a store as it stands, with a writer of its own.
func copyOf(t *testing.T, s *store) *store {
	t.Helper()
	to := &store{dir: filepath.Join(t.TempDir(), "store")}
	for _, suffix := range []string{"", layout.KeysSuffix} {
		if err := os.CopyFS(to.dir+suffix, os.DirFS(s.dir+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func (s *store) open(t *testing.T) {
	t.Helper()
	var err error
	if s.writer, err = journal.OpenWriter(vfs.OS(), s.dir, journal.Options{}); err == nil {
		s.reader, err = journal.OpenReader(vfs.OS(), s.dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.writer.Close() })
}

func (s *store) more(t *testing.T, from, n int) {
	t.Helper()
	s.append(t, from, n)
	if err := s.writer.Checkpoint(); err != nil {
		t.Fatal(err)
	}
}

// TestWitnesses lets torchwood's witness and our own judge a log as it grows, forks, and is rolled back; and fsck, what is
// served with their cosignatures.
func TestWitnesses(t *testing.T) {
	s := newStore(t, 3000)
	vkey := s.reader.Certificate().Identity.VKey(publishedOrigin)
	theirs, ours := newLitewitness(t, vkey), newConstatWitness(t, vkey)
	old := copyOf(t, s)
	for i, n := range []int{1, 700, 256, 4000} { // the first offer is of 3001 entries
		s.more(t, 10_000*i, n)
		if p := s.offer(t, theirs, ours); strings.Join(p, "") != "" {
			t.Fatalf("growth %d is not cosigned: %q", i, p)
		}
	}
	if p := s.offer(t, theirs, ours); strings.Join(p, "") != "" {
		t.Errorf("the same again is not cosigned: %q", p)
	}
	size := int(s.writer.Size(published))
	list, err := witness.ReadCosigned(vfs.OS(), filepath.Join(s.dir, published), publishedOrigin, s.reader.Certificate().Identity)
	if err != nil || len(list) != 1 || int(list[0].Size) != size || len(list[0].By) != 2 {
		t.Fatalf("%v: cosigned %+v", err, list)
	}
	for name, n := range map[string]int{"rolled back": 5, "forked at the same size": size - 3000, "forked and grown": size} {
		back := copyOf(t, old)
		back.open(t)
		back.more(t, 900_000, n)
		for i, p := range back.offer(t, theirs, ours) {
			if !strings.Contains(p, witness.ErrRefused.Error()) {
				t.Errorf("%s: witness %d says %q", name, i, p)
			}
		}
		back.writer.Close()
	}
	s.more(t, 800_000, 10)
	if p := s.offer(t, theirs, ours); strings.Join(p, "") != "" {
		t.Errorf("the true log is not cosigned any more: %q", p)
	}
	s.fsck(t, size+10)
}

// fsck checks what is served, with the cosignatures on its checkpoint.
func (s *store) fsck(t *testing.T, size int) {
	t.Helper()
	fsck := buildPeer(t, "github.com/transparency-dev/tessera/cmd/fsck")
	token, err := api.LoadToken(vfs.OS(), layout.KeysDir(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	cosigned := false
	handler := api.New(api.Config{FS: vfs.OS(), Reader: s.reader, Token: token, Report: func(err error) { t.Error(err) }})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/checkpoint") {
			record := httptest.NewRecorder()
			handler.ServeHTTP(record, r)
			cosigned = strings.Count(record.Body.String(), "\n— ") == 3
			w.Write(record.Body.Bytes())
			return
		}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	got, out := fsck.check(t, server.URL+"/tlog/"+published+"/", s.key(t), "--bearer_token="+string(token))
	if got != size || !cosigned {
		t.Errorf("fsck of a witnessed log: size %d, want %d, cosigned %v:\n%s", got, size, cosigned, out)
	}
}

// TestWitnessOfOthers feeds our witness a log that is made with torchwood, which judges the answers: as it grows, and what no
// witness may cosign.
func TestWitnessOfOthers(t *testing.T) {
	torchlog := buildPeer(t, "./torchlog")
	skey, vkey, err := note.GenerateKey(nil, "torchwood.example/log")
	if err != nil {
		t.Fatal(err)
	}
	w := newWitnessOf(t, "torchwood.example/log", vkey)
	out, err := exec.Command(string(torchlog), w.URL, w.Cosigner.VKey(), skey).CombinedOutput()
	if cosigned := strings.Count("\n"+string(out), "\n200 "); err != nil || cosigned != 6 {
		t.Errorf("%v, %d cosigned:\n%s", err, cosigned, out)
	}
}
