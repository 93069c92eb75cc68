package check_test

import (
	"encoding/binary"
	"path"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// thief has the whole store and STORE.keys at some time T: the identity key, and the seed of the next seal. What he
// changes he makes right in every checksum, tree and signature that he can make.
type thief struct {
	*host
	forger
	chain      *seal.Chain // from the seed that he found
	generation uint32
	counter    uint64 // of his next seal
	last       uint64 // index of the newest seal
	seeds      byte   // of generations of his own
}

// rob gives a thief a copy of everything. He has a writer of his own, which compares nothing with the seed file.
func rob(t *testing.T, h *host) *thief {
	c := *h
	c.t, c.fsys = t, h.fsys.Clone()
	a := &thief{host: &c, forger: forger{t, c.fsys}}
	audit := a.audit()
	last, at := audit.Last()
	number, first := audit.Generation()
	a.generation, a.counter, a.last = number, audit.Next(), at.Index
	a.chain = a.stolen(h.fsys, uint32(a.counter-first), last.Key.Left(uint32(last.Counter-first)), audit.Terms())
	must(t, a.host.fsys.Remove(path.Join(layout.KeysDir(dir), layout.SeedFile)))
	return a
}

// audit follows the certificates and seals of the store.
func (a *thief) audit() *seal.Audit {
	audit := seal.NewAudit(a.cert, layout.System)
	for i, e := range a.all(layout.System) {
		at := seal.Point{Index: uint64(i), Epoch: e.Epoch, Received: e.Received}
		if text := layout.Text(&e, layout.CertificateText); text != "" {
			c, err := seal.ParseEndorsed(text)
			a.must(err)
			audit.Certificate(&c, at)
		}
		if e.Kind == entry.Seal {
			s, err := seal.ParseSeal(e.Fields[0].Value)
			a.must(err)
			audit.Seal(&s, at)
		}
	}
	return audit
}

// stolen takes the seed out of the seed file: the slot that is not empty has a magic of 8 bytes, two numbers, the seed.
func (a *thief) stolen(fsys *crashfs.FS, position uint32, left []seal.Hash, terms seal.Certificate) *seal.Chain {
	data, err := fsys.ReadFile(path.Join(layout.KeysDir(dir), layout.SeedFile))
	a.must(err)
	for at := 0; at+48 <= len(data); at += 512 {
		if binary.LittleEndian.Uint32(data[at+12:]) != position || data[at] == 0 {
			continue
		}
		seed := seal.Seed(data[at+16 : at+48])
		chain, err := seal.ResumeChain(&seed, position, left, terms.OneTime())
		a.must(err)
		return chain
	}
	a.host.t.Fatalf("no seed of position %d", position)
	return nil
}

func (a *thief) must(err error) {
	a.host.t.Helper()
	must(a.host.t, err)
}

// newChain makes keys of his own.
func (a *thief) newChain(keys uint32) *seal.Chain {
	a.seeds++
	chain, err := seal.NewChain(&seal.Seed{a.seeds}, keys)
	a.must(err)
	return chain
}

// control writes a control entry.
func (a *thief) control(e entry.Entry) { appendTo(a.host.t, a.w, layout.System, e) }

// states reads what every journal is now. Everything is signed for that.
func (a *thief) states() []seal.Journal {
	a.must(a.w.Checkpoint())
	var list []seal.Journal
	for name := range a.w.Sizes() {
		d := a.descriptor(name)
		c, err := seal.OpenCheckpoint(a.read(path.Join(name, layout.CheckpointFile)), d.Origin, a.cert.Identity)
		a.must(err)
		list = append(list, seal.Journal{Name: name, ID: d.ID, Size: c.Size, Root: c.Root})
	}
	slices.SortFunc(list, func(a, b seal.Journal) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// put writes a seal into the system journal.
func (a *thief) put(s *seal.Seal) {
	index, err := a.w.Append(layout.System, []entry.Entry{sealEntry(s)})
	a.must(err)
	a.must(a.w.Checkpoint())
	a.counter, a.last = s.Counter+1, index
}

func sealEntry(s *seal.Seal) entry.Entry {
	e := entry.Entry{Kind: entry.Seal}
	e.Add(layout.SealField, s.Append(nil), entry.Observed)
	return e
}

// identity reads the static key of the store.
func (a *thief) identity() *seal.Identity {
	data, err := a.host.fsys.ReadFile(path.Join(layout.KeysDir(dir), layout.IdentityFile))
	a.must(err)
	id, err := seal.ParseIdentity(string(data), a.cert.Origin)
	a.must(err)
	return id
}

// all reads the entries of a journal.
func (a *thief) all(name string) []entry.Entry {
	var list []entry.Entry
	for {
		first := uint64(len(list))
		if _, err := a.host.fsys.ReadFile(path.Join(dir, name, layout.HeadName(first))); err != nil {
			return list
		}
		more := a.entries(name, first)
		if list = append(list, more...); len(more) == 0 {
			return list
		}
	}
}

// rewrite makes a journal hold exactly these entries: one head, tree and checkpoint.
func (a *thief) rewrite(name string, list []entry.Entry) {
	for _, file := range a.files(name) {
		if _, ok := layout.ParseHeadName(file); ok {
			a.remove(path.Join(name, file))
		}
	}
	if len(list) > 0 {
		a.writeHead(name, 0, piece{0, list})
	} else {
		a.write(path.Join(name, layout.HeadName(0)), frame.AppendFileHeader(nil, a.descriptor(name).Header(frame.Head, 0)))
	}
	a.sign(name, list)
}

// sign makes tree and checkpoint agree with the entries.
func (a *thief) sign(name string, list []entry.Entry) {
	a.fixTree(name, 0)
	d, f := a.descriptor(name), seal.Frontier{}
	nonces := entry.NewNonces(d.NonceKey)
	for i := range list {
		body, err := entry.AppendBody(nil, &list[i])
		a.must(err)
		f.Append(nonces.LeafHash(uint64(i), body))
	}
	note, err := seal.SignCheckpoint(seal.Checkpoint{Origin: d.Origin, Size: f.Size(), Root: f.Root()}, a.identity())
	a.must(err)
	a.write(path.Join(name, layout.CheckpointFile), note)
}

// sealAt is the index of the seal of a counter in the system journal.
func (a *thief) sealAt(counter uint64) int {
	for i, e := range a.all(layout.System) {
		if e.Kind != entry.Seal {
			continue
		}
		s, err := seal.ParseSeal(e.Fields[0].Value)
		a.must(err)
		if s.Counter == counter {
			return i
		}
	}
	a.host.t.Fatalf("no seal %d", counter)
	return 0
}

// cut shortens a journal.
func (a *thief) cut(name string, size int) { a.rewrite(name, a.all(name)[:size]) }

// cutBehind takes away everything behind the seal of a counter, as if it had never been.
func (a *thief) cutBehind(counter uint64) {
	list := a.all(layout.System)
	at := a.sealAt(counter)
	s, err := seal.ParseSeal(list[at].Fields[0].Value)
	a.must(err)
	for _, j := range s.List {
		if j.Name != layout.System {
			a.cut(j.Name, int(j.Size))
		}
	}
	a.rewrite(layout.System, list[:at+1])
	a.now.Wall, a.now.Boot, a.last = s.Wall, s.Boottime, uint64(at)
}

// texts changes the message of one entry.
func (a *thief) edit(name string, index int, text string) {
	list := a.all(name)
	list[index].Fields[0].Value = []byte(text)
	a.rewrite(name, list)
}

// remembered is what an outsider knows of a store: the checkpoints of all its journals.
func remembered(t *testing.T, h *host) (list []check.Outside) {
	for _, name := range []string{"app", "auth", layout.System} {
		list = append(list, check.Outside{Name: name + " kept elsewhere", Note: forger{t, h.fsys}.read(path.Join(name, layout.CheckpointFile))})
	}
	return list
}

// control finds the first control entry of the system journal that says that.
func (a *thief) findControl(what, journal string) int {
	for i, e := range a.all(layout.System) {
		if layout.Text(&e, layout.Control) == what && strings.Contains(layout.Text(&e, layout.JournalName), journal) {
			return i
		}
	}
	a.host.t.Fatalf("no control entry %s %s", what, journal)
	return 0
}

// keep writes what stays of a pruned segment.
func (a *thief) keep(name string, k layout.Kept) {
	a.write(path.Join(name, layout.KeptName(k.First)), layout.AppendKept(nil, a.descriptor(name).Header(frame.Kept, k.First), &k, nil))
}

// addPiece appends an entry of another epoch to a journal of one head.
func (a *thief) addPiece(name string, e entry.Entry) {
	list := a.all(name)
	a.rewrite(name, list)
	a.writeHead(name, 0, piece{0, list}, piece{uint64(len(list)), []entry.Entry{e}})
	a.sign(name, append(list, e))
}
