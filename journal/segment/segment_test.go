package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/segment"
)

var header = frame.FileHeader{Kind: frame.Segment, Journal: frame.JournalID{1, 2, 3}, First: 1000, NonceKey: entry.NonceKey{4, 5}}

// random makes entries as many programs write them, and now and then an odd one.
func random(seed uint64, n int) [][]byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var bodies [][]byte
	now := int64(1_760_000_000_000_000)
	for i := range n {
		now += rng.Int64N(1000)
		e := entry.Entry{Epoch: uint32(i / 5000), Received: now, Kind: entry.Kind(rng.IntN(50) / 47)}
		if rng.IntN(10) > 0 {
			e.Event = entry.Time{Valid: true, Micros: now - rng.Int64N(5), Digits: 6, Zone: "Z"}
		}
		if rng.IntN(20) == 0 {
			e.Event = entry.Time{Valid: true, Micros: now, Digits: 9, Nanos: uint16(rng.IntN(1000)), Zone: "+02:00"}
		}
		fill(rng, &e, i)
		body, err := entry.AppendBody(nil, &e)
		if err != nil {
			panic(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

var odd = []string{"", "0042", "1_000", "1.50", "-0", "010.001.002.003", "DeadBeef", "deadbeef", "\xff\xfe", "é", "10.0.0.1",
	"-9223372036854775808", "9223372036854775808", "2025-10-09T09:01:22.191782Z"}

func fill(rng *rand.Rand, e *entry.Entry, i int) {
	e.AddString("HOSTNAME", fmt.Sprintf("web%02d", rng.IntN(40)), entry.Claimed)
	e.AddString("SYSLOG_IDENTIFIER", []string{"sshd", "kernel", "nginx", "cron"}[rng.IntN(4)], entry.Claimed)
	e.AddString("MESSAGE", fmt.Sprintf("Accepted publickey for user%d from 10.1.%d.%d port %d", rng.IntN(9), rng.IntN(256), rng.IntN(256), rng.IntN(65536)), entry.Claimed)
	switch rng.IntN(12) {
	case 0:
		e.AddString("ODD", odd[rng.IntN(len(odd))], entry.Imported)
		e.AddString("ODD", odd[rng.IntN(len(odd))], entry.Imported)
	case 1:
		e.AddString("MESSAGE", odd[rng.IntN(len(odd))], entry.Claimed)
	case 2:
		e.AddString(fmt.Sprintf("RARE_%d", rng.IntN(5000)), "x", entry.Claimed)
		e.Params = []byte{1, byte(i)}
		e.Renderer = entry.RenderJSON
	case 3:
		e.Fields = append(e.Fields, entry.Field{Name: "BIG", Form: entry.Blob, Size: rng.Uint64N(1 << 30), Value: bytes.Repeat([]byte{byte(i)}, 32)})
	case 4:
		e.Fields = append(e.Fields, entry.Field{Name: "SECRET", Form: entry.Private, Value: bytes.Repeat([]byte{byte(i)}, 32)})
	case 5:
		if rng.IntN(50) == 0 {
			e.AddString("LONG", string(bytes.Repeat([]byte{byte(i), 'x'}, 20000)), entry.Claimed)
		}
	}
}

func build(t testing.TB, bodies [][]byte) []byte {
	t.Helper()
	b := segment.NewBuilder()
	b.Reset(header)
	for _, body := range bodies {
		if err := b.Add(body); err != nil {
			t.Fatal(err)
		}
	}
	image, err := b.Image()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func open(t testing.TB, image []byte) *segment.Segment {
	t.Helper()
	s, err := segment.Open(bytes.NewReader(image), int64(len(image)), header)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGivesBack: every body comes back, in order, and every entry by its index, in any order.
func TestGivesBack(t *testing.T) {
	for _, n := range []int{1, 2, 100, 9000, 30000} {
		bodies := random(uint64(n), n)
		s := open(t, build(t, bodies))
		if s.Count() != n || s.First() != header.First || s.End() != header.First+uint64(n) || len(s.Damage()) != 0 {
			t.Fatalf("%d entries: segment of %d to %d, damage %v", n, s.First(), s.End(), s.Damage())
		}
		i := 0
		for row, err := range s.NewReader().Bodies(0, 1<<60) {
			if err != nil || row.Index != header.First+uint64(i) || !bytes.Equal(row.Body, bodies[i]) {
				t.Fatalf("entry %d: index %d, %v\n%x\n%x", i, row.Index, err, row.Body, bodies[i])
			}
			i++
		}
		if i != n {
			t.Fatalf("%d of %d bodies", i, n)
		}
		sameEntries(t, s, bodies)
	}
}

func sameEntries(t *testing.T, s *segment.Segment, bodies [][]byte) {
	t.Helper()
	r := s.NewReader()
	rng := rand.New(rand.NewPCG(1, 2))
	var e entry.Entry
	for range 500 {
		i := rng.IntN(len(bodies))
		if err := r.Entry(s.First()+uint64(i), &e); err != nil {
			t.Fatal(err)
		}
		body, err := entry.AppendBody(nil, &e)
		if err != nil || !bytes.Equal(body, bodies[i]) {
			t.Fatalf("entry %d: %v\n%x\n%x", i, err, body, bodies[i])
		}
	}
}

// TestSpans: the bounds of times and epochs are those of the entries.
func TestSpans(t *testing.T) {
	bodies := random(7, 20000)
	s := open(t, build(t, bodies))
	var d entry.Decoder
	var e entry.Entry
	for _, span := range s.Spans() {
		events := 0
		for i := span.From; i < span.To; i++ {
			if err := d.Decode(bodies[i], &e); err != nil {
				t.Fatal(err)
			}
			if e.Received < span.MinReceived || e.Received > span.MaxReceived || e.Epoch < span.MinEpoch || e.Epoch > span.MaxEpoch {
				t.Fatalf("entry %d is not in %+v", i, span)
			}
			if e.Event.Valid {
				events++
				if e.Event.Micros < span.MinEvent || e.Event.Micros > span.MaxEvent {
					t.Fatalf("event time of entry %d is not in %+v", i, span)
				}
			}
		}
		if span.HasEvent != (events > 0) || span.AllEvent != (events == span.To-span.From) {
			t.Errorf("%d events in %+v", events, span)
		}
	}
}

// TestEveryByte: no byte can change without an entry missing or the damage being named; what is given back is what
// was put in.
func TestEveryByte(t *testing.T) {
	bodies := random(3, 120)
	image := build(t, bodies)
	for at := range image {
		for _, mask := range []byte{0x01, 0xff} {
			changed := bytes.Clone(image)
			changed[at] ^= mask
			if err := examine(changed, bodies); err == nil {
				t.Fatalf("byte %d of %d xor %#x: not noticed", at, len(image), mask)
			} else if errors.Is(err, errWrong) {
				t.Fatalf("byte %d xor %#x: %v", at, mask, err)
			}
		}
	}
}

var errWrong = errors.New("given back wrongly")

// examine returns what is wrong with an image, nil if nothing is.
func examine(image []byte, bodies [][]byte) error {
	s, err := segment.Open(bytes.NewReader(image), int64(len(image)), header)
	if err != nil {
		return err
	}
	var errs []error
	next := s.First()
	for row, err := range s.NewReader().Bodies(s.First(), s.End()) {
		var missing *segment.MissingError
		if errors.As(err, &missing) {
			if missing.First != next {
				return fmt.Errorf("%w: missing from %d, expected %d", errWrong, missing.First, next)
			}
			next = missing.Last + 1
			errs = append(errs, err)
			continue
		}
		if err != nil || row.Index != next || !bytes.Equal(row.Body, bodies[row.Index-s.First()]) {
			return fmt.Errorf("%w: entry %d, %v", errWrong, row.Index, err)
		}
		next++
	}
	if next != s.End() {
		return fmt.Errorf("%w: ended at %d", errWrong, next)
	}
	for _, d := range s.Check() {
		errs = append(errs, errors.New(d.Text))
	}
	return errors.Join(errs...)
}

// TestPages: a lost page, a cut end and a lost beginning cost what they touch.
func TestPages(t *testing.T) {
	bodies := random(5, 40000)
	image := build(t, bodies)
	for at := 0; at < len(image); at += 4096 {
		changed := bytes.Clone(image)
		clear(changed[at:min(at+4096, len(image))])
		s, err := segment.Open(bytes.NewReader(changed), int64(len(changed)), header)
		if err != nil {
			t.Fatalf("page at %d: %v", at, err)
		}
		if err := examine(changed, bodies); err == nil || errors.Is(err, errWrong) {
			t.Fatalf("page at %d: %v", at, err)
		}
		lost := 0
		for _, err := range s.NewReader().Bodies(s.First(), s.End()) {
			var missing *segment.MissingError
			if errors.As(err, &missing) {
				lost += int(missing.Last - missing.First + 1)
			}
		}
		if lost > 5*segment.BlockRows {
			t.Errorf("page at %d of %d: %d entries lost", at, len(image), lost)
		}
	}
	cut := image[:len(image)-64<<10]
	if err := examine(cut, bodies); err == nil || errors.Is(err, errWrong) {
		t.Fatalf("cut: %v", err)
	}
}

func TestForeign(t *testing.T) {
	image := build(t, random(1, 10))
	for _, change := range []func(*frame.FileHeader){
		func(h *frame.FileHeader) { h.First++ },
		func(h *frame.FileHeader) { h.Journal[0]++ },
	} {
		want := header
		change(&want)
		if _, err := segment.Open(bytes.NewReader(image), int64(len(image)), want); !errors.Is(err, frame.ErrDamaged) {
			t.Errorf("opened as %+v: %v", want, err)
		}
	}
	if _, err := segment.Open(bytes.NewReader(nil), 0, header); err == nil {
		t.Error("an empty file was opened")
	}
}

func TestRefusesBodies(t *testing.T) {
	b := segment.NewBuilder()
	b.Reset(header)
	good := random(1, 1)[0]
	for _, body := range [][]byte{nil, {0}, good[:len(good)-1], append(bytes.Clone(good), 0), append([]byte{9}, good[1:]...)} {
		if err := b.Add(body); err == nil {
			t.Errorf("took %x", body)
		}
	}
	if _, err := b.Image(); err == nil {
		t.Error("a segment of nothing was made")
	}
}

func FuzzOpen(f *testing.F) {
	image := build(f, random(2, 50))
	f.Add(image)
	f.Add(image[:len(image)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := segment.Open(bytes.NewReader(data), int64(len(data)), header)
		if err != nil {
			return
		}
		n := 0
		for row := range s.NewReader().Bodies(s.First(), s.End()) {
			n += len(row.Body)
		}
		s.Check()
	})
}

// FuzzDirectory gives a directory its checksums, so that they are no obstacle.
func FuzzAdd(f *testing.F) {
	for _, body := range random(9, 20) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := segment.NewBuilder()
		b.Reset(header)
		if b.Add(body) != nil {
			return
		}
		for range 9 {
			if err := b.Add(body); err != nil {
				t.Fatal(err)
			}
		}
		image, err := b.Image()
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range open(t, image).NewReader().Bodies(0, 1<<60) {
			if err != nil || !bytes.Equal(row.Body, body) {
				t.Fatalf("%v: %x became %x", err, body, row.Body)
			}
		}
	})
}
