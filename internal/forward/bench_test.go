package forward

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"constat/entry"
	"constat/internal/output"
	"constat/internal/output/render"
	"constat/internal/parse"
	"constat/internal/vfs"
	"constat/journal"
)

// nowhere takes everything.
type nowhere struct{ sent uint64 }

func (n *nowhere) Send(_ context.Context, m *output.Messages) error {
	n.sent += uint64(m.Len())
	return nil
}
func (n *nowhere) Confirmed(bool) (uint64, error) { return n.sent, nil }
func (n *nowhere) Close() error                   { return nil }

// BenchmarkForward sends 60,000 messages of syslog from a head to nowhere.
func BenchmarkForward(b *testing.B) {
	store := filepath.Join(b.TempDir(), "store")
	if _, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "x", Keys: 16}); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	const n = 60_000
	p := parse.New(parse.Syslog, parse.Options{})
	list := make([]entry.Entry, 500)
	for i := 0; i < n; i += len(list) {
		for j := range list {
			p.Parse(&list[j], fmt.Appendf(nil, "<38>1 2026-10-11T22:14:%02d.003Z web%d sshd %d - - Accepted publickey for anna from 192.0.2.%d port %d ssh2", j%60, j%9, j, j%250, i+j), 0)
			list[j].AddString("_TRANSPORT", "syslog-tcp", entry.Observed)
			list[j].AddString("_SOURCE_ADDR", "192.0.2.7", entry.Observed)
		}
		if _, err := w.Append("system", list); err != nil {
			b.Fatal(err)
		}
		for j := range list {
			list[j].Reset()
		}
	}
	if err := w.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	r, err := journal.OpenReader(vfs.OS(), store)
	if err != nil {
		b.Fatal(err)
	}
	l, err := OpenLedger(vfs.OS(), store)
	if err != nil {
		b.Fatal(err)
	}
	received, err := render.New("received", nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f := NewFeed(r)
		if err := f.Look(); err != nil {
			b.Fatal(err)
		}
		t := &nowhere{}
		o := New(f, l, Config{Name: fmt.Sprint(b.N), Journals: []string{"system"}, FromStart: true, Render: received,
			Targets: []output.Dialer{{Name: "nowhere", Open: func(context.Context, output.Lost) (output.Target, error) { return t, nil }}}})
		o.noted = Noted{}
		ctx, cancel := context.WithCancel(b.Context())
		cancel() // what is there is sent
		l.outputs = map[string]Noted{}
		o.Run(ctx)
		if f.close(); t.sent < n {
			b.Fatalf("%d sent", t.sent)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/message")
}
