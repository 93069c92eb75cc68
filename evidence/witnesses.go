package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"constat/entry"
	"constat/seal"
)

// sealField is the field of an entry of kind seal that holds the record.
const sealField = "SEAL"

// cosigned is a checkpoint that witnesses of the policy have cosigned.
type cosigned struct {
	journal string
	size    uint64
	by      []seal.WitnessedBy
}

// checkWitnesses checks every cosigned checkpoint, and asks the policy about those that cover what is shown.
func (v *verifier) checkWitnesses() {
	v.sealedAt = v.checkSealEntries()
	notes := slices.Clone(v.witnessed)
	for _, t := range v.trees {
		notes = append(notes, witnessedNote{t.name, t.size, v.signed[t.name]})
	}
	var good []cosigned
	for _, n := range notes {
		file := fmt.Sprintf("%s%s-%d", witnessed, n.journal, n.size)
		if !v.isSigned(n) {
			v.report.find("not-after", file, n.journal, "the cosigned checkpoint is not one of this journal")
			continue
		}
		by, err := v.witnesses(n.signed)
		if err != nil {
			v.report.find("not-after", file, n.journal, err.Error())
		}
		good = append(good, cosigned{n.journal, n.size, by})
	}
	v.tellWitnesses(good)
}

// isSigned reports whether a checkpoint is signed by the store and has the root that the entries give.
func (v *verifier) isSigned(n witnessedNote) bool {
	point, err := v.chain.open(n.signed, v.originAt(n.journal))
	root, ok := v.rootAt(n.journal, n.size)
	return err == nil && ok && point.Size == n.size && point.Root == root
}

// originAt is the origin of a journal that the file is about.
func (v *verifier) originAt(journal string) string {
	for _, t := range v.trees {
		if t.name == journal {
			return t.origin
		}
	}
	return ""
}

// witnesses are those of the policy who have cosigned a checkpoint, if it is of a log that the policy trusts.
func (v *verifier) witnesses(signed []byte) ([]seal.WitnessedBy, error) {
	p := v.options.Policy
	if p == nil {
		return nil, nil
	}
	s, err := p.Evaluate(signed)
	if err != nil || len(p.Logs) > 0 && s.Log == "" {
		return nil, err
	}
	return s.Witnesses, nil
}

// checkSealEntries finds the entries of the journal system that hold the seals of the file, and returns their indexes by
// counter. A seal states the size of that journal just before it, which is the index of its entry.
func (v *verifier) checkSealEntries() map[uint64]uint64 {
	at := map[uint64]uint64{}
	for i := range v.seals {
		s := &v.seals[i]
		j, ok := s.of(systemName)
		if !ok {
			continue
		}
		e, err := v.system(j.Size)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err == nil && !s.is(e) {
			err = fmt.Errorf("entry %d of journal %s is not seal %d", j.Size, systemName, s.Counter)
		}
		if err != nil {
			v.report.find("sealed", supportName, systemName, err.Error(), j.Size, j.Size)
			continue
		}
		at[s.Counter] = j.Size
	}
	return at
}

// is reports whether an entry holds this seal.
func (s *sealed) is(e *entry.Entry) bool {
	record, ok := observed(e, sealField)
	if !ok || e.Kind != entry.Seal {
		return false
	}
	x, err := seal.ParseSeal([]byte(record))
	return err == nil && bytes.Equal(x.AppendStatement(nil), s.AppendStatement(nil)) && bytes.Equal(x.Key.AppendKey(nil), s.key.AppendKey(nil))
}

// covers says how a checkpoint covers the window of a journal: by itself, or, if it is one of system, by a seal whose entry
// it covers and which states the journal with all of the window.
func (v *verifier) covers(c *cosigned, a *Asked) (by *sealed, ok bool) {
	if c.journal == a.Name {
		return nil, c.size >= a.To
	}
	if c.journal != systemName {
		return nil, false
	}
	for i := range v.seals {
		s := &v.seals[i]
		at, logged := v.sealedAt[s.Counter]
		if j, listed := s.of(a.Name); logged && listed && at < c.size && j.Size >= a.To {
			return s, true
		}
	}
	return nil, false
}

// anchored says from when on the quorum of the policy had cosigned a journal, and through which seal, which is nil if
// every witness has cosigned the journal itself. A witness that cosigned a larger tree vouches for the smaller one in it.
func (v *verifier) anchored(a *Asked, list []cosigned) (notAfter int64, names []string, through *sealed, ok bool) {
	first := map[string]seal.WitnessedBy{}
	way := map[string]*sealed{}
	for i := range list {
		by, covers := v.covers(&list[i], a)
		for _, w := range list[i].by {
			if was, ok := first[w.Name]; covers && (!ok || w.Time < was.Time) {
				first[w.Name], way[w.Name] = w, by
			}
		}
	}
	var all []seal.WitnessedBy
	for _, w := range first {
		all = append(all, w)
	}
	if notAfter, ok = v.options.Policy.Quorum(all); !ok || notAfter == 0 {
		return 0, nil, nil, false
	}
	for _, w := range all {
		if w.Time <= notAfter {
			names = append(names, w.Name)
			if way[w.Name] != nil {
				through = way[w.Name]
			}
		}
	}
	return notAfter, names, through, true
}

// tellWitnesses says by when the witnesses that the policy wants have seen what is shown.
func (v *verifier) tellWitnesses(list []cosigned) {
	r := v.report
	switch {
	case r.failed("not-after"):
		r.check("not-after", Failed, "a cosignature is wrong")
		return
	case v.options.Policy == nil:
		r.check("not-after", Unclear, "no policy was given, so no witness was asked; name one with --policy FILE")
		return
	}
	var latest int64
	var names, through []string
	whole := len(v.question.Journals) > 0
	for i := range v.question.Journals {
		a := &v.question.Journals[i]
		at, by, s, ok := v.anchored(a, list)
		whole = whole && ok
		latest, names = max(latest, at), append(names, by...)
		if s != nil {
			through = append(through, fmt.Sprintf("; journal %s through seal %d: they have cosigned journal %s with it, and it states size and root", a.Name, s.Counter, systemName))
		}
	}
	if !whole {
		r.check("not-after", Open, "the witnesses that the policy wants have not cosigned what is shown; 'constat prove --upgrade' adds what came later")
		v.below = append(v.below, "not anchored")
		return
	}
	slices.Sort(names)
	r.check("not-after", Proved, "%s (%s)%s", time.Unix(latest, 0).UTC().Format(time.RFC3339), strings.Join(slices.Compact(names), ", "), strings.Join(through, ""))
}
