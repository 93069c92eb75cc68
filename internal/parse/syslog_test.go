package parse

import (
	"strings"
	"testing"
	"time"

	"constat/entry"
)

func TestRFC5424(t *testing.T) {
	const head = `<165>1 2003-10-11T22:14:15.003Z h a 1 m `
	const out = ` @2003-10-11T22:14:15.003Z PRIORITY="5" SYSLOG_FACILITY="20" HOSTNAME="h" SYSLOG_IDENTIFIER="a" SYSLOG_PID="1" SYSLOG_MSGID="m"`
	const nil5 = ` PRIORITY="0" SYSLOG_FACILITY="0"`
	checkShapes(t, RFC5424, Options{}, []shape{
		{head + `- hi`, `rfc5424` + out + ` MESSAGE="hi"`},
		{head + `- `, `rfc5424` + out + ` MESSAGE=""`},
		{head + `-`, `rfc5424` + out},
		{head + "- \ufeffhi", `rfc5424 01` + out + ` MESSAGE="hi"`},
		{head + "- \ufeff\ufeff", `rfc5424 01` + out + ` MESSAGE="\ufeff"`},
		{head + "-  \thi\x00\x1b[0m\xff\xfe \r", `rfc5424` + out + ` MESSAGE=" \thi\x00\x1b[0m\xff\xfe \r"`},
		{head + `[a@1] x`, `rfc5424 000300` + out + ` MESSAGE="x" a@1=""`},
		{head + `[a@1][b.c@1 k="v" k=""]`, `rfc5424 0003000502` + out + ` a@1="" b.c@1.k="v" b.c@1.k=""`},
		{head + `[ex@32473 iut="3" src="a\"b\]c\\"] [x@1 a="b"]`, `rfc5424 000802` + out +
			` MESSAGE="[x@1 a=\"b\"]" ex@32473.iut="3" ex@32473.src="a\"b]c\\"`},
		{head + `[a x="\n"]`, `raw` + out + ` a.x="\\n"`}, // not an escape
		{head + `[a x="]"]`, `raw` + out + ` a.x="]"`},    // must be escaped
		{head + `[_a]`, `raw` + out + ` a=""`},            // a sender cannot set _a
		{head + `[MESSAGE]`, `raw` + out + ` MESSAGE=""`},
		{head + `[a x=1] hi`, `rfc5424 02` + out + ` MESSAGE="[a x=1] hi"`},
		{head + `[a x="1"`, `rfc5424 02` + out + ` MESSAGE="[a x=\"1\""`},
		{head + `hi`, `rfc5424 02` + out + ` MESSAGE="hi"`},
		{head, `rfc5424 02` + out + ` MESSAGE=""`},
		{strings.TrimSuffix(head, " "), `rfc5424 02` + out},
		{`<0>1 - - - - - -`, `rfc5424` + nil5},
		{`<0>1 2003-10-11T22:14:15.123456789-00:00 - - - - -`, `rfc5424 @2003-10-11T22:14:15.123456789-00:00` + nil5},
		{`<0>1 2003-10-11T22:14:15.0+02:00 - - - - -`, `rfc5424 @2003-10-11T22:14:15.0+02:00` + nil5},
		{`<0>1 2003-10-11T22:14:15Z - - - - -`, `rfc5424 @2003-10-11T22:14:15Z` + nil5},
		{`<0>1 2003-10-11T22:14:15+0200 - - - - -`, `rfc5424 @2003-10-11T22:14:15+0200` + nil5},
		{`<0>1 2003-10-11T22:14:15 - - - - -`, `rfc5424 @2003-10-11T22:14:15` + nil5},
		{`<0>1 2003-10-11t22:14:15z - - - - -`, `raw @2003-10-11T22:14:15z` + nil5},
		{`<0>1 2016-12-31T23:59:60Z - - - - -`, `raw @2017-01-01T00:00:00Z` + nil5},
		{`<0>1 2003-10-11T24:00:00Z - - - - -`, `raw` + nil5},
		{`<0>1 2003-02-29T22:14:15Z - - - - -`, `raw` + nil5},
		{`<0>1 2003-10-11T22:14:15.1234567891Z - - - - -`, `raw @2003-10-11T22:14:15.123456789Z` + nil5},
		{`<034>1 - - - - - -`, `raw PRIORITY="2" SYSLOG_FACILITY="4"`},
		{`<192>1 - - - - - - x`, `raw MESSAGE="x"`},
		{`<>1 - - - - - - x`, `raw MESSAGE="x"`},
		{`<34>1 Oct 11 22:14:15 h a: x`, `text MESSAGE="<34>1 Oct 11 22:14:15 h a: x"`},
		{`<34>1 -  - - - - x`, `text MESSAGE="<34>1 -  - - - - x"`},
		{`<34>2 - - - - - -`, `text MESSAGE="<34>2 - - - - - -"`},
		{`<34>1 - -`, `text MESSAGE="<34>1 - -"`},
		{``, `text MESSAGE=""`},
	})
}

func TestRFC3164(t *testing.T) {
	const at = ` @2023-10-11T22:14:15`
	const sshd = ` HOSTNAME="h" SYSLOG_IDENTIFIER="sshd" SYSLOG_PID="42" MESSAGE="hi"`
	const pri = ` PRIORITY="2" SYSLOG_FACILITY="4"`
	checkShapes(t, RFC3164, Options{}, []shape{
		{`<34>Oct 11 22:14:15 h sshd[42]: hi`, `rfc3164` + at + pri + sshd},
		{`Oct 11 22:14:15 h sshd[42]: hi`, `rfc3164` + at + sshd},
		{`<34> Oct 11 22:14:15 h sshd[42]: hi`, `rfc3164 40` + at + pri + sshd},
		{`Oct  1 22:14:15 h sshd[42]: hi`, `rfc3164 @2023-10-01T22:14:15` + sshd},
		{`Oct 01 22:14:15 h sshd[42]: hi`, `rfc3164 01 @2023-10-01T22:14:15` + sshd},
		{`Oct 1 22:14:15 h sshd[42]: hi`, `rfc3164 02 @2023-10-01T22:14:15` + sshd},
		{`OCT 11 22:14:15 h sshd[42]: hi`, `raw` + at + sshd},
		{`Oct 11 22:14:15.123 h sshd[42]: hi`, `rfc3164` + at + `.123` + sshd},
		{`Oct 11 2019 22:14:15 h sshd[42]: hi`, `rfc3164 05 @2019-10-11T22:14:15` + sshd},
		{`2023-10-11T22:14:15.123456+02:00 h sshd[42]: hi`, `rfc3164 03` + at + `.123456+02:00` + sshd},
		{`2023-10-11T22:14:15 h sshd[42]: hi`, `rfc3164 03` + at + sshd},
		{`<34>2023-10-11T22:14:15Z h sshd[42]: hi`, `rfc3164 03` + at + `Z` + pri + sshd},
		{`Oct 11 22:14:60 h sshd[42]: hi`, `raw @2023-10-11T22:15:00` + sshd},
		{`Oct 11 24:00:00 h sshd[42]: hi`, `raw` + sshd},
		{`Oct 13 11:59:59 h sshd[42]: hi`, `rfc3164 @2023-10-13T11:59:59` + sshd},
		{`Oct 13 12:00:01 h sshd[42]: hi`, `rfc3164 @2022-10-13T12:00:01` + sshd},
		{`Dec 31 23:00:00 h sshd[42]: hi`, `rfc3164 @2022-12-31T23:00:00` + sshd},
		{`Feb 29 23:00:00 h sshd[42]: hi`, `rfc3164 @2020-02-29T23:00:00` + sshd},
		{`Feb 30 23:00:00 h sshd[42]: hi`, `raw` + sshd},
		{`<34>Oct 11 22:14:15 sshd[42]: hi`, `rfc3164` + at + pri + ` SYSLOG_IDENTIFIER="sshd" SYSLOG_PID="42" MESSAGE="hi"`},
		{`<34>Oct 11 22:14:15 root: hi`, `rfc3164` + at + pri + ` SYSLOG_IDENTIFIER="root" MESSAGE="hi"`},
		{`<34>Oct 11 22:14:15 - root: hi`, `rfc3164 08` + at + pri + ` SYSLOG_IDENTIFIER="root" MESSAGE="hi"`},
		{`Oct 11 22:14:15 h kernel: [   12.3] hi`, `rfc3164` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="kernel" MESSAGE="[   12.3] hi"`},
		{`Oct 11 22:14:15 h kernel:`, `rfc3164` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="kernel"`},
		{`Oct 11 22:14:15 h kernel: `, `rfc3164` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="kernel" MESSAGE=""`},
		{`Oct 11 22:14:15 h CEF:0|a|b`, `rfc3164 20` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="CEF" MESSAGE="0|a|b"`},
		{`Oct 11 22:14:15 h cron[7] hi`, `rfc3164 10` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="cron" SYSLOG_PID="7" MESSAGE="hi"`},
		{`Oct 11 22:14:15 h su(pam_unix)[]: hi`, `rfc3164` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="su(pam_unix)" SYSLOG_PID="" MESSAGE="hi"`},
		{`Oct 11 22:14:15 h a/b[x-1]: hi`, `rfc3164` + at + ` HOSTNAME="h" SYSLOG_IDENTIFIER="a/b" SYSLOG_PID="x-1" MESSAGE="hi"`},
		{`Oct 11 22:14:15 h no tag here`, `rfc3164` + at + ` HOSTNAME="h" MESSAGE="no tag here"`},
		{`Oct 11 22:14:15 h 10.0.0.1:80 up`, `rfc3164` + at + ` HOSTNAME="h" MESSAGE="10.0.0.1:80 up"`},
		{`Oct 11 22:14:15 h {"a": 1}`, `rfc3164` + at + ` HOSTNAME="h" MESSAGE="{\"a\": 1}"`},
		{`Oct 11 22:14:15 2001:db8::1 a: b`, `rfc3164` + at + ` HOSTNAME="2001:db8::1" SYSLOG_IDENTIFIER="a" MESSAGE="b"`},
		{`Oct 11 22:14:15 [2001:db8::1] a: b`, `rfc3164` + at + ` HOSTNAME="[2001:db8::1]" SYSLOG_IDENTIFIER="a" MESSAGE="b"`},
		{`Oct 11 22:14:15 [error] x`, `rfc3164` + at + ` MESSAGE="[error] x"`},
		{`Oct 11 22:14:15 fw1 : %ASA-6-302013: x`, `rfc3164` + at + ` HOSTNAME="fw1" MESSAGE=": %ASA-6-302013: x"`},
		{`Oct 11 22:14:15 last message repeated 3 times`, `rfc3164` + at + ` MESSAGE="last message repeated 3 times"`},
		{`Oct 11 22:14:15 h last message repeated 3 times`, `rfc3164` + at + ` HOSTNAME="h" MESSAGE="last message repeated 3 times"`},
		{`Oct 11 22:14:15 word`, `rfc3164` + at + ` HOSTNAME="word"`},
		{`Oct 11 22:14:15 `, `rfc3164` + at + ` MESSAGE=""`},
		{`Oct 11 22:14:15  two`, `rfc3164` + at + ` MESSAGE=" two"`},
		{`Oct 11 22:14:15`, `rfc3164` + at},
		{"<34>Oct 11 22:14:15 h a: \ufeffx\t\xff \r", `rfc3164` + at + pri + ` HOSTNAME="h" SYSLOG_IDENTIFIER="a" MESSAGE="\ufeffx\t\xff \r"`},
		{`<34>tag: hi`, `rfc3164 04` + pri + ` SYSLOG_IDENTIFIER="tag" MESSAGE="hi"`},
		{`<34>just some text`, `rfc3164 04` + pri + ` MESSAGE="just some text"`},
		{`<34>`, `rfc3164 04` + pri + ` MESSAGE=""`},
		{`<34>date=2023-10-11 time=22:14:15 x`, `rfc3164 04` + pri + ` MESSAGE="date=2023-10-11 time=22:14:15 x"`},
		{`<999>Oct 11 22:14:15 h sshd[42]: hi`, `raw` + at + sshd},
		{`<>Oct 11 22:14:15 h sshd[42]: hi`, `raw` + at + sshd},
		{`<034>Oct 11 22:14:15 h sshd[42]: hi`, `raw` + at + pri + sshd},
		{`<13 Oct 11`, `text MESSAGE="<13 Oct 11"`},
		{`plain`, `text MESSAGE="plain"`},
		{``, `text MESSAGE=""`},
	})
}

// TestOffset: stamps without a zone are read in the location, and the offset that this meant is kept.
func TestOffset(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here: ", err)
	}
	p := New(RFC3164, Options{Location: berlin})
	for _, c := range []struct{ line, utc, params string }{
		{`Oct 11 22:14:15 h a: x`, "2023-10-11T20:14:15Z", "\x00\xc0\x70"},
		{`Jan 11 22:14:15 h a: x`, "2023-01-11T21:14:15Z", "\x00\xa0\x38"},
		{`2023-01-11T22:14:15 h a: x`, "2023-01-11T21:14:15Z", "\x03\xa0\x38"},
		{`2023-01-11T22:14:15Z h a: x`, "2023-01-11T22:14:15Z", "\x03"},
	} {
		var e entry.Entry
		p.Parse(&e, []byte(c.line), testTime)
		checkEntry(t, &e, []byte(c.line))
		if got := e.Event.Time().Format(time.RFC3339); got != c.utc || string(e.Params) != c.params {
			t.Errorf("%s: %s, params %x", c.line, got, e.Params)
		}
	}
	var e entry.Entry
	leftOut := []byte(`Mar 26 02:30:00 h a: x`) // the clocks went from 2 to 3
	p.Parse(&e, leftOut, testTime)
	if checkEntry(t, &e, leftOut); e.Renderer != entry.RenderRFC3164 {
		t.Errorf("an hour that was left out: %s", dump(&e))
	}
}
