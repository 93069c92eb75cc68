package ingest

import (
	"testing"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/parse"
)

// TestEnvelope: the envelope is given back as what was received; what it says counts where the message says nothing.
func TestEnvelope(t *testing.T) {
	claims := []entry.Field{{Name: "PRIORITY", Value: []byte("3")}, {Name: "SYSLOG_FACILITY", Value: []byte("20")}, {Name: "HOSTNAME", Value: []byte("there")},
		{Name: "BEEP_TAG", Value: []byte("x")}}
	for message, want := range map[string]map[string]string{
		"text alone":                       {"PRIORITY": "3", "SYSLOG_FACILITY": "20", "HOSTNAME": "there", "MESSAGE": "text alone"},
		"<14>Nov 30 00:00:00 here app: hi": {"PRIORITY": "6", "SYSLOG_FACILITY": "1", "HOSTNAME": "here", "MESSAGE": "hi"},
		"<14>1 - - - - - - ":               {"PRIORITY": "6", "SYSLOG_FACILITY": "1", "HOSTNAME": "there"},
		"":                                 {"PRIORITY": "3", "SYSLOG_FACILITY": "20", "HOSTNAME": "there"},
		"<999>no priority of syslog":       {"PRIORITY": "3", "SYSLOG_FACILITY": "20"},
	} {
		c := &input.Chunk{Octets: []byte("<e>" + message + "</e>" + message)}
		parser := parse.New(parse.Syslog, parse.Options{Provenance: entry.Claimed})
		var e entry.Entry
		parser.Parse(&e, c.Octets[len(c.Octets)-len(message):], 0)
		open(&e, c, &input.Envelope{End: len(c.Octets) - len(message), Claims: claims})
		if got, ok, err := entry.AppendReceived(nil, &e); string(got) != "<e>"+message+"</e>" || !ok || err != nil {
			t.Errorf("%q: received %q %v %v", message, got, ok, err)
		}
		seen := map[string]int{}
		for _, f := range e.Fields {
			seen[f.Name]++
			if seen[f.Name] > 1 && f.Name != "_SYNTAX" {
				t.Errorf("%q: %s twice", message, f.Name)
			}
			if value, asked := want[f.Name]; asked && (string(f.Value) != value || f.Provenance != entry.Claimed) {
				t.Errorf("%q: %s=%q %s, want %q claimed", message, f.Name, f.Value, f.Provenance, value)
			}
			delete(want, f.Name)
		}
		if len(want) > 0 || seen["BEEP_TAG"] != 1 {
			t.Errorf("%q: missing %v in %v", message, want, e.Fields)
		}
	}
}
