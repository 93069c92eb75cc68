package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/seal"
)

// vouchStatus is what "status -o json" says of witnesses.
type vouchStatus struct {
	Origin   string `json:"origin"`
	Witness  string `json:"witness_vkey"`
	HTTP     string `json:"http"`
	Journals map[string]struct {
		VKey      string `json:"vkey"`
		Witnesses []struct {
			Witness string    `json:"witness"`
			Size    uint64    `json:"size"`
			Time    time.Time `json:"time"`
		} `json:"witnesses"`
	} `json:"journals"`
}

func (p *place) vouchStatus() (s vouchStatus) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.run("status", "-o", "json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// freeAddress is an address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// witnessing is the configuration of docs/witnessing.md: we cosign the log of another, and it cosigns ours.
func witnessing(address, other string, theirs vouchStatus) string {
	return fmt.Sprintf(`listen: {}
http: %s
witness:
  logs:
    - vkey: %s
witnesses:
  - vkey: %s
    url: http://%s/witness
    every: 1s
`, address, theirs.Journals["system"].VKey, theirs.Witness, other)
}

// TestWitnessesEachOther lets two daemons cosign one another, one of them by a reload, and takes one away for a while.
func TestWitnessesEachOther(t *testing.T) {
	addresses := []string{freeAddress(t), freeAddress(t)}
	places := []*place{newPlace(t, "listen: {}\nhttp: "+addresses[0]+"\n"), newPlace(t, "")}
	var status []vouchStatus
	for i, p := range places {
		p.run("init", "--origin", fmt.Sprintf("host%d.example", i))
		status = append(status, p.vouchStatus())
		if c, err := seal.ParseCosigner(status[i].Witness); err != nil || c.Name != fmt.Sprintf("host%d.example/witness", i) {
			t.Fatalf("%v: %q", err, status[i].Witness)
		}
	}
	first := places[0].serve()
	places[1].configure(witnessing(addresses[1], addresses[0], status[0]))
	second := places[1].serve()
	places[0].configure(witnessing(addresses[0], addresses[1], status[1]))
	first.signal(syscall.SIGHUP)

	cosigned := func(p *place, by string, more uint64) func() bool {
		return func() bool {
			j := p.vouchStatus().Journals["system"]
			return len(j.Witnesses) == 1 && j.Witnesses[0].Witness == by && j.Witnesses[0].Size >= more
		}
	}
	places[0].run("log", "hello from 0")
	places[1].run("log", "hello from 1")
	first.until("cosigned by the second", cosigned(places[0], "host1.example/witness", 3))
	second.until("cosigned by the first", cosigned(places[1], "host0.example/witness", 3))

	body := fetch(t, "http://"+addresses[0]+"/tlog/system/checkpoint")
	c, err := seal.ParseCosigner(status[1].Witness)
	if err != nil {
		t.Fatal(err)
	}
	text, list, err := seal.Cosignatures([]byte(body))
	if err != nil || len(list) != 1 || c.Verify(text, list[0]) != nil || time.Since(time.Unix(list[0].Time, 0)).Abs() > time.Minute {
		t.Errorf("served checkpoint %q: %v, %+v", body, err, list)
	}
	first.until("an entry about it", func() bool {
		return strings.Contains(places[0].run("show", "-o", "json", "kind:control", "CONTROL:witnessed"), "cosigned by host1.example/witness")
	})
	metrics := fetch(t, "http://"+addresses[0]+"/metrics")
	for _, want := range []string{`constat_witness_age_seconds{by="host1.example/witness",journal="system"}`,
		`constat_witness_failing{by="host1.example/witness",journal="system"} 0`, "constat_witness_cosigned_total "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s:\n%s", want, metrics)
		}
	}

	// What they cosigned satisfies a policy, binds older copies, and does not satisfy another policy.
	copies := filepath.Join(places[0].dir, "copy")
	policy := filepath.Join(places[0].dir, "policy")
	wanted := func(w string) {
		text := "log " + status[0].Journals["system"].VKey + "\nwitness other " + w + "\nquorum other\n"
		if err := os.WriteFile(policy, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	copyStore(t, places[0].store, copies)
	wanted(status[1].Witness)
	if out := places[0].run("verify", "--policy", policy); !strings.Contains(out, "policy    satisfied: journal system: the quorum has cosigned") {
		t.Errorf("verify --policy: %s", out)
	}
	wanted(status[0].Witness)
	if out, _, err := places[0].try("verify", "--policy", policy); exitOf(err) != 2 || !strings.HasPrefix(out, "SOUND, BELOW POLICY") {
		t.Errorf("verify with a policy that is not satisfied: %v %s", err, out)
	}
	size := places[0].vouchStatus().Journals["system"].Witnesses[0].Size
	places[0].run("log", "later than the copy")
	first.until("cosigned again", cosigned(places[0], "host1.example/witness", size+1))
	kept := filepath.Join(places[0].dir, "kept")
	if err := os.WriteFile(kept, []byte(fetch(t, "http://"+addresses[0]+"/tlog/system/checkpoint")), 0o644); err != nil {
		t.Fatal(err)
	}
	places[0].run("verify", "--checkpoint", kept)
	if out, _, err := places[0].try("verify", "--checkpoint", kept, "--code", places[0].code(), copies); exitOf(err) != 1 || !strings.Contains(out, "[outside]") || !strings.Contains(out, "rolled back") {
		t.Errorf("verify of an older copy: %v %s", err, out)
	}
	if _, said, err := places[0].try("verify", "--policy", kept); exitOf(err) != 3 || !strings.Contains(said, "not a policy: line 1") {
		t.Errorf("a policy that is none: %v %s", err, said)
	}

	// The second is away while the first goes on, and catches up.
	second.stop()
	for i := range 5 {
		places[0].run("log", fmt.Sprint("alone ", i))
	}
	first.until("an alarm in the metrics", func() bool {
		return strings.Contains(fetch(t, "http://"+addresses[0]+"/metrics"), `constat_witness_failing{by="host1.example/witness",journal="system"} 1`)
	})
	before := places[0].vouchStatus().Journals["system"].Witnesses[0].Size
	places[1].serve()
	first.until("caught up", cosigned(places[0], "host1.example/witness", before+5))
	for _, p := range places {
		p.verify()
	}
	if said := first.errs.String(); !strings.Contains(said, "host1.example/witness") || !strings.Contains(said, "connection refused") {
		t.Errorf("of the outage it said %q", said)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %d %v", url, r.StatusCode, err)
	}
	return string(body)
}

// copyStore copies a store.
func copyStore(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// exitOf is the exit status of a command.
func exitOf(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	return 0
}

// code is the verification code of the store.
func (p *place) code() string {
	var s struct{ Code string }
	if err := json.Unmarshal([]byte(p.run("status", "-o", "json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s.Code
}

// TestTimestamp has openssl stamp the checkpoints of a daemon, and verify check the stamp.
func TestTimestamp(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: ", err)
	}
	p := newPlace(t, "")
	openssl := func(args ...string) {
		c := exec.Command("openssl", args...)
		c.Dir = p.dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("openssl %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	write("tsa.cnf", "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\ndefault_policy = 1.2.3\ndigests = sha256\nsigner_digest = sha256\ness_cert_id_alg = sha256\n")
	write("serial", "01\n")
	for _, name := range []string{"tsa", "other"} {
		openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name+".key", "-out", name+".pem",
			"-subj", "/CN="+name, "-addext", "extendedKeyUsage=critical,timeStamping")
	}
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		write("q.tsq", string(body))
		openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-inkey", "tsa.key", "-signer", "tsa.pem", "-out", "r.tsr")
		http.ServeFile(w, r, filepath.Join(p.dir, "r.tsr"))
	}))
	defer authority.Close()
	p.configure("listen: {}\nhttp: off\ntimestamp:\n  url: " + authority.URL + "\n")
	p.run("init", "--origin", "host.example")
	p.run("log", "before the daemon runs")
	d := p.serve()
	d.until("stamped", func() bool { return strings.Contains(p.run("status"), "  stamped ") })
	p.run("log", "after the stamp")
	if out := p.run("verify"); !strings.Contains(out, "entries were there at "+time.Now().UTC().Format("2006-01-02T")) || !strings.Contains(out, "not checked against a CA") {
		t.Errorf("verify: %s", out)
	}
	if out := p.run("verify", "--timestamp-ca", filepath.Join(p.dir, "tsa.pem")); !strings.Contains(out, "signed by an authority under the CA given") {
		t.Errorf("verify with the CA: %s", out)
	}
	if out, _, err := p.try("verify", "--timestamp-ca", filepath.Join(p.dir, "other.pem")); exitOf(err) != 2 || !strings.Contains(out, "BELOW POLICY") {
		t.Errorf("verify with another CA: %v %s", err, out)
	}
	openssl("ts", "-verify", "-data", p.store+"/system/timestamped", "-in", p.store+"/system/timestamp.tsr", "-CAfile", "tsa.pem")

	zip := filepath.Join(p.dir, "case.evidence.zip")
	p.run("prove", "-o", zip, "--journal", "system", "after")
	if out := p.run("verify", "--timestamp-ca", filepath.Join(p.dir, "tsa.pem"), "--code", p.code(), zip); !strings.Contains(out, ", and what is shown came later, behind entry") {
		t.Errorf("evidence of what came after the stamp: %s", out)
	}
	if out, _, err := p.try("verify", "--timestamp-ca", filepath.Join(p.dir, "other.pem"), "--code", p.code(), zip); exitOf(err) != 2 {
		t.Errorf("evidence with another CA: %v %s", err, out)
	}
}

// TestWitnessName refuses a name that the key does not have.
func TestWitnessName(t *testing.T) {
	p := newPlace(t, "listen: {}\nhttp: 127.0.0.1:0\nwitness:\n  name: another.example/w\n")
	p.run("init", "--origin", "host.example")
	_, said, err := p.try("serve", "--config", p.file)
	if err == nil || !strings.Contains(said, "witness.name is another.example/w, but the key") {
		t.Errorf("%v: %s", err, said)
	}
	if err := os.Remove(p.store + ".keys/witness-key"); err != nil {
		t.Fatal(err)
	}
	p.serve().stop()
	if s := p.vouchStatus(); !strings.HasPrefix(s.Witness, "another.example/w+") {
		t.Errorf("key %q", s.Witness)
	}
}
