package xen

import (
	"context"
	"io"
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/input"
)

// into is a sink that keeps messages.
type into struct{ list []string }

func (s *into) Chunk() *input.Chunk                  { return new(input.Chunk) }
func (s *into) Offer(c *input.Chunk) error           { return s.Put(context.Background(), c) }
func (s *into) Lose(string, string, uint64, uint64)  {}
func (s *into) Refuse(string, string, []entry.Field) {}
func (s *into) Put(_ context.Context, c *input.Chunk) error {
	for _, m := range c.Messages {
		if m.Note != nil {
			s.list = append(s.list, m.Note.Reason+string(m.Note.Fields[0].Value))
		} else {
			s.list = append(s.list, m.Flag+": "+string(c.Octets[m.Start:m.End]))
		}
	}
	return nil
}

// pieces reads a stream that comes in pieces of one size.
func pieces(octets []byte, size, limit int) []string {
	sink := &into{}
	to, done := newHandover(context.Background(), sink)
	defer done()
	r := newReading(&domain{name: "x", to: to, limit: limit, source: &input.Source{Name: "xen x"}}, nil)
	for piece := range slices.Chunk(octets, size) {
		r.take(copy(r.buf, piece), false)
	}
	r.finish(io.EOF)
	return sink.list
}

// FuzzStream: whatever comes, and in whatever pieces, makes the same messages, none of them longer than the limit allows.
func FuzzStream(f *testing.F) {
	const header = "2026-11-21 19:41:24,081 INFO     vm-sys-usb [Messagerie DomU     ] "
	f.Add([]byte("\n"+header+"a\nb\r\n\n"+header+"%c1 m 9f3a5c01d2e4b687 3 - 7 - : f3126be5\n%c1 h 9f3a5c01d2e4b687 3 2026-11-21T19:41:35.000000Z 6 - : 55028e34\nx"), 3, 200)
	f.Add([]byte("%c1 m 9f3a5c01d2e4b687 3 - 7 - : f3126be5\r\n%c1 \n\x00\xff\x1b"), 1, 10)
	f.Fuzz(func(t *testing.T, octets []byte, size, limit int) {
		if size < 1 || size > readSize || limit < 1 || limit > 1<<16 {
			return
		}
		whole, cut := pieces(octets, readSize, limit), pieces(octets, size, limit)
		if !slices.Equal(whole, cut) {
			t.Errorf("in pieces of %d: %q, at once %q", size, cut, whole)
		}
		for _, m := range whole[:len(whole)-1] { // the last says that it is over
			if len(m) > limit+400 { // a note has its text
				t.Errorf("a message of %d octets", len(m))
			}
		}
	})
}
