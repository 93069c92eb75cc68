package parse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	peer "github.com/leodido/go-syslog/v4/rfc5424"

	"constat/entry"
)

// TestRFC5424Oracle compares well-formed messages with what an independent parser makes of them.
func TestRFC5424Oracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := New(RFC5424, Options{Location: time.UTC})
	other := peer.NewParser()
	for range 5000 {
		line := wellFormed(rng)
		found, err := other.Parse([]byte(line))
		if err != nil {
			t.Fatalf("%q: the peer refuses it: %v", line, err)
		}
		m := found.(*peer.SyslogMessage)
		var e entry.Entry
		p.Parse(&e, []byte(line), testTime)
		checkEntry(t, &e, []byte(line))
		if e.Renderer != entry.RenderRFC5424 {
			t.Fatalf("%q: %s", line, dump(&e))
		}
		want := peerFields(m)
		got := map[string]string{}
		for _, f := range e.Fields {
			got[f.Name] = string(f.Value)
		}
		if got["MESSAGE"] == "" {
			delete(got, "MESSAGE") // the peer does not tell an empty MSG from none
		}
		if fmt.Sprint(got) != fmt.Sprint(want) { // maps are printed in order
			t.Fatalf("%q:\n got %q\npeer %q", line, got, want)
		}
		if e.Event.Valid != (m.Timestamp != nil) || (m.Timestamp != nil && !e.Event.Time().Equal(*m.Timestamp)) {
			t.Fatalf("%q: time %v, peer %v", line, e.Event.Time(), m.Timestamp)
		}
	}
}

// peerFields names what the peer found as we do.
func peerFields(m *peer.SyslogMessage) map[string]string {
	fields := map[string]string{"PRIORITY": fmt.Sprint(*m.Severity), "SYSLOG_FACILITY": fmt.Sprint(*m.Facility)}
	for name, value := range map[string]*string{"HOSTNAME": m.Hostname, "SYSLOG_IDENTIFIER": m.Appname,
		"SYSLOG_PID": m.ProcID, "SYSLOG_MSGID": m.MsgID, "MESSAGE": m.Message} {
		if value != nil {
			fields[name] = *value
		}
	}
	if m.StructuredData == nil {
		return fields
	}
	for id, params := range *m.StructuredData {
		if len(params) == 0 {
			fields[id] = ""
		}
		for name, value := range params {
			fields[id+"."+name] = value
		}
	}
	return fields
}

func wellFormed(rng *rand.Rand) string {
	pick := func(choices ...string) string { return choices[rng.IntN(len(choices))] }
	stamp := pick("-", "2003-10-11T22:14:15", "1985-04-12T23:20:50", "2024-02-29T00:00:00")
	if stamp != "-" {
		if digits := rng.IntN(7); digits > 0 {
			stamp += "." + fmt.Sprintf("%06d", rng.IntN(1_000_000))[:digits]
		}
		stamp += pick("Z", "+02:00", "-00:00", "-11:30")
	}
	data := pick("-", "[a@1]", `[a@1 x="1"]`, `[a@1 x="q\"b\\c\]"]`, `[a@1 x="" y="é"][b.c@2 z="v"]`, `[a@1][b@1]`)
	message := pick("", " ", " plain", " two  blanks ", " tab\tand é", " [not sd]", " -")
	return fmt.Sprintf("<%d>1 %s %s %s %s %s %s%s", rng.IntN(192), stamp, pick("-", "h", "192.0.2.1", strings.Repeat("h", 255)),
		pick("-", "app", "a/b(c)"), pick("-", "1", "worker-7"), pick("-", "ID47"), data, message)
}
