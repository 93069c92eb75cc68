package parse

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// syntaxOf returns the words of _SYNTAX.
func syntaxOf(e *entry.Entry) (words []string) {
	for _, f := range e.Fields {
		if f.Name == Syntax && f.Provenance == entry.Observed {
			words = append(words, string(f.Value))
		}
	}
	return words
}

// checkSyntax checks what holds for every message whatsoever: the words are known and not repeated, there is a
// priority, and of a message in which nothing is odd the sender wrote it.
func checkSyntax(t *testing.T, e *entry.Entry, octets []byte) {
	t.Helper()
	words := syntaxOf(e)
	for i, word := range words {
		if slices.Contains(words[:i], word) || !slices.ContainsFunc(oddityWords[:], func(w []byte) bool { return string(w) == word }) {
			t.Fatalf("%q: words %q", octets, words)
		}
	}
	i := slices.IndexFunc(e.Fields, func(f entry.Field) bool { return f.Name == "PRIORITY" })
	if i < 0 || (len(words) == 0 && e.Fields[i].Provenance == entry.Observed) {
		t.Fatalf("%q: words %q, priority of field %d: %s", octets, words, i, dump(e))
	}
	if e.Event.Valid && slices.Contains(words, "bad_time") {
		t.Fatalf("%q: a bad time is kept: %s", octets, dump(e))
	}
}

// TestSyslogAgrees: what is well formed in RFC 5424 and RFC 3164 is read as by the parsers of these formats, and
// nothing about it is odd.
func TestSyslogAgrees(t *testing.T) {
	network := New(Syslog, Options{Location: time.UTC})
	for _, format := range []Format{RFC5424, RFC3164} {
		p := New(format, Options{Location: time.UTC})
		well := 0
		for _, octets := range cases(t, format) {
			var a, b entry.Entry
			p.Parse(&a, octets, testTime)
			network.Parse(&b, octets, testTime)
			checkEntry(t, &b, octets)
			checkSyntax(t, &b, octets)
			_, raw := a.Get(entry.Raw)
			if raw || len(octets) == 0 || octets[0] != '<' || len(syntaxOf(&b)) > 0 ||
				bytes.ContainsAny(octets[len(octets)-1:], "\r\x00") || bytes.Contains(octets, []byte(" : %ASA-")) {
				continue
			}
			if well++; dump(&a) != dump(&b) {
				t.Errorf("%q:\n%v %s\nsyslog  %s", octets, format, dump(&a), dump(&b))
			}
		}
		if well == 0 {
			t.Errorf("no well-formed message of %v", format)
		}
	}
}

// TestSyslogTail: what stands behind a message is framing in each of its forms, and costs no second copy.
func TestSyslogTail(t *testing.T) {
	checkShapes(t, Syslog, Options{}, []shape{
		{"<13>a: x\n", `rfc3164 8402 PRIORITY="5" SYSLOG_FACILITY="1" SYSLOG_IDENTIFIER="a" MESSAGE="x"`},
		{"<13>a: x\r\n\x00", `rfc3164 8407 PRIORITY="5" SYSLOG_FACILITY="1" SYSLOG_IDENTIFIER="a" MESSAGE="x"`},
		{"<13>a: x\n\n", `rfc3164 8402 PRIORITY="5" SYSLOG_FACILITY="1" SYSLOG_IDENTIFIER="a" MESSAGE="x\n"`},
		{"<13>a: x\n\r", `rfc3164 8401 PRIORITY="5" SYSLOG_FACILITY="1" SYSLOG_IDENTIFIER="a" MESSAGE="x\n"`},
		{"<13>1 - - - - - - x\r", `rfc5424 04 PRIORITY="5" SYSLOG_FACILITY="1" MESSAGE="x"`},
		{"<13>1 - - - - - [a]\x00", `rfc5424 100100 PRIORITY="5" SYSLOG_FACILITY="1" a=""`},
		{"<13>1 - - - - - - \n", `rfc5424 08 PRIORITY="5" SYSLOG_FACILITY="1" MESSAGE=""`},
		{"<abc>\n", `rfc3164 8402 MESSAGE="<abc>"`},
		{"\n", `rfc3164 8402 MESSAGE=""`},
	})
}

// TestSyslogLenient: what the cases in conformance do not say, and what the flags of _SYNTAX say about it.
func TestSyslogLenient(t *testing.T) {
	const at, app = `@2023-10-11T22:14:15`, ` HOSTNAME="h" SYSLOG_IDENTIFIER="a" MESSAGE="x"`
	const pri = ` PRIORITY="5" SYSLOG_FACILITY="1"`
	p := New(Syslog, Options{Location: time.UTC})
	for _, c := range []struct{ in, want, words string }{
		{`<166>:Oct 11 22:14:15 UTC: %ASA-6-302013: x`, `raw ` + at + `Z PRIORITY="6" SYSLOG_FACILITY="20" SYSLOG_IDENTIFIER="%ASA-6-302013" MESSAGE="x"`, ``},
		{`<13>7: 1w2d: %SYS-5-A: x`, `raw` + pri + ` SYSLOG_IDENTIFIER="%SYS-5-A" MESSAGE="x" meta.sequenceId="7"`, ``},
		{`<13>7: 00:12:34: %SYS-5-A: x`, `raw` + pri + ` SYSLOG_IDENTIFIER="%SYS-5-A" MESSAGE="x" meta.sequenceId="7"`, ``},
		{`<13>7: r1: 8: Oct 11 22:14:15: %SYS-5-A: x`, `raw ` + at + pri + ` HOSTNAME="r1" SYSLOG_IDENTIFIER="%SYS-5-A" MESSAGE="x" meta.sequenceId="8"`, ``},
		{`<13>7: x: y: z`, `rfc3164 04` + pri + ` SYSLOG_IDENTIFIER="7" MESSAGE="x: y: z"`, ``},
		{`<13>a: Oct 11 22:14:15: x`, `rfc3164 04` + pri + ` SYSLOG_IDENTIFIER="a" MESSAGE="Oct 11 22:14:15: x"`, ``},
		{`<13>Oct 11 22:14:15 CET: x`, `rfc3164 ` + at + pri + ` SYSLOG_IDENTIFIER="CET" MESSAGE="x"`, ``},
		{`<13>Oct 11 22:14:15 2001:db8:: a: x`, `rfc3164 ` + at + pri + ` HOSTNAME="2001:db8::" SYSLOG_IDENTIFIER="a" MESSAGE="x"`, ``},
		{`<13>Oct 11 22:14:15 1999: x`, `raw @1999-10-11T22:14:15` + pri + ` MESSAGE="x"`, ``},
		{`<13>Oct 11 22:14:15  h  a: x`, `raw ` + at + pri + app, `extra_blanks`},
		{`<13>  Oct 11 22:14:15 h a: x`, `raw ` + at + pri + app, `extra_blanks`},
		{`<13>  two`, `rfc3164 04` + pri + ` MESSAGE="  two"`, ``},
		{`<13>Oct 11 22:14:15   `, `rfc3164 ` + at + pri + ` MESSAGE="  "`, ``},
		{`<13>Oct 11 22:14:15 h  x`, `rfc3164 ` + at + pri + ` HOSTNAME="h" MESSAGE=" x"`, ``},
		{`<13>Oct 11 22:14:15 h link is up now: x`, `rfc3164 ` + at + pri + ` HOSTNAME="h" MESSAGE="link is up now: x"`, ``},
		{`<13>2023-10-11 22:14:15,5 INFO a: x`, `raw ` + at + `.5` + pri + ` MESSAGE="INFO a: x"`, `tz_assumed`},
		{`<13>2023-10-11 22:14:15Z h a: x`, `raw ` + at + `Z` + pri + app, ``},
		{`1 2023-10-11T22:14:15Z h a - - - x`, `raw ` + at + `Z` + app, `no_pri`},
		{`<0192>1 2023-10-11T22:14:15Z h a - - - x`, `raw ` + at + `Z` + app, `leading_zero pri_range`},
		{`<13>1 2023-10-11T22:14:15Z h a`, `raw ` + at + `Z` + pri + ` HOSTNAME="h" SYSLOG_IDENTIFIER="a"`, `short_header`},
		{`<13>1 2023-00-11T22:14:15Z h a - - - x`, `raw` + pri + app, `bad_time`},
		{`<13>1 - h a`, `rfc3164 04` + pri + ` MESSAGE="1 - h a"`, ``},
		{`<13>12 monkeys and - more words here`, `rfc3164 04` + pri + ` MESSAGE="12 monkeys and - more words here"`, ``},
		{`<13>2 - h a - - - x`, `rfc3164 04` + pri + ` MESSAGE="2 - h a - - - x"`, ``},
		{`<13>1 Oct 11 22:14:15 h a: x`, `raw ` + at + pri + app, `rfc3164_time`},
		{`<13>1 2023-10-11T22:14:15 h a - - - x`, `rfc5424 ` + at + pri + app, `tz_assumed`},
		{`<13>1 - h a - - [b c] x`, `rfc5424 02` + pri + ` HOSTNAME="h" SYSLOG_IDENTIFIER="a" MESSAGE="[b c] x"`, `bad_sd`},
		{`<13>1 - h a - - [b c="1" d=2] x`, `raw` + pri + app + ` b.c="1" b.d="2"`, `sd_unquoted`},
		{`<?xml version="1.0"?>`, `rfc3164 04 MESSAGE="<?xml version=\"1.0\"?>"`, `bad_pri`},
	} {
		var e entry.Entry
		p.Parse(&e, []byte(c.in), testTime)
		checkEntry(t, &e, []byte(c.in))
		checkSyntax(t, &e, []byte(c.in))
		if got, words := dump(&e), strings.Join(syntaxOf(&e), " "); got != c.want || words != c.words {
			t.Errorf("%q: %s\n got %s\nwant %s, %s", c.in, words, got, c.want, c.words)
		}
	}
}
