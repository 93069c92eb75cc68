package seal_test

import (
	"fmt"
	"testing"

	"constat/seal"
)

// seed is the same in every run.
func seed(n byte) *seal.Seed { return &seal.Seed{n} }

func newChain(t testing.TB, s *seal.Seed, keys uint32) *seal.Chain {
	t.Helper()
	c, err := seal.NewChain(s, keys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestChain: every key of every small generation signs, at its position only, and the chain can be resumed at any.
func TestChain(t *testing.T) {
	for keys := uint32(2); keys <= 32; keys *= 2 {
		c := newChain(t, seed(1), keys)
		public := c.Keys()
		for position := range keys {
			message := []byte(fmt.Sprint(position))
			s, err := c.Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			for other := range keys {
				if err := s.Verify(public, other, message); (err == nil) != (other == position) {
					t.Errorf("%d keys: signature of %d at %d: %v", keys, position, other, err)
				}
			}
			next := c.Next()
			c.Advance()
			if position+1 == keys {
				continue
			}
			left := s.Left(position)
			if fmt.Sprint(left) != fmt.Sprint(c.Left()) {
				t.Errorf("%d keys: left edge behind %d: %v, want %v", keys, position, left, c.Left())
			}
			if c, err = seal.ResumeChain(&next, position+1, left, public); err != nil {
				t.Fatalf("%d keys: resume at %d: %v", keys, position+1, err)
			}
		}
		if _, err := c.Sign(nil); err == nil {
			t.Error("a chain without keys signs")
		}
	}
}
