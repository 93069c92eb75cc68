package evidence

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"constat/entry"
	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// memLog is a journal in memory.
type memLog struct {
	name   string
	id     *seal.Identity
	origin string
	leaves [][]byte
	hashes []seal.Hash // as tlog stores them
	size   uint64
}

func (m *memLog) Name() string   { return m.name }
func (m *memLog) Origin() string { return m.origin }

func (m *memLog) root(n uint64) seal.Hash {
	h, err := tlog.TreeHash(int64(n), m)
	if err != nil {
		panic(err)
	}
	return h
}

func (m *memLog) Checkpoint() []byte {
	signed, err := seal.SignCheckpoint(seal.Checkpoint{Origin: m.origin, Size: m.size, Root: m.root(m.size)}, m.id)
	if err != nil {
		panic(err)
	}
	return signed
}

func (m *memLog) Leaves(from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, l := range m.leaves[from:to] {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (m *memLog) ReadHashes(indexes []int64) ([]seal.Hash, error) {
	out := make([]seal.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(m.hashes)) {
			return nil, errors.New("no such hash")
		}
		out[i] = m.hashes[x]
	}
	return out, nil
}

// add appends an entry and returns its index.
func (m *memLog) add(e entry.Entry) uint64 {
	body, err := entry.AppendBody(nil, &e)
	if err != nil {
		panic(err)
	}
	nonce := sha256.Sum256(fmt.Appendf(nil, "%s %d", m.origin, m.size))
	leaf := append(nonce[:entry.NonceSize:entry.NonceSize], body...)
	hashes, err := tlog.StoredHashes(int64(m.size), leaf, m)
	if err != nil {
		panic(err)
	}
	m.hashes, m.leaves, m.size = append(m.hashes, hashes...), append(m.leaves, leaf), m.size+1
	return m.size - 1
}

// world is a store in memory with two journals and a chain of seals.
type world struct {
	id       *seal.Identity
	zero     seal.Certificate
	chain    *seal.Chain
	main     *memLog
	system   *memLog
	counter  uint64
	previous uint64
	made     map[uint64]seal.Seal // by counter
	clock    int64
}

// newWorld is always the same: what a fuzzer finds in one process must be there in the next.
func newWorld(t testing.TB) *world { return newWorldOf(t, 1) }

// newWorldOf is a store of other keys for each number.
func newWorldOf(t testing.TB, number byte) *world {
	t.Helper()
	w := &world{id: seal.IdentityOf([32]byte{number}), previous: seal.NoPrevious, made: map[uint64]seal.Seal{}, clock: 1_760_000_000_000_000}
	seed := &seal.Seed{number}
	var err error
	if w.chain, err = seal.NewChain(seed, 16); err != nil {
		t.Fatal(err)
	}
	keys := w.chain.Keys()
	w.zero = seal.Certificate{Store: seal.StoreID{1, 2}, Origin: "host.example/log", Identity: w.id.Public(),
		SealAfter: 60, Heartbeat: 900, Keys: keys.Count, KeyRoot: keys.Root}
	w.main = &memLog{name: "main", id: w.id, origin: w.zero.Origin + "/main"}
	w.system = &memLog{name: "system", id: w.id, origin: w.zero.Origin + "/system"}
	w.system.add(entry.Entry{Kind: entry.Control})
	return w
}

// event is an entry with the next time of the clock.
func (w *world) event(i int) entry.Entry {
	w.clock += 1_000_000
	e := entry.Entry{Received: w.clock, Event: entry.Time{Valid: true, Micros: w.clock / 1000 * 1000, Digits: 3, Zone: "+02:00"}}
	e.AddString("MESSAGE", fmt.Sprintf("user %d failed to log in from 192.0.2.%d", i, i%250), entry.Claimed)
	e.AddString("HOSTNAME", "web1", entry.Claimed)
	e.AddString("SYSLOG_IDENTIFIER", "sshd", entry.Claimed)
	e.AddString("_PID", "17", entry.Observed)
	return e
}

func (w *world) fill(n int) {
	for i := range n {
		w.main.add(w.event(i))
	}
}

// seal seals both journals.
func (w *world) seal(t testing.TB) *seal.Seal {
	t.Helper()
	list := []seal.Journal{
		{Name: "main", ID: [8]byte{1}, Size: w.main.size, Root: w.main.root(w.main.size)},
		{Name: "other", ID: [8]byte{3}, Size: 0, Root: w.main.root(0)},
		{Name: "system", ID: [8]byte{2}, Size: w.system.size, Root: w.system.root(w.system.size)},
	}
	s, err := seal.Make(seal.Statement{Counter: w.counter, Reason: seal.Request, Wall: w.clock, Previous: w.previous}, list, w.chain)
	if err != nil {
		t.Fatal(err)
	}
	w.chain.Advance()
	w.made[w.counter] = s
	w.counter++
	e := entry.Entry{Kind: entry.Seal, Received: w.clock}
	e.Add("SEAL", s.Append(nil), entry.Observed)
	w.previous = w.system.add(e)
	return &s
}

func (w *world) logs() []Log { return []Log{w.main, w.system} }

// evidence asks for indexes of main and proves them, logged.
func (w *world) evidence(t testing.TB, indexes ...uint64) []byte {
	t.Helper()
	s := w.seal(t)
	d, err := Prepare(w.request(s, true, indexes...))
	if err != nil {
		t.Fatal(err)
	}
	exported := d.Exported()
	exported.Received = w.clock
	at := w.system.add(exported)
	again := w.seal(t)
	zip, err := d.Finish(Proof{Logs: w.logs(), Exported: &at, Seals: []seal.Seal{*s, *again}})
	if err != nil {
		t.Fatal(err)
	}
	return zip
}

func (w *world) request(s *seal.Seal, logged bool, indexes ...uint64) Request {
	return Request{Question: "sshd \"failed\"", By: "root (uid 0)", Made: time.UnixMicro(w.clock), Logged: logged, Certificate: w.zero,
		Journals: []Selection{{Log: w.main, To: s.List[0].Size, ToSeal: s, Indexes: indexes}}}
}

func (w *world) pin() Options {
	code := w.zero.Code()
	return Options{Code: &code, PinnedBy: "the test"}
}

func TestEvidenceIsVerified(t *testing.T) {
	for _, c := range []struct{ entries, every int }{{1, 1}, {7, 3}, {300, 7}, {1000, 1000}, {1500, 2}} {
		w := newWorld(t)
		w.fill(c.entries)
		var indexes []uint64
		for i := 0; i < c.entries; i += c.every {
			indexes = append(indexes, uint64(i))
		}
		zip := w.evidence(t, indexes...)
		r := Verify(zip, w.pin())
		if r.Verdict != Verified || r.Shown != uint64(len(indexes)) || r.Withheld != uint64(c.entries-len(indexes)) {
			t.Fatalf("%d entries, every %d: %+v", c.entries, c.every, r)
		}
		if again := Verify(zip, Options{}); again.Verdict != Below {
			t.Fatalf("without a pin: %v", again.Verdict)
		}
		page, err := Page(zip)
		if err != nil {
			t.Fatal(err)
		}
		alone := Verify(page, w.pin())
		if want := len(indexes) <= maxRows; (alone.Verdict == Verified) != want {
			t.Fatalf("page alone: %+v", alone)
		}
	}
}
