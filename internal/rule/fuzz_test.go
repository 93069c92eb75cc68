package rule

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParse: no file stops the parser, every problem has its place, and what can be printed means the same when it is
// read again.
func FuzzParse(f *testing.F) {
	for _, c := range selectorCases(f) {
		f.Add([]byte(c.selector+"\t-/var/log/x;RFC5424\n"), false)
	}
	for _, text := range []string{
		"!su,sshd\n+alpha,@\n*.* @@(o)[::1]:514;RFC3164 # x\n& stop\n#!x\n-h\nkern.*\\\n\t|/p\n",
		":msg, !icase_ereregex, \"a[\\\"b]\" ~\n:*\n:programname,isempty\n*.* root,operator\n",
		"module(load=\"imudp\")\naction(type=\"omfwd\" target=\"h\" port=\"1\" template='x')\n$IncludeConfig /x\nif a then {\n}\n/* x */\n",
		"$FileOwner root\n$FileGroup adm\n$FileCreateMode 0640\n$DirCreateMode 0755\n$Umask 0022\n$DirOwnerNum 7\n$CreateDirs off\n*.* /x\n$ResetConfigVariables\n*.* /y\n",
		"module(load=\"builtin:omfile\" fileOwner=\"root\")\nglobal(umask=\"0077\")\naction(type=\"omfile\" file=\"/x\" dirCreateMode=\"0700\" createDirs=\"on\" failOnChownFailure=\"off\")\n",
		"if $msg == 'a' and not ($hostname != 'b' or $syslogseverity <= 4) or $procid=='1' then /x\n:fromhost-ip, isequal, \"192.0.2.1\" /y\n",
		"if $msg == 'a' then {\n if $hostname == ['b', \"c\"] then /x\n else {\n  *.err /y\n & /z\n }\n} else if prifilt('mail.*;*.!err') then stop\nelse if re_match_i($msg, '^a{,2}[\\\\d]') then {\n :msg, !regex, \"a*\" {\n  continue\n  @h\n }\n :msg, icase_endswith, \"a\" root\n}\nelse\n\n~\n",
		"if not ($msg contains 'a') then {\n /x\n stop\n}\nmail.* {\n@h\n}\nif $hostname==\"b\" then\n~\n",
	} {
		f.Add([]byte(text), false)
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, bsd bool) {
		o := Options{Host: "alpha", Files: mapFiles{"/x": "!x\n*.* /x\ninclude /y\n", "/y": "include /x\n"}, Accounts: mapAccounts{"root": 0, "adm": 4}}
		if bsd {
			o.Dialect = BSD
		}
		set, problems := Parse("f", text, o)
		lines := bytes.Split(text, []byte("\n"))
		for _, p := range append(problems, Lint(set, o.Dialect, func(string) bool { return false })...) {
			if p.Line < 1 || p.Column < 1 || p.Text == "" || p.File == "f" && (p.Line > len(lines) || p.Column > len(lines[p.Line-1])+2) {
				t.Errorf("%v: no such place", p)
			}
		}
		facts := Facts{Message: text}
		for facts.Facility = range Facilities + 1 {
			set.Match(nil, &facts)
		}
		if len(set.Makings) != len(set.Targets) {
			t.Errorf("%d targets, %d makings", len(set.Targets), len(set.Makings))
		}
		for i := range set.Rules {
			checkMaking(t, set.Rules[i].Making)
			again(t, &set.Rules[i])
		}
	})
}

// checkMaking wants permissions that are some, accounts that were found, and nothing said that is not printed.
func checkMaking(t *testing.T, m Making) {
	file, dir := m.Permissions()
	if (m.Mode.Bits|m.DirMode.Bits|m.Umask.Bits)&^0o777 != 0 || (file.Bits|dir.Bits)&m.Umask.Bits != 0 {
		t.Errorf("%+v: permissions %v %v", m, file, dir)
	}
	for _, a := range []Account{m.Owner, m.Group, m.DirOwner, m.DirGroup} {
		if a.Name != "" && a.ID < 0 {
			t.Errorf("%+v was not found", a)
		}
	}
	if m.AnyOwner = false; m.IsZero() != (m.String() == "") {
		t.Errorf("%+v is printed as %q", m, m)
	}
}

// again prints the parts of a rule and reads them again.
func again(t *testing.T, r *Rule) {
	if printed := r.Select.String(); printed != "" || !r.Select.Empty() {
		if m, err := ParseSelector(printed, Accumulate); err != nil || m != r.Select {
			t.Errorf("%s is printed as %q, which is %s %v", r.Selector, printed, m.words(), err)
		}
	}
	a := actions{text: r.Action.String()}
	a.parse()
	a.made.Template, a.made.Layout, a.made.Usual = r.Action.Template, r.Action.Layout, r.Action.Usual
	if r.Action.Usual {
		a.made.Format = r.Action.Format
	}
	if a.err != nil || a.made != r.Action {
		t.Errorf("%#v is printed as %q, which is %#v %v", r.Action, r.Action, a.made, a.err)
	}
	if r.Property == nil {
		return
	}
	printed := r.Property.String()
	if !strings.HasPrefix(printed, ":") {
		if _, end, _, err := parseCondition("if " + printed + " then"); err != nil || end != len(printed)+8 {
			t.Errorf("%q is read as %v", printed, err)
		}
		return
	}
	p, end, err := parseProperty(printed, true)
	if err != nil || end != len(printed) || p.String() != printed || p.Value != r.Property.Value {
		t.Errorf("%q is read as %v %v", printed, p, err)
	}
}

// TestMatrixString: selectors for every set of levels, alone and beside others.
func TestMatrixString(t *testing.T) {
	for set := range 1 << Levels {
		for _, rest := range []uint8{0, 0x0f, 0x81, allLevels} {
			m := Matrix{}
			for f := range m {
				m[f] = rest
			}
			m[2], m[23] = uint8(set), uint8(set)
			if m.Empty() {
				continue
			}
			if got, err := ParseSelector(m.String(), Accumulate); err != nil || got != m {
				t.Errorf("%s is printed as %q, which is %s %v", m.words(), m.String(), got.words(), err)
			}
		}
	}
	if m := Everything(); m.String() != "*.*" {
		t.Errorf("everything is %q", m.String())
	}
	if m := (Matrix{2: 0x7f, 7: 0x7f}); m.String() != "mail,news.info" || !strings.Contains(m.words(), "0-6") {
		t.Errorf("mail and news: %q, %s", m.String(), m.words())
	}
}
