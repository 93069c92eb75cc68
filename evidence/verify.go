package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"constat/entry"
	"constat/seal"
)

// Verify checks an evidence file, which is a zip or the page alone. It needs nothing else, and trusts no key in it
// that the options do not pin. It never fails: what is wrong stands in the report.
func Verify(data []byte, o Options) *Report {
	files, err := open(data)
	v := &verifier{report: &Report{}, options: o}
	if err != nil {
		v.report.find("format", "", "", err.Error())
		return v.end(Unreadable)
	}
	return v.verify(files)
}

// open takes an evidence file apart into its files.
func open(data []byte) ([]file, error) {
	if isPage(data) {
		return parsePage(data)
	}
	return parseZip(data)
}

// verifier checks one evidence file.
type verifier struct {
	*contents
	options Options
	report  *Report
	trees   []*tree
	below   []string // why the file is below what was asked

	sealedAt     map[uint64]uint64 // by the counter of a seal, the index in system of its entry, if that is in the file
	stampedAfter bool              // a time stamp that was checked covers what is shown
}

// end fills in the verdict.
func (v *verifier) end(least Verdict) *Report {
	r := v.report
	r.Verdict = least
	if least == Verified && len(r.Findings) > 0 {
		r.Verdict = Tampered
	}
	if r.Verdict == Verified && len(v.below) > 0 {
		r.Verdict = Below
	}
	r.Title = v.title()
	if r.Journals == nil {
		r.Journals = []JournalReport{}
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Checks == nil {
		r.Checks = []Check{}
	}
	return r
}

func (v *verifier) title() string {
	switch v.report.Verdict {
	case Unreadable:
		return "UNREADABLE"
	case Tampered:
		return "TAMPERED"
	case Below:
		return "VERIFIED, " + strings.ToUpper(strings.Join(v.below, ", "))
	}
	for _, c := range v.report.Checks {
		if c.Code == "not-after" && c.Status != Proved && !v.stampedAfter {
			return "VERIFIED, NOT ANCHORED"
		}
	}
	return "VERIFIED"
}

func (v *verifier) verify(files []file) *Report {
	var err error
	if v.contents, err = load(files); err != nil {
		_, ours := find(files, questionName)
		v.report.find("format", "", "", err.Error())
		if !ours || errors.Is(err, entry.ErrNewer) || v.contents.question.Format != "" && v.contents.question.Format != Format {
			return v.end(Unreadable)
		}
		return v.end(Tampered)
	}
	v.introduce()
	v.checkSums()
	v.checkChain()
	if v.trees, err = v.contents.trees(); err != nil {
		v.report.find("format", proofName, "", err.Error())
		return v.end(Verified)
	}
	v.checkTrees()
	v.checkEntries()
	v.checkSeals()
	v.checkWitnesses()
	v.tellNotBefore()
	v.checkStamps()
	v.checkExported()
	v.checkPage()
	v.checkTrust()
	return v.end(Verified)
}

// introduce says what the file is about.
func (v *verifier) introduce() {
	q, r := &v.question, v.report
	zero := v.chain.zero
	r.Question, r.Made, r.Origin, r.Code = q.Text, q.Made, zero.Origin, zero.Code().String()
	if q.Store != zero.Store.String() || q.Origin != zero.Origin || q.Code != r.Code {
		r.find("format", questionName, "", "store, origin or code are not those of certificate 0")
	}
	if made, err := time.Parse(time.RFC3339, q.Made); err != nil || made.UTC().Format(time.RFC3339) != q.Made {
		r.find("format", questionName, "", "the time at which it was made is not in its one spelling")
	}
}

// checkSums compares the list of the SHA-256 of every file.
func (v *verifier) checkSums() {
	if !bytes.Equal(v.data(sumsName), formatSums(v.files)) {
		v.report.find("format", sumsName, "", "a SHA-256 is not that of its file")
	}
}

// formatSums lists the SHA-256 of every other file as sha256sum does.
func formatSums(files []file) []byte {
	var b bytes.Buffer
	for _, f := range files {
		if f.name != sumsName {
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(f.data), f.name)
		}
	}
	return b.Bytes()
}

func (v *verifier) checkChain() {
	if err := v.chain.check(); err != nil {
		v.report.find("sealed", "seals", "", err.Error())
	}
}

// checkTrees computes every root and compares it with what is signed.
func (v *verifier) checkTrees() {
	singles := firstSingles(v.trees)
	for _, s := range singles {
		s.want()
	}
	if err := v.contents.wantPage(v.trees); err != nil {
		v.report.find("format", proofName, "", err.Error())
	}
	names := map[string]bool{}
	for _, t := range v.trees {
		v.checkTree(t)
		names[t.name] = true
	}
	for name := range v.signed {
		if !names[name] {
			v.report.find("format", checkpoints+name, name, "the checkpoint of a journal that the file is not about")
		}
	}
	v.checkSingles(singles)
	shown, r := v.question.shown(), v.report
	for _, j := range r.Journals {
		r.Withheld += j.Withheld
	}
	r.Shown = shown
	r.check("integrity", r.status("integrity"), "%d of %d entries match the root of their journal", shown, shown)
	window := shown + r.Withheld
	r.check("completeness", r.status("integrity", "completeness"),
		"%d entries exist in the window: %d shown, %d withheld (hash only), 0 missing", window, shown, r.Withheld)
}

// checkTree compares the roots of one journal.
func (v *verifier) checkTree(t *tree) {
	r, file := v.report, checkpoints+t.name
	a, origin := v.question.asked(t.name), t.origin
	if !originOf(v.chain.zero.Origin, t.name, origin) || a.Origin != "" && a.Origin != origin {
		r.find("format", proofName, t.name, fmt.Sprintf("origin %q is not that of a journal of this store", origin))
	}
	if err := t.fold(); err != nil {
		r.find("completeness", proofName, t.name, err.Error(), a.From, a.To)
		return
	}
	point, err := v.chain.open(v.signed[t.name], origin)
	switch {
	case err != nil:
		r.find("integrity", file, t.name, err.Error())
	case point.Size != t.size:
		r.find("completeness", proofName, t.name, fmt.Sprintf("it speaks of %d entries, the checkpoint of %d", t.size, point.Size))
	case point.Root != t.roots[t.size]:
		r.find("integrity", leavesName, t.name, fmt.Sprintf("the entries lead to root %s, signed is %s", t.roots[t.size], point.Root), a.From, a.To)
	}
	if slices.ContainsFunc(v.question.Journals, func(x Asked) bool { return x.Name == t.name }) {
		r.Journals = append(r.Journals, JournalReport{Name: t.name, Origin: origin, From: a.From, To: a.To, Shown: count(a.Shown),
			Withheld: a.To - a.From - count(a.Shown), Size: t.size, Root: t.roots[t.size].String()})
	} else if t.name != systemName {
		r.find("format", proofName, t.name, "nothing was asked of this journal")
	}
}

// checkSingles compares the files of single entries with what they must be.
func (v *verifier) checkSingles(list []single) {
	var want []file
	for _, s := range list {
		files, err := s.files(v.signed[s.tree.name])
		if err != nil {
			v.report.find("format", entryPrefix, s.tree.name, err.Error(), s.index, s.index)
			return
		}
		want = append(want, files...)
	}
	want = sorted(want)
	for _, f := range v.files {
		if !strings.HasPrefix(f.name, entryPrefix) {
			continue
		}
		if len(want) == 0 || want[0].name != f.name || !bytes.Equal(want[0].data, f.data) {
			v.report.find("format", f.name, "", "is not what follows from the other files")
			return
		}
		want = want[1:]
	}
	if len(want) > 0 {
		v.report.find("format", want[0].name, "", "is missing")
	}
}

// checkEntries reads what is shown, and compares entries.jsonl with it.
func (v *verifier) checkEntries() {
	lines, disclosed := v.data(entriesName), v.disclosed
	var line []byte
	var d entry.Decoder
	for _, t := range v.trees {
		var last struct {
			epoch    uint32
			received int64
		}
		n := slices.IndexFunc(v.report.Journals, func(j JournalReport) bool { return j.Name == t.name })
		err := t.each(func(index uint64, leaf []byte) error {
			var e entry.Entry
			if err := d.Decode(leaf[entry.NonceSize:], &e); err != nil {
				v.report.find("integrity", leavesName, t.name, err.Error(), index, index)
				return err
			}
			if e.Epoch < last.epoch || e.Epoch == last.epoch && e.Received < last.received {
				v.report.find("order", leavesName, t.name, "received before the entry that precedes it", index, index)
			}
			last.epoch, last.received = e.Epoch, e.Received
			if n >= 0 {
				j := &v.report.Journals[n]
				j.First, j.Last = cmp.Or(j.First, timeText(e.Received)), timeText(e.Received)
			}
			s := shownEntry{journal: t.name, index: index, entry: &e}
			s.disclosed, disclosed = ofEntry(disclosed, t.name, index)
			if err := s.unpack(); err != nil {
				v.report.find("redacted", disclosedName, t.name, err.Error(), index, index)
				return err
			}
			v.checkDisclosed(&s)
			line = appendLine(line[:0], &s)
			if !bytes.HasPrefix(lines, line) {
				v.report.find("integrity", entriesName, t.name, "the line is not what the entry says", index, index)
				return errShort
			}
			lines = lines[len(line):]
			return nil
		})
		if err != nil {
			return
		}
	}
	if len(lines) > 0 {
		v.report.find("integrity", entriesName, "", "lines that belong to no entry")
	}
	if len(disclosed) > 0 {
		v.report.find("redacted", disclosedName, disclosed[0].Journal, "values of an entry that is not shown", disclosed[0].Index, disclosed[0].Index)
	}
	v.tellOrder()
}

// ofEntry cuts what is disclosed of an entry off the front of a sorted list.
func ofEntry(list []Disclosure, journal string, index uint64) (of, rest []Disclosure) {
	n := 0
	for n < len(list) && list[n].Journal == journal && list[n].Index == index {
		n++
	}
	return list[:n], list[n:]
}

func (v *verifier) tellOrder() {
	r := v.report
	var parts []string
	for _, j := range r.Journals {
		if a := v.question.asked(j.Name); len(a.Shown) > 0 {
			parts = append(parts, fmt.Sprintf("%s indexes %d..%d", j.Name, a.Shown[0].First, a.Shown[len(a.Shown)-1].end()-1))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no entry is shown"}
	}
	r.check("order", r.status("order", "integrity"), "%s, strictly increasing", strings.Join(parts, "; "))
	if r.Erased+r.Disclosed+r.Long > 0 {
		r.check("redacted", r.status("redacted"), "%d private values erased, %d disclosed, %d long values disclosed; they have the digests that the entries hold", r.Erased, r.Disclosed, r.Long)
	}
}

// checkDisclosed compares disclosed values with the digests in the entry.
func (v *verifier) checkDisclosed(s *shownEntry) {
	for i := range s.disclosed {
		d := &s.disclosed[i]
		err := errors.New("there is no such field")
		if d.Field < len(s.entry.Fields) {
			err = d.check(&s.entry.Fields[d.Field])
		}
		if err == nil && d.Erased {
			err = v.checkErased(d)
			v.report.Erased++
		} else if err == nil && s.entry.Fields[d.Field].Form == entry.Private {
			v.report.Disclosed++
		} else if err == nil {
			v.report.Long++
		}
		if err != nil {
			v.report.find("redacted", disclosedName, s.journal, err.Error(), s.index, s.index)
		}
	}
}

// checkErased wants the control entry that says that values of the journal were erased. Its field may be another one: a
// value goes from everything that repeats it, such as the octets as they were received.
func (v *verifier) checkErased(d *Disclosure) error {
	e, err := v.control(d.By)
	if err != nil {
		return err
	}
	if what, ok := observed(e, "CONTROL"); !ok || what != "erased" {
		return fmt.Errorf("entry %d of journal %s does not say that something was erased", d.By, systemName)
	}
	if journal, _ := observed(e, "JOURNAL"); journal != d.Journal {
		return fmt.Errorf("entry %d of journal %s is about journal %q, not %q", d.By, systemName, journal, d.Journal)
	}
	return nil
}

// control returns a control entry of the system journal.
func (v *verifier) control(index uint64) (*entry.Entry, error) {
	e, err := v.system(index)
	if err == nil && e.Kind != entry.Control {
		err = fmt.Errorf("entry %d of journal %s is no control entry", index, systemName)
	}
	return e, err
}

// errAbsent says that an entry is not in the file.
var errAbsent = errors.New("is not in the file")

// system returns a supporting or shown entry of the system journal; [errAbsent]: it is neither.
func (v *verifier) system(index uint64) (*entry.Entry, error) {
	for _, t := range v.trees {
		if t.name != systemName {
			continue
		}
		leaf, ok := t.leafAt(index)
		if !ok {
			break
		}
		var d entry.Decoder
		e := new(entry.Entry)
		if err := d.Decode(leaf[entry.NonceSize:], e); err != nil {
			return nil, fmt.Errorf("entry %d of journal %s: %w", index, systemName, err)
		}
		return e, nil
	}
	return nil, fmt.Errorf("entry %d of journal %s %w", index, systemName, errAbsent)
}

// observed returns the value of a field that the store itself vouches for.
func observed(e *entry.Entry, name string) (string, bool) {
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == name && f.Provenance == entry.Observed && f.Form == entry.Inline {
			return string(f.Value), true
		}
	}
	return "", false
}

// rootAt is the root of a journal at a size.
func (v *verifier) rootAt(journal string, size uint64) (seal.Hash, bool) {
	for _, t := range v.trees {
		if t.name == journal {
			h, ok := t.roots[size]
			return h, ok
		}
	}
	return seal.Hash{}, false
}
