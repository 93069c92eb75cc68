package journal_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"constat/entry"
	"constat/journal"
)

// inArenas reads a view into arenas, each of which takes so many octets, and step by step: when all was read, what lies in
// the arenas must be the same, whether it was decoded or not.
func inArenas(v *journal.View, octets int) error {
	if err := inArenasAs(v, octets, false); err != nil {
		return err
	}
	return inArenasAs(v, octets, true)
}

func inArenasAs(v *journal.View, octets int, undecoded bool) error {
	var arenas []*journal.Arena
	next := func() *journal.Arena {
		if n := len(arenas); n == 0 || arenas[n-1].Size() >= octets {
			arenas = append(arenas, new(journal.Arena))
		}
		return arenas[len(arenas)-1]
	}
	var lasting []journal.Item
	for x, err := range v.Entries(journal.Range{To: v.Size, Arena: next, Undecoded: undecoded}) {
		if err != nil {
			return err
		}
		if x.Entry != nil {
			e := *x.Entry
			x.Entry = &e
		}
		lasting = append(lasting, x)
	}
	for i := range lasting {
		x := &lasting[i]
		if x.Body == nil {
			continue
		}
		if x.Entry = new(entry.Entry); !undecoded || new(entry.Decoder).Decode(x.Body, x.Entry) != nil {
			return fmt.Errorf("body %d: %q", x.Index, x.Body)
		}
	}
	for x, err := range v.Entries(v.All()) {
		if err != nil {
			return err
		}
		if len(lasting) == 0 || !sameEntry(x.Entry, lasting[0].Entry) {
			return fmt.Errorf("entry %d is not in its arena any more, or another", x.Index)
		}
		lasting = lasting[1:]
	}
	if len(lasting) > 0 {
		return fmt.Errorf("%d entries too many", len(lasting))
	}
	return nil
}

func sameEntry(a, b *entry.Entry) bool {
	return a.Kind == b.Kind && a.Epoch == b.Epoch && a.Received == b.Received && a.Event == b.Event && a.Renderer == b.Renderer &&
		bytes.Equal(a.Params, b.Params) && slices.EqualFunc(a.Fields, b.Fields, func(x, y entry.Field) bool {
		return x.Name == y.Name && bytes.Equal(x.Value, y.Value) && x.Size == y.Size && x.Provenance == y.Provenance && x.Form == y.Form && x.Erased == y.Erased
	})
}

// TestArenaReset: an arena is used again, and does not keep what has grown large.
func TestArenaReset(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	defer w.Close()
	for i := range 40 {
		appendAll(t, w, "system", messages(i, 1))
		large := message(string(bytes.Repeat([]byte{byte('a' + i%26)}, 60_000)))
		large.Params = []byte("parameters")
		large.Renderer = entry.RenderNone
		for j := range 30 * i {
			large.AddString(fmt.Sprintf("F%d", j), "value", entry.Claimed)
		}
		appendAll(t, w, "system", []entry.Entry{large})
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	v := snapshot(t, fsys)["system"]
	for _, octets := range []int{1, 10_000, 1 << 30} {
		if err := inArenas(v, octets); err != nil {
			t.Errorf("%d octets an arena: %v", octets, err)
		}
	}
	var a journal.Arena
	last := ""
	for x, err := range v.Entries(journal.Range{To: v.Size, Arena: func() *journal.Arena { a.Reset(); return &a }}) {
		if err != nil {
			t.Fatal(err)
		}
		if text := messageOf(x.Entry); x.Entry.Kind == entry.Event && text == last {
			t.Fatalf("entry %d says what the one before says", x.Index)
		} else {
			last = text
		}
	}
	verify(t, fsys)
}
