package show

import (
	"testing"

	"constat/entry"
)

// TestZato: an entry becomes a line of audit-pii.log; one that was imported is the line that it was.
func TestZato(t *testing.T) {
	full := record(claimed("PRIORITY", "3"), claimed("SYSLOG_IDENTIFIER", "crm"), claimed("THREAD_NAME", "T-1"), claimed("CODE_LINE", "44"),
		claimed("op", "get_user"), claimed("cid", "c\n"), private("current_user"), claimed("extra.found", "true"), claimed("extra.app", "CRM"), observed("_PID", "7"))
	full.Entry.Event = entry.Time{Micros: received + 1000, Digits: 6, Zone: "Z", Valid: true}
	line := record(imported("PRIORITY", "6"), imported("SYSLOG_PID", "1"), imported("THREAD_NAME", "T"), imported("SYSLOG_IDENTIFIER", "z"),
		imported("CODE_LINE", "4"), imported("op", "o"))
	line.Entry.Renderer, line.Entry.Params = entry.RenderZato, []byte{entry.ZatoNoTime | entry.ZatoCompact}
	for want, r := range map[string]*Record{
		`2025-06-15 17:30:00,124 - ERROR - 7:T-1 - crm:44 - {"cid": "c\n", "op": "get_user", "current_user": "<private>", "extra": {"found": true, "app": "CRM"}}` + "\n": full,
		`INFO - 1:T - z:4 - {"op":"o"}` + "\n":                                                                  line,
		`2025-06-15 17:30:00,123 - INFO - 812:MainThread - sshd:0 - two\x0alines` + "\n":                        record(syslogFields("two\nlines")...),
		`2025-06-15 17:30:00,123 - INFO - 0:MainThread - zato_audit_pii:0 - {"cid": "\u001b", "op": ""}` + "\n": record(claimed("cid", "\x1b")),
	} {
		p, err := New("zato", Options{Location: paris})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Append(nil, r); string(got) != want || err != nil {
			t.Errorf("%s%v; want\n%s", got, err, want)
		}
	}
	p, err := New("zato", Options{Location: paris, Escape: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := p.Append(nil, record(claimed("op", "o"), claimed("THREAD_NAME", "\x1b[2K"))); string(got) != `2025-06-15 17:30:00,123 - INFO - 0:\x1b[2K - zato_audit_pii:0 - {"cid": "", "op": "o"}`+"\n" {
		t.Errorf("%q", got)
	}
}
