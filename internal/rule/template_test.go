package rule

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// TestTemplates: what a template makes of an entry. That rsyslogd makes the same says TestInPlaceOfRsyslog of the daemon.
func TestTemplates(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	time.Local = time.FixedZone("", 3600)
	e := entry.Entry{Received: 1791756855_123450, Event: entry.Time{Micros: 1791756854_500000, Digits: 1, Valid: true}} // 2026-10-11
	for _, f := range []string{"PRIORITY=3", "SYSLOG_FACILITY=14", "HOSTNAME=Web1", "SYSLOG_IDENTIFIER=postfix/smtpd", "SYSLOG_PID=7", "MESSAGE=a,b\tc"} {
		name, value, _ := strings.Cut(f, "=")
		e.AddString(name, value, entry.Claimed)
	}
	facts := FactsOf(&e)
	for text, want := range map[string]string{
		`%msg%|%msg:2:2%|%msg:4:$%|%msg:9:%`: " a,b#011c|a|b#011c|", `%msg:F,44:2%|%msg:F:2%|%msg:F,44:9%`: "b#011c|c|**FIELD NOT FOUND**",
		`%HOSTNAME%%hostname:::lowercase%%source:::uppercase%`: "Web1web1WEB1", `%programname%|%app-name%|%syslogtag%|%procid%|%msgid%`: "postfix|postfix/smtpd|postfix/smtpd[7]:|7|-",
		`%pri% %pri-text% %syslogfacility% %syslogpriority-text%`: "115 alert.err<115> 14 err", `%fromhost-ip%\t\\100\%\n`: "127.0.0.1\t\\100%",
		`%timestamp%|%timereported:::date-rfc3339%|%timegenerated:::date-rfc3339%|%timegenerated:1:10:date-rfc3339%`:    "Oct 11 23:14:14|2026-10-11T23:14:14.5+01:00|2026-10-11T23:14:15.123450+01:00|2026-10-11",
		`%$year%%$MONTH%%$day%%$hour%%$minute%|%$now%|%timegenerated:::date-unixtimestamp%|%timereported:::date-mysql%`: "202610112314|2026-10-11|1791756855|20261011231414",
		`%msg:::sp-if-no-1st-sp%|%hostname:::sp-if-no-1st-sp%|`:                                                         "| |", `plain`: "plain",
	} {
		template := parseTemplate(text)
		if template.err != nil {
			t.Errorf("%s: %s", text, template.err.text)
		} else if got := string(template.Append(nil, &facts)); got != want {
			t.Errorf("%s makes %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{`%a`: "no closing", `%nothing%`: "is not supported", `%fromhost%`: "fromhost-ip", `%msg:R,ERE,1,DFLT:x--end%`: "is not supported",
		`%msg:x:2%`: "want numbers", `%msg:::json%`: "option", `%timestamp:::date-ordinal%`: "option", `%msg:F,x:1%`: "F,CODE"} {
		if template := parseTemplate(text); template.err == nil || !strings.Contains(template.err.text, want) {
			t.Errorf("%s: %v, want an error with %q", text, template.err, want)
		}
	}
}

// TestTemplatesInFiles: templates stand anywhere, those that make names are checked, and the form of lines has its order.
func TestTemplatesInFiles(t *testing.T) {
	const define = "$template N,\"/d/%HOSTNAME%/x\" # c\n$template L,\"%msg% # %hostname%\\n\"\n"
	for text, want := range map[string]string{
		"*.* ?N\n*.* -?N;L\n" + define: "?N|-?N;L",
		"*.* action(type=\"omfile\" dynaFile=\"N\" template=\"L\" dirCreateMode=\"0700\")\n" + define: "-?N;L",
		define + "*.* ?M\n":                               `f:3:5: error: there is no template "M"`,
		"*.* /x;M\n":                                      `/x|f:1:5: warning: there is no template "M" here`,
		"*.* ?\n":                                         "f:1:5: error: want the name",
		"$template A,\"x%hostname%\"\n*.* ?A\n":           "f:2:5: error: template A: the name of a file begins with /",
		"$template A,\"/x/%hostname%/\"\n*.* ?A\n":        "f:2:5: error: template A: want the name of a file",
		"$template A,\"/x/../%hostname%\"\n*.* ?A\n":      "f:2:5: error: template A: neither ..",
		"$template A,\"/x\\n%hostname%\"\n*.* ?A\n":       "f:2:5: error: template A: a line feed",
		"$template A,\"/%fromhost%\"\n*.* ?A\n*.* /y;A\n": `/y|f:2:5: error: template A: property "fromhost"|f:3:5: warning: template A: property "fromhost"`,
		"$template A,\"/x\"\n$template A,\"/y\"\n":        "f:2:1: warning: there is a template \"A\" above",
		"$template A\n$template A,x\n$template A,\"x\ntemplate(type=\"list\")\n":                                                 "f:1:1: error: want $template|f:2:1: error: want $template|f:3:1: error: the quote|f:4:1: error: want template(",
		"template(name=\"A\" type=\"list\") { constant(value=\"/x/\") property(name=\"msg\" regex.expression=\"x\") }\n*.* ?A\n": "f:2:5: error: template A: regex.expression",
		"template(name=\"A\" type=\"plugin\" plugin=\"x\")\n*.* ?A\n":                                                            "f:2:5: error: template A: of type",
		"template(name=\"A\" type=\"list\") { x }\n*.* ?A\n":                                                                     "f:2:5: error: template A: want { constant",
		"$ActionFileDefaultTemplate Gone\n*.* /x\n":                                                                              `/x|f:2:5: warning: there is no template "Gone" here, which`,
	} {
		set, problems := Parse("f", []byte(text), Options{})
		var got []string
		for _, a := range set.Targets {
			got = append(got, a.String())
		}
		for _, p := range problems {
			got = append(got, p.Error())
		}
		if !slices.EqualFunc(got, strings.Split(want, "|"), strings.HasPrefix) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestUsualForms: the lines of a file of rsyslog have its form, those of other daemons theirs; what stands on the line goes
// before the directives, and one file has one form.
func TestUsualForms(t *testing.T) {
	for text, want := range map[string]string{
		"*.* /x\n": "/x 0", "$ModLoad imuxsock\n*.* /x\n*.* |/p\n*.* @h\n": "/x 3||/p 3|@h 0", "*.* /x\nmodule(load=\"imudp\")\n": "/x 3",
		"$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\n*.* /x\n*.* /y;RFC5424\n*.* |/p\n":                                                                                  "/x 1|/y 2||/p 3",
		"*.* /x\n$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\n*.* /x\n*.* action(type=\"omfile\" file=\"/y\")\n$ResetConfigVariables\n*.* /z\n":                           "/x 3|/y 1|/z 3",
		"module(load=\"builtin:omfile\" template=\"RSYSLOG_TraditionalFileFormat\")\n*.* /x\n$ActionFileDefaultTemplate RSYSLOG_FileFormat\n*.* /y\n*.* /z;L\n$template L,\"%msg%\"\n": "/x 1|/y 1|/z L",
	} {
		set, problems := Parse("f", []byte(text), Options{})
		var got []string
		for _, a := range set.Targets {
			form := string('0' + rune(a.Format))
			if a.Layout != nil {
				form = a.Layout.Name
			}
			name, _, _ := strings.Cut(a.String(), ";")
			got = append(got, strings.TrimPrefix(name, "-")+" "+form)
		}
		if Failed(problems) || strings.Join(got, "|") != want {
			t.Errorf("%q: %q %v, want %q", text, got, problems, want)
		}
	}
}

// FuzzAppendPath: whatever an entry holds, the file lies below the directory of the template, as deep as that says.
func FuzzAppendPath(f *testing.F) {
	template := parseTemplate("/var/log/%HOSTNAME%/%PROGRAMNAME%%msg:1:3%/.%syslogtag%%procid%")
	for _, s := range []string{"../../etc/passwd", "..", ".", "", "/", "a/b", "\x00", "\n", strings.Repeat("x/", 300), "..\x00", " .. "} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, host, program, message string) {
		facts := Facts{Host: []byte(host), Program: []byte(program), Message: []byte(message)}
		got := string(template.AppendPath(nil, &facts))
		parts := strings.Split(got, "/")
		if len(parts) != 6 || path.Clean(got) != got || !strings.HasPrefix(got, template.Directory()+"/") || strings.ContainsFunc(got, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("%q", got)
		}
		for _, part := range parts {
			if len(part) > maxName {
				t.Errorf("%d octets in %q", len(part), got)
			}
		}
		if string(facts.Host) != host || string(facts.Program) != program || string(facts.Message) != message {
			t.Error("the entry was changed")
		}
	})
}
