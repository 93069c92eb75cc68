package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"constat/entry"
	"constat/seal"
)

// contents is an evidence file taken apart. Nothing in it is checked but its form.
type contents struct {
	files     []file
	question  Question
	proof     proof
	leaves    [][]byte // asked, in the order of the journals and indexes
	support   [][]byte
	hashes    []seal.Hash
	disclosed []Disclosure
	chain     chain
	seals     []sealed          // by counter
	signed    map[string][]byte // newest checkpoints by journal
	witnessed []witnessedNote
	stamped   []stampedNote
}

// witnessedNote is a checkpoint of a journal at some size that others have signed too.
type witnessedNote struct {
	journal string
	size    uint64
	signed  []byte
}

// errContents says that a file is missing, or is none of an evidence file.
var errContents = errors.New("the files are not those of an evidence file")

// load takes files apart.
func load(files []file) (*contents, error) {
	c := &contents{files: files, signed: map[string][]byte{}}
	for _, name := range append(readable, proofName, withheldName, supportName, sumsName, certificates+"0") {
		if _, ok := find(files, name); !ok {
			return c, fmt.Errorf("%w: %s is missing", errContents, name)
		}
	}
	for _, step := range []func() error{c.loadQuestion, c.loadLeaves, c.loadNotes} {
		if err := step(); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *contents) data(name string) []byte {
	data, _ := find(c.files, name)
	return data
}

func (c *contents) loadQuestion() (err error) {
	if c.question, err = parseQuestion(c.data(questionName)); err != nil {
		return err
	}
	if c.proof, err = parseProof(c.data(proofName)); err != nil {
		return err
	}
	c.disclosed, err = parseDisclosed(&c.question, c.data(disclosedName))
	return err
}

func (c *contents) loadLeaves() (err error) {
	if c.leaves, err = parseLeaves(c.data(leavesName)); err != nil {
		return fmt.Errorf("%s: %w", leavesName, err)
	}
	if c.support, err = parseLeaves(c.data(supportName)); err != nil {
		return fmt.Errorf("%s: %w", supportName, err)
	}
	var d entry.Decoder
	for _, leaf := range append(slices.Clip(c.leaves), c.support...) {
		if err := d.Decode(leaf[entry.NonceSize:], new(entry.Entry)); errors.Is(err, entry.ErrNewer) {
			return fmt.Errorf("%s: %w", leavesName, err)
		}
	}
	if c.hashes, err = parseHashes(c.data(withheldName)); err != nil {
		return fmt.Errorf("%s: %w", withheldName, err)
	}
	return nil
}

// loadNotes reads the files of which there may be several, and refuses those that nobody knows.
func (c *contents) loadNotes() error {
	if err := c.loadChain(); err != nil {
		return err
	}
	for _, f := range c.files {
		if err := c.loadNote(f); err != nil {
			return err
		}
	}
	if n := len(c.stamped); n > 0 && c.stamped[n-1].token == nil {
		return fmt.Errorf("%w: %s stands without its token", errContents, c.stamped[n-1].file())
	}
	return nil
}

// loadChain reads the certificates, which follow each other without a gap.
func (c *contents) loadChain() (err error) {
	if c.chain.zero, err = seal.ParseCertificate(string(c.data(certificates + "0"))); err != nil {
		return fmt.Errorf("%s0: %w", certificates, err)
	}
	for n := 1; ; n++ {
		text, ok := find(c.files, certificates+strconv.Itoa(n))
		if !ok {
			return nil
		}
		e, err := seal.ParseEndorsed(string(text))
		if err != nil {
			return fmt.Errorf("%s%d: %w", certificates, n, err)
		}
		c.chain.later = append(c.chain.later, e)
	}
}

// loadNote reads one file. This is a flat switch over names.
func (c *contents) loadNote(f file) error {
	switch {
	case strings.HasPrefix(f.name, sealsPrefix):
		s, err := parseSeal(f.name, f.data)
		if err != nil {
			return err
		}
		c.seals = append(c.seals, s)
	case strings.HasPrefix(f.name, checkpoints):
		c.signed[f.name[len(checkpoints):]] = f.data
	case strings.HasPrefix(f.name, witnessed):
		journal, size, ok := splitNumber(f.name[len(witnessed):])
		if !ok {
			return fmt.Errorf("%w: %s", errContents, f.name)
		}
		c.witnessed = append(c.witnessed, witnessedNote{journal, size, f.data})
	case strings.HasPrefix(f.name, anchorsPrefix):
		return c.loadStamp(f)
	case strings.HasPrefix(f.name, certificates):
		n, err := strconv.Atoi(f.name[len(certificates):])
		if err != nil || n < 0 || n > len(c.chain.later) || f.name != certificates+strconv.Itoa(n) {
			return fmt.Errorf("%w: %s", errContents, f.name)
		}
	case !c.knows(f.name):
		return fmt.Errorf("%w: nobody knows %s", errContents, f.name)
	}
	return nil
}

// knows reports whether a file of that name may be there.
func (c *contents) knows(name string) bool {
	switch name {
	case proofName, withheldName, supportName, sumsName, policyName:
		return true
	}
	for _, n := range readable {
		if n == name {
			return true
		}
	}
	return strings.HasPrefix(name, entryPrefix)
}

// splitNumber splits JOURNAL-NUMBER, where the number is in its one spelling.
func splitNumber(s string) (journal string, n uint64, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 62)
	return s[:i], n, err == nil && validJournal(s[:i]) && strconv.FormatUint(n, 10) == s[i+1:]
}

// cuts are the sizes of a journal at which the root is known, and those of the window, sorted; none is the size of the
// tree or more.
func (c *contents) cuts(name string, size uint64) []uint64 {
	a := c.question.asked(name)
	list := []uint64{a.From, a.To}
	for i := range c.seals {
		if j, ok := c.seals[i].of(name); ok {
			list = append(list, j.Size)
		}
	}
	for _, w := range c.witnessed {
		if w.journal == name {
			list = append(list, w.size)
		}
	}
	for _, s := range c.stamped {
		if s.journal == name {
			list = append(list, s.size)
		}
	}
	return sizesBelow(list, size)
}
