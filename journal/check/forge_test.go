package check_test

import (
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// forgeries are what somebody can do who has the files of the store and time, but not its key. Of app, entries 0 to 2
// stand in one head, 3 to 5 in the next; of imported, 0 to 259 and 260 to 279.
var forgeries = []struct {
	name    string
	do      func(f forger)
	rule    check.Rule
	journal string
	index   int // must be in the range of a finding; -1 if it is about the journal as a whole
}{
	{"entry edited", func(f forger) {
		list := f.entries("app", 0)
		list[2].Fields[0].Value = []byte("never happened")
		f.writeHead("app", 0, piece{0, list})
	}, check.RuleRoot, "app", 2},
	{"entry of a full block edited", func(f forger) {
		list := f.entries("imported", 0)
		list[7].Fields[0].Value = []byte("never happened")
		f.writeHead("imported", 0, piece{0, list})
	}, check.RuleRoot, "imported", 7},
	{"entry edited and the tree made to fit", func(f forger) {
		list := f.entries("imported", 0)
		list[7].Fields[0].Value = []byte("never happened")
		f.writeHead("imported", 0, piece{0, list})
		f.fixTree("imported", 0, 260)
	}, check.RuleRoot, "imported", 7},
	{"time of an entry edited", func(f forger) {
		list := f.entries("app", 0)
		list[2].Received++
		f.writeHead("app", 0, piece{0, list})
	}, check.RuleRoot, "app", 2},
	{"kind of an entry edited", func(f forger) {
		list := f.entries("system", 4)
		list[0].Kind = entry.Event
		f.writeHead("system", 4, piece{4, list})
	}, check.RuleRoot, "system", 4},
	{"entry deleted, the rest renumbered", func(f forger) {
		list := f.entries("app", 0)
		f.writeHead("app", 0, piece{0, slices.Delete(list, 1, 2)})
	}, check.RuleUnproved, "app", 1},
	{"entry deleted, a full block renumbered across heads", func(f forger) {
		list := append(f.entries("imported", 0), f.entries("imported", 260)...)
		f.writeHead("imported", 0, piece{0, slices.Delete(list, 100, 101)})
		f.remove("imported/" + layout.HeadName(260))
	}, check.RuleMissing, "imported", 279},
	{"entry deleted, its place left open", func(f forger) {
		list := f.entries("app", 0)
		f.writeHead("app", 0, piece{0, list[:1]}, piece{2, list[2:]})
	}, check.RuleMissing, "app", 1},
	{"entry inserted", func(f forger) {
		list := f.entries("app", 3)
		f.writeHead("app", 3, piece{3, slices.Insert(list, 1, list[0])})
	}, check.RuleRoot, "app", 4},
	{"entry inserted over the next head", func(f forger) {
		list := f.entries("app", 0)
		f.writeHead("app", 0, piece{0, slices.Insert(list, 1, list[0])})
	}, check.RuleFrame, "app", 3},
	{"two entries swapped", func(f forger) {
		list := f.entries("imported", 0)
		list[20], list[21] = list[21], list[20]
		f.writeHead("imported", 0, piece{0, list})
	}, check.RuleRoot, "imported", 20},
	{"two frames swapped", func(f forger) {
		list := f.pieces("imported", 260)
		f.writeHead("imported", 260, piece{260, list[1].entries}, piece{270, list[0].entries})
	}, check.RuleOrder, "imported", 270},
	{"last frame dropped", func(f forger) {
		list := f.pieces("app", 3)
		f.writeHead("app", 3, list[:len(list)-1]...)
	}, check.RuleMissing, "app", 5},
	{"last head dropped", func(f forger) { f.remove("app/" + layout.HeadName(3)) }, check.RuleMissing, "app", 4},
	{"last head of the system journal dropped", func(f forger) { f.remove("system/" + layout.HeadName(4)) }, check.RuleMissing, "system", 4},
	{"first head dropped", func(f forger) { f.remove("imported/" + layout.HeadName(0)) }, check.RuleMissing, "imported", 9},
	{"blob changed", func(f forger) { f.writeBlob("app", 0, 1, strings.Repeat("lies ", 14000)) }, check.RuleBlob, "app", 1},
	{"blob of another length", func(f forger) { f.writeBlob("app", 0, 1, "short") }, check.RuleBlob, "app", 1},
	{"blob given to another entry", func(f forger) { f.writeBlob("app", 0, 2, strings.Repeat("long ", 14000)) }, check.RuleBlob, "app", 2},
	{"blob removed", func(f forger) { f.remove("app/" + layout.BlobName(0)) }, check.RuleBlob, "app", 1},
	{"journal dropped", func(f forger) { f.removeJournal("app") }, check.RuleListing, "app", -1},
	{"system journal dropped", func(f forger) { f.removeJournal("system") }, check.RuleListing, "system", -1},
	{"journal copied under another name", func(f forger) { f.copyJournal("app", "copy") }, check.RuleListing, "copy", 3},
	{"journal added that calls itself so", func(f forger) {
		f.copyJournal("app", "copy")
		d := f.descriptor("app")
		d.Name = "copy"
		f.write("copy/"+layout.JournalFile, d.Marshal())
	}, check.RuleListing, "copy", 3},
	{"journal copied as if it had been damaged", func(f forger) {
		f.copyJournal("app", "app.damaged-20260101T000000Z")
	}, check.RuleListing, "app.damaged-20260101T000000Z", -1},
	{"journal replaced by another", func(f forger) {
		f.removeJournal("app")
		f.copyJournal("imported", "app")
	}, check.RuleDescriptor, "app", -1},
	{"time axis changed", func(f forger) {
		d := f.descriptor("app")
		d.Axis = layout.Event
		f.write("app/"+layout.JournalFile, d.Marshal())
	}, check.RuleDescriptor, "app", -1},
	{"time axis of the system journal changed", func(f forger) {
		d := f.descriptor("system")
		d.Axis = layout.Event
		f.write("system/"+layout.JournalFile, d.Marshal())
	}, check.RuleDescriptor, "system", -1},
	{"checkpoint signed by another key", func(f forger) {
		c := seal.Checkpoint{Origin: "test.example/app"}
		signed, err := seal.SignCheckpoint(c, seal.NewIdentity())
		must(f.t, err)
		f.write("app/checkpoint", signed)
	}, check.RuleCheckpoint, "app", -1},
	{"checkpoint of another journal", func(f forger) {
		f.write("app/checkpoint", f.read("imported/checkpoint"))
	}, check.RuleCheckpoint, "app", -1},
	{"head of another store", func(f forger) {
		other, _ := build(f.t)
		f.write("app/"+layout.HeadName(3), forger{f.t, other}.read("app/"+layout.HeadName(3)))
	}, check.RuleHeader, "app", 4},
	{"blob file of another store", func(f forger) {
		other, _ := build(f.t)
		f.write("app/"+layout.BlobName(0), forger{f.t, other}.read("app/"+layout.BlobName(0)))
	}, check.RuleBlob, "app", 1},
	{"head added behind the last", func(f forger) {
		f.writeHead("app", 4, piece{4, f.entries("app", 3)[:1]})
	}, check.RuleFrame, "app", 4},
	{"blob file added", func(f forger) {
		f.write("app/"+layout.BlobName(1), f.read("app/"+layout.BlobName(0)))
	}, check.RuleBlob, "app", 1},
}

func TestForgeries(t *testing.T) {
	built, code := build(t)
	for _, c := range forgeries {
		t.Run(c.name, func(t *testing.T) {
			fsys := built.Clone()
			c.do(forger{t, fsys})
			r := inspect(fsys, code)
			if r.Verdict != check.Tampered || !hasFinding(r, c.rule, c.journal, c.index) {
				t.Errorf("verdict %s; want a finding of %q in journal %s at index %d", r.Word, c.rule, c.journal, c.index)
			}
			for _, f := range r.Findings {
				if f.Journal != c.journal && c.journal != layout.System {
					t.Errorf("blames another journal: %v", f)
				}
				if t.Failed() {
					t.Log(f)
				}
			}
		})
	}
}

// TestOtherStore: a store that is sound in itself, but is not the one that is pinned.
func TestOtherStore(t *testing.T) {
	fsys, code := build(t)
	_, other := build(t)
	if r := inspect(fsys, other); r.Verdict != check.Tampered || !hasFinding(r, check.RuleCode, "", -1) {
		t.Errorf("verdict %s: %v", r.Word, r.Findings)
	}
	if r := inspect(fsys, code); r.Verdict != check.Verified {
		t.Errorf("verdict %s: %v", r.Word, r.Findings)
	}
}

// TestOlderCheckpoint: what was signed once stays true. That more had been signed can be told by the seals to come,
// by witnesses or by a copy; this check says how much is unsigned, and no more.
func TestOlderCheckpoint(t *testing.T) {
	fsys, code := build(t)
	older, err := fsys.ReadFile(olderCheckpoint)
	must(t, err)
	f := forger{t, fsys}
	f.write("app/checkpoint", older)
	if r := inspect(fsys, code); r.Verdict != check.Verified || r.Unsigned != 3 {
		t.Errorf("verdict %s, %d unsigned: %v", r.Word, r.Unsigned, r.Findings)
	}
	f.remove("app/"+layout.HeadName(3), "app/"+layout.BlobName(3))
	if r := inspect(fsys, code); r.Verdict != check.Verified {
		t.Errorf("cut back to an older checkpoint: verdict %s: %v", r.Word, r.Findings)
	}
}
