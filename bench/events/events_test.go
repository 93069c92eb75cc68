package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/parse"
)

func linesOf(t testing.TB, o Options, n int) []byte {
	t.Helper()
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for range n {
		b = g.Append(b)
	}
	return b
}

// The events of a seed never change: otherwise figures of two versions cannot be compared.
func TestTheSameForEver(t *testing.T) {
	for f, want := range map[Format]string{RFC5424: "99d8443d0522a803", JSON: "bf267b592f0d7c36"} {
		b := linesOf(t, Options{Seed: 1, Format: f}, 10_000)
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:8]); got != want {
			t.Errorf("format %d: digest %s, want %s", f, got, want)
		}
		if bytes.Equal(b, linesOf(t, Options{Seed: 2, Format: f}, 10_000)) {
			t.Errorf("format %d: another seed gives the same events", f)
		}
	}
}

func TestSkip(t *testing.T) {
	whole := linesOf(t, Options{Seed: 7}, 1000)
	g, err := New(Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	g.Skip(999)
	if last := g.Append(nil); !bytes.HasSuffix(whole, last) {
		t.Errorf("after Skip: %q", last)
	}
}

func value(e *entry.Entry, name string) string {
	for _, f := range e.Fields {
		if string(f.Name) == name {
			return string(f.Value)
		}
	}
	return ""
}

func TestParsesAsSyslog(t *testing.T) {
	p := parse.New(parse.RFC5424, parse.Options{Provenance: entry.Imported})
	apps, hosts := map[string]int{}, map[string]int{}
	var e entry.Entry
	const n = 20_000
	text := linesOf(t, Options{Seed: 3}, n)
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		p.Parse(&e, line, 0)
		host, app, message := value(&e, "HOSTNAME"), value(&e, "SYSLOG_IDENTIFIER"), value(&e, "MESSAGE")
		if host == "" || app == "" || message == "" || value(&e, "PRIORITY") == "" || strings.ContainsAny(message, "{}") {
			t.Fatalf("%q gives %v", line, e.Fields)
		}
		apps[app]++
		hosts[host]++
		p.Release()
	}
	if len(apps) != len(services) || len(hosts) < 35 {
		t.Errorf("%d programs of %d, %d hosts of 40", len(apps), len(services), len(hosts))
	}
	if mean := len(text) / n; mean < 130 || mean > 170 {
		t.Errorf("a line has %d octets", mean)
	}
}

func TestJSONIsTheSameEvents(t *testing.T) {
	syslog := strings.Split(string(linesOf(t, Options{Seed: 5}, 2000)), "\n")
	i := 0
	for line := range bytes.Lines(linesOf(t, Options{Seed: 5, Format: JSON}, 2000)) {
		var o struct{ Time, Host, App, PID, Level, Message string }
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if o.PID == "" {
			o.PID = "-"
		}
		want := strings.Join([]string{o.Time, o.Host, o.App, o.PID, "- -", o.Message}, " ")
		if _, got, _ := strings.Cut(syslog[i], " "); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
		i++
	}
}

func TestMark(t *testing.T) {
	text := string(linesOf(t, Options{Mark: "unmistakable", MarkAt: 42}, 100))
	lines := strings.Split(text, "\n")
	if strings.Count(text, "unmistakable") != 1 || !strings.HasSuffix(lines[42], " unmistakable") {
		t.Error(lines[42])
	}
}

// The rate is kept, time never runs backwards, and events come in bursts.
func TestShape(t *testing.T) {
	const n, rate = 20_000, 50
	var first, last time.Time
	before, same := "", 0
	for line := range strings.Lines(string(linesOf(t, Options{Rate: rate}, n))) {
		f := strings.Fields(line)
		at, err := time.Parse(time.RFC3339Nano, f[1])
		if err != nil || at.Before(last) {
			t.Fatalf("%s after %s, %v", f[1], last, err)
		}
		if first.IsZero() {
			first = at
		}
		if speaker := f[2] + f[3]; speaker == before {
			same++
		} else {
			before = speaker
		}
		last = at
	}
	if got := n / last.Sub(first).Seconds(); got < rate*0.95 || got > rate*1.05 {
		t.Errorf("%.1f events a second, want %d", got, rate)
	}
	if same < n/4 || same > n*9/10 {
		t.Errorf("%d of %d events have the speaker of the one before", same, n)
	}
}

// Every slot that a text names exists, and every list of lines is taken apart without a rest.
func TestTemplates(t *testing.T) {
	for _, s := range services {
		for _, l := range s.lines {
			rest := l.text
			for name := range slotNames {
				rest = strings.ReplaceAll(rest, "{"+name+"}", "")
			}
			if strings.ContainsAny(rest, "{}") {
				t.Errorf("%s: %q names a slot that does not exist", s.name, l.text)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{Hosts: -1}, {Hosts: 1 << 17}, {Rate: -1}, {Rate: 1e9}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := FormatByName("xml"); err == nil {
		t.Error("format xml: no error")
	}
	if f, err := FormatByName("json"); f != JSON || err != nil {
		t.Error(f, err)
	}
}

// BenchmarkAppend must show a million events a second and more: the generator must not be what is measured.
func BenchmarkAppend(b *testing.B) {
	g, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	var line []byte
	for range b.N {
		line = g.Append(line[:0])
	}
	b.SetBytes(int64(len(line)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
