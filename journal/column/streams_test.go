package column

import "testing"

// TestCorpusStreams prints what each stream of the messages takes.
func TestCorpusStreams(t *testing.T) {
	var sum, raws [6]int
	rows := 0
	for _, s := range corpus(t, 1) {
		blocks := s["MESSAGE"]
		out, err := NewEncoder().Encode(blocks, Message)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range out.Blocks {
			r := reader{b: p[1:]}
			for j := range sum {
				f := r.find()
				sum[j] += len(f.stored)
				raws[j] += f.raw
			}
			rows += blocks[i].Len()
		}
	}
	for j, name := range []string{"header", "radix", "low", "high", "text", "codes"} {
		t.Logf("%-8s %.3f B/row (%.3f raw)", name, float64(sum[j])/float64(rows), float64(raws[j])/float64(rows))
	}
}
