package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal/layout"
	"constat/seal"
)

const (
	witnessStore = "/w"
	theirOrigin  = "their.example/system"
)

// tree is a log that can have any history.
type tree struct {
	id     *seal.Identity
	leaves []seal.Hash
}

// newTree returns a log of so many entries. From fork on they are others.
func newTree(id *seal.Identity, n, fork int) *tree {
	t := &tree{id: id}
	for i := range n {
		text := fmt.Sprint("entry ", i)
		if i >= fork {
			text += " of the fork"
		}
		t.leaves = append(t.leaves, sha256.Sum256([]byte(text)))
	}
	return t
}

func (t *tree) hashes() *seal.Hashes {
	block := func(n uint64) []seal.Hash {
		return slices.Clone(t.leaves[n*seal.BlockSize : min((n+1)*seal.BlockSize, uint64(len(t.leaves)))])
	}
	return &seal.Hashes{Leaves: func(n uint64) ([]seal.Hash, error) { return block(n), nil },
		Block: func(n uint64) (seal.Hash, error) { return seal.BlockHash(block(n)), nil }}
}

func (t *tree) checkpoint(tt testing.TB, size uint64) []byte {
	tt.Helper()
	root, err := seal.RootAt(t.hashes(), size)
	if err != nil {
		tt.Fatal(err)
	}
	signed, err := seal.SignCheckpoint(seal.Checkpoint{Origin: theirOrigin, Size: size, Root: root}, t.id)
	if err != nil {
		tt.Fatal(err)
	}
	return signed
}

func (t *tree) request(tt testing.TB, old, size uint64) []byte {
	tt.Helper()
	r := request{old: old, checkpoint: t.checkpoint(tt, size)}
	var err error
	if old <= size {
		if r.proof, err = seal.ProveConsistency(t.hashes(), old, size); err != nil {
			tt.Fatal(err)
		}
	}
	return r.format()
}

// storeOf makes the directory of keys of a store on a disk, durably.
func storeOf(t testing.TB, disk *crashfs.FS, key *seal.WitnessKey) {
	t.Helper()
	err := errors.Join(disk.Mkdir(layout.KeysDir(witnessStore), 0o700), disk.SyncDir("/"))
	if err == nil {
		err = disk.WriteFile(layout.KeysDir(witnessStore)+"/"+KeyFile, []byte(key.Format()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB) *seal.WitnessKey {
	t.Helper()
	k, err := seal.NewWitnessKey("w.example/witness")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newServer(fsys vfs.FS, key *seal.WitnessKey, id *seal.Identity) (*Server, error) {
	k, err := seal.ParseLogKey(id.Public().VKey(theirOrigin))
	if err != nil {
		return nil, err
	}
	return NewServer(ServerConfig{FS: fsys, Store: witnessStore, Key: key, Logs: []Log{{theirOrigin, k}}})
}

func post(s http.Handler, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, addPath, bytes.NewReader(body)))
	return w
}

// TestServer walks through the answers that c2sp.org/tlog-witness wants.
func TestServer(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	disk := crashfs.New()
	storeOf(t, disk, key)
	s, err := newServer(disk, key, id)
	if err != nil {
		t.Fatal(err)
	}
	good, fork, stranger := newTree(id, 700, 1000), newTree(id, 700, 100), newTree(seal.NewIdentity(), 700, 1000)
	badProof := good.request(t, 300, 500)
	badProof = bytes.Replace(badProof, badProof[8:20], bytes.ToUpper(badProof[8:20]), 1)
	for i, c := range []struct {
		what   string
		body   []byte
		status int
		says   string // of what is no cosignature
	}{
		{"not a request", []byte("hello\n"), 400, ""},
		{"not a checkpoint", []byte("old 0\n\nhello\n"), 400, ""},
		{"leading zero", bytes.Replace(good.request(t, 0, 300), []byte("old 0"), []byte("old 00"), 1), 400, ""},
		{"another origin", bytes.Replace(good.request(t, 0, 300), []byte("their."), []byte("whose."), 1), 404, ""},
		{"another key", stranger.request(t, 0, 300), 403, ""},
		{"changed", bytes.Replace(good.request(t, 0, 300), []byte("\n300\n"), []byte("\n301\n"), 1), 403, ""},
		{"from the middle", good.request(t, 200, 300), 409, "0\n"},
		{"proof from nothing", bytes.Replace(good.request(t, 0, 300), []byte("old 0\n"), []byte("old 0\n"+seal.Hash{}.String()+"\n"), 1), 422, ""},
		{"first", good.request(t, 0, 300), 200, ""},
		{"again from nothing", good.request(t, 0, 300), 409, "300\n"},
		{"the same again", good.request(t, 300, 300), 200, ""},
		{"fork of the same size", fork.request(t, 300, 300), 409, "300\n"},
		{"fork that grew", fork.request(t, 300, 500), 422, ""},
		{"proof that is wrong", badProof, 422, ""},
		{"old above the checkpoint", good.request(t, 300, 200), 400, ""},
		{"rolled back", good.request(t, 100, 200), 409, "300\n"},
		{"growth", good.request(t, 300, 700), 200, ""},
	} {
		w := post(s, c.body)
		if w.Code != c.status || c.says != "" && (w.Body.String() != c.says || w.Header().Get("Content-Type") != sizeType) {
			t.Errorf("%d %s: %d %q, want %d", i, c.what, w.Code, w.Body, c.status)
		}
		if w.Code != 200 {
			continue
		}
		_, note, _ := bytes.Cut(c.body, []byte("\n\n"))
		text, list, err := seal.Cosignatures(append(bytes.Clone(note), w.Body.Bytes()...))
		if err != nil || len(list) != 1 || key.Cosigner().Verify(text, list[0]) != nil || time.Since(time.Unix(list[0].Time, 0)) > time.Minute {
			t.Errorf("%d %s: %v: %+v in %q", i, c.what, err, list, w.Body)
		}
	}
	if c := s.Counts(); c.Cosigned != 3 || c.Refused[409] != 4 || c.Refused[422] != 3 {
		t.Errorf("counts %+v", c)
	}
	big := append([]byte("old 0\n\n"), bytes.Repeat([]byte("x"), maxRequest)...)
	if w := post(s, big); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", w.Code)
	}
}

func TestServerShowsWhatItSaw(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	disk := crashfs.New()
	storeOf(t, disk, key)
	s, err := newServer(disk, key, id)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(theirOrigin))
	path := "/" + hex.EncodeToString(sum[:]) + "/checkpoint"
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	if w := get("GET", path); w.Code != 404 {
		t.Errorf("before anything was seen: %d", w.Code)
	}
	log := newTree(id, 10, 1000)
	junk := log.request(t, 0, 10)
	for i := range 90 { // lines of strangers are not kept: too many make a note that nobody reads
		junk = fmt.Appendf(junk, "— stranger%d AAAAAAAA\n", i)
	}
	if w := post(s, junk); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := get("GET", path)
	text, list, err := seal.Cosignatures(w.Body.Bytes())
	if err != nil || len(list) != 1 || key.Cosigner().Verify(text, list[0]) != nil || strings.Count(w.Body.String(), "\n— ") != 2 {
		t.Errorf("%v: %d %q", err, w.Code, w.Body)
	}
	for _, bad := range []string{"/", "/checkpoint", "/../checkpoint", path + "x", addPath} {
		if w := get("GET", bad); w.Code == 200 {
			t.Errorf("GET %s: %d", bad, w.Code)
		}
	}
	if w := get("DELETE", path); w.Code != 405 {
		t.Errorf("DELETE: %d", w.Code)
	}
}

// TestServerOneAtATime sends both histories at once, many times: only one may be cosigned.
func TestServerOneAtATime(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	disk := crashfs.New()
	storeOf(t, disk, key)
	s, err := newServer(disk, key, id)
	if err != nil {
		t.Fatal(err)
	}
	trees := []*tree{newTree(id, 300, 1000), newTree(id, 300, 0)}
	var bodies [][]byte
	for i := range 40 {
		bodies = append(bodies, trees[i%2].request(t, 0, uint64(100+i/2*10)))
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	var good []int
	for i, b := range bodies {
		wait.Go(func() {
			if post(s, b).Code == 200 {
				mu.Lock()
				defer mu.Unlock()
				good = append(good, i)
			}
		})
	}
	wait.Wait()
	if len(good) != 1 {
		t.Errorf("%d first checkpoints were cosigned: %v", len(good), good)
	}
}

// TestServerPower takes the power away at every operation. What was cosigned before binds the witness afterwards.
func TestServerPower(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	good, fork := newTree(id, 400, 1000), newTree(id, 400, 50)
	steps := []struct{ old, size uint64 }{{0, 100}, {100, 100}, {100, 257}, {257, 400}}
	for k := 0; ; k++ {
		disk := crashfs.New()
		storeOf(t, disk, key)
		from := disk.Ops()
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == k {
				disk.PowerOff()
			}
			return nil
		})
		cosigned, tried := uint64(0), uint64(0)
		s, err := newServer(disk, key, id)
		for _, step := range steps {
			if err != nil {
				break
			}
			tried = step.size
			if post(s, good.request(t, step.old, step.size)).Code != 200 {
				break
			}
			cosigned = step.size
		}
		over := disk.Ops()-from <= k
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(uint64(k), seed))
			if seed == 0 {
				rng = nil
			}
			holdsTo(t, fmt.Sprintf("operation %d seed %d", k, seed), disk.Crash(rng), key, id, good, fork, cosigned, tried)
		}
		if over {
			if cosigned != 400 {
				t.Fatalf("without a crash %d were cosigned", cosigned)
			}
			t.Logf("%d operations", k)
			return
		}
	}
}

// holdsTo asks a witness that lost its power for a fork of what it has cosigned, and for the continuation.
func holdsTo(t *testing.T, name string, disk *crashfs.FS, key *seal.WitnessKey, id *seal.Identity, good, fork *tree, cosigned, tried uint64) {
	t.Helper()
	s, err := newServer(disk, key, id)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	held := uint64(0)
	if w := post(s, good.request(t, 1, 400)); w.Code == http.StatusConflict {
		fmt.Sscan(w.Body.String(), &held)
	} else {
		t.Fatalf("%s: %d %s", name, w.Code, w.Body)
	}
	if held != cosigned && held != tried {
		t.Errorf("%s: holds %d after cosigning %d", name, held, cosigned)
	}
	for _, old := range []uint64{0, 100, 257, 400} {
		if cosigned > 50 && post(s, fork.request(t, old, 400)).Code == 200 {
			t.Errorf("%s: cosigned a fork from %d after the true %d", name, old, cosigned)
		}
	}
	if w := post(s, good.request(t, held, 400)); w.Code != 200 {
		t.Errorf("%s: does not go on from %d: %d %s", name, held, w.Code, w.Body)
	}
}

// TestServerFaults lets every operation fail once: no cosignature may leave that a crash then takes back.
func TestServerFaults(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	good, fork := newTree(id, 400, 1000), newTree(id, 400, 50)
	for k := 0; ; k++ {
		disk := crashfs.New()
		storeOf(t, disk, key)
		s, err := newServer(disk, key, id)
		if err != nil {
			t.Fatal(err)
		}
		from := disk.Ops()
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == k {
				return errors.New("injected")
			}
			return nil
		})
		cosigned := uint64(0)
		for range 6 { // whatever fails, the log tries again with the size that it is told
			held := uint64(0)
			if w := post(s, good.request(t, 1, 400)); w.Code == http.StatusConflict {
				fmt.Sscan(w.Body.String(), &held)
			}
			size := min(held+150, 400)
			if post(s, good.request(t, held, size)).Code == 200 {
				cosigned = size
			}
			holdsTo(t, fmt.Sprintf("failure %d", k), disk.Crash(nil), key, id, good, fork, cosigned, max(cosigned, size))
		}
		if cosigned != 400 {
			t.Errorf("failure %d: stuck at %d", k, cosigned)
		}
		if disk.Ops()-from <= k {
			return
		}
	}
}

// TestServerDamaged wants no cosignature when what was seen cannot be believed.
func TestServerDamaged(t *testing.T) {
	key, id := newKey(t), seal.NewIdentity()
	log := newTree(id, 400, 1000)
	for name, change := range map[string]func([]byte) []byte{
		"a bit":        func(b []byte) []byte { b[len(theirOrigin)+1] ^= 1; return b },
		"nothing left": func([]byte) []byte { return nil },
		"cut":          func(b []byte) []byte { return b[:len(b)-1] },
		"not ours":     func(b []byte) []byte { return b[:bytes.LastIndex(b, []byte("— "))] },
	} {
		disk := crashfs.New()
		storeOf(t, disk, key)
		s, err := newServer(disk, key, id)
		if err != nil {
			t.Fatal(err)
		}
		if w := post(s, log.request(t, 0, 100)); w.Code != 200 {
			t.Fatal(w.Code)
		}
		file := stateOf(witnessStore) + "/" + originName(theirOrigin)
		data, err := disk.ReadFile(file)
		if err == nil {
			err = disk.WriteFile(file, change(data))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, old := range []uint64{0, 100} {
			if w := post(s, log.request(t, old, 200)); w.Code != 500 {
				t.Errorf("%s: from %d: %d %s", name, old, w.Code, w.Body)
			}
		}
	}
}

func TestKey(t *testing.T) {
	disk := crashfs.New()
	if err := errors.Join(disk.Mkdir(layout.KeysDir(witnessStore), 0o700), disk.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	k, err := LoadKey(disk, witnessStore, DefaultName("host.example"))
	if err != nil || k.Cosigner().Name != "host.example/witness" {
		t.Fatalf("%v: %v", err, k)
	}
	after := disk.Crash(nil)
	if again, err := LoadKey(after, witnessStore, "another name"); err != nil || again.Cosigner() != k.Cosigner() {
		t.Errorf("%v: not the same key after a crash", err)
	}
	if err := after.WriteFile(layout.KeysDir(witnessStore)+"/"+KeyFile, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(after, witnessStore, "n"); !errors.Is(err, seal.ErrCosignature) {
		t.Errorf("a key that is none: %v", err)
	}
}

func FuzzRequest(f *testing.F) {
	t := newTree(seal.NewIdentity(), 30, 100)
	f.Add(t.request(f, 7, 30))
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRequest(data)
		if err == nil && !bytes.Equal(r.format(), data) {
			t.Errorf("%q came back as %q", data, r.format())
		}
	})
}
