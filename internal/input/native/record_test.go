package native

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"constat/entry"

	"golang.org/x/sys/unix"
)

// notes keeps entries as text.
type notes struct {
	recorder
	mu   sync.Mutex
	list []string
}

func (n *notes) Commit(_ context.Context, _ string, entries []entry.Entry) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range entries {
		n.list = append(n.list, describeEntry(&entries[i]))
	}
	return len(entries), nil
}

func describeEntry(e *entry.Entry) string {
	out := []string{e.Kind.String()}
	for _, f := range e.Fields {
		out = append(out, fmt.Sprintf("%s=%s(%s)", f.Name, f.Value, f.Provenance))
	}
	return strings.Join(out, " ")
}

func recorded() entry.Entry {
	var e entry.Entry
	e.AddString("MESSAGE", "hi", entry.Claimed)
	e.AddString("_TRANSPORT", "record", entry.Observed)
	e.AddString("_SOURCE_ADDR", "192.0.2.7", entry.Observed)
	return e
}

// A recorder says what it has observed of its clients. It can say nothing else that no sender can.
func TestRecord(t *testing.T) {
	n := &notes{}
	socket, stop := serve(t, n)
	defer stop()
	send := func(e entry.Entry) error {
		c, err := Dial(socket, Request{Op: "record", Journal: "system"})
		if err != nil {
			t.Fatal(err)
		}
		c.Log(&e)
		_, err = c.Finish()
		return err
	}
	if err := send(recorded()); err != nil {
		t.Error(err)
	}
	lost := entry.Entry{Kind: entry.Loss}
	lost.AddString("LOSS_SOURCE", "record 192.0.2.7", entry.Observed)
	if err := send(lost); err != nil {
		t.Error(err)
	}
	want := []string{"event MESSAGE=hi(claimed) _TRANSPORT=record(observed) _SOURCE_ADDR=192.0.2.7(observed)", "loss LOSS_SOURCE=record 192.0.2.7(observed)"}
	if !slices.Equal(n.list, want) {
		t.Errorf("kept %q, want %q", n.list, want)
	}
	forged := recorded()
	forged.AddString("_UID", "0", entry.Observed)
	if err := send(forged); err == nil || !strings.Contains(err.Error(), "_UID") {
		t.Errorf("a forged field: %v", err)
	}
	control := recorded()
	control.Kind = entry.Control
	if err := send(control); err != nil || !strings.HasPrefix(n.list[len(n.list)-1], "event ") {
		t.Errorf("a forged kind: %v, %q", err, n.list)
	}
}

// What another user says of its clients is a claim, beside what is known of that user.
func TestRecordOfOthers(t *testing.T) {
	c := session{cred: &unix.Ucred{Uid: 4_000_000}, records: true, fields: describe(1, 4_000_000, 1)}
	e := recorded()
	e.Kind = entry.Loss
	if err := c.claim(&e); err != nil {
		t.Fatal(err)
	}
	want := "event MESSAGE=hi(claimed) TRANSPORT=record(claimed) SOURCE_ADDR=192.0.2.7(claimed) _UID=4000000(observed)"
	if got := describeEntry(&e); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for journal, allowed := range map[string]bool{"system": true, "user-4000000": true, "other": false} {
		if err := c.allowed(Request{Op: "record", Journal: journal}); (err == nil) != allowed {
			t.Errorf("journal %s: %v", journal, err)
		}
	}
}
