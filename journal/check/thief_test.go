package check_test

import (
	"path"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// thief has the whole store and STORE.keys at some time T: the identity key, and the seed of the next seal. What he
// changes he makes right in every checksum, tree and signature that he can make.
type thief struct {
	*host
	forger
}

// rob gives a thief a copy of everything.
func rob(t *testing.T, h *host) *thief {
	c, seed := *h, *h.seed
	c.t, c.fsys, c.seed = t, h.fsys.Clone(), &seed
	chain, err := seal.ResumeChain(&seed, h.chain.Position(), h.chain.Left(), h.chain.Keys())
	must(t, err)
	c.chain = chain
	return &thief{host: &c, forger: forger{t, c.fsys}}
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
func remembered(t *testing.T, h *host) []seal.Checkpoint {
	f := forger{t, h.fsys}
	var list []seal.Checkpoint
	for _, name := range []string{"app", "auth", layout.System} {
		c, err := seal.OpenCheckpoint(f.read(path.Join(name, layout.CheckpointFile)), f.descriptor(name).Origin, h.cert.Identity)
		must(t, err)
		list = append(list, c)
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
