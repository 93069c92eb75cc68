package daemon

import (
	"fmt"
	"testing"
	"time"

	"constat/internal/beep/beeptest"
)

// BenchmarkBEEP: one client that sends entries of COOKED, each answered when it is durable.
func BenchmarkBEEP(b *testing.B) {
	p := newPlace(b, beepOnly)
	d := p.serve()
	client, err := beeptest.Dial(p.address("beep"), beeptest.COOKED, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 4096
	messages := make([]string, batch)
	for i := range messages {
		messages[i] = fmt.Sprintf("<13>1 2026-11-30T00:00:00Z host app - - - message %d of a sender that numbers what it sends", i)
	}
	b.ResetTimer()
	for left := b.N; left > 0; left -= batch {
		n := min(left, batch)
		if k, err := client.SendCooked(messages[:n]); k != n || err != nil {
			b.Fatalf("%d answered: %v", k, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.StopTimer()
	client.HangUp()
	d.stop()
	p.verify()
}
