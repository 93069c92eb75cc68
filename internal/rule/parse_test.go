package rule

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"constat/entry"
)

// texts parses a file and returns its rules as one line each, and its problems.
func texts(t testing.TB, text string, o Options) (rules, problems []string) {
	t.Helper()
	set, found := Parse("f", []byte(text), o)
	for i := range set.Rules {
		rules = append(rules, fmt.Sprintf("%d %s", set.Rules[i].Line, set.Rules[i].Text()))
	}
	for _, p := range found {
		problems = append(problems, p.Error())
	}
	return rules, problems
}

// TestLines: what a file holds, rule by rule, and the beginning of each problem.
func TestLines(t *testing.T) {
	bsd := Options{Dialect: BSD, Host: "alpha"}
	for _, c := range []struct {
		what, text string
		o          Options
		rules      []string
		problems   []string
	}{
		{"comments and blanks", "# a\n\n\t # b\n  mail.info\t \t-/var/log/mail # c\nkern.* /a#b\n", Options{},
			[]string{"4 mail.info  -/var/log/mail", "5 kern.*  /a#b"}, nil},
		{"comments of bsd", "kern.* /a#b\nmail.* /c\\#d\n", bsd, []string{"1 kern.*  /a", "2 mail.*  /c#d"}, nil},
		{"continuation", "*.=info;\\\n\tmail.none;\\  \n news.none\\\n\t/var/log/x\nkern.* \\\n/y\n", Options{},
			[]string{"1 *.=info;mail.none;news.none  /var/log/x", "5 kern.*  /y"}, nil},
		{"a comment does not go on", "# mail.* \\\nkern.* /x\n", Options{}, []string{"2 kern.*  /x"}, nil},
		{"carriage returns", "mail.* /x\r\nkern.* /y\r\n", Options{}, []string{"1 mail.*  /x", "2 kern.*  /y"}, nil},
		{"case", "MAIL.Info @LogHost\n", Options{}, []string{"1 MAIL.Info  @LogHost"}, nil},
		{"places in continued lines", "mail.info;\\\n   foo.err /x\nmail.* x y\n", Options{}, nil,
			[]string{`f:2:4: error: unknown facility "foo"`, `f:3:8: error: "x y" is no name`}},
		{"no action", "mail.info\n*\n", Options{}, nil, []string{"f:1:10: error: no action", `f:2:1: error: "*" has no level`}},
		{"also", "mail.info /a\n& @b\n&stop\n", Options{}, []string{"1 mail.info  /a", "2 mail.info  @b", "3 mail.info  stop"}, nil},
		{"also of nothing", "& /a\nmail.foo /b\n& stop\n", Options{}, nil,
			[]string{`f:1:1: error: "&"`, `f:2:6: error: unknown level "foo"`, `f:3:1: error: "&"`}},
		{"discard without selector", "stop\n~\n", Options{}, nil, []string{"f:1:1: error: stop without", "f:2:1: error: ~ without"}},
		{"blocks", "*.* /a\n!su\n*.* /b\n+hostX\n*.* /c\n!*\n*.* /d\n+*\n*.* /e\n", Options{},
			[]string{"1 *.*  /a", "3 !su  *.*  /b", "5 !su  +hostX  *.*  /c", "7 +hostX  *.*  /d", "9 *.*  /e"}, nil},
		{"blocks of several", "!-a,b\n*.* /a\n!+c\n*.* /b\n!\n-h1, h2\n*.* /c\n+@\n*.* /d\n", Options{Host: "alpha"},
			[]string{"2 !-a,b  *.*  /a", "4 !c  *.*  /b", "7 -h1,h2  *.*  /c", "9 +alpha  *.*  /d"}, nil},
		{"blocks in comments", "#!prog\n*.* /a\n#+host\n*.* /b\n#-------\n#- a list\n*.* /c\n", bsd,
			[]string{"2 !prog  *.*  /a", "4 !prog  +host  *.*  /b", "7 !prog  +host  *.*  /c"}, nil},
		{"comments stay comments", "#!prog\n#+host\n*.* /a\n", Options{}, []string{"3 *.*  /a"},
			[]string{"f:1:1: warning: a comment here", "f:2:1: warning: a comment here"}},
		{"a broken block selects nothing", "!a b\n*.* /a\n!*\n*.* /b\n", Options{}, []string{"4 *.*  /b"}, []string{`f:1:2: error: "a b"`}},
		{"idle block", "!a\n!b\n*.* /a\n+c\n", Options{}, []string{"3 !b  *.*  /a"}, []string{"f:1:1: warning: no rule", "f:4:1: warning: no rule"}},
		{"an action at the beginning", "-/var/log/x\n!!prog\n", Options{}, nil, []string{"f:1:1: error: an action", "f:2:1: error: OpenBSD"}},
		{"filters", ":msg, contains, \"a # \\\"b\\\"\" /a # c\n:programname,!isequal,\"x\"\t~\n& /b\n:msg,isempty /c\n", Options{},
			[]string{`1 :msg, contains, "a # \"b\""  /a`, `2 :programname,!isequal,"x"  stop`, `3 :programname,!isequal,"x"  /b`, `4 :msg,isempty  /c`}, nil},
		{"filters of bsd", ":msg, icase_contains, \"A\"\n*.* /a\n:*\n*.* /b\n", bsd, []string{`2 :msg, icase_contains, "a"  *.*  /a`, "4 *.*  /b"}, nil},
		{"wrong filters", ":msg, has, \"a\" /a\n:fromhost, isequal, \"a\" /a\n:msg, regex, \"a\\\\1\" /a\n:msg, ereregex, \"(\" /a\n:msg, contains, a /a\n:msg, contains, \"a\"\n", Options{}, nil,
			[]string{`f:1:7: error: operation "has"`, `f:2:2: error: property "fromhost" is not supported, as nobody`, "f:3:14: error: error parsing", "f:4:17: error: error parsing", "f:5:17: error: want the value", "f:6:20: error: no action"}},
		{"directives", "$ModLoad imudp\n$FileOwner root\n$Unheard 1\n$RuleSet remote\n", Options{}, nil,
			[]string{"f:1:1: warning: $ModLoad does nothing: write listen.udp", "f:3:1: warning: $Unheard is not known", "f:4:1: error: $RuleSet"}},
		{"script", "module(load=\"imudp\") # a (\ninput(type=\"imudp\"\n  port=\"514\")\nif $msg contains 'x' and $a == 'b' then {\n  stop\n}\nmail.* /a\n", Options{}, []string{"7 mail.*  /a"},
			[]string{"f:1:1: warning: module", "f:2:1: warning: input", `f:4:26: error: "$a" is not`}},
		{"action objects", "mail.* action(type=\"omfile\" file=\"/a\")\naction(type=\"omfwd\" target=\"2001:db8::1\" port=\"10514\"\n  protocol=\"tcp\" TCP_Framing=\"octet-counted\")\n*.emerg action(type=\"omusrmsg\" users=\"*\")\n*.* action(type=\"omkafka\")\n", Options{},
			[]string{"1 mail.*  -/a", "2 *.*  @@(o)[2001:db8::1]:10514", "4 *.emerg  :omusrmsg:*"}, []string{`f:5:5: error: action of type "omkafka"`}},
		{"open bracket", "mail.* /a\naction(type=\"omfile\"\nkern.* /b\n", Options{}, []string{"1 mail.*  /a"}, []string{"f:2:1: error: what begins here"}},
		{"a comment of C", "/* mail.* /a\n */\nkern.* /b\n", Options{}, []string{"3 kern.*  /b"}, nil},
		{"conditions", "if $programname == 'a' then /a # c\nif not ($msg contains_i \"B'\") then {\n  action(type=\"omfile\"\n    file=\"/b\")\n  stop # x\n}\n\nif $hostname!='h' then\n\t@d\n", Options{},
			[]string{"1 :programname, isequal, \"a\"  if $programname == 'a' then  /a", "2 :msg, !icase_contains, \"b'\"  if not ($msg contains_i \"B'\") then  -/b", "2 :msg, !icase_contains, \"b'\"  if not ($msg contains_i \"B'\") then  stop",
				"8 :hostname, !isequal, \"h\"  if $hostname!='h' then  @d"}, nil},
		{"blocks of actions", ":programname, startswith, \"haproxy\" {\n  /a\n  stop\n}\nmail.* {\n @b\n}\n", Options{},
			[]string{"1 :programname, startswith, \"haproxy\"  /a", "1 :programname, startswith, \"haproxy\"  stop", "5 mail.*  @b"}, nil},
		{"blocks on a line", "if $programname == 'a' then { action(type=\"omfile\" file=\"/a\") stop }\nmail.* { action(type=\"omfile\" file=\"/(\") action(type=\"omfile\" file=\"/c\") }\n", Options{},
			[]string{"1 :programname, isequal, \"a\"  if $programname == 'a' then  -/a", "1 :programname, isequal, \"a\"  if $programname == 'a' then  stop", "2 mail.*  -/(", "2 mail.*  -/c"}, nil},
		{"conditions with and, or, not", "if $programname == 'a' and ($msg contains 'b' or not ($hostname == 'c')) then /a\nif not ($syslogseverity <= 4 or $msg contains 'd' AND $msg contains 'e') then {\n /b\n stop\n}\n", Options{},
			[]string{"1 ($programname == \"a\" and ($msg contains \"b\" or not ($hostname == \"c\")))  if $programname == 'a' and ($msg contains 'b' or not ($hostname == 'c')) then  /a",
				"2 not (($syslogseverity <= \"4\" or $msg contains \"d\") and $msg contains \"e\")  if not ($syslogseverity <= 4 or $msg contains 'd' AND $msg contains 'e') then  /b",
				"2 not (($syslogseverity <= \"4\" or $msg contains \"d\") and $msg contains \"e\")  if not ($syslogseverity <= 4 or $msg contains 'd' AND $msg contains 'e') then  stop"}, []string{"f:2:1: warning: \"and\" and \"or\""}},
		{"a wrong bracket", "if ($msg == 'a' or ($msg == 'b') then /a\n", Options{}, nil, []string{"f:1:1: error: what begins here is not closed"}},
		{"wrong lists", "if $msg == 'a' and then /a\nif ($msg == 'a' $msg == 'b') then /a\nif $msg == 'a' and if then /a\nif $syslogseverity < err then /a\nif $syslogseverity < 'err' then /a\nif $msg <= 4 then /a\nif not $msg == 'a' then /a\nif " + strings.Repeat("(", 40) + "$msg == 'a'" + strings.Repeat(")", 40) + " then /a\n", Options{},
			nil, []string{"f:1:20: error: \"then\" is not", "f:2:17: error: want \")\"", "f:3:20: error: \"if\" is not", "f:4:22: error: want the value in quotes", "f:5:22: error: \"err\" is no number", "f:6:9: error: want ==", "f:7:8: error: rsyslog takes a \"not\"", "f:8:36: error: brackets"}},
		{"wrong conditions", "if $uuid == 'a' then /a\nif $msg > 'a' then /a\nif $msg == a then /a\nif $msg == 'a' /a\nif $msg == 'a' then { }\nif $msg == 'a' then {\n/a\nif $msg == 'b' then /b\n}\nif $msg == 'a' then {\n/a\n} else {\n/b\n}\nif $msg == 'a' then\n", Options{},
			[]string{"6 :msg, isequal, \"a\"  if $msg == 'a' then  /a", "8 ($msg == \"a\" and $msg == \"b\")  if $msg == 'b' then  /b", "10 :msg, isequal, \"a\"  if $msg == 'a' then  /a", "12 :msg, !isequal, \"a\"  else  /b"},
			[]string{`f:1:4: error: "$uuid" is not`, "f:2:9: error: want ==", "f:3:12: error: want the value in quotes", "f:4:16: error: want \"then\"", "f:5:21: error: want {", "f:15:1: error: what begins here"}},
		{"else", "if $msg == 'a' then\n  /a\nelse if $msg == 'b' then {\n  /b\n}\n# c\n\nelse {\n  :hostname, isequal, \"h\" {\n    *.err /c\n    & /d\n  }\n  continue\n  :omusrmsg:root\n}\nmail.* /e\n", Options{},
			[]string{`1 :msg, isequal, "a"  if $msg == 'a' then  /a`, `3 (not ($msg == "a") and $msg == "b")  if $msg == 'b' then  /b`, `10 (not ($msg == "a") and not ($msg == "b") and $hostname == "h")  *.err  /c`,
				`10 (not ($msg == "a") and not ($msg == "b") and $hostname == "h")  *.err  /d`, `8 (not ($msg == "a") and not ($msg == "b"))  else  :omusrmsg:root`, "16 mail.*  /e"}, nil},
		{"conditions over lines", "if $msg == 'a' and\n  $hostname == 'h'\n  or prifilt('mail.err')\nthen\n{\n /a\n}\nif re_match_i($msg, '^x(y|z)') then stop\nif $programname == ['a', \"b\"] and $msg != [ 'c' ] then ~\n", Options{},
			[]string{`1 (($msg == "a" and $hostname == "h") or prifilt("mail.err"))  if $msg == 'a' and $hostname == 'h' or prifilt('mail.err') then  /a`, `8 :msg, icase_ereregex, "^x(y|z)"  if re_match_i($msg, '^x(y|z)') then  stop`,
				`9 (($programname == "a" or $programname == "b") and not ($msg == "c"))  if $programname == ['a', "b"] and $msg != [ 'c' ] then  stop`}, []string{"f:1:1: warning: \"and\" and \"or\""}},
		{"wrong statements", "else /a\n} else {\n/a\n}\nif $msg == 'a' then { /a\n set $.x = 1;\n}\nif $msg == 'a' then { /a\n}\n& stop\nif $msg == 'a' then {\n& /a\n}\nif $msg == 'a' then { /b\n} /c\nif $msg == 'a' then {\n *.foo /d\n}\nif $msg == 'a' then { /e\n} else\n" +
			"if prifilt('mail') then /f\nif prifilt('') then /f\nif prifilt(mail) then /f\nif re_match('a', 'b') then /f\nif re_match($msg, '(') then /f\nif re_match($msg, 'a' then /f\n)\nif field($msg, 1) then /f\nif $msg == ['a' 'b'] then /f\nif $msg == [] then /f\nif $msg == 'a' then continue\n", Options{},
			[]string{`5 :msg, isequal, "a"  if $msg == 'a' then  /a`, `8 :msg, isequal, "a"  if $msg == 'a' then  /a`, `14 :msg, isequal, "a"  if $msg == 'a' then  /b`, `19 :msg, isequal, "a"  if $msg == 'a' then  /e`},
			[]string{"f:1:1: error: an \"else\" without", "f:2:1: error: a \"}\" without", "f:3:1: error: \"/a\" has no", "f:4:1: error: a \"}\" without", "f:6:2: error: set is not", "f:10:1: error: \"&\" repeats the filter", "f:12:1: error: \"&\" repeats the filter", "f:15:3: error: want a statement", "f:17:4: error: unknown level",
				"f:21:13: error: \"mail\" has no level", "f:22:13: error: no selector", "f:23:12: error: want a text", "f:24:13: error: want re_match($", "f:25:18: error: error parsing", "f:26:23: error: want \")\"", "f:28:4: error: function field", "f:29:17: error: want a comma", "f:30:13: error: want values"}},
		{"settings of sysklogd", "listen 192.0.2.1:514\nsecure_mode 1\nrotate_size 1M\nnotify /x\nmail.* /a\nlisten.* /b\n", Options{}, []string{"5 mail.*  /a"},
			[]string{"f:1:1: warning: listen does nothing", "f:2:1: warning: secure_mode", "f:3:1: warning: rotate_size", "f:4:1: warning: notify", `f:6:1: error: unknown facility "listen"`}},
		{"statements on a line", ":msg, contains, \"{\" { action(type=\"omfile\" file=\"/a\")\n& /b\n} if $msg == 'a' then { stop\n} mail.* { /c\n}\n:msg, contains, \"a\" /d{e\nmail.* { /e\n:msg, contains, \"b\" { /f\n} }\nmail { /g\n}\n", Options{},
			[]string{`1 :msg, contains, "{"  -/a`, `1 :msg, contains, "{"  /b`, `3 :msg, isequal, "a"  if $msg == 'a' then  stop`, "4 mail.*  /c", `6 :msg, contains, "a"  /d{e`, "7 mail.*  /e", `8 :msg, contains, "b"  /f`}, []string{`f:10:1: error: "mail" has no level`}},
		{"no includes", "$IncludeConfig /etc/x\n", Options{}, nil, []string{"f:1:16: error: nothing"}},
	} {
		rules, problems := texts(t, c.text, c.o)
		if !slices.Equal(rules, c.rules) {
			t.Errorf("%s: rules\n%q, want\n%q", c.what, rules, c.rules)
		}
		if !slices.EqualFunc(problems, c.problems, strings.HasPrefix) {
			t.Errorf("%s: problems\n%q, want\n%q", c.what, problems, c.problems)
		}
	}
}

// TestActions: an action as written, as it is printed, and in the second form the error.
func TestActions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"/var/log/x", "/var/log/x"}, {"-/var/log/x", "-/var/log/x"}, {"/dev/console", "/dev/console"},
		{"|/run/pipe", "|/run/pipe"}, {"*", ":omusrmsg:*"}, {"root, operator", ":omusrmsg:root,operator"}, {":omusrmsg:root", ":omusrmsg:root"},
		{"~", "stop"}, {"stop", "stop"},
		{"@h", "@h"}, {"@h:514", "@h"}, {"@h:5514", "@h:5514"}, {"@@h.example.org", "@@h.example.org"}, {"@[2001:db8::1]", "@[2001:db8::1]"},
		{"@[2001:db8::1]:6514", "@[2001:db8::1]:6514"}, {"@[h]:99", "@h:99"}, {"@10.0.0.1", "@10.0.0.1"}, {"@@(o)h:601", "@@(o)h:601"}, {"@(z9)h", "@h"},
		{"@tcp://h", "@@h"}, {"@tls://h:6514", "@tls://h"}, {"@tls://h", "@tls://h"}, {"@tls://h:514", "@tls://h:514"},
		{"@relp://h:2514", "@relp://h:2514"}, {"@relp+tls://[::1]:514", "@relp+tls://[::1]:514"}, {"@relp://h", "0 RELP has no port"},
		{`action(type="omrelp" target="h" port="20514")`, "@relp://h:20514;RSYSLOG_ForwardFormat"}, {`action(type="omrelp" target="::1" tls="on" tls.cacert="x" template="RSYSLOG_SyslogProtocol23Format")`, "@relp+tls://[::1]:514;RFC5424"},
		{`action(type="omrelp" port="1")`, "0 neither"},
		{"@udp4://h", "@h"},
		{"@h;RFC5424", "@h;RFC5424"}, {"/x ;RFC3164", "/x;RFC3164"}, {"/x;rotate=1M:5,RFC5424", "/x;RFC5424"}, {"@h;Mine", "@h"},
		{"@@h;RSYSLOG_SyslogProtocol23Format", "@@h;RFC5424"},
		{"/var/log/a b", "0 a blank"}, {"/var/log/", "0 want the path"}, {"-var", "0 is no name"}, {"|prog", "0 named pipe"}, {"|", "0 want the path"},
		{"@", "0 neither"}, {"@h:0", "0 PORT"}, {"@h:70000", "0 PORT"}, {"@h:syslog", "0 PORT"}, {"@2001:db8::1", "0 brackets"}, {"@[::1", "0 closed"},
		{"@[::1]514", "0 PORT"}, {"@@(x)h", "0 octet"}, {"@http://h", "0 udp://"}, {"@[h]:1(fingerprint=\"x\")", "0 TLS"}, {"@-h", "0 neither"},
		{"?", "0 name of a template"}, {"-?dyn;RFC5424", "-?dyn;RFC5424"}, {"^prog", "0 not started"}, {">h,d,u,p", "0 databases"}, {"$chan", "0 channels"}, {":omx:y", "0 not supported"},
		{"root,,x", "0 no name"}, {"root x", "0 no name"}, {"", "0 no action"}, {"{", "0 blocks"},
	} {
		a := actions{text: c.text}
		a.parse()
		if want, isError := strings.CutPrefix(c.want, "0 "); isError {
			if a.err == nil || !strings.Contains(a.err.text, want) || a.err.at > len(c.text) {
				t.Errorf("%q: %v, want an error with %q", c.text, a.err, want)
			}
			continue
		}
		if a.err != nil || a.made.String() != c.want {
			t.Errorf("%q: %s %v, want %s", c.text, a.made, a.err, c.want)
		}
		again := actions{text: a.made.String()}
		if again.parse(); again.err != nil || again.made != a.made {
			t.Errorf("%q: printed as %s, which is %v %v", c.text, a.made, again.made, again.err)
		}
	}
	command := actions{text: "|exec /bin/x", dialect: BSD}
	if command.parse(); command.err == nil || !strings.Contains(command.err.text, "command") {
		t.Errorf("a command: %v", command.err)
	}
}

// mapFiles are files by name; a pattern is matched against them all.
type mapFiles map[string]string

func (m mapFiles) Glob(pattern string) (names []string, err error) {
	for name := range m {
		if ok, err := filepath.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m mapFiles) ReadFile(name string) ([]byte, error) {
	if text, ok := m[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

// TestIncludes: in their place, outside of the blocks of the file that includes, no cycle, and not without end.
func TestIncludes(t *testing.T) {
	deep := mapFiles{}
	for i := range 20 {
		deep[fmt.Sprintf("/d/%d", i)] = fmt.Sprintf("include %d\n", i+1)
	}
	for _, c := range []struct {
		name, text string
		files      mapFiles
		rules      []string
		problem    string // "" is none
	}{
		{"/etc/a.conf", "!su\n*.* /1\n$IncludeConfig /etc/a.d/*.conf\n*.* /2\n", mapFiles{"/etc/a.d/2.conf": "!x\n*.* /x\n", "/etc/a.d/1.conf": "*.* /y\n", "/etc/a.d/3": "*.* /z\n"},
			[]string{"!su  *.*  /1", "*.*  /y", "!x  *.*  /x", "!su  *.*  /2"}, ""},
		{"/etc/a.conf", "include a.d/x\n& /y\n", mapFiles{"/etc/a.d/x": "*.* /x\n"}, []string{"*.*  /x"}, `/etc/a.conf:2:1: error: "&"`},
		{"/etc/a.conf", "include(file=\"/b\" mode=\"optional\")\ninclude(file=\"/c\")\n", mapFiles{"/c": "*.* /x\n"}, []string{"*.*  /x"}, "/etc/a.conf:1:1: warning: include /b"},
		{"/etc/a.conf", "include /b\n", nil, nil, "/etc/a.conf:1:9: error: include /b: there is no such file"},
		{"/etc/a.conf", "include /b*\n", nil, nil, "/etc/a.conf:1:9: warning: include /b*"},
		{"/etc/a.conf", "include /etc/b\n", mapFiles{"/etc/b": "include /etc/../etc/a.conf\n", "/etc/a.conf": ""}, nil, "/etc/b:1:9: error: /etc/a.conf includes itself"},
		{"/d/x", "include 0\n", deep, nil, "/d/6:1:9: error: include /d/7: files include each other more than 8 deep"},
		{"/etc/a.conf", "include [\n", mapFiles{"/x": ""}, nil, "/etc/a.conf:1:9: error: include /etc/[: syntax error"},
	} {
		set, problems := Parse(c.name, []byte(c.text), Options{Files: c.files})
		var rules []string
		for i := range set.Rules {
			rules = append(rules, set.Rules[i].Text())
		}
		if !slices.Equal(rules, c.rules) {
			t.Errorf("%q: %q, want %q", c.text, rules, c.rules)
		}
		if c.problem == "" && len(problems) > 0 || c.problem != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), c.problem)) {
			t.Errorf("%q: %v, want %q", c.text, problems, c.problem)
		}
	}
}

// TestLimits: hostile files end with an error, not with the memory.
func TestLimits(t *testing.T) {
	for what, text := range map[string]string{
		"problems": strings.Repeat("x\n", 5000),
		"rules":    strings.Repeat("*.* /x\n", MaxRules+1),
		"a line":   "*.* /" + strings.Repeat("x", maxLine) + "\n",
		"lines":    strings.Repeat("mail.info;\\\n", 10000),
		"then":     strings.Repeat("if a then\n", 100000),
		"else":     strings.Repeat("if $msg == 'a' then /g\nelse ", 101) + "/h\n",
		"bracket":  "action(" + strings.Repeat("(\n", 100000),
	} {
		set, problems := Parse("f", []byte(text), Options{})
		if !Failed(problems) || len(problems) > maxProblems+1 || len(set.Rules) > MaxRules {
			t.Errorf("%s: %d problems, %d rules", what, len(problems), len(set.Rules))
		}
	}
}

// TestFilters: what a filter holds for.
func TestFilters(t *testing.T) {
	f := Facts{Message: []byte("Out of memory: Killed (1)"), Program: []byte("kernel"), Host: []byte("alpha.example.org")}
	for text, want := range map[string]bool{
		`:msg, contains, "memory"`: true, `:msg, contains, "Memory"`: false, `:msg, icase_contains, "MEMORY"`: true, `:msg, !contains, "memory"`: false,
		`:msg, contains, ""`: true, `:msg, startswith, " Out"`: true, `:msg, startswith, "of"`: false, `:msg, endswith, "(1)"`: true, `:msg, isempty`: false,
		`:programname, isequal, "kernel"`: true, `:app-name, isequal, "kern"`: false, `:hostname, endswith, ".org"`: true, `:source, isempty`: false, `:hostname, !isempty`: true,
		`:msg, ereregex, "K(illed|ept) \\(1\\)$"`: true, `:msg, regex, "K\\(illed\\|ept\\) (1)$"`: true, `:msg, regex, "[(][^]]) *"`: true, `:msg, regex, "(1*)"`: true,
		`:msg, regex, "Kil+ed"`: false, `:msg, regex, "Kil\\+ed"`: true, `:msg, icase_regex, "^OUT"`: true, `:msg, icase_regex, "K\\(ILL\\|ept\\)ed"`: true, `:msg, ereregex, "^ Out"`: true, `:msg, ereregex, "^ *Out"`: true, `:msg, contains, " Out of"`: true, `:msg, contains, " f "`: false, `:msg, icase_ereregex, "^of"`: false, `:MSG,Contains,"a\"b"`: false,
	} {
		p, end, err := parseProperty(text, false)
		if err != nil || end != len(text) {
			t.Errorf("%s: %v", text, err)
		} else if p.holds(&f) != want {
			t.Errorf("%s holds: %t", text, !want)
		}
	}
}

// TestProperties: each property that is compared, for messages of the network and of this machine. That rsyslogd takes them
// alike says TestInPlaceOfRsyslog of the daemon.
func TestProperties(t *testing.T) {
	var far, here entry.Entry
	for _, f := range []string{"PRIORITY=3", "SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=postfix/smtpd", "SYSLOG_PID=7", "SYSLOG_MSGID=ID", "MESSAGE=connect", "_SOURCE_ADDR=192.0.2.7"} {
		name, value, _ := strings.Cut(f, "=")
		far.AddString(name, value, entry.Claimed)
	}
	here.AddString("MESSAGE", "[CLOUDINIT] util.py[DEBUG]: text", entry.Claimed)
	for text, want := range map[string]string{
		`:programname, isequal, "postfix"`: "far", `:programname, isequal, "postfix/smtpd"`: "far", `:programname, endswith, "smtpd"`: "", `:app-name, contains, "x/s"`: "far",
		`:syslogtag, isequal, "postfix/smtpd[7]:"`: "far", `:syslogtag, isequal, "postfix/smtpd[7]"`: "far", `:syslogtag, endswith, "[7]:"`: "far", `:syslogtag, isequal, "[CLOUDINIT]"`: "here",
		`:fromhost-ip, isequal, "192.0.2.7"`: "far", `:fromhost-ip, isequal, "127.0.0.1"`: "here", `:fromhost-ip, startswith, "192.0."`: "far", `:hostname, isequal, "192.0.2.7"`: "far",
		`:procid, isequal, "7"`: "far", `:procid, isempty`: "here", `:msgid, isequal, "ID"`: "far", `:syslogfacility, isequal, "2"`: "far", `:syslogfacility-text, isequal, "mail"`: "far",
		`:syslogseverity, isequal, "3"`: "far", `:syslogpriority-text, isequal, "err"`: "far", `:syslogseverity-text, isequal, "notice"`: "here",
	} {
		p, _, err := parseProperty(text, false)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for name, e := range map[string]*entry.Entry{"far": &far, "here": &here} {
			if f := FactsOf(e); p.holds(&f) != (name == want) {
				t.Errorf("%s holds for %s: %t", text, name, name != want)
			}
		}
	}
	if p, _, err := parseProperty(`:programname, isequal, "postfix"`, true); err != nil || p.holds(&Facts{Program: []byte("postfix/smtpd")}) {
		t.Errorf("BSD compares the name whole: %v", err)
	}
}

// TestConditions: and and or are read from left to right, not binds closer; numbers are compared as such.
func TestConditions(t *testing.T) {
	f := Facts{Message: []byte("b"), Program: []byte("a"), Host: []byte("c"), Level: 4, Facility: 16}
	for text, want := range map[string]bool{
		"$programname == 'a' and $msg == 'b'": true, "$programname == 'a' and $msg == 'x'": false, "$msg == 'x' or $programname == 'a'": true, "$msg == 'x' or $msg == 'y'": false,
		"$msg == 'x' and $msg == 'y' or $msg == 'b'": true, "$msg == 'x' and ($msg == 'y' or $msg == 'b')": false, "$msg == 'b' or $msg == 'y' and $msg == 'x'": false, "$msg == 'b' or ($msg == 'y' and $msg == 'x')": true,
		"not ($msg == 'x') and $msg == 'b'": true, "not ($msg == 'x' or $msg == 'b')": false, "not not ($msg == 'b')": true, "not ($msg == 'b' and $msg != 'b')": true, "(($msg=='b'))": true,
		"$syslogseverity <= 4": true, "$syslogseverity < 4": false, "$syslogseverity >= '4'": true, "$syslogseverity > 4": false, "$syslogseverity > 3": true, "$syslogseverity == 4": true,
		"not ($syslogseverity < 4)": true, "$syslogfacility >= 16 and $syslogfacility<=23": true, "$syslogseverity != 4": false,
	} {
		p, end, _, err := parseCondition("if " + text + " then")
		if err != nil || end != len(text)+8 {
			t.Errorf("%s: %v", text, err)
		} else if p.holds(&f) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
}

// TestKernelPrograms: on BSD a message of the kernel that begins with a name counts as that program's, and only there.
func TestKernelPrograms(t *testing.T) {
	for d, want := range []bool{Accumulate: false, BSD: true} {
		set, problems := Parse("f", []byte("!em0\n*.* /x\n"), Options{Dialect: Dialect(d)})
		f := Facts{Program: []byte("kernel"), Message: []byte("em0: link is up")}
		if got := len(set.Match(nil, &f)) == 1; len(problems) > 0 || got != want {
			t.Errorf("%s: %t %v", Dialect(d), got, problems)
		}
		f.Facility = 1
		if len(set.Match(nil, &f)) > 0 {
			t.Errorf("%s: a message of another facility counts", Dialect(d))
		}
	}
}

// TestStockFiles: what distributions ship is read without errors; facts of their files, in our words.
func TestStockFiles(t *testing.T) {
	for _, c := range []struct {
		dialect Dialect
		text    string
		rules   int
	}{
		{BSD, "*.err;kern.warning;auth.notice;mail.crit\t/dev/console\nsecurity.*\t/var/log/security\n!-devd\n*.=debug\t/var/log/debug.log\n*.emerg\t*\n" +
			"!devd\n*.>=notice /var/log/devd.log\n!*\ninclude\t/etc/syslog.d\ninclude /usr/local/etc/syslog.d\n", 5},
		{Accumulate, "*.warn;kern.!=warn;authpriv.none;cron.none\t-/var/log/syslog\n*.=info;*.=notice;*.=warn;\\\n\tauth,authpriv.none;\\\n\tmail,news.none\t\t-/var/log/messages\n" +
			"daemon.*;mail.*;\\\n\tnews.err;\\\n\t*.=debug;*.=info\t|/dev/xconsole\n*.emerg *\n", 4},
		{Accumulate, "$ModLoad imuxsock\n$FileCreateMode 0640\n$Umask 0022\n$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\n*.*;auth.none -/var/log/syslog\n", 1},
	} {
		set, problems := Parse("f", []byte(c.text), Options{Dialect: c.dialect, Files: mapFiles{}})
		if Failed(problems) || len(set.Rules) != c.rules {
			t.Errorf("%q: %d rules %v", c.text, len(set.Rules), problems)
		}
	}
}
