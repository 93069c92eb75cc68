package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

const storeDir = "/store"

// ourStore is a store with its client, and a clock that the test moves.
type ourStore struct {
	fsys    vfs.FS
	writer  *journal.Writer
	client  *Client
	now     time.Time
	reports []string
}

// theirs is somebody else's witness, reachable over HTTP.
type theirs struct {
	*Server
	config ServerConfig
	disk   *crashfs.FS
	target Target
	down   atomic.Bool
	asked  atomic.Int64
}

// newStore makes a store with a journal app of one entry.
func newStore(t testing.TB, fsys vfs.FS) *ourStore {
	t.Helper()
	if _, err := journal.CreateWith(fsys, storeDir, journal.New{Origin: "our.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	return openStore(t, fsys)
}

func openStore(t testing.TB, fsys vfs.FS) *ourStore {
	t.Helper()
	s := &ourStore{fsys: fsys, now: time.Unix(1_800_000_000, 0)}
	var err error
	if s.writer, err = journal.OpenWriter(fsys, storeDir, journal.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.writer.Close() })
	return s
}

func (s *ourStore) log(name string, n int) error {
	list := make([]entry.Entry, n)
	for i := range list {
		list[i].AddString("MESSAGE", fmt.Sprintf("entry %d of %d", i, s.writer.Size(name)), entry.Claimed)
		list[i].Renderer = entry.RenderText
	}
	_, err := s.writer.Append(name, list)
	return errors.Join(err, s.writer.Checkpoint())
}

func (s *ourStore) must(t testing.TB, name string, n int) {
	t.Helper()
	if err := s.log(name, n); err != nil {
		t.Fatal(err)
	}
}

// ask makes the client, which asks these witnesses for a journal.
func (s *ourStore) ask(t testing.TB, name string, witnesses ...*theirs) {
	t.Helper()
	r, err := journal.OpenReader(s.fsys, storeDir)
	if err != nil {
		t.Fatal(err)
	}
	c := ClientConfig{FS: s.fsys, Reader: r, Now: func() time.Time { return s.now },
		Report: func(err error) { s.reports = append(s.reports, err.Error()) },
		Write: func(_ context.Context, list []entry.Entry) error {
			_, err := s.writer.Append(layout.System, list)
			return errors.Join(err, s.writer.Checkpoint())
		}}
	for _, w := range witnesses {
		w.target.Journals = []string{name}
		c.Targets = append(c.Targets, w.target)
	}
	s.client = NewClient(c)
	s.client.recall(name)
}

// rounds lets the client look every second for so long.
func (s *ourStore) rounds(t testing.TB, d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(time.Second) {
		for name, pairs := range s.client.byJournal() {
			s.client.round(t.Context(), name, pairs)
		}
	}
}

func (s *ourStore) cosigned(t testing.TB, name string) []Cosigned {
	t.Helper()
	r := s.client.Reader
	list, err := ReadCosigned(s.fsys, filepath.Join(storeDir, name), "our.example/"+name, r.Certificate().Identity)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// controls counts the control entries of a kind.
func (s *ourStore) controls(t testing.TB, what string) (n int) {
	t.Helper()
	views, err := s.client.Reader.Snapshot(layout.System)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			t.Fatal(err)
		}
		if layout.Text(item.Entry, layout.Control) == what {
			n++
		}
	}
	return n
}

// newTheirs makes a witness that knows these journals of the store.
func newTheirs(t testing.TB, s *ourStore, name string, journals ...string) *theirs {
	t.Helper()
	key, err := seal.NewWitnessKey(name)
	if err != nil {
		t.Fatal(err)
	}
	disk := crashfs.New()
	storeOf(t, disk, key)
	w := &theirs{}
	var logs []Log
	for _, j := range journals {
		origin := "our.example/" + j
		k, err := seal.ParseLogKey(s.writer.Certificate().Identity.VKey(origin))
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, Log{origin, k})
	}
	w.config = ServerConfig{Store: witnessStore, Key: key, Logs: logs, Now: func() time.Time { return s.now }}
	w.remember(t, disk)
	h := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		if w.down.Load() {
			http.Error(rw, "gone fishing", http.StatusServiceUnavailable)
			return
		}
		http.StripPrefix("/witness", w.Server).ServeHTTP(rw, r)
	}))
	t.Cleanup(h.Close)
	w.target = Target{Cosigner: key.Cosigner(), URL: h.URL + "/witness"}
	return w
}

// remember makes a witness know what it had seen when its disk was like that.
func (w *theirs) remember(t testing.TB, disk *crashfs.FS) {
	t.Helper()
	w.disk = disk.Clone()
	w.config.FS = w.disk
	var err error
	if w.Server, err = NewServer(w.config); err != nil {
		t.Fatal(err)
	}
}

func TestClient(t *testing.T) {
	s := newStore(t, crashfs.New())
	a, b := newTheirs(t, s, "a.example/w", "app"), newTheirs(t, s, "b.example/w", "app")
	s.must(t, "app", 300)
	s.ask(t, "app", a, b)
	s.rounds(t, time.Second)
	list := s.cosigned(t, "app")
	if len(list) != 1 || list[0].Size != 300 || len(list[0].By) != 2 {
		t.Fatalf("after one round: %+v, reports %q", list, s.reports)
	}
	if s.controls(t, layout.Witnessed) != 1 {
		t.Error("not written down")
	}
	// One is away: the other's cosignature goes on, its own stays with the smaller tree.
	b.down.Store(true)
	s.must(t, "app", 500)
	s.rounds(t, time.Minute)
	list = s.cosigned(t, "app")
	if len(list) != 2 || list[0].Size != 800 || list[1].Size != 300 || list[1].By[0].Name != "b.example/w" {
		t.Fatalf("with b away: %+v", list)
	}
	if len(s.reports) != 1 || !strings.Contains(s.reports[0], "witness b.example/w, journal app: the witness answered 503") {
		t.Errorf("reports %q", s.reports)
	}
	if n := b.asked.Load(); n > 9 {
		t.Errorf("asked %d times in a minute", n)
	}
	for i := range 5 { // an hour of it
		s.must(t, "app", 1+i)
		s.rounds(t, 12*time.Minute)
	}
	if n := b.asked.Load(); n > 35 {
		t.Errorf("asked %d times in an hour", n)
	}
	b.down.Store(false)
	s.rounds(t, maxRetry*3/2)
	list = s.cosigned(t, "app")
	if len(list) != 1 || list[0].Size != 815 || len(list[0].By) != 2 {
		t.Errorf("b is back: %+v, %q", list, s.reports)
	}
	for _, x := range s.client.States() {
		if x.Size != 815 || x.Problem != "" || x.Time.IsZero() || (x.Failures > 0) != (x.Witness == "b.example/w") {
			t.Errorf("state %+v", x)
		}
	}
	data, err := s.fsys.(*crashfs.FS).ReadFile(storeDir + "/app/" + layout.OfferedFile)
	if err != nil || !strings.Contains(string(data), "\n815\n") {
		t.Errorf("offered: %v %q", err, data)
	}
}

// TestClientSystem wants rest: the entry about a cosignature grows the journal that is witnessed.
func TestClientSystem(t *testing.T) {
	s := newStore(t, crashfs.New())
	a := newTheirs(t, s, "a.example/w", layout.System)
	s.ask(t, layout.System, a)
	s.rounds(t, time.Minute)
	if a.asked.Load() != 0 {
		t.Error("an empty tree was offered")
	}
	s.must(t, layout.System, 1)
	s.rounds(t, time.Minute)
	if n := s.controls(t, layout.Witnessed); n != 1 {
		t.Errorf("%d entries about one event", n)
	}
	size, asked := s.writer.Size(layout.System), a.asked.Load()
	if list := s.cosigned(t, layout.System); list[0].Size != size {
		t.Errorf("cosigned up to %d of %d", list[0].Size, size)
	}
	s.rounds(t, 50*time.Minute)
	if got := s.writer.Size(layout.System); got != size {
		t.Errorf("grew from %d to %d by itself", size, got)
	}
	if n := a.asked.Load() - asked; n < 2 || n > 4 {
		t.Errorf("a checkpoint that stays was offered %d times in 50 minutes", n)
	}
	for range 600 { // ten minutes of an event a second
		s.must(t, layout.System, 1)
		s.rounds(t, time.Second)
	}
	if n := s.controls(t, layout.Witnessed); n != 3 {
		t.Errorf("%d entries after ten busy minutes", n)
	}
}

// TestClientForgets loses what it knew of the witness: the witness says where to go on.
func TestClientForgets(t *testing.T) {
	s := newStore(t, crashfs.New())
	a := newTheirs(t, s, "a.example/w", "app")
	s.must(t, "app", 300)
	s.ask(t, "app", a)
	s.rounds(t, time.Second)
	if err := s.fsys.Remove(storeDir + "/app/" + layout.CosignedFile); err != nil {
		t.Fatal(err)
	}
	s.must(t, "app", 300)
	s.ask(t, "app", a)
	s.rounds(t, time.Second)
	if list := s.cosigned(t, "app"); len(list) != 1 || list[0].Size != 600 || len(s.reports) > 0 || a.asked.Load() != 3 {
		t.Errorf("%+v, asked %d times, %q", list, a.asked.Load(), s.reports)
	}
	if n := a.Counts().Refused[http.StatusConflict]; n != 1 {
		t.Errorf("%d conflicts", n)
	}
}

// TestClientRolledBack goes on from an older copy of the store, in the same way and in another.
func TestClientRolledBack(t *testing.T) {
	disk := crashfs.New()
	s := newStore(t, disk)
	a := newTheirs(t, s, "a.example/w", "app")
	s.must(t, "app", 300)
	old := disk.Clone()
	s.must(t, "app", 300)
	s.ask(t, "app", a)
	s.rounds(t, time.Second)
	for name, more := range map[string]int{"shorter": 10, "same size": 300, "longer": 500} {
		back := openStore(t, old.Clone())
		if _, err := back.writer.Append("app", make([]entry.Entry, more)); err != nil {
			t.Fatal(err)
		}
		if err := back.writer.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		back.now = s.now
		back.ask(t, "app", a)
		back.rounds(t, 10*time.Minute)
		x := back.client.States()[0]
		if !strings.Contains(x.Problem, ErrRefused.Error()) || back.controls(t, layout.WitnessRefused) != 1 || len(back.cosigned(t, "app")) != 0 {
			t.Errorf("%s: %+v, %d entries, %q", name, x, back.controls(t, layout.WitnessRefused), back.reports)
		}
	}
	s.must(t, "app", 1)
	s.rounds(t, time.Minute)
	if list := s.cosigned(t, "app"); list[0].Size != 601 {
		t.Errorf("the true store is not cosigned any more: %+v", list)
	}
}

// TestClientContradiction replaces the journal below what was offered: it is never offered, whoever the witness is.
func TestClientContradiction(t *testing.T) {
	disk := crashfs.New()
	s := newStore(t, disk)
	a, fresh := newTheirs(t, s, "a.example/w", "app"), newTheirs(t, s, "fresh.example/w", "app")
	s.must(t, "app", 300)
	old := disk.Clone()
	s.must(t, "app", 300)
	s.ask(t, "app", a)
	s.rounds(t, time.Second)
	offered, err := disk.ReadFile(storeDir + "/app/" + layout.OfferedFile)
	if err != nil {
		t.Fatal(err)
	}
	back := openStore(t, old)
	if err := old.WriteFile(storeDir+"/app/"+layout.OfferedFile, offered); err != nil {
		t.Fatal(err)
	}
	for _, more := range []int{1, 999} {
		if _, err := back.writer.Append("app", make([]entry.Entry, more)); err != nil {
			t.Fatal(err)
		}
		if err := back.writer.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		back.ask(t, "app", fresh)
		back.rounds(t, time.Minute)
		if x := back.client.States()[0]; !strings.Contains(x.Problem, "was rolled back, or damaged") || fresh.asked.Load() != 0 {
			t.Errorf("%d more: %+v, asked %d times", more, x, fresh.asked.Load())
		}
	}
}

// TestClientAnswers wants each refusal to say what to do.
func TestClientAnswers(t *testing.T) {
	s := newStore(t, crashfs.New())
	s.must(t, "app", 5)
	key := newKey(t)
	var status int
	var kind, body string
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	defer h.Close()
	for _, c := range []struct {
		status     int
		kind, body string
		says       string
	}{
		{404, textType, "unknown\n", "its operator must add the key our.example/app+"},
		{403, textType, "", "the witness knows another key of our.example/app: its operator must add"},
		{422, textType, "bad proof\x1b[31m\n", `refuses the journal: 5 entries of our.example/app do not continue the 0 that it has seen ("bad proof\x1b[31m")`},
		{409, sizeType, "77\n", "refuses the journal: it has seen 77 entries of our.example/app, the store has 5"},
		{409, sizeType, "0\n", "409 with the size 0 from which the proof was"},
		{409, sizeType, "5\n", "it has seen another root of our.example/app at 5 entries"},
		{409, sizeType, "many\n", "answered 409 with"},
		{409, textType, "5\n", "answered 409"},
		{500, textType, "x", `answered 500 "x"`},
		{302, textType, "", "answered 302"},
		{200, textType, "", "has none by the key"},
		{200, textType, "— a.example/w AAAA\n", "has none by the key"},
		{200, textType, key.Cosign("another text\n", 5).Line(), "did not sign this"},
		{200, textType, strings.Repeat("x", maxAnswer+1), "answer of more than"},
	} {
		status, kind, body = c.status, c.kind, c.body
		s.ask(t, "app", &theirs{target: Target{Cosigner: key.Cosigner(), URL: h.URL}})
		s.rounds(t, time.Second)
		if x := s.client.States()[0]; !strings.Contains(x.Problem, c.says) || x.Failures != 1 || len(s.cosigned(t, "app")) != 0 {
			t.Errorf("%d %q: %+v, want %q", c.status, c.body, x, c.says)
		}
	}
}

// TestClientPower takes the power away at every operation of the store. Whatever a witness has seen by then, the store
// goes on from there when it is back.
func TestClientPower(t *testing.T) {
	for k := 0; ; k++ {
		disk := crashfs.New()
		s := newStore(t, disk)
		a := newTheirs(t, s, "a.example/w", "app")
		s.ask(t, "app", a)
		from := disk.Ops()
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == k {
				disk.PowerOff()
			}
			return nil
		})
		err := s.log("app", 100)
		for i := 0; i < 3 && err == nil; i++ {
			s.rounds(t, 10*time.Second)
			err = s.log("app", 150)
		}
		over := disk.Ops()-from <= k
		disk0 := a.disk.Clone() // the lives that follow are beside each other
		for seed := range uint64(4) {
			rng := rand.New(rand.NewPCG(uint64(k), seed))
			if seed == 0 {
				rng = nil
			}
			a.remember(t, disk0)
			after := disk.Crash(rng)
			back := openStore(t, after)
			back.now = s.now.Add(time.Hour)
			s.now = back.now
			back.must(t, "app", 1)
			back.ask(t, "app", a)
			back.rounds(t, time.Second)
			if x := back.client.States()[0]; x.Problem != "" || x.Size != back.writer.Size("app") {
				t.Fatalf("operation %d seed %d: %+v, %q", k, seed, x, back.reports)
			}
		}
		if over {
			t.Logf("%d operations", k)
			return
		}
	}
}
