package conformance

import (
	"net"
	"testing"

	"constat/internal/relp"
)

// overRELP is the program over RELP: all messages by one client, each answered when it is durable.
type overRELP struct {
	messages map[string]kept // by their octets
	counted  string          // the word under which the empty message was counted
}

func newRELP(t *testing.T) target {
	d := serve(t, "listen:\n  relp: [{address: '127.0.0.1:0'}]\nhttp: off\n")
	conn, err := net.Dial("tcp", d.address(t, "relp"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := relp.NewClient(t.Context(), conn, relp.ClientConfig{Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	var all, sent [][]byte
	for _, c := range cases(t, "syslog") {
		if all = append(all, c.input); len(c.input) > 0 {
			sent = append(sent, c.input)
		}
	}
	if n, err := client.Send(t.Context(), all); n != len(all) || err != nil {
		t.Fatalf("%d of %d messages were answered: %v", n, len(all), err)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
	to := &overRELP{messages: map[string]kept{}}
	for i, k := range d.take(t, len(sent)) {
		to.messages[string(sent[i])] = k
	}
	to.counted = d.lost(t)
	return to
}

func (to *overRELP) message(t *testing.T, octets []byte) (entries []kept, counted, skip string) {
	if k, found := to.messages[string(octets)]; found {
		return []kept{k}, "", ""
	}
	if len(octets) == 0 {
		return nil, to.counted, ""
	}
	t.Fatalf("%q was not kept", octets)
	return nil, "", ""
}

func (to *overRELP) stream(*testing.T, []byte, []int, int) ([]kept, string) {
	return nil, "RELP has frames of its own"
}
