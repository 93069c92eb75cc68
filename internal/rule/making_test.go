package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// mapAccounts are users and groups for tests.
type mapAccounts map[string]int

func (m mapAccounts) User(name string) (int, error) {
	if id, found := m[name]; found {
		return id, nil
	}
	return -1, fmt.Errorf("there is no account %q", name)
}

func (m mapAccounts) Group(name string) (int, error) { return m.User(name) }

// TestMaking: directives hold for the actions below them in all files, parameters for their action, a reset takes all back
// but the umask, and what is malformed or unknown is an error with its place.
func TestMaking(t *testing.T) {
	accounts := mapAccounts{"root": 0, "adm": 4, "lp": 7}
	for _, c := range []struct {
		name, text string
		want       []string // of each rule
		problems   []string
	}{
		{"below", "*.* /a\n$FileOwner root\n$FileGroup adm\n*.* /b\n$FileCreateMode 0640\n$DirCreateMode 0755\n$DirOwner lp\n*.* -/c\n& /d\n",
			[]string{"", "owner root, group adm", "owner root, group adm, mode 0640, directories: owner lp, mode 0755", "owner root, group adm, mode 0640, directories: owner lp, mode 0755"}, nil},
		{"reset", "$FileOwner root\n$CreateDirs off\n$Umask 0027\n*.* /a\n$ResetConfigVariables\n*.* /b\n",
			[]string{"owner root, directories are not made, umask 0027", "umask 0027"}, nil},
		{"the umask is one", "$FileCreateMode 0666\n$DirCreateMode 0777\n$Umask 0022\n*.* /a\n$Umask 0077\n", []string{"mode 0600, directories: mode 0700"}, nil},
		{"numbers and case", "$fileownernum 12\n$FILEGROUPNUM 13\n$DirGroupNum 0\n*.* /a\n", []string{"owner 12, group 13, directories: group 0"}, nil},
		{"include", "$FileOwner root\n$IncludeConfig /i\n*.* /a\n", []string{"owner root", "owner root, group adm", "owner root, group adm"}, nil},
		{"only files", "$FileOwner root\n$Umask 0077\n*.* |/p\n*.* @h\n*.* stop\n*.* /dev/console\n", []string{"", "", "", ""}, nil},
		{"objects", "$FileOwner lp\naction(type=\"omfile\" file=\"/a\" fileOwner=\"root\" fileCreateMode=\"0600\" createDirs=\"off\" failOnChownFailure=\"off\")\naction(type=\"omfile\" file=\"/b\")\n" +
			"module(load=\"builtin:omfile\" dirGroupNum=\"9\")\naction(type=\"omfile\" file=\"/c\" dirCreateMode=\"0711\")\n",
			[]string{"owner root, mode 0600, directories are not made", "", "directories: group 9, mode 0711"}, nil},
		{"mistakes", "$FileOwner nobody\n$FileCreateMode 640\n$DirCreateMode  0999\n$FileGroup\n$CreateDirs maybe\n$FileOwnerNum -1\n$Umask 00022\n*.* /a\n", []string{""},
			[]string{`f:1:12: error: $fileowner: there is no account "nobody"`, `f:2:17: error: $filecreatemode: "640": want four octal digits`, `f:3:17: error: $dircreatemode: "0999"`,
				"f:4:1: error: $filegroup: a value is missing", `f:5:13: error: $createdirs: "maybe": want on or off`, `f:6:15: error: $fileownernum: "-1": want the number`, `f:7:8: error: $umask: "00022"`}},
		{"mistakes of objects", "action(type=\"omfile\" file=\"/a\" fileOwner=\"nobody\")\nmodule(load=\"builtin:omfile\" fileGroup=\"nobody\" dynaFile=\"x\")\nglobal(umask=\"9\")\naction(type=\"omfwd\" target=\"h\" fileOwner=\"root\")\n",
			[]string{""}, []string{`f:1:1: error: fileowner: there is no account "nobody"`, `f:2:1: error: filegroup: there`, "f:2:1: warning: dynafile does nothing", `f:3:1: error: umask: "9"`, "f:4:1: warning: fileowner does nothing"}},
	} {
		set, problems := Parse("f", []byte(c.text), Options{Accounts: accounts, Files: mapFiles{"/i": "*.* /i1\n$FileGroup adm\n*.* /i2\n"}})
		var got []string
		for _, r := range set.Rules {
			got = append(got, r.Making.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for i, p := range problems {
			if i >= len(c.problems) || !strings.HasPrefix(p.Error(), c.problems[i]) {
				t.Errorf("%s: problem %v", c.name, p)
			}
		}
		if len(problems) < len(c.problems) {
			t.Errorf("%s: %d problems, want %d", c.name, len(problems), len(c.problems))
		}
	}
	set, _ := Parse("f", []byte("$FileOwner root\n*.* /a\n$FileOwner lp\nmail.* /a\nmail.* /b\n"), Options{Accounts: accounts})
	if len(set.Targets) != 2 || set.Makings[0].Owner != (Account{"root", 0}) || set.Makings[1].Owner != (Account{"lp", 7}) {
		t.Errorf("targets %v are made as %v", set.Targets, set.Makings)
	}
	if _, err := (Disk{}).User("no such user"); err == nil || !strings.Contains(err.Error(), "no user") {
		t.Error(err)
	}
	if id, err := (Disk{}).Group("root"); err != nil || id != 0 {
		t.Error(id, err)
	}
}
