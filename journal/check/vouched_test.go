package check_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// outsiders are the store's own identity, and two witnesses.
type outsiders struct {
	t    *testing.T
	id   *seal.Identity
	keys []*seal.WitnessKey
}

func newOutsiders(t *testing.T, fsys *crashfs.FS) outsiders {
	t.Helper()
	data, err := fsys.ReadFile(path.Join(layout.KeysDir(dir), layout.IdentityFile))
	must(t, err)
	o := outsiders{t: t}
	o.id, err = seal.ParseIdentity(string(data), "test.example")
	must(t, err)
	for i := range 2 {
		k, err := seal.NewWitnessKey(fmt.Sprintf("w.example/%d", i))
		must(t, err)
		o.keys = append(o.keys, k)
	}
	return o
}

// note is a checkpoint that the identity signs, cosigned by these witnesses at times 1000, 1001 …
func (o outsiders) note(c seal.Checkpoint, by ...int) []byte {
	o.t.Helper()
	signed, err := seal.SignCheckpoint(c, o.id)
	must(o.t, err)
	for i, k := range by {
		signed = append(signed, o.keys[k].Cosign(c.Text(), 1000+int64(i)).Line()...)
	}
	return signed
}

// policy is one with these lines below the witnesses W0 and W1.
func (o outsiders) policy(lines ...string) *seal.Policy {
	o.t.Helper()
	text := ""
	for i, k := range o.keys {
		text += fmt.Sprintf("witness W%d %s\n", i, k.Cosigner().VKey())
	}
	p, err := seal.ParsePolicy([]byte(text + strings.Join(lines, "\n") + "\n"))
	must(o.t, err)
	return p
}

func (o outsiders) logLine(name string) string {
	return "log " + o.id.Public().VKey("test.example/"+name)
}

// pointAt reads a checkpoint file of app.
func pointAt(t *testing.T, fsys *crashfs.FS, file string) seal.Checkpoint {
	t.Helper()
	data, err := fsys.ReadFile(file)
	must(t, err)
	text, _, err := seal.Cosignatures(data)
	must(t, err)
	c, err := seal.ParseCheckpoint(text)
	must(t, err)
	return c
}

func judge(fsys *crashfs.FS, code seal.Code, v check.Vouching) *check.Report {
	return check.Store(fsys, dir, check.Options{Pin: &code, PinnedBy: "the test", Workers: 1, Vouching: v})
}

func TestVouchedAndPolicy(t *testing.T) {
	fsys, code := build(t)
	o := newOutsiders(t, fsys)
	early, late := pointAt(t, fsys, olderCheckpoint), pointAt(t, fsys, dir+"/app/"+layout.CheckpointFile)
	must(t, fsys.WriteFile(dir+"/app/"+layout.CosignedFile, append(o.note(late, 1), o.note(early, 0)...)))
	must(t, fsys.WriteFile(dir+"/app/"+layout.OfferedFile, o.note(late)))
	log := o.logLine("app")
	for _, c := range []struct {
		name    string
		policy  *seal.Policy
		size    uint64
		by      int
		verdict check.Verdict
	}{
		{"any", o.policy(log, "group G any W0 W1", "quorum G"), late.Size, 1, check.Verified},
		{"W1", o.policy(log, "quorum W1"), late.Size, 1, check.Verified},
		{"W0", o.policy(log, "quorum W0"), early.Size, 2, check.Verified},
		{"both: what W1 saw continues what W0 saw", o.policy(log, "group G all W0 W1", "quorum G"), early.Size, 2, check.Verified},
		{"none", o.policy(log, "quorum none"), late.Size, 0, check.Verified},
		{"none, for system", o.policy("quorum none"), 0, 0, check.Verified},
		{"system has none", o.policy("quorum W0"), 0, 0, check.Unpinned},
		{"another log", o.policy("log "+seal.NewIdentity().Public().VKey("test.example/app"), "quorum none"), 0, 0, check.Unpinned},
		{"other witnesses", newOutsiders(t, fsys).policy(log, "quorum W0"), 0, 0, check.Unpinned},
	} {
		r := judge(fsys, code, check.Vouching{Policy: c.policy})
		s := r.Policy
		if r.Verdict != c.verdict || s == nil || s.Satisfied != (c.verdict == check.Verified) || c.size > 0 && s.Size != c.size || len(s.By) != c.by || r.BelowPolicy() != (c.verdict == check.Unpinned) {
			t.Errorf("%s: %s %+v, findings %v, notes %q", c.name, r.Word, s, r.Findings, r.Notes)
		}
	}
	if r := judge(fsys, code, check.Vouching{Policy: o.policy(log, "quorum W0")}); !r.Policy.NotAfter.Equal(time.Unix(1000, 0)) {
		t.Errorf("not after %v", r.Policy.NotAfter)
	}
	// What claims to be by a witness and is not counts as nothing.
	forged := o.keys[0].Cosign("something else\n", 5)
	must(t, fsys.WriteFile(dir+"/app/"+layout.CosignedFile, append(o.note(late), forged.Line()...)))
	if r := judge(fsys, code, check.Vouching{Policy: o.policy(log, "quorum W0")}); r.Verdict != check.Unpinned || !strings.Contains(strings.Join(r.Notes, "\n"), "did not sign this") {
		t.Errorf("forged: %s %q", r.Word, r.Notes)
	}
}

// TestVouchedContradicted gives the store what it does not bear out.
func TestVouchedContradicted(t *testing.T) {
	built, code := build(t)
	o := newOutsiders(t, built)
	late := pointAt(t, built, dir+"/app/"+layout.CheckpointFile)
	other := func(size uint64) seal.Checkpoint {
		return seal.Checkpoint{Origin: late.Origin, Size: size, Root: seal.Hash{1}}
	}
	for _, c := range []struct {
		name        string
		note        []byte
		first, last uint64
		text        string
	}{
		{"larger", o.note(other(late.Size+10), 0), late.Size, late.Size + 9, "cut off, or the store was rolled back"},
		{"same size", o.note(other(late.Size), 0), 0, late.Size - 1, "another history"},
		{"smaller", o.note(other(2)), 0, 1, "another history"},
		{"empty", o.note(other(0)), 0, 0, "another history"},
	} {
		for _, file := range []string{layout.CosignedFile, layout.OfferedFile, layout.TimestampedFile, ""} {
			fsys, v := built.Clone(), check.Vouching{}
			if file == "" {
				v.Outside = []check.Outside{{Name: "kept.note", Note: c.note}}
			} else {
				must(t, fsys.WriteFile(dir+"/app/"+file, c.note))
			}
			r := judge(fsys, code, v)
			if r.Verdict != check.Tampered || len(r.Findings) != 1 || r.Findings[0].Rule != check.RuleOutside || r.Findings[0].Journal != "app" ||
				*r.Findings[0].First != c.first || *r.Findings[0].Last != c.last || !strings.Contains(r.Findings[0].Text, c.text) {
				t.Errorf("%s in %q: %s %v", c.name, file, r.Word, r.Findings)
			}
		}
	}
}

// TestOutside compares older and newer copies with a checkpoint that was kept elsewhere.
func TestOutside(t *testing.T) {
	fsys, code := build(t)
	o := newOutsiders(t, fsys)
	old := fsys.Clone()
	w := openWriter(t, fsys, ticking())
	appendTo(t, w, "app", messages(300)...)
	must(t, w.Checkpoint())
	must(t, w.Close())
	late, err := fsys.ReadFile(dir + "/app/" + layout.CheckpointFile)
	must(t, err)
	early, err := fsys.ReadFile(olderCheckpoint)
	must(t, err)
	give := func(note []byte) check.Vouching {
		return check.Vouching{Outside: []check.Outside{{Name: "kept.note", Note: note}}}
	}
	for _, c := range []struct {
		name    string
		fsys    *crashfs.FS
		note    []byte
		verdict check.Verdict
	}{
		{"continued", fsys, early, check.Verified},
		{"as it was", fsys, late, check.Verified},
		{"rolled back", old, late, check.Tampered},
		{"of a journal that is gone", fsys, o.note(seal.Checkpoint{Origin: "test.example/gone", Size: 5}), check.Tampered},
		{"of another store", fsys, must2(seal.SignCheckpoint(seal.Checkpoint{Origin: "test.example/app", Size: 5}, seal.NewIdentity())), check.Unreadable},
		{"of another origin", fsys, must2(seal.SignCheckpoint(seal.Checkpoint{Origin: "other.example/app", Size: 5}, seal.NewIdentity())), check.Unreadable},
		{"nothing", fsys, nil, check.Unreadable},
		{"cut", fsys, late[:len(late)-1], check.Unreadable},
	} {
		if r := judge(c.fsys, code, give(c.note)); r.Verdict != c.verdict || len(r.Findings) > 1 {
			t.Errorf("%s: %s %v", c.name, r.Word, r.Findings)
		}
	}
	// A cosignature from outside satisfies the policy too.
	point := pointAt(t, fsys, dir+"/app/"+layout.CheckpointFile)
	v := give(o.note(point, 0))
	v.Policy = o.policy(o.logLine("app"), "quorum W0")
	if r := judge(fsys, code, v); r.Verdict != check.Verified || r.Policy.Size != point.Size {
		t.Errorf("%s %+v", r.Word, r.Policy)
	}
}

func must2(note []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return note
}

// TestVouchedNonsense is no alarm: who can write into the store can remove the file as well.
func TestVouchedNonsense(t *testing.T) {
	built, code := build(t)
	for _, file := range []string{layout.CosignedFile, layout.OfferedFile, layout.TimestampedFile, layout.TokenFile} {
		fsys := built.Clone()
		must(t, fsys.WriteFile(dir+"/app/"+file, []byte("nonsense")))
		r := inspect(fsys, code)
		if r.Verdict != check.Verified || len(r.Findings) > 0 || file != layout.TokenFile && len(r.Notes) == 0 {
			t.Errorf("%s: %s %v %q", file, r.Word, r.Findings, r.Notes)
		}
	}
}

// TestVouchedPruned cosigns sizes in the midst of what is pruned, and behind it.
func TestVouchedPruned(t *testing.T) {
	fsys := crashfs.New()
	certificate, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	now := journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}
	w := openWriter(t, fsys, func() journal.Reading { now.Wall, now.Boot = now.Wall+1000, now.Boot+1000; return now })
	var notes []byte
	o := newOutsiders(t, fsys)
	for i := range 4 {
		appendTo(t, w, "app", messages(100)...)
		must(t, w.Checkpoint())
		notes = append(o.note(pointAt(t, fsys, dir+"/app/"+layout.CheckpointFile), 0), notes...)
		appendTo(t, w, "app", messages(100+i)...)
		must(t, w.Rotate())
		_, err := w.Convert(context.Background())
		must(t, err)
		now.Wall, now.Boot = now.Wall+86_400_000_000, now.Boot+86_400_000_000
	}
	_, err = w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 51 * time.Hour}})
	must(t, err)
	must(t, w.Checkpoint())
	must(t, w.Close())
	must(t, fsys.WriteFile(dir+"/app/"+layout.CosignedFile, notes))
	r := judge(fsys, certificate.Code(), check.Vouching{Policy: o.policy(o.logLine("app"), "quorum W0")})
	notesText := strings.Join(r.Notes, "\n")
	if r.Verdict != check.Verified || r.Policy.Size != 703 || strings.Count(notesText, "is pruned, so it was not compared") == 0 || len(r.Pruned) == 0 {
		t.Errorf("%s %+v %v\n%s", r.Word, r.Policy, r.Findings, notesText)
	}
}
