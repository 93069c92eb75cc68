package daemon

import (
	"strconv"
	"testing"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/vfs"
	"constat/journal"
)

// kept is an entry as it stands in the store.
type kept struct {
	kind   entry.Kind
	fields map[string]string // the last of each name
	octets string            // as received
}

// entriesOf reads all entries of a journal; none if there is no such journal.
func entriesOf(t testing.TB, fsys vfs.FS, store, name string) (list []kept) {
	t.Helper()
	r, err := journal.OpenReader(fsys, store)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot(name)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	for _, v := range views {
		for item, err := range v.Entries(v.All()) {
			if err != nil {
				t.Fatal(err)
			}
			k := kept{kind: item.Entry.Kind, fields: map[string]string{}}
			for _, f := range item.Entry.Fields {
				k.fields[f.Name] = string(f.Value)
			}
			octets, _, err := entry.AppendReceived(nil, item.Entry)
			if err != nil {
				t.Fatal(err)
			}
			k.octets = string(octets)
			list = append(list, k)
		}
	}
	return list
}

func (p *place) all(name string) []kept {
	p.t.Helper()
	return entriesOf(p.t, vfs.OS(), p.store, name)
}

// events are the events of the system journal.
func (p *place) events() (list []kept) {
	p.t.Helper()
	for _, k := range p.all("system") {
		if k.kind == entry.Event {
			list = append(list, k)
		}
	}
	return list
}

// lost sums the loss entries of the system journal, by reason.
func lostIn(t testing.TB, list []kept) map[string]int {
	t.Helper()
	lost := map[string]int{}
	for _, k := range list {
		if k.kind != entry.Loss {
			continue
		}
		n, err := strconv.Atoi(k.fields[ingest.LossMessages])
		if err != nil || n <= 0 {
			t.Errorf("loss entry %v", k.fields)
		}
		lost[k.fields[ingest.LossReason]] += n
	}
	return lost
}

func sum(lost map[string]int) (n int) {
	for _, more := range lost {
		n += more
	}
	return n
}

// arrived waits until there are so many events, and returns them.
func (p *place) arrived(n int) (list []kept) {
	p.t.Helper()
	p.until(strconv.Itoa(n)+" events", func() bool {
		list = p.events()
		return len(list) >= n
	})
	if len(list) > n {
		p.t.Fatalf("%d events, want %d", len(list), n)
	}
	return list
}
