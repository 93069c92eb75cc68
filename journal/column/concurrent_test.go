package column

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestColumnsAreReadAtOnce reads the blocks of one column from several goroutines, which share its memory.
func TestColumnsAreReadAtOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	blocks := []Texts{messages(rng, 500), messages(rng, 400), messages(rng, 300)}
	out, c := roundTrip(t, blocks, Message)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range 30 {
				want := &blocks[i%3]
				b, err := c.Block(out.Blocks[i%3], want.Len())
				if err != nil {
					t.Error(err)
					return
				}
				var got Texts
				rows := NewRows(want.Len())
				if err := b.Select(rows, containing("port ")); err != nil {
					t.Error(err)
				}
				if err := b.Texts(&got); err != nil || !got.equal(want) {
					t.Errorf("block %d read wrongly: %v", i%3, err)
				}
				b.Release()
			}
		})
	}
	readers.Wait()
}
