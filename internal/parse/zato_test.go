package parse

import (
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// TestZato: what a line says becomes fields, and the line comes back.
func TestZato(t *testing.T) {
	const at = "2018-03-28 19:41:24,081 - "
	checkShapes(t, Zato, Options{Provenance: entry.Imported}, []shape{
		{`INFO - 15558:DummyThread-10 - zato_audit_pii:44 - {"cid": "236960f66c182bc", "op": "signup", "extra": {"current_app": "CRM", "remote_addr": "127.0.0.1"}}`,
			`zato 08 PRIORITY="6" SYSLOG_PID="15558" THREAD_NAME="DummyThread-10" SYSLOG_IDENTIFIER="zato_audit_pii" CODE_LINE="44" cid="236960f66c182bc" op="signup" extra.current_app="CRM" extra.remote_addr="127.0.0.1"`},
		{at + `WARNING - 1:T - z:4 - {"cid": "1", "op": "o", "extra": {"found": true, "n": "12", "o": {"a": [1]}}}`,
			`zato @2018-03-28T19:41:24.081 PRIORITY="4" SYSLOG_PID="1" THREAD_NAME="T" SYSLOG_IDENTIFIER="z" CODE_LINE="4" cid="1" op="o" extra.found="true" extra.n="\"12\"" extra.o="{\"a\": [1]}"`},
		{at + `ERROR - 1:T - z:4 - {"cid":"a\/b","op":"\u00e9"}`,
			`zato 05 @2018-03-28T19:41:24.081 PRIORITY="3" SYSLOG_PID="1" THREAD_NAME="T" SYSLOG_IDENTIFIER="z" CODE_LINE="4" cid="a/b" op="é"`},
		{at + `INFO - 1:T - z:4 - a TOTP message`,
			`zato 10 @2018-03-28T19:41:24.081 PRIORITY="6" SYSLOG_PID="1" THREAD_NAME="T" SYSLOG_IDENTIFIER="z" CODE_LINE="4" MESSAGE="a TOTP message"`},
		{at + `INFO - 1:T - z:4 - {"cid": 5, "op": "o"}`,
			`raw @2018-03-28T19:41:24.081 PRIORITY="6" SYSLOG_PID="1" THREAD_NAME="T" SYSLOG_IDENTIFIER="z" CODE_LINE="4" cid="5" op="o"`},
		{at + `INFO - 1:T - z:4 - {"op": "o", "extra": {"a=b": 1}}`,
			`zato @2018-03-28T19:41:24.081 PRIORITY="6" SYSLOG_PID="1" THREAD_NAME="T" SYSLOG_IDENTIFIER="z" CODE_LINE="4" op="o" extra="{\"a=b\": 1}"`},
		{"LOUD - 1:T - z:4 - {}", `text MESSAGE="LOUD - 1:T - z:4 - {}"`},
	})
}

// TestZatoFiles: in any zone every line comes back, and few are kept twice.
func TestZatoFiles(t *testing.T) {
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 5400), time.FixedZone("", -12345)} {
		p := New(Zato, Options{Provenance: entry.Imported, Location: zone})
		kept := 0
		for _, octets := range cases(t, Zato) {
			var e entry.Entry
			p.Parse(&e, octets, testTime)
			checkEntry(t, &e, octets)
			if _, found := e.Get(entry.Raw); found {
				kept++
			}
		}
		if kept != 4 {
			t.Errorf("%v: the octets of %d lines are kept beside their fields, want those of the four odd ones", zone, kept)
		}
	}
}

// TestAuditObject: the object of a line is the same when its fields are written anew.
func TestAuditObject(t *testing.T) {
	p := New(Zato, Options{Provenance: entry.Imported, Location: time.UTC})
	for _, octets := range cases(t, Zato)[:3] {
		var e entry.Entry
		p.Parse(&e, octets, testTime)
		_, want, _ := strings.Cut(string(octets), " - {")
		if got := string(entry.AppendAudit(nil, &e)); got != "{"+want {
			t.Errorf("%s, want {%s", got, want)
		}
	}
}
