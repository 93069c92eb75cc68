package rule

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRead: files of this machine, a directory as those in it that end in ".conf", and nothing that is no file.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	main := write("main.conf", "include more.d\n$IncludeConfig "+dir+"/more.d/*\n*.* /last\n")
	write("more.d/2.conf", "*.* /two\n")
	write("more.d/1.conf", "*.* /one\n")
	write("more.d/.hidden.conf", "*.* /hidden\n")
	write("more.d/other", "*.* /other\n")
	write("more.d/sub/x.conf", "*.* /sub\n")
	set, problems, err := Read(main, Accumulate)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	var targets []string
	for _, r := range set.Rules {
		targets = append(targets, r.Action.Target)
	}
	if got := strings.Join(targets, " "); got != "/one /two /one /two /other /last" {
		t.Errorf("targets %s", got)
	}

	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		pipe: "not a regular file", dir: "not a regular file", filepath.Join(dir, "none"): "no such file",
		write("long", strings.Repeat("#", MaxFile+1)): "more than 1048576 bytes",
	} {
		if _, _, err := Read(name, Accumulate); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	circle := write("circle", "include circle\n")
	if err := os.Symlink(circle, filepath.Join(dir, "round")); err != nil {
		t.Fatal(err)
	}
	write("circle", "include round\n")
	if _, problems, err := Read(circle, Accumulate); err != nil || len(problems) != 1 || !Failed(problems) {
		t.Errorf("a circle by a link: %v %v", problems, err)
	}
}

// TestHosts: names in any case, short ones in any domain, addresses as they are.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		host string
		n    Names
		want bool
	}{
		{"alpha", Names{}, true}, {"", Names{List: []string{"alpha"}}, false}, {"", Names{List: []string{"alpha"}, Not: true}, true},
		{"ALPHA", Names{List: []string{"beta", "alpha"}}, true}, {"alpha.example.org", Names{List: []string{"alpha"}}, true},
		{"alpha", Names{List: []string{"alpha.example.org"}}, false}, {"alpha.example.org", Names{List: []string{"Alpha.Example.org"}}, true},
		{"10.0.0.1", Names{List: []string{"10"}}, false}, {"10.0.0.1", Names{List: []string{"10.0.0.1"}}, true},
		{"alpha.example.org", Names{List: []string{"alpha"}, Not: true}, false},
	} {
		if got := c.n.wantsHost([]byte(c.host)); got != c.want {
			t.Errorf("%q in %+v: %t", c.host, c.n, got)
		}
	}
}

// BenchmarkMatch is what rules cost an entry: the seven of a distribution, and a filter.
func BenchmarkMatch(b *testing.B) {
	set, problems := Parse("f", []byte(":programname, isequal, \"noise\" stop\n*.*;auth,authpriv.none -/syslog\nauth,authpriv.* /auth\ncron.* -/cron\nkern.* -/kern\nmail.* -/mail\nuser.* -/user\n*.emerg *\n"), Options{})
	if len(problems) > 0 || len(set.Rules) != 8 {
		b.Fatal(problems)
	}
	f := Facts{Facility: 4, Level: 6, Program: []byte("sshd"), Host: []byte("alpha"), Message: []byte("Accepted publickey for anna")}
	room := make([]int, 0, 8)
	b.ReportAllocs()
	for b.Loop() {
		room = set.Match(room[:0], &f)
	}
	if len(room) != 1 {
		b.Fatal(room)
	}
}
