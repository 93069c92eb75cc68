package search

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/query"
	"constat/seal"
)

// forged gives another checkpoint than that of the store.
type forged struct {
	Store
	change func(*seal.Checkpoint)
}

// Checkpoint implements [Store].
func (f forged) Checkpoint(name string) (seal.Checkpoint, error) {
	c, err := f.Store.Checkpoint(name)
	f.change(&c)
	return c, err
}

// Entries are proved against the checkpoint: one that it was not signed for is an error, those above it are said to be
// unsigned.
func TestProve(t *testing.T) {
	s := newShelf(t)
	var batch []entry.Entry
	for i := range 700 {
		batch = append(batch, event(fmt.Sprint("m", i)))
	}
	s.append("web", batch...)
	s.convert()
	s.close()
	r, err := journal.OpenReader(s.fsys, storeDir)
	s.must(err)
	for _, c := range []struct {
		change func(*seal.Checkpoint)
		rows   int
		says   string
	}{
		{func(*seal.Checkpoint) {}, 700, "700 entries proved against the checkpoint over 700 entries"},
		{func(c *seal.Checkpoint) { c.Root[3] ^= 1 }, 0, "not what the checkpoint over 700 entries was signed for"},
		{func(c *seal.Checkpoint) { c.Size = 0 }, 700, "0 entries proved against the checkpoint over 0 entries; 700 lie above it and are unsigned yet"},
	} {
		q := Query{Query: query.Query{Pipes: []query.Pipe{query.Verify{}}}, Store: forged{r, c.change}}
		said, rows := "", 0
		q.Say = func(text string) { said += text }
		views := s.views("web")
		for _, err := range Run(context.Background(), views, q) {
			if err != nil {
				said += err.Error()
				continue
			}
			rows++
		}
		s.must(journal.CloseViews(views))
		if rows != c.rows || !strings.Contains(said, c.says) {
			t.Errorf("%d rows, said %q; want %d and %q", rows, said, c.rows, c.says)
		}
	}
}
