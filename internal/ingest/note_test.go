package ingest

import (
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/input"
)

// TestNotes: what an input says itself stands between its messages; above the rate losses are summed up.
func TestNotes(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{Rate: 0.001, Burst: 3})
	source := &input.Source{Name: "xen usb", Format: input.Xen, Fields: []entry.Field{{Name: "_XEN_DOMAIN", Value: []byte("usb"), Provenance: entry.Observed}}}
	c := chunkOf(in, source, "2026-11-21 19:41:24,081 INFO     vm-sys-usb [m                   ] a\nb", "<13>no syslog", "above the rate")
	note := func(text string, lost uint64, reason string) input.Message {
		at := c.Messages[0].End
		return input.Message{Start: at, End: at, Note: &input.Note{Lost: lost, Reason: reason,
			Fields: []entry.Field{{Name: "MESSAGE", Value: []byte(text), Provenance: entry.Observed}}}}
	}
	c.Messages = append([]input.Message{c.Messages[0], note("gap", 7, "numbers missing"), note("connected", 0, "")}, c.Messages[1:]...)
	c.Messages = append(c.Messages, note("gap above the rate", 5, "numbers missing"))
	put(t, in, c)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	want := []stored{{kind: entry.Event, message: "a\nb"}, {kind: entry.Loss, message: "gap"}, {kind: entry.Event, message: "connected"}, {kind: entry.Event, message: "<13>no syslog"}}
	kept := slices.DeleteFunc(f.kept, func(k stored) bool { return k.fields[LossSince] != "" })
	if len(kept) != len(want) {
		t.Fatalf("kept %+v", f.kept)
	}
	for i, w := range want {
		k := kept[i]
		if k.kind != w.kind || k.message != w.message || k.fields["_XEN_DOMAIN"] != "usb" {
			t.Errorf("%d: %+v, want %+v", i, k, w)
		}
	}
	if loss := kept[1].fields; loss[LossMessages] != "7" || loss[LossSource] != "xen usb" || loss[LossReason] != "numbers missing" {
		t.Errorf("loss %v", loss)
	}
	if lost := in.Stats().Lost; lost["numbers missing"] != 12 || lost["rate limit"] != 1 {
		t.Errorf("lost %v", lost)
	}
}
