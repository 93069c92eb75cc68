package check

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"constat/internal/durable"
	"constat/journal/layout"
	"constat/seal"
)

// RuleHandedOver is the name of what keeps a checkpoint that was handed over from being judged: it is none of this store.
const RuleHandedOver Rule = "handed-over"

// Outside is a checkpoint that was kept somewhere else.
type Outside struct {
	Name string // where it comes from, for people
	Note []byte // signed, and perhaps cosigned; several may stand one behind the other
}

// Vouching is what somebody outside says of a store, and what is wanted of that.
type Vouching struct {
	// Policy says whose cosignatures are wanted (c2sp.org/tlog-policy); nil: nobody's. Without lines "log" it is about the
	// journal "system", whose seals hold the others.
	Policy *seal.Policy
	// Outside are checkpoints that the store must continue.
	Outside []Outside
	// StampRoots are the roots by which time stamps are checked; nil: they are shown and not checked.
	StampRoots *x509.CertPool
}

// Standing is what a policy says of a store.
type Standing struct {
	Satisfied bool       `json:"satisfied"`
	Journal   string     `json:"journal,omitempty"` // to which it applies
	Size      uint64     `json:"size"`              // entries for which it is satisfied
	NotAfter  *time.Time `json:"not_after,omitempty"`
	By        []string   `json:"witnesses"` // names in the policy of those who cosigned as much
	Text      string     `json:"text"`
}

// Stamp is the time stamp of a journal, which is about a checkpoint that the entries give.
type Stamp struct {
	Journal string    `json:"journal"`
	Size    uint64    `json:"size"`
	Time    time.Time `json:"time"`
	Checked bool      `json:"checked"` // by the roots given
	Text    string    `json:"text"`
}

// vouched is a checkpoint that somebody outside has seen, or may have.
type vouched struct {
	seal.Checkpoint
	file string // below the store, or where it comes from
	what string // who has seen it, for people
	note []byte
	same bool // the entries give its root
	past bool // its size was passed without a root, because of what is pruned or missing
}

// recall reads the checkpoints of this journal that others have seen. It must be called before the entries are read: what
// was seen was durable then.
func (j *journalCheck) recall() {
	for _, f := range []struct{ file, what string }{
		{layout.CosignedFile, "was cosigned"}, {layout.OfferedFile, "was offered to witnesses"}, {layout.TimestampedFile, "was time-stamped"}} {
		name := filepath.Join(j.dir, f.file)
		data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, name), layout.MaxCosigned)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil && !isContent(err) {
			j.report.cannot(RuleRead, name, err)
			continue
		}
		if err == nil {
			err = j.take(name, f.what, data)
		}
		if err != nil {
			j.report.note("%s says nothing: %v", name, err)
		}
	}
	for i := range j.options.Outside {
		if o := &j.options.Outside[i]; bytes.HasPrefix(o.Note, []byte(j.desc.Origin+"\n")) {
			if err := j.take(o.Name, "is kept elsewhere", o.Note); err != nil {
				j.report.cannot(RuleHandedOver, o.Name, err)
			}
			j.used[i] = true
		}
	}
	slices.SortStableFunc(j.vouched, func(a, b *vouched) int { return cmp.Compare(a.Size, b.Size) })
	j.ahead = j.vouched
	j.reach()
}

// take adds the notes of a file.
func (j *journalCheck) take(file, what string, data []byte) error {
	notes, err := seal.SplitNotes(data)
	if err == nil && len(notes) == 0 {
		err = errors.New("it is empty")
	}
	for _, note := range notes {
		point, err := seal.OpenCheckpoint(note, j.desc.Origin, j.store.Certificate.Identity)
		if err != nil {
			return err
		}
		j.vouched = append(j.vouched, &vouched{Checkpoint: point, file: file, what: what, note: note})
	}
	return err
}

// reach compares the roots of those whose size is reached, before the next entry is taken.
func (j *journalCheck) reach() {
	for len(j.ahead) > 0 && j.ahead[0].Size <= j.next {
		v := j.ahead[0]
		j.ahead = j.ahead[1:]
		root, ok := j.rootNow()
		v.past = v.Size < j.next || !ok
		v.same = !v.past && root == v.Root
	}
}

// rootNow is the root over all entries taken so far; ok is false if one is missing.
func (j *journalCheck) rootNow() (root seal.Hash, ok bool) {
	var f seal.Frontier
	for _, b := range j.blocks {
		if !b.known {
			return root, false
		}
		f.AppendBlock(b.hash)
	}
	for i, h := range j.leaves {
		f.AppendSubtree(int(j.levels[i]), h)
	}
	return f.Root(), j.whole && f.Size() == j.next
}

// judgeVouched reports what the entries do not bear out.
func (j *journalCheck) judgeVouched() {
	j.reach()
	for _, v := range j.vouched {
		text := fmt.Sprintf("a checkpoint over %d entries with root %v, signed by this store, %s", v.Size, v.Root, v.what)
		switch {
		case v.same:
		case slices.ContainsFunc(j.report.Findings, func(f Finding) bool { return f.Rule.unreadable() }):
			j.report.note("%s: %s; it cannot be compared with what can be read", v.file, text)
		case v.Size > j.next:
			j.add(at(Finding{Rule: RuleOutside, File: v.file, Journal: j.dir,
				Text: fmt.Sprintf("%s; only %d are there: cut off, or the store was rolled back", text, j.next)}, j.next, v.Size-1))
		case v.past && j.isPrunedAt(v.Size):
			j.report.note("%s: %s; what it ends with is pruned, so it was not compared", v.file, text)
		case v.past:
			j.add(at(Finding{Rule: RuleOutside, File: v.file, Journal: j.dir, Text: text + "; entries below are missing"}, 0, v.Size-1))
		default:
			j.add(at(Finding{Rule: RuleOutside, File: v.file, Journal: j.dir, Text: text + "; the entries give another one: changed, or another history"}, 0, max(v.Size, 1)-1))
		}
		if v.same {
			j.stamp(v)
		}
	}
	j.checker.seen = append(j.checker.seen, journalSeen{j.dir, j.desc.Origin, j.next, j.vouched})
}

// isPrunedAt reports whether the entry below a size is gone by retention.
func (j *journalCheck) isPrunedAt(size uint64) bool {
	return slices.ContainsFunc(j.checker.gone, func(p pruned) bool { return p.j == j && p.first < size && size < p.end })
}

// stamp reads the token that is about a checkpoint.
func (j *journalCheck) stamp(v *vouched) {
	if filepath.Base(v.file) != layout.TimestampedFile {
		return
	}
	name := filepath.Join(j.dir, layout.TokenFile)
	der, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, name), layout.MaxToken)
	var t *seal.Timestamp
	if err == nil {
		t, err = seal.ParseTimestamp(der)
	}
	if err == nil && !t.Stamps(v.note) {
		err = fmt.Errorf("%w: is about something else than %s", seal.ErrTimestamp, v.file)
	}
	if err != nil {
		j.report.note("%s says nothing: %v", name, err)
		return
	}
	s := Stamp{Journal: j.dir, Size: v.Size, Time: t.Time, Text: "not checked against a CA"}
	if roots := j.options.StampRoots; roots != nil {
		if err := t.Check(roots); err != nil {
			s.Text = err.Error()
		} else {
			s.Checked, s.Text = true, "signed by an authority under the CA given"
		}
	}
	j.report.Stamps = append(j.report.Stamps, s)
}

// journalSeen is what others have seen of a journal.
type journalSeen struct {
	name, origin string
	size         uint64
	vouched      []*vouched
}

// judgeOutside looks at what nobody has used: checkpoints of journals that are not there, and those of others. Then it
// applies the policy.
func (c *checker) judgeOutside() {
	for i, o := range c.options.Outside {
		if c.used[i] {
			continue
		}
		text, _, err := seal.Cosignatures(o.Note)
		var head seal.TreeHead
		if err == nil {
			head, err = seal.ParseTreeHead(text)
		}
		if err == nil {
			_, err = seal.OpenCheckpoint(o.Note, head.Origin, c.store.Certificate.Identity)
		}
		switch {
		case err != nil:
			c.report.cannot(RuleHandedOver, o.Name, fmt.Errorf("is no checkpoint that this store has signed: %w", err))
		case c.partial:
			c.report.note("%s: journal %s was not found", o.Name, head.Origin)
		case head.Size > 0:
			c.add(Finding{Rule: RuleOutside, File: o.Name, Text: fmt.Sprintf("this store has signed %d entries of %s, and the journal is not there", head.Size, head.Origin)})
		}
	}
	if c.options.Policy != nil {
		c.report.Policy = c.standing()
	}
	if c.options.StampRoots != nil && !slices.ContainsFunc(c.report.Stamps, func(s Stamp) bool { return s.Checked }) {
		c.report.below = append(c.report.below, "no time stamp leads to the CA given")
	}
}
