package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// Request is what evidence is asked for.
type Request struct {
	Question    string // as people asked it
	By          string // who asked, may be empty
	Made        time.Time
	Logged      bool // an exported entry will be written: see [Draft.Exported]
	Certificate seal.Certificate
	Journals    []Selection
	Session     *SessionQuestion // the session of custody that is asked about; nil: none
	// Disclose returns what is to be told of the private fields and long values of a shown entry; nil: nothing. Positions
	// from the number of its fields on are those of the list that is told of a packed field.
	Disclose func(journal string, index uint64, e *entry.Entry) ([]Disclosure, error)
}

// Selection is what is shown of one journal.
type Selection struct {
	Log      Log
	From, To uint64     // the window, To excluded
	FromSeal *seal.Seal // the seal at the beginning; nil: From is 0
	ToSeal   *seal.Seal // the seal at the end; nil: To is the size of the checkpoint
	Indexes  []uint64   // of what is shown, sorted, in the window
}

// Draft is evidence without its proof: everything that people read.
type Draft struct {
	contents
	known map[string][]stretch // by journal
	// What others said in the file that the draft was reopened from.
	Witnessed []Witnessed
	Stamped   []Stamped
}

// stretch is the hashes of leaves in a row.
type stretch struct {
	first  uint64
	hashes []seal.Hash
}

// errSelection says that a selection makes no sense.
var errSelection = errors.New("evidence: the selection does not fit its window")

// Prepare reads what is shown and makes the files that people read.
func Prepare(r Request) (*Draft, error) {
	d := &Draft{contents: contents{signed: map[string][]byte{}}, known: map[string][]stretch{}}
	d.chain.zero = r.Certificate
	d.question = Question{Format: Format, Text: strings.ToValidUTF8(r.Question, "\uFFFD"), By: strings.ToValidUTF8(r.By, "\uFFFD"),
		Made: r.Made.UTC().Format(time.RFC3339), Store: r.Certificate.Store.String(), Origin: r.Certificate.Origin,
		Code: r.Certificate.Code().String(), Logged: r.Logged, Page: pageForm, Journals: []Asked{}, Session: r.Session}
	if err := r.Session.check(); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	slices.SortFunc(r.Journals, func(a, b Selection) int { return strings.Compare(a.Log.Name(), b.Log.Name()) })
	for _, s := range r.Journals {
		if err := d.selected(s); err != nil {
			return nil, err
		}
	}
	if err := d.disclose(r.Disclose); err != nil {
		return nil, err
	}
	d.put(certificates+"0", []byte(r.Certificate.Text()))
	d.put(questionName, formatJSON(d.question))
	d.put(leavesName, formatLeaves(d.leaves))
	d.put(disclosedName, formatDisclosed(&d.question, d.disclosed))
	return d, d.addReadable()
}

func (c *contents) put(name string, data []byte) {
	if data == nil {
		data = []byte{} // JSON tells the two apart
	}
	c.files = append(c.files, file{name, data})
}

// selected reads what is shown of one journal.
func (d *Draft) selected(s Selection) error {
	a := Asked{Name: s.Log.Name(), Origin: s.Log.Origin(), From: s.From, To: s.To, Shown: runs(s.Indexes)}
	if s.FromSeal != nil {
		a.FromSeal = &s.FromSeal.Counter
	}
	if s.ToSeal != nil {
		a.ToSeal, a.Sealed = &s.ToSeal.Counter, wallText(s.ToSeal.Wall)
	}
	if !slices.IsSorted(s.Indexes) || s.From > s.To || len(s.Indexes) > 0 && (s.Indexes[0] < s.From || s.Indexes[len(s.Indexes)-1] >= s.To) ||
		checkRuns(a.Shown, s.To) != nil {
		return fmt.Errorf("%w: journal %s", errSelection, a.Name)
	}
	d.question.Journals = append(d.question.Journals, a)
	leaves, known, err := readRuns(s.Log, a.Shown, s.To)
	if err != nil && s.From < s.To { // entries beside those that are shown may be gone
		leaves, err = readOnly(s.Log, a.Shown)
	}
	d.leaves = append(d.leaves, leaves...)
	d.known[a.Name] = known
	return err
}

// readRuns reads leaves; those that lie near each other in one go. The hashes of all that it reads are remembered.
func readRuns(log Log, list []run, size uint64) (leaves [][]byte, known []stretch, err error) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].First-list[n-1].end() <= bridge {
			n++
		}
		at, in := list[0].First/seal.BlockSize*seal.BlockSize, list[:n]
		end := min((list[n-1].end()+seal.BlockSize-1)/seal.BlockSize*seal.BlockSize, size)
		k := stretch{first: at, hashes: make([]seal.Hash, 0, end-at)}
		for leaf, err := range log.Leaves(at, end) {
			if err != nil {
				return nil, nil, fmt.Errorf("journal %s: entry %d: %w", log.Name(), at, err)
			}
			k.hashes = append(k.hashes, tlog.RecordHash(leaf))
			for len(in) > 0 && in[0].end() <= at {
				in = in[1:]
			}
			if len(in) > 0 && in[0].First <= at {
				leaves = append(leaves, slices.Clone(leaf))
			}
			at++
		}
		if at != end {
			return nil, nil, fmt.Errorf("journal %s: entry %d: %w", log.Name(), at, errLeavesEnd)
		}
		list, known = list[n:], append(known, k)
	}
	return leaves, known, nil
}

// readOnly reads leaves and nothing beside them.
func readOnly(log Log, list []run) (leaves [][]byte, err error) {
	for _, r := range list {
		at := r.First
		for leaf, err := range log.Leaves(r.First, r.end()) {
			if err != nil {
				return nil, fmt.Errorf("journal %s: entry %d: %w", log.Name(), at, err)
			}
			leaves = append(leaves, slices.Clone(leaf))
			at++
		}
		if at != r.end() {
			return nil, fmt.Errorf("journal %s: entry %d: %w", log.Name(), at, errLeavesEnd)
		}
	}
	return leaves, nil
}

// disclose asks what is to be told of fields.
func (d *Draft) disclose(ask func(string, uint64, *entry.Entry) ([]Disclosure, error)) error {
	if ask == nil {
		return nil
	}
	var list []Disclosure
	err := d.eachShown(d.question.shown(), func(s *shownEntry) error {
		told, err := ask(s.journal, s.index, s.entry)
		slices.SortFunc(told, func(a, b Disclosure) int { return a.compare(&b) })
		s.disclosed = told
		if err := s.unpack(); err != nil {
			return fmt.Errorf("journal %s: entry %d: %w", s.journal, s.index, err)
		}
		for i := range told {
			told[i].Journal, told[i].Index = s.journal, s.index
			if f := told[i].Field; f < 0 || f >= len(s.entry.Fields) {
				return fmt.Errorf("journal %s: entry %d has no field %d", s.journal, s.index, f)
			}
			if err := told[i].check(&s.entry.Fields[told[i].Field]); err != nil {
				return fmt.Errorf("journal %s: entry %d: %w", s.journal, s.index, err)
			}
		}
		list = append(list, told...)
		return err
	})
	d.disclosed = list
	return err
}

// addReadable makes the files for people of the others.
func (c *contents) addReadable() error {
	var lines []byte
	err := c.eachShown(c.question.shown(), func(s *shownEntry) error {
		lines = appendLine(lines, s)
		return nil
	})
	if err != nil {
		return err
	}
	c.put(entriesName, lines)
	for _, name := range []string{readmeName, identityName, pageName} {
		if _, ok := find(c.files, name); ok {
			continue
		}
		text, err := c.render(name)
		if err != nil {
			return err
		}
		c.put(name, text)
	}
	return nil
}

// Exported is the control entry to be written to the journal system: who asked what, and the SHA-256 of every file that
// people read.
func (d *Draft) Exported() entry.Entry {
	e := entry.Entry{Kind: entry.Control}
	for _, pair := range d.ExportedFields() {
		e.AddString(pair[0], pair[1], entry.Observed)
	}
	return e
}

// ExportedFields are names and values of the fields of the exported entry.
func (d *Draft) ExportedFields() [][2]string {
	n := d.question.shown()
	list := [][2]string{
		{"CONTROL", controlExported},
		{"MESSAGE", fmt.Sprintf("evidence exported: %d entries", n)},
		{"QUESTION", d.question.Text},
		{"ASKED_BY", d.question.By},
		{"COUNT", strconv.FormatUint(n, 10)},
	}
	for _, h := range readableHashes(d.files) {
		list = append(list, [2]string{fileHash, h})
	}
	return list
}
