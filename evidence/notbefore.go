package evidence

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"constat/entry"
	"constat/seal"
)

// What control entries of the journal system say of witnesses.
const (
	controlWitnessed = "witnessed"
	checkpointField  = "CHECKPOINT" // signed and cosigned note
)

// logged is an entry of system that holds cosignatures: what stands behind it came later than they did.
type logged struct {
	index uint64
	by    []seal.WitnessedBy
}

// loggedWitnesses lists the entries of the file that hold cosignatures of the policy. One that holds something else bounds
// nothing.
func (v *verifier) loggedWitnesses() (list []logged) {
	for index, e := range v.controls() {
		note, ok := observed(e, checkpointField)
		if what, _ := observed(e, "CONTROL"); !ok || what != controlWitnessed {
			continue
		}
		if by, err := v.witnesses([]byte(note)); err == nil && len(by) > 0 {
			list = append(list, logged{index, by})
		}
	}
	return list
}

// controls yields the control entries of system that the file holds.
func (v *verifier) controls() iter.Seq2[uint64, *entry.Entry] {
	return func(yield func(uint64, *entry.Entry) bool) {
		var d entry.Decoder
		each := func(index uint64, leaf []byte) error {
			var e entry.Entry
			if d.Decode(leaf[entry.NonceSize:], &e) == nil && e.Kind == entry.Control && !yield(index, &e) {
				return errShort // any error ends it
			}
			return nil
		}
		for _, t := range v.trees {
			if t.name == systemName && eachOf(t.support, t.proving, each) == nil {
				t.each(each)
			}
		}
	}
}

// behind returns the index in system below which everything stands before the first entry that is shown of a journal: that
// entry itself, or the newest seal that states no more entries of the journal than come before it.
func (v *verifier) behind(a *Asked) (limit uint64, by *sealed) {
	first := a.Shown[0].First
	if a.Name == systemName {
		return first, nil
	}
	for i := range v.seals {
		s := &v.seals[i]
		j, listed := s.of(a.Name)
		if at, ok := s.of(systemName); ok && listed && j.Size <= first && at.Size > limit {
			limit, by = at.Size, s
		}
	}
	return limit, by
}

// notBefore says since when what is shown of a journal can have had its place: the time by which a quorum of the policy vouches
// by cosignatures that stand before it.
func (v *verifier) notBefore(a *Asked, list []logged) (at int64, text string, ok bool) {
	limit, by := v.behind(a)
	newest := map[string]seal.WitnessedBy{}
	where := map[string]uint64{}
	for _, l := range list {
		for _, w := range l.by {
			if was, ok := newest[w.Name]; l.index < limit && (!ok || w.Time > was.Time) {
				newest[w.Name], where[w.Name] = w, l.index
			}
		}
	}
	var all []seal.WitnessedBy
	for _, w := range newest {
		all = append(all, w)
	}
	if at, ok = v.options.Policy.QuorumSince(all); !ok || at == 0 {
		return 0, "", false
	}
	slices.SortFunc(all, func(a, b seal.WitnessedBy) int { return cmp.Compare(a.Name, b.Name) })
	var parts []string
	for _, w := range all {
		if w.Time >= at {
			parts = append(parts, fmt.Sprintf("%s in entry %d", w.Name, where[w.Name]))
		}
	}
	text = fmt.Sprintf("cosigned by %s of journal %s", strings.Join(parts, ", "), systemName)
	if by != nil {
		j, _ := by.of(a.Name)
		text += fmt.Sprintf(", which seal %d covers; it states %d entries of journal %s", by.Counter, j.Size, a.Name)
	}
	return at, text, true
}

// tellNotBefore says since when the first entry that is shown can have had its place in its journal.
func (v *verifier) tellNotBefore() {
	r := v.report
	if v.question.shown() == 0 {
		return
	}
	if v.options.Policy == nil {
		r.check("not-before", Unclear, "no policy was given; name one with --policy FILE")
		return
	}
	list, earliest := v.loggedWitnesses(), int64(0)
	var texts []string
	for i := range v.question.Journals {
		a := &v.question.Journals[i]
		if len(a.Shown) == 0 {
			continue
		}
		at, text, ok := v.notBefore(a, list)
		if !ok {
			r.check("not-before", Open, "no cosignature that the policy wants stands before what is shown of journal %s", a.Name)
			return
		}
		if earliest == 0 || at < earliest {
			earliest = at
		}
		texts = append(texts, text)
	}
	r.check("not-before", Proved, "%s: what is shown was put into the journal later than that (%s)", time.Unix(earliest, 0).UTC().Format(time.RFC3339), strings.Join(texts, "; "))
}
