package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/internal/api"
)

// TestPage wants what everybody may know, escaped, under a policy that allows nothing else.
func TestPage(t *testing.T) {
	s := newSite(t, nil)
	for who, a := range map[string]answer{"stranger": s.get("/"), "owner": s.withToken("/")} {
		for _, want := range []string{"test.example/log", "1.2.3", "syslog UDP", "127.0.0.1:5514", "test.example/log/app+", "/tlog/app/checkpoint", "/tlog/system/checkpoint", "/metrics"} {
			if !strings.Contains(html.UnescapeString(a.body), want) {
				t.Errorf("%s: %q is not on the page", who, want)
			}
		}
		for _, bad := range []string{"<script", "javascript:", "\x1b", "\u202e", "http://", "https://", "ZgotmplZ", "src=", " onclick", "style="} {
			if i := strings.Index(a.body, bad); i >= 0 {
				t.Errorf("%s: %q is on the page: %s", who, bad, a.body[max(0, i-50):min(len(a.body), i+50)])
			}
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
			t.Errorf("%s: policy %q", who, policy)
		}
		style := between(a.body, "<style>", "</style>")
		digest := sha256.Sum256([]byte(style))
		if style == "" || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"'") {
			t.Errorf("%s: the policy does not allow the style", who)
		}
		balanced(t, a.body)
	}
	owner := s.withToken("/").body
	if !strings.Contains(owner, `&lt;script&gt;alert(&#34;kumquat&#34;)&lt;/script&gt;\xe2\x80\xae&amp;amp;\x1b[31m`) {
		t.Error("the entry is not there as it was written")
	}
	if n := strings.Count(owner, "<li><pre>"); n != 50 {
		t.Errorf("%d entries", n)
	}
	if strings.Index(owner, "&lt;script") > strings.Index(owner, ">app:") {
		t.Error("the newest entry is not the first")
	}
	if strings.Contains(owner, "<form") || !strings.Contains(s.get("/").body, "<form") {
		t.Error("the form of the token is for those who have not given it")
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

var (
	tag  = regexp.MustCompile(`<(/?)([a-z0-9]+)((?: [a-z]+(?:="[^"<>]*")?)*)>`)
	void = []string{"meta", "br", "input"}
)

// balanced wants every element closed where it was opened, and no other use of < and >.
func balanced(t *testing.T, page string) {
	t.Helper()
	body, ok := strings.CutPrefix(page, "<!DOCTYPE html>\n")
	if !ok {
		t.Error("no document type")
	}
	body = strings.Replace(body, between(body, "<style>", "</style>"), "", 1)
	var open []string
	for _, m := range tag.FindAllStringSubmatch(body, -1) {
		switch name := m[2]; {
		case slices.Contains(void, name):
		case m[1] == "":
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			t.Fatalf("</%s> within %v", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v not closed", open)
	}
	if rest := tag.ReplaceAllString(body, ""); strings.ContainsAny(rest, "<>") {
		t.Errorf("stray < or >: %.200q", rest[strings.IndexAny(rest, "<>"):])
	}
}

// TestPageLong cuts what is long.
func TestPageLong(t *testing.T) {
	s := newSite(t, nil)
	s.append(t, "app", 1, strings.Repeat("é", 100_000))
	a := s.withToken("/")
	if n := strings.Count(a.body, "é"); n < 500 || n > 1000 {
		t.Errorf("%d of 100000 characters", n)
	}
	if !strings.Contains(a.body, "é …") {
		t.Error("not cut between characters, or not marked")
	}
}

func TestMetrics(t *testing.T) {
	now := time.Now().Add(time.Hour)
	s := newSite(t, func(c *api.Config) {
		c.Now = func() time.Time { return now }
		c.Version = "1 \"\\\n\xff"
		c.Stats = func() api.Stats {
			return api.Stats{Accepted: 10, Durable: 9, Dropped: map[string]uint64{"queue full": 3, "rate": 4}, QueueBytes: 77, QueueLimit: 100, DiskFree: 1 << 40}
		}
	})
	body := s.get("/metrics").body
	for _, want := range []string{"constat_accepted_total 10", "constat_durable_total 9", `constat_dropped_total{reason="queue full"} 3`,
		`constat_dropped_total{reason="rate"} 4`, "constat_queue_bytes 77", "constat_queue_limit_bytes 100", "constat_disk_free_bytes 1.099511627776e+12",
		`constat_journal_entries{journal="app"} 600`, `constat_checkpoint_entries{journal="app"} 600`, `constat_journal_readable{journal="system"} 1`,
		`constat_info{version="1 \"\\\n` + "\uFFFD" + `"} 1`} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	for _, name := range []string{`constat_checkpoint_age_seconds{journal="app"} `, `constat_journal_bytes{journal="app"} `, "process_resident_memory_bytes ", "process_open_fds ", "go_goroutines "} {
		if !strings.Contains(body, "\n"+name) {
			t.Errorf("no line that begins with %s", name)
		}
	}
	line := regexp.MustCompile(`^[a-z_]+(\{[A-Za-z_]+="([^"\\\n]|\\.)*"(, ?[A-Za-z_]+="([^"\\\n]|\\.)*")*\})? [-+0-9.e]+$`)
	for _, l := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		if !line.MatchString(l) {
			t.Errorf("not a line of the format: %q", l)
		}
	}
}
