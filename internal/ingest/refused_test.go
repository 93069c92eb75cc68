package ingest

import (
	"fmt"
	"testing"

	"constat/entry"
)

// TestRefused: an entry names what a peer showed, and one that shows something else each time gets no entry for each.
func TestRefused(t *testing.T) {
	var l Losses
	show := func(i int) []entry.Field {
		return []entry.Field{{Name: "_TLS_PEER", Value: fmt.Appendf(nil, "CN=%d", i), Provenance: entry.Observed}}
	}
	for round := range 2 { // what was taken is forgotten
		for i := range 100 {
			l.Refuse("tls 192.0.2.1", "certificate not trusted", show(i%10))
		}
		l.Refuse("tls 192.0.2.1", "no certificate", nil)
		l.Refuse("tls 192.0.2.1", "certificate expired", show(0))
		said := map[string]string{}
		for _, e := range l.Take() {
			text, _ := e.Message()
			peer, _ := e.Get("_TLS_PEER")
			said[string(text)+" "+string(peer)] = ""
		}
		want := []string{"60 connections of tls 192.0.2.1 refused: certificate not trusted ", "1 connections of tls 192.0.2.1 refused: no certificate ",
			"1 connections of tls 192.0.2.1 refused: certificate expired CN=0"}
		for i := range maxShown {
			want = append(want, fmt.Sprintf("10 connections of tls 192.0.2.1 refused: certificate not trusted CN=%d", i))
		}
		for _, text := range want {
			if _, ok := said[text]; !ok {
				t.Errorf("round %d: no entry %q", round, text)
			}
		}
		if len(said) != len(want) {
			t.Errorf("round %d: entries %q, want %q", round, said, want)
		}
	}
	if got := l.all.totals()["refused: certificate not trusted"]; got != 200 {
		t.Errorf("counted %d", got)
	}
}
