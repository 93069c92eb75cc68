package entry

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sameEntry compares entries; a nil list and an empty one are the same.
func sameEntry(a, b *Entry) bool {
	return a.Kind == b.Kind && a.Epoch == b.Epoch && a.Received == b.Received && a.Event == b.Event &&
		a.Renderer == b.Renderer && bytes.Equal(a.Params, b.Params) && slices.EqualFunc(a.Fields, b.Fields, sameField)
}

func sameField(a, b Field) bool {
	return a.Name == b.Name && bytes.Equal(a.Value, b.Value) && a.Size == b.Size && a.Provenance == b.Provenance && a.Form == b.Form
}

// FuzzDecode: whatever the bytes, decoding does not panic, and what it accepts is the one encoding of the entry.
func FuzzDecode(f *testing.F) {
	for _, v := range loadVectors(f) {
		body, err := hex.DecodeString(v.results["body"])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add(body[:len(body)/2])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		var d Decoder
		var e Entry
		err := d.Decode(body, &e)
		checkOneSpelling(t, body, &e, err)
		if !bytes.Equal(body, given) {
			t.Fatal("decoding changed the bytes")
		}
		fields, err := d.DecodeFields(body)
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("fields: %v", err)
		}
		if err == nil {
			if again, err := appendFields(nil, fields); err != nil || !bytes.Equal(again, body) {
				t.Fatalf("list of fields %x accepted, encoded %x, %v", body, again, err)
			}
		}
	})
}

// checkOneSpelling checks what decoding made of body.
func checkOneSpelling(t *testing.T, body []byte, e *Entry, err error) {
	t.Helper()
	if err != nil {
		newer := errors.Is(err, ErrNewer)
		later := len(body) > 0 && body[0] > Version
		if newer == errors.Is(err, ErrFormat) || later && !newer || newer && !later && e.Known() == nil {
			t.Fatalf("%x: %v", body, err)
		}
		return
	}
	again, err := AppendBody(nil, e)
	if err != nil || !bytes.Equal(again, body) {
		t.Fatalf("accepted\n%x, encoded\n%x, %v", body, again, err)
	}
}

// TestEveryBit flips every bit of every vector: it is refused, or it is the one encoding of another entry.
func TestEveryBit(t *testing.T) {
	var d Decoder
	var e Entry
	for _, v := range loadVectors(t) {
		if v.sort != "entry" {
			continue
		}
		body := v.result(t, "body")
		for i := range body {
			for bit := range 8 {
				body[i] ^= 1 << bit
				err := d.Decode(body, &e)
				checkOneSpelling(t, body, &e, err)
				if err == nil && sameEntry(&e, &v.entry) {
					t.Errorf("%s: bit %d of byte %d does not count", v.name, bit, i)
				}
				body[i] ^= 1 << bit
			}
		}
	}
}

// TestRoundTrip: what is encoded is decoded as it was, also by a decoder that has seen other entries.
func TestRoundTrip(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		body, err := AppendBody([]byte("before"), e)
		if err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		body = bytes.TrimPrefix(body, []byte("before"))
		var got Entry
		if err := d.Decode(body, &got); err != nil || !sameEntry(&got, e) {
			t.Fatalf("decoded %+v, %v\nwant %+v", got, err, e)
		}
	})
}

func drawEntry(t *rapid.T) *Entry {
	e := &Entry{
		Kind:     Kind(rapid.IntRange(0, int(Control)).Draw(t, "kind")),
		Epoch:    rapid.Uint32().Draw(t, "epoch"),
		Received: rapid.Int64().Draw(t, "received"),
		Renderer: Renderer(rapid.IntRange(0, int(lastRenderer)).Draw(t, "renderer")),
		Params:   rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "params"),
		Fields:   rapid.SliceOfN(rapid.Custom(drawField), 0, 12).Draw(t, "fields"),
	}
	if rapid.Bool().Draw(t, "timed") {
		e.Event = drawTime(t, math.MinInt64/2, math.MaxInt64/2)
	}
	return e
}

// drawTime draws a time with the digits that were written, and no others.
func drawTime(t *rapid.T, from, to int64) Time {
	at := Time{Valid: true, Digits: uint8(rapid.IntRange(0, 9).Draw(t, "digits")), Micros: rapid.Int64Range(from, to).Draw(t, "micros")}
	if at.Digits > 6 {
		step := uint16(pow10[9-at.Digits])
		at.Nanos = rapid.Uint16Range(0, 999/step).Draw(t, "nanos") * step
	} else {
		_, rest := floorDiv(at.Micros, int64(pow10[6-at.Digits]))
		at.Micros -= rest
	}
	at.Zone = rapid.SampledFrom([]string{"", "Z", "z", "+02:00", "-0530", "+14", "-00:00", "CEST", "+99:99", strings.Repeat("é", MaxZone/2)}).Draw(t, "zone")
	return at
}

func drawField(t *rapid.T) Field {
	f := Field{
		Name:       rapid.OneOf(rapid.SampledFrom([]string{"MESSAGE", "_PID", "größe", "a b", strings.Repeat("n", MaxName)}), rapid.StringN(1, 60, MaxName)).Draw(t, "name"),
		Provenance: Provenance(rapid.IntRange(0, int(Imported)).Draw(t, "provenance")),
		Form:       Form(rapid.IntRange(0, int(Packed)).Draw(t, "form")),
	}
	if !ValidName(f.Name) || f.Provenance == Claimed && f.Name[0] == '_' {
		f.Name = "name"
	}
	if f.Form == Inline {
		f.Value = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value")
		return f
	}
	f.Value = rapid.SliceOfN(rapid.Byte(), DigestSize, DigestSize).Draw(t, "digest")
	if f.Form != Private {
		f.Size = rapid.Uint64().Draw(t, "size")
	}
	if f.Form == Packed {
		f.Name = ""
	}
	return f
}
