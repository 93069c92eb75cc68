package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/audit"
	"constat/custody"
	"constat/custody/client"
)

// station plays a decontamination station: it reads a source into a repository, has two engines scan that, and delivers.
type station struct {
	t                *testing.T
	d                *daemon
	source, repo, to *os.Root
	session          *client.Session
	options          client.Options
	between          func(path string) // after the scan of a file, before it is delivered
	from             *os.Root          // where it is delivered from: the repository, unless the station is careless
	skip             string            // a path that is not delivered
}

// engines are two programs that know one virus.
var engines = []custody.Engine{
	{Name: "AlphaAV", Version: "1.4.1", Signatures: "27463", SignaturesDate: "2026-11-28"},
	{Name: "BetaScan", Version: "9.0", Signatures: "b77"},
}

func scanner(r io.Reader) (client.Verdict, error) {
	data, err := io.ReadAll(r)
	if bytes.Contains(data, []byte("EVIL")) {
		return client.Verdict{Result: custody.Infected, Threat: "Test.Evil"}, err
	}
	return client.Verdict{Result: custody.Clean}, err
}

// newStation begins a session with three files on the source, of which one is infected.
func newStation(t *testing.T, d *daemon) *station {
	t.Helper()
	s := &station{t: t, d: d}
	for _, root := range []**os.Root{&s.source, &s.repo, &s.to} {
		r, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		*root = r
	}
	s.from = s.repo
	for path, text := range map[string]string{"docs/rapport é.txt": "good", "docs/b \xff.bin": "better", "evil.exe": "EVIL"} {
		s.put(s.source, path, text)
	}
	s.options = client.Options{Audit: audit.Client{Store: d.store, App: "station"}, Station: "salle 12",
		Source: custody.Medium{ID: "sdb1", Label: "CLÉ", Serial: "0xCAFE"}, Destination: custody.Medium{ID: "sdc1", Label: "OUT"}}
	session, err := client.NewSession(t.Context(), s.options)
	if err != nil {
		t.Fatal(err)
	}
	s.session = session
	return s
}

func (s *station) put(root *os.Root, path, text string) {
	s.t.Helper()
	err := root.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = root.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// paths are the files of the source, in order.
var paths = []string{"docs/b \xff.bin", "docs/rapport é.txt", "evil.exe"}

// treat takes all files through the station and ends the session. It returns the errors of delivering.
func (s *station) treat() (failed error) {
	s.t.Helper()
	ctx := s.t.Context()
	for _, path := range paths {
		s.take(ctx, path)
		infected := s.scan(ctx, path)
		if s.between != nil {
			s.between(path)
		}
		if infected || path == s.skip {
			continue
		}
		if _, err := s.session.Copy(ctx, path, s.from, s.to); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if err := s.session.Close(ctx); err != nil {
		s.t.Fatal(err)
	}
	return failed
}

// take reads a file from the source into the repository.
func (s *station) take(ctx context.Context, path string) {
	s.t.Helper()
	in, err := s.source.Open(path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer in.Close()
	var kept bytes.Buffer
	if _, err := s.session.Read(ctx, path, "application/octet-stream", in, &kept); err != nil {
		s.t.Fatal(err)
	}
	s.put(s.repo, path, kept.String())
}

func (s *station) scan(ctx context.Context, path string) (infected bool) {
	s.t.Helper()
	for _, e := range engines {
		f, err := s.repo.Open(path)
		if err != nil {
			s.t.Fatal(err)
		}
		v, err := s.session.Scan(ctx, path, f, e, scanner)
		if f.Close(); err != nil {
			s.t.Fatal(err)
		}
		infected = infected || v.Result == custody.Infected
	}
	return infected
}

// check runs "custody check" and wants a status, and words in what it prints.
func (s *station) check(status int, words []string, args ...string) string {
	s.t.Helper()
	out, got := s.run(append([]string{"custody", "check", "--session", s.session.ID(), "--medium", s.to.Name()}, args...)...)
	if got != status {
		s.t.Errorf("status %d, want %d:\n%s", got, status, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			s.t.Errorf("%q is not named:\n%s", w, out)
		}
	}
	return out
}

func (s *station) run(args ...string) (out string, status int) {
	s.t.Helper()
	path, err := program()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command(path, args...)
	c.Env = environment(s.d.store)
	text, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(text), exit.ExitCode()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text), 0
}

// TestCustody plays a good session, and every fraud, each of which must be named.
func TestCustody(t *testing.T) {
	d := serve(t, "listen: {}\nhttp: off\n")
	t.Run("good", func(t *testing.T) { goodSession(t, d) })
	for _, c := range []struct {
		name  string
		play  func(s *station) error
		fails bool // delivering fails
		words []string
	}{
		{"the source answers differently", func(s *station) error {
			s.from = s.source // as a station does that reads twice
			s.between = func(path string) {
				if strings.HasPrefix(path, "docs/rapport") {
					s.put(s.source, path, "another")
				}
			}
			return s.treat()
		}, true, []string{"docs/rapport é.txt: the source answered differently at the second read", "not delivered", "[source-differs]"}},
		{"changed after the scan", func(s *station) error {
			s.between = func(path string) { s.put(s.repo, path, "EVIL now"); s.forget() }
			return s.treat()
		}, false, []string{"what was delivered is not what was read", "nobody scanned what was delivered", `"docs/b \xff.bin": `}},
		{"changed on the key", func(s *station) error {
			err := s.treat()
			s.put(s.to, "docs/rapport é.txt", "later")
			return err
		}, false, []string{"docs/rapport é.txt: changed on the medium"}},
		{"verdict for another content", func(s *station) error {
			s.between = func(path string) {
				other, _ := client.Digest(strings.NewReader("harmless"))
				s.must(s.session.Scanned(s.t.Context(), path, &other, custody.Engine{Name: "GammaAV", Version: "1"}, client.Verdict{Result: custody.Clean}))
			}
			return s.treat()
		}, false, []string{"the verdict of GammaAV (clean) is about another content", "delivered without a clean verdict of GammaAV"}},
		{"added to the key", func(s *station) error { err := s.treat(); s.put(s.to, "autorun.inf", "x"); return err },
			false, []string{"autorun.inf: on the medium, and nobody scanned it"}},
		{"infected on the key", func(s *station) error { err := s.treat(); s.put(s.to, "evil.exe", "EVIL"); return err },
			false, []string{"evil.exe: on the medium although the session did not deliver it (verdict: infected)"}},
		{"dropped from the key", func(s *station) error { err := s.treat(); s.must(s.to.Remove("docs/rapport é.txt")); return err },
			false, []string{"docs/rapport é.txt: delivered, and no longer on the medium"}},
		{"dropped by the station", func(s *station) error { s.skip = "docs/rapport é.txt"; return s.treat() },
			false, []string{"docs/rapport é.txt: clean, and not delivered"}},
		{"path with ..", func(s *station) error {
			if _, err := s.session.Copy(s.t.Context(), "../up.txt", s.repo, s.to); !errors.Is(err, custody.ErrPath) {
				s.t.Errorf("the client takes ..: %v", err)
			}
			s.hostile("../../etc/passwd")
			s.hostile("/etc/passwd")
			return s.treat()
		}, false, []string{`../../etc/passwd has the part ".."`, "/etc/passwd is absolute", "names a path that leaves the medium", "[path]"}},
		{"two spellings", func(s *station) error {
			err := s.treat()
			s.put(s.to, "docs/rapport e\u0301.txt", "good")
			return err
		}, false, []string{`two Unicode spellings of one name`, `"docs/rapport e\u0301.txt"`, `"docs/rapport \u00e9.txt"`, "nobody scanned it"}},
		{"a link out of the key", func(s *station) error {
			err := s.treat()
			s.must(s.to.Symlink("/etc/passwd", "notes.txt"))
			return err
		}, false, []string{"notes.txt: a symbolic link on the medium, to /etc/passwd; it was not followed"}},
		{"an event is missing", func(s *station) error {
			s.must(s.session.Event(s.t.Context(), custody.Event{Op: custody.Closed, Result: custody.Complete, Counts: custody.Counts{Read: 7}}))
			return s.treat()
		}, false, []string{"events are missing: the end of the session counts 7 of “read”, the journal shows 3", "written after the end of the session"}},
		{"not ended", func(s *station) error {
			s.take(s.t.Context(), "evil.exe")
			s.scan(s.t.Context(), "evil.exe")
			return nil
		},
			false, []string{"the session has not ended"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, d)
			if err := c.play(s); (err != nil) != c.fails || err != nil && !errors.Is(err, client.ErrDiffers) {
				t.Fatalf("delivering: %v", err)
			}
			s.check(1, append(c.words, "DISCREPANCY"))
		})
	}
	t.Run("journal edited", func(t *testing.T) { editedJournal(t, d) })
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// forget makes the session one that knows nothing of what was read, as another program that shares it.
func (s *station) forget() {
	o := s.options
	o.ID = s.session.ID()
	joined, err := client.Join(o)
	s.must(err)
	s.session = joined
}

// hostile writes an event past the client, with a path that it would refuse.
func (s *station) hostile(path string) {
	s.t.Helper()
	e := custody.Event{Op: custody.Read, Session: s.session.ID(), At: time.Now(), Path: "x", Content: &custody.Content{},
		Medium: s.options.Source, Result: custody.OK}
	e.Medium.Role = custody.Source
	x, err := e.Entry("hostile")
	s.must(err)
	for i := range x.Fields {
		if x.Fields[i].Name == custody.FieldPath {
			x.Fields[i].Value = []byte(path)
		}
	}
	s.must(s.options.Audit.Write(s.t.Context(), &x))
}

// goodSession wants a session without fraud to be good: in the store, in a proof on the key, and for one file of it.
func goodSession(t *testing.T, d *daemon) {
	s := newStation(t, d)
	s.must(s.treat())
	s.check(0, []string{"CHAIN INTACT", "docs/rapport é.txt: clean (AlphaAV clean, BetaScan clean); delivered unchanged; on the medium unchanged",
		"evil.exe: infected (AlphaAV infected Test.Evil, BetaScan infected Test.Evil); not delivered; not on the medium", "engine: AlphaAV 1.4.1 (27463, 2026-11-28)", "written by: uid "})
	s.check(0, []string{"CHAÎNE INTACTE", "docs/rapport é.txt : sain (AlphaAV sain, BetaScan sain) ; remis inchangé", "inchangé sur le support"}, "--lang", "fr")
	s.check(1, []string{"[writer] docs/rapport é.txt: entry ", "who is none of those that were named"}, "--writer", "uid 1, /usr/bin/station")
	proof := filepath.Join(s.to.Name(), "preuve.html")
	if out, status := s.run("prove", "--session", s.session.ID(), "--lang", "fr", "-o", proof); status != 0 {
		t.Fatalf("prove: %s", out)
	}
	s.check(0, []string{"evidence of the same journal, verified: preuve.html"})
	s.check(0, []string{`"verdict": "good"`, `"base64":`, `"medium": "same"`, `"of": "evidence"`}, "-o", "json", proof)
	zip := filepath.Join(t.TempDir(), "case.evidence.zip")
	if out, status := s.run("prove", "--session", s.session.ID(), "-o", zip); status != 0 {
		t.Fatalf("prove: %s", out)
	}
	s.check(0, []string{"CHAIN INTACT"}, zip)
	one := filepath.Join(t.TempDir(), "one.html")
	if out, status := s.run("prove", "--session", s.session.ID(), "--file", "docs/rapport é.txt", "-o", one); status != 0 {
		t.Fatalf("prove --file: %s", out)
	}
	data, err := os.ReadFile(one)
	s.must(err)
	if out, status := s.run("custody", "check", one); status != 0 || bytes.Contains(data, []byte("evil.exe")) || !strings.Contains(out, "rapport é.txt: clean") {
		t.Errorf("one file: status %d, %s", status, out)
	}
	for _, args := range [][]string{{"custody", "check", "--session", "unknown"}, {"prove", "--session", "unknown", "-o", one}} {
		if out, status := s.run(args...); status != 1 || !strings.Contains(out, "no entry speaks of") {
			t.Errorf("%v: status %d, %s", args, status, out)
		}
	}
	if out, status := s.run("custody", "check", filepath.Join(s.to.Name(), "docs/rapport é.txt")); status != 3 {
		t.Errorf("no evidence: status %d, %s", status, out)
	}
}

// editedJournal changes one byte of a copy of the store, and one word of a proof: both are said to be tampered with.
func editedJournal(t *testing.T, d *daemon) {
	s := newStation(t, d)
	s.must(s.treat())
	proof := filepath.Join(t.TempDir(), "proof.html")
	if out, status := s.run("prove", "--session", s.session.ID(), "-o", proof); status != 0 {
		t.Fatalf("prove: %s", out)
	}
	data, err := os.ReadFile(proof)
	s.must(err)
	forged := bytes.ReplaceAll(data, []byte("Test.Evil"), []byte("Test.Fine"))
	s.must(os.WriteFile(proof, forged, 0o600))
	s.check(1, []string{"TAMPERED"}, proof)
	if out, status := s.run("verify", proof); status != 1 || bytes.Equal(forged, data) {
		t.Errorf("verify: status %d, %s", status, out)
	}

	copied := filepath.Join(t.TempDir(), "store")
	s.must(os.CopyFS(copied, os.DirFS(d.store)))
	heads, err := filepath.Glob(filepath.Join(copied, "audit", "head-*.log"))
	if err != nil || len(heads) == 0 {
		names, _ := filepath.Glob(filepath.Join(copied, "audit", "*"))
		t.Fatalf("no head: %v %v", names, err)
	}
	head, err := os.ReadFile(heads[0])
	s.must(err)
	head[len(head)/3] ^= 1
	s.must(os.WriteFile(heads[0], head, 0o600))
	out := s.check(1, []string{"TAMPERED", "audit"}, copied)
	if strings.Contains(out, "CHAIN INTACT") {
		t.Errorf("an edited journal is called intact:\n%s", out)
	}
}
