package check_test

import (
	"fmt"
	"path"
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// attack is something that an adversary does to the store of day, and how the check names it: a range of indexes that begins
// with first and holds bad. Seals tell no more exactly: first is where the last one that holds ends.
type attack struct {
	name    string
	do      func(a *thief)
	rule    check.Rule
	journal string
	first   uint64 // index with which the finding begins
	bad     uint64 // the first index at which the store is another than it was
}

// attacks are found by the files and the verification code alone. The system journal of day has the seals 0 to 2 at the
// indexes 2, 5 and 6, a certificate at 7, the seals 3 to 5 at 8 to 10; entries 3 and 4 announce app and auth.
var attacks = []attack{
	{"edit", func(a *thief) { a.edit("app", 4, "another") }, check.RuleSizes, "app", 3, 4},
	{"edit in the last sealed stretch", func(a *thief) { a.edit("app", 11, "another") }, check.RuleSizes, "app", 9, 11},
	{"delete one", func(a *thief) { a.rewrite("app", slices.Delete(a.all("app"), 4, 5)) }, check.RuleSizes, "app", 3, 4},
	{"insert", func(a *thief) {
		list := a.all("app")
		a.rewrite("app", slices.Insert(list, 4, list[3]))
	}, check.RuleSizes, "app", 3, 4},
	{"reorder", func(a *thief) {
		list := a.all("app")
		list[4].Fields, list[5].Fields = list[5].Fields, list[4].Fields
		a.rewrite("app", list)
	}, check.RuleSizes, "app", 3, 4},
	{"truncate below a seal", func(a *thief) { a.cut("app", 7) }, check.RuleSizes, "app", 7, 7},
	{"truncate to where an older seal was", func(a *thief) { a.cut("app", 6) }, check.RuleSizes, "app", 6, 6},
	{"roll one journal back", func(a *thief) { a.restore("app", a.older[2]) }, check.RuleSizes, "app", 6, 6},
	{"delete a head", func(a *thief) { a.remove("app/" + layout.HeadName(6)) }, check.RuleSizes, "app", 6, 6},
	{"delete all heads", func(a *thief) { a.rewrite("app", nil) }, check.RuleSizes, "app", 0, 0},
	{"delete a segment", func(a *thief) { a.convert("app", 0); a.remove("app/" + layout.SegmentName(0)) }, check.RuleSizes, "app", 0, 0},
	{"delete a journal", func(a *thief) { a.removeJournal("app") }, check.RuleJournals, "app", 0, 0},
	{"delete a journal and that it was created", func(a *thief) {
		list := a.all(layout.System)
		at := a.findControl(layout.JournalCreated, "app")
		a.removeJournal("app")
		a.rewrite(layout.System, slices.Delete(list, at, at+1))
	}, check.RuleSizes, layout.System, 2, 3},
	{"add a journal", func(a *thief) { a.fakeJournal("extra") }, check.RuleListing, "extra", 0, 0},
	{"add a journal to the past", func(a *thief) {
		e := a.announcement(a.fakeJournal("extra"))
		list := a.all(layout.System)
		e.Received = list[3].Received
		a.rewrite(layout.System, slices.Insert(list, 4, e))
	}, check.RuleSizes, layout.System, 2, 4},
	{"swap in an unsealed journal", func(a *thief) {
		list := a.all("app")
		a.removeJournal("app")
		d := a.fakeJournal("app")
		a.rewrite("app", list)
		a.say(a.announcement(d))
	}, check.RuleJournals, "app", 0, 0},
	{"put a journal of one's own in the place of a sealed one, and seal it", func(a *thief) {
		a.removeJournal("app")
		a.say(a.announcement(a.fakeJournal("app")))
		a.open()
		a.pass(minute)
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleJournals, "app", 0, 0},
	{"say that a sealed journal was closed, and remove it", func(a *thief) {
		d := a.descriptor("app")
		a.removeJournal("app")
		a.say(layout.NewControl("journal-closed", "journal app closed", layout.JournalName, "app", layout.JournalIDOf, fmt.Sprintf("%x", d.ID[:])))
	}, check.RuleJournals, "app", 0, 0},
	{"splice entries from another host", func(a *thief) {
		other := a.otherHost()
		a.rewrite("app", other.all("app"))
	}, check.RuleSizes, "app", 0, 0},
	{"splice a journal from another host", func(a *thief) { a.restore("app", a.otherHost().host.fsys) }, check.RuleJournals, "app", 0, 0},
	{"splice a seal from another host", func(a *thief) {
		list, at, other := a.all(layout.System), a.sealAt(2), a.otherHost()
		list[at].Fields = other.all(layout.System)[other.sealAt(2)].Fields
		a.rewrite(layout.System, list)
	}, check.RuleContinuity, layout.System, 6, 6},
	{"re-seal the past with today's key", func(a *thief) { // CVE-2023-31439
		lists := map[string][]entry.Entry{"app": a.all("app"), "auth": a.all("auth")}
		a.cutBehind(1)
		a.edit("app", 2, "another") // under seal 1, which he strips too
		a.cutBehind(0)
		a.open()
		a.counter = 1
		for i := range 4 {
			a.pass(minute)
			for j := 3 * i; j < 3*i+3; j++ {
				a.log("app", string(lists["app"][j].Fields[0].Value)+" forged")
			}
			a.put(a.forge(a.counter, 0, seal.Interval))
		}
		a.must(a.w.Close())
	}, check.RuleContinuity, layout.System, 6, 6},
	{"re-seal the past with the counters of today", func(a *thief) {
		a.cutBehind(2)
		a.open()
		a.pass(minute)
		a.log("app", "forged")
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleContinuity, layout.System, 7, 7},
	{"truncate and continue", func(a *thief) { // CVE-2023-31438
		a.cutBehind(4)
		a.open()
		a.pass(minute)
		a.counter = 6
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleContinuity, layout.System, 10, 10},
	{"repeat a counter", func(a *thief) {
		a.open()
		a.put(a.forge(6, 1, seal.Interval))
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleContinuity, layout.System, 11, 11},
	{"explain away a silence", func(a *thief) {
		a.cutBehind(3)
		a.open()
		a.pass(minute)
		a.put(a.forge(4, 1, seal.Stop)) // the key of seal 4 is gone
		a.pass(14 * minute)
		a.put(a.forge(5, 1, seal.Boot))
		a.must(a.w.Close())
	}, check.RuleContinuity, layout.System, 9, 9},
	{"be silent and go on", func(a *thief) {
		a.open()
		a.pass(3600 * 1e6)
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleDuty, layout.System, 11, 11},
	{"set the clock back", func(a *thief) {
		a.open()
		a.pass(minute)
		s := a.forge(6, 1, seal.Interval)
		s.Wall -= 3600 * 1e6
		s.Key, _ = a.chain.Sign(s.Message())
		a.put(s)
		a.must(a.w.Close())
	}, check.RuleTime, layout.System, 11, 11},
	{"set the clock back and begin an epoch in silence", func(a *thief) {
		a.open()
		a.pass(minute)
		s := a.forge(6, 1, seal.Interval)
		a.must(a.w.Close())
		s.Wall -= 3600 * 1e6
		s.Key, _ = a.chain.Sign(s.Message())
		e := sealEntry(s)
		e.Epoch, e.Received = 1, s.Wall
		a.addPiece(layout.System, e)
	}, check.RuleTime, layout.System, 11, 11},
	{"back-date what comes now", func(a *thief) {
		list := a.all("auth")
		late := list[3]
		late.Fields = message("it was long ago").Fields
		late.Received += 1e6 // 14 minutes before the newest seal, which does not cover it
		a.rewrite("auth", append(list, late))
		a.open()
		a.pass(minute)
		a.put(a.forge(6, 1, seal.Interval))
		a.must(a.w.Close())
	}, check.RuleTime, "auth", 4, 4},
	{"post-date what comes now", func(a *thief) {
		list := a.all("app")
		list[12].Received += 3600 * 1e6
		a.rewrite("app", list)
		a.open()
		states := a.states()
		s, err := seal.Make(seal.Statement{Generation: 1, Counter: 6, Reason: seal.Interval, Wall: a.newest().Wall + 60e6, Boottime: a.newest().Boottime + 60e6,
			Boot: a.boot, Previous: a.last}, states, a.chain)
		a.must(err)
		a.must(a.w.Close())
		sys := a.all(layout.System)
		e := sealEntry(&s)
		e.Received = s.Wall
		a.rewrite(layout.System, append(sys, e))
	}, check.RuleTime, "app", 12, 12},
	{"swap certificate 0", func(a *thief) {
		c := a.cert
		c.KeyRoot[0]++
		a.write(layout.StoreFile, layout.Store{Certificate: c}.Marshal())
	}, check.RuleCode, layout.System, 0, 0},
	{"swap a later certificate", func(a *thief) {
		list := a.all(layout.System)
		at := a.findControl(layout.CertificateMade, "")
		e, err := seal.ParseEndorsed(layout.Text(&list[at], layout.CertificateText))
		a.must(err)
		e.Terms.KeyRoot = a.newChain(4).Keys().Root
		list[at].Fields[2].Value = []byte(e.Format())
		a.rewrite(layout.System, list)
	}, check.RuleContinuity, layout.System, 7, 7},
	{"prune below the floor", func(a *thief) {
		a.convert("app", 0)
		k := a.prune("app", 0)
		k.Oldest.Received, k.Newest.Received = k.Oldest.Received-3*86400*1e6, k.Newest.Received-3*86400*1e6
		a.keep("app", k)
		a.say(says(a.descriptor("app"), k))
	}, check.RuleFloor, "app", 0, 0},
}

// TestAdversary: the check names each attack with the rule and the range in which the first bad index lies.
func TestAdversary(t *testing.T) {
	h := day(t)
	for _, x := range attacks {
		t.Run(x.name, func(t *testing.T) {
			a := rob(t, h)
			x.do(a)
			r := a.check()
			if r.Verdict != check.Tampered || !hasFinding(r, x.rule, x.journal, -1) {
				t.Fatalf("verdict %s, want rule %s in %s: %v", r.Word, x.rule, x.journal, r.Findings)
			}
			wantRange(t, r, x.rule, x.journal, x.first, x.bad)
		})
	}
}

// wantRange wants the first finding of a rule to begin with an index, and to hold another.
func wantRange(t *testing.T, r *check.Report, rule check.Rule, journal string, first, bad uint64) {
	t.Helper()
	i := slices.IndexFunc(r.Findings, func(f check.Finding) bool { return f.Rule == rule && f.Journal == journal && f.First != nil })
	if i < 0 {
		t.Errorf("no finding of rule %s in %s has an index: %v", rule, journal, r.Findings)
		return
	}
	if f := r.Findings[i]; *f.First != first || *f.Last < bad {
		t.Errorf("want a range from %d that holds %d: %s", first, bad, f)
	}
}

// outside are attacks that leave a store which is right in itself: only what somebody remembers shows them. Where entries are
// missing, the first of them is named; where they are others, a checkpoint tells no more than that one below its size is.
var outside = []struct {
	name       string
	do         func(a *thief)
	journal    string
	first, bad uint64
}{
	{"truncate above the newest seal", func(a *thief) { a.cut("app", 12) }, "app", 12, 12},
	{"roll the whole store back", func(a *thief) { a.cutBehind(3) }, layout.System, 9, 9},
	{"roll back and go on with the seed of then", func(a *thief) {
		a.cutBehind(2)
		a.open()
		keys := a.seals()[2].Key
		then := a.stolen(a.older[2], 3, keys.Left(2), a.cert) // a snapshot has the seed of its time
		g := seal.Generation{Number: 1, Terms: a.cert, First: 3, Previous: seal.Hash(a.cert.Code()), Created: a.now.Wall}
		a.chain, a.counter = a.newChain(16), 3
		g.Terms.KeyRoot, g.Terms.Keys = a.chain.Keys().Root, 16
		e, err := g.Endorse(then)
		a.must(err)
		a.control(layout.NewControl(layout.CertificateMade, "certificate 1", layout.CertificateText, e.Format()))
		for range 9 {
			a.pass(minute)
			a.log("app", "forged", "forged too")
			a.put(a.forge(a.counter, 1, seal.Interval))
			a.chain.Advance()
		}
		a.must(a.w.Close())
	}, "app", 0, 6},
	{"two checkpoints of one size", func(a *thief) {
		a.edit("app", 12, "not sealed, and another")
	}, "app", 0, 12},
	{"alter what the newest seal does not cover", func(a *thief) {
		a.rewrite("app", slices.Insert(a.all("app"), 12, a.all("app")[11]))
	}, "app", 0, 12},
}

// TestOutsideFacts: what the files cannot show is shown by a remembered checkpoint, and without one the report says up
// to where the store was sealed, and when.
func TestOutsideFacts(t *testing.T) {
	h := day(t)
	facts := remembered(t, h)
	if r := h.check(facts...); r.Verdict != check.Verified || len(r.Findings) != 0 {
		t.Fatalf("the honest store: %s %v", r.Word, r.Findings)
	}
	for _, x := range outside {
		t.Run(x.name, func(t *testing.T) {
			a := rob(t, h)
			x.do(a)
			if r := a.check(); r.Verdict != check.Verified || r.Sealed == nil {
				t.Errorf("without a fact: %s %v", r.Word, r.Findings)
			}
			if r := a.check(facts...); r.Verdict != check.Tampered || !hasFinding(r, check.RuleOutside, x.journal, -1) {
				t.Errorf("with remembered checkpoints: %s %v", r.Word, r.Findings)
			} else {
				wantRange(t, r, check.RuleOutside, x.journal, x.first, x.bad)
			}
		})
	}
}

// TestOpenWithoutPin: a whole store of somebody's own is right in itself; only the verification code tells.
func TestOpenWithoutPin(t *testing.T) {
	h, other := day(t), day(t)
	code := h.cert.Code()
	if r := check.Store(other.fsys, dir, check.Options{}); r.Verdict != check.Unpinned || len(r.Findings) != 0 {
		t.Errorf("without a pin: %s %v", r.Word, r.Findings)
	}
	if r := check.Store(other.fsys, dir, check.Options{Pin: &code}); !hasFinding(r, check.RuleCode, "", -1) {
		t.Errorf("with the pin of another: %s %v", r.Word, r.Findings)
	}
}

// TestReseeded: a generation that only the identity endorses is never verified in silence.
func TestReseeded(t *testing.T) {
	a := rob(t, day(t))
	a.cutBehind(1)
	a.open()
	a.pass(minute)
	a.log("app", "what the thief wants")
	a.chain = a.newChain(16)
	g := seal.Generation{Number: 1, Terms: a.cert, First: 2, Previous: seal.Hash(a.cert.Code()), Created: a.now.Wall}
	g.Terms.KeyRoot, g.Terms.Keys = a.chain.Keys().Root, 16
	e := g.EndorseByIdentity(a.identity())
	a.control(layout.NewControl(layout.CertificateMade, "certificate 1", layout.CertificateText, e.Format()))
	a.put(a.forge(2, 1, seal.Boot))
	a.must(a.w.Close())
	r := a.check()
	if r.Verdict != check.Unpinned || len(r.Findings) != 0 || len(r.Reseeded) != 1 || r.Reseeded[0].Counter != 2 {
		t.Errorf("%s %v, reseeded %v", r.Word, r.Findings, r.Reseeded)
	}
}

// TestUnsealedIsCounted: journals and entries above the newest seal are no tampering; they are counted.
func TestUnsealedIsCounted(t *testing.T) {
	a := rob(t, day(t))
	a.open()
	a.log("extra", "of a new journal", "and one more")
	a.must(a.w.Checkpoint())
	a.must(a.w.Close())
	if r := a.check(); r.Verdict != check.Verified || r.Unsealed != 1+2+1 {
		t.Errorf("%s %v, %d unsealed", r.Word, r.Findings, r.Unsealed)
	}
}

// TestIndexLies: CVE-2023-31437. What a search believes is derived, and a deep check names what lies.
func TestIndexLies(t *testing.T) {
	a := rob(t, day(t))
	a.convert("app", 0)
	a.patchDirectory("app", 0, func(d []byte) { d[1] |= 8 })
	code := a.cert.Code()
	r := check.Store(a.host.fsys, dir, check.Options{Pin: &code, Deep: true})
	if r.Verdict != check.Verified || !slices.Equal(r.Rebuilt, []string{"app/" + layout.SegmentName(0)}) {
		t.Errorf("%s %v, rebuilt %v", r.Word, r.Findings, r.Rebuilt)
	}
}

// forge makes a seal with whatever key the thief has.
func (a *thief) forge(counter uint64, generation uint32, reason seal.Reason) *seal.Seal {
	s, err := seal.Make(seal.Statement{Generation: generation, Counter: counter, Reason: reason, Wall: a.now.Wall, Boottime: a.now.Boot,
		Boot: a.boot, Previous: a.last}, a.states(), a.chain)
	a.must(err)
	return &s
}

// seals are the seals of the store as it was when it was robbed.
func (a *thief) seals() []seal.Seal {
	var list []seal.Seal
	for _, e := range a.all(layout.System) {
		if e.Kind == entry.Seal {
			s, err := seal.ParseSeal(e.Fields[0].Value)
			a.must(err)
			list = append(list, s)
		}
	}
	return list
}

// restore puts a journal of another store, or time, in the place of ours.
func (a *thief) restore(name string, from *crashfs.FS) {
	a.removeJournal(name)
	for _, file := range from.Walk() {
		if path.Dir(file) == path.Join(dir, name) {
			data, err := from.ReadFile(file)
			a.must(err)
			a.write(path.Join(name, path.Base(file)), data)
		}
	}
}

// say appends a control entry to the system journal.
func (a *thief) say(e entry.Entry) {
	list := a.all(layout.System)
	e.Received = list[len(list)-1].Received + 1000
	a.rewrite(layout.System, append(list, e))
}

// fakeJournal makes a journal of an id of its own with one entry.
func (a *thief) fakeJournal(name string) layout.Journal {
	d := a.descriptor("auth")
	d.Name, d.Origin = name, a.cert.Origin+"/"+name
	d.ID[0]++
	a.write(path.Join(name, layout.JournalFile), d.Marshal())
	a.rewrite(name, a.all("auth")[:1])
	return d
}

func (a *thief) announcement(d layout.Journal) entry.Entry {
	return layout.NewControl(layout.JournalCreated, "journal "+d.Name+" created", layout.JournalName, d.Name,
		layout.JournalIDOf, fmt.Sprintf("%x", d.ID[:]), layout.Descriptor, d.Digest())
}

// otherHost is another store that did the like.
func (a *thief) otherHost() *thief {
	return rob(a.forger.t, dayOf(newHost(a.forger.t, 4), "other"))
}

// newest is the newest seal.
func (a *thief) newest() *seal.Seal {
	s, err := seal.ParseSeal(a.all(layout.System)[a.last].Fields[0].Value)
	a.must(err)
	return &s
}
