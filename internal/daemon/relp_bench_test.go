package daemon

import (
	"fmt"
	"testing"
)

// BenchmarkRELP: one client sends messages of some 100 octets and waits until all are answered, so durable, with windows of
// librelp's size and larger.
func BenchmarkRELP(b *testing.B) {
	for _, window := range []int{128, 1024, 4096} {
		b.Run(fmt.Sprint("window", window), func(b *testing.B) {
			p := newPlace(b, relpOnly)
			d := p.serve()
			client, err := p.dialRELP(window, patience)
			if err != nil {
				b.Fatal(err)
			}
			const batch = 8192
			messages := make([][]byte, batch)
			for i := range messages {
				messages[i] = fmt.Appendf(nil, "<13>1 2026-11-30T00:00:00Z host app - - - message %d of a sender that numbers what it sends", i)
			}
			b.ResetTimer()
			for left := b.N; left > 0; left -= batch {
				n := min(left, batch)
				if k, err := client.Send(b.Context(), messages[:n]); k != n || err != nil {
					b.Fatalf("%d answered: %v", k, err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			b.StopTimer()
			hangUp(client)
			d.stop()
			p.verify()
		})
	}
}
