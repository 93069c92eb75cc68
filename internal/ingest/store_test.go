package ingest

import (
	"errors"
	"math"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// fakeStore keeps messages and notes when they become durable and signed.
type fakeStore struct {
	mu      sync.Mutex
	kept    []stored
	batches []int
	synced  int // of kept
	signed  int
	syncs   []time.Time
	free    int64
	room    int    // entries that Append still keeps; -1: any number
	broken  error  // of everything
	gone    uint64 // by the next Reopen
	reopens int
	unsign  bool // Checkpoint fails for want of room
	slow    time.Duration
}

type stored struct {
	journal string
	kind    entry.Kind
	message string
	fields  map[string]string
}

func newFake() *fakeStore { return &fakeStore{free: math.MaxInt64 / 4, room: -1} }

func (f *fakeStore) Append(journal string, entries []entry.Entry) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	time.Sleep(f.slow)
	if f.broken != nil {
		return 0, f.broken
	}
	first := uint64(len(f.kept))
	for i := range entries {
		if !keepable(&entries[i]) {
			return first, &PartialError{N: i, Err: errors.New("not an entry")}
		}
		if f.room == 0 {
			if i == 0 {
				return first, syscall.ENOSPC
			}
			return first, &PartialError{N: i, Err: syscall.ENOSPC}
		}
		f.room--
		s := stored{journal: journal, kind: entries[i].Kind, fields: map[string]string{}}
		for _, field := range entries[i].Fields {
			s.fields[field.Name] = string(field.Value)
		}
		s.message = s.fields["MESSAGE"]
		f.kept = append(f.kept, s)
	}
	f.batches = append(f.batches, len(entries))
	return first, nil
}

func (f *fakeStore) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	f.synced = len(f.kept)
	f.syncs = append(f.syncs, time.Now())
	return nil
}

func (f *fakeStore) Checkpoint() error {
	if err := f.Sync(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unsign {
		return syscall.ENOSPC
	}
	f.signed = len(f.kept)
	return nil
}

// Reopen works from the second time on.
func (f *fakeStore) Reopen() (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reopens++; f.reopens == 1 {
		return 0, errSink
	}
	f.broken = nil
	f.kept = f.kept[:len(f.kept)-int(f.gone)]
	return f.gone, nil
}

func (f *fakeStore) Free() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.free, nil
}

// set changes the store.
func (f *fakeStore) set(change func(*fakeStore)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// events and lost are what the store holds by now.
func (f *fakeStore) events() (messages []string, synced, signed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.kept {
		if s.kind == entry.Event {
			messages = append(messages, s.message)
		}
	}
	return messages, f.synced, f.signed
}

func (f *fakeStore) lost(t *testing.T) map[string]int {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	lost := map[string]int{}
	for _, s := range f.kept {
		if s.kind == entry.Loss {
			n := 0
			for _, c := range s.fields[LossMessages] {
				n = 10*n + int(c-'0')
			}
			lost[s.fields[LossSource]+": "+s.fields[LossReason]] += n
		}
	}
	return lost
}

var (
	streamSource = &input.Source{Name: "tcp 192.0.2.1"}
	gramSource   = &input.Source{Name: "udp 192.0.2.2", Datagram: true}
	localSource  = &input.Source{Name: "unix uid 7", Local: true}
)

// chunkOf makes a chunk of messages.
func chunkOf(in *Intake, s *input.Source, messages ...string) *input.Chunk {
	c := in.Chunk()
	c.Source = s
	for _, m := range messages {
		start := len(c.Octets)
		c.Octets = append(c.Octets, m...)
		c.Messages = append(c.Messages, input.Message{Start: start, End: len(c.Octets)})
	}
	return c
}

// until waits for something, and says how long that took.
func until(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(200 * time.Microsecond)
	}
	return time.Since(began)
}

func same(a, b []string) bool { return slices.Equal(a, b) }
