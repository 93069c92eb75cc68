package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"constat/seal"
)

// Proof is what proves a draft.
type Proof struct {
	Logs        []Log    // those that are shown, and system if anything in it proves something
	Exported    *uint64  // index in system of the exported entry; nil: not logged
	Support     []uint64 // indexes in system of other entries that prove something
	Seals       []seal.Seal
	Generations []seal.Endorsed // all that follow certificate 0, in order
	Witnessed   []Witnessed
	Stamped     []Stamped
	Policy      []byte // of the store, as a hint for readers; may be nil
}

// Witnessed is a checkpoint that witnesses have cosigned. It must not be beyond that of its log.
type Witnessed struct {
	Journal string
	Signed  []byte
}

// Finish proves the draft and returns the zip. The draft can be used again, with a later proof.
func (d *Draft) Finish(p Proof) ([]byte, error) {
	c := d.contents
	c.files, c.seals, c.witnessed, c.stamped, c.signed = slices.Clone(d.files), nil, nil, nil, map[string][]byte{}
	c.chain.later = p.Generations
	for i := range p.Generations {
		c.put(certificates+strconv.Itoa(i+1), []byte(p.Generations[i].Format()))
	}
	if p.Policy != nil {
		c.put(policyName, p.Policy)
	}
	if err := c.prove(p, d.known); err != nil {
		return nil, err
	}
	c.files = sorted(c.files)
	trees, err := c.trees()
	if err != nil {
		return nil, err
	}
	files, err := c.finish(trees)
	if err != nil {
		return nil, err
	}
	return formatZip(files)
}

// prove adds seals, checkpoints and what proves the entries.
func (c *contents) prove(p Proof, known map[string][]stretch) error {
	names := make([]string, 0, len(p.Logs))
	slices.SortFunc(p.Logs, func(a, b Log) int { return strings.Compare(a.Name(), b.Name()) })
	for _, l := range p.Logs {
		names = append(names, l.Name())
	}
	if err := c.addSeals(p.Seals, names); err != nil {
		return err
	}
	c.proof = proof{Format: Format, Exported: p.Exported, Journals: []journalProof{}}
	for _, w := range p.Witnessed {
		i := slices.Index(names, w.Journal)
		if i < 0 {
			continue // about a journal that the evidence is not about
		}
		point, err := c.chain.open(w.Signed, p.Logs[i].Origin())
		if err != nil {
			return fmt.Errorf("cosigned checkpoint of journal %s: %w", w.Journal, err)
		}
		name := fmt.Sprintf("%s%s-%d", witnessed, w.Journal, point.Size)
		if _, ok := find(c.files, name); ok {
			return fmt.Errorf("two cosigned checkpoints of journal %s over %d entries: join their lines", w.Journal, point.Size)
		}
		c.witnessed = append(c.witnessed, witnessedNote{w.Journal, point.Size, w.Signed})
		c.put(name, w.Signed)
	}
	if err := c.addStamps(p.Stamped, p.Logs); err != nil {
		return err
	}
	for _, l := range p.Logs {
		if err := c.proveLog(l, p, known[l.Name()]); err != nil {
			return err
		}
	}
	c.put(proofName, formatJSON(c.proof))
	c.put(withheldName, formatHashes(c.hashes))
	c.put(supportName, formatLeaves(c.support))
	return nil
}

func (c *contents) addSeals(list []seal.Seal, names []string) error {
	for i := range list {
		name := sealsPrefix + strconv.FormatUint(list[i].Counter, 10) + ".json"
		if _, ok := find(c.files, name); ok {
			continue
		}
		text := formatSeal(&list[i], names)
		s, err := parseSeal(name, text)
		if err != nil {
			return err
		}
		c.seals = append(c.seals, s)
		c.put(name, text)
	}
	return nil
}

// proveLog adds what proves the entries of one journal, and compares the roots.
func (c *contents) proveLog(l Log, p Proof, known []stretch) error {
	name, signed := l.Name(), l.Checkpoint()
	point, err := c.chain.open(signed, l.Origin())
	if err != nil {
		return fmt.Errorf("journal %s: %w", name, err)
	}
	j := journalProof{Name: name, Origin: l.Origin(), Size: point.Size}
	a := c.question.asked(name)
	if name == systemName {
		j.Support = c.supporting(p, a.Shown)
	}
	all, err := merged(a.Shown, j.Support)
	if err != nil || a.To > point.Size {
		return fmt.Errorf("%w: journal %s", errSelection, name)
	}
	g, roots, err := gather(l, gatherer{known: known, keep: j.Support}, point.Size, c.cuts(name, point.Size), all)
	if err != nil {
		return err
	}
	if roots[point.Size] != point.Root {
		return fmt.Errorf("journal %s: its entries do not lead to the signed root; see 'constat verify'", name)
	}
	j.Hashes = uint64(len(g.hashes))
	c.hashes = append(c.hashes, g.hashes...)
	c.support = append(c.support, g.leaves...)
	c.proof.Journals = append(c.proof.Journals, j)
	c.signed[name] = signed
	c.put(checkpoints+name, signed)
	return nil
}

// supporting are the entries of system that prove something and are not shown anyway.
func (c *contents) supporting(p Proof, shown []run) []run {
	list := slices.Clone(p.Support)
	if p.Exported != nil {
		list = append(list, *p.Exported)
	}
	for _, d := range c.disclosed {
		if d.Erased {
			list = append(list, d.By)
		}
	}
	list = append(list, c.sealEntries()...)
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(i uint64) bool { return within(shown, i, i+1) == 1 })
	return runs(list)
}

// sealEntries are the indexes in system of the seals that a cosigned or stamped checkpoint of system covers.
func (c *contents) sealEntries() (list []uint64) {
	notes := slices.Clone(c.witnessed)
	for _, s := range c.stamped {
		notes = append(notes, s.witnessedNote)
	}
	for _, w := range notes {
		if w.journal != systemName {
			continue
		}
		for i := range c.seals {
			if j, ok := c.seals[i].of(systemName); ok && j.Size < w.size && c.closes(&c.seals[i]) {
				list = append(list, j.Size)
			}
		}
	}
	return list
}

// closes reports whether a seal states all of the window of another journal than system.
func (c *contents) closes(s *sealed) bool {
	return slices.ContainsFunc(c.question.Journals, func(a Asked) bool {
		j, ok := s.of(a.Name)
		return ok && a.Name != systemName && j.Size >= a.To
	})
}

// finish folds the trees and adds what follows from all others: the proof block of the page, single entries, sums.
func (c *contents) finish(trees []*tree) ([]file, error) {
	singles := firstSingles(trees)
	for _, s := range singles {
		s.want()
	}
	err := c.wantPage(trees)
	for _, t := range trees {
		err = errors.Join(err, t.fold())
	}
	if err != nil {
		return nil, err
	}
	for _, s := range singles {
		files, err := s.files(c.signed[s.tree.name])
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, files...)
	}
	if err := c.fillPage(trees); err != nil {
		return nil, err
	}
	c.files = sorted(c.files)
	c.put(sumsName, formatSums(c.files))
	return sorted(c.files), nil
}

// fillPage writes the proof block, if it is empty.
func (c *contents) fillPage(trees []*tree) error {
	for i := range c.files {
		f := &c.files[i]
		if inside, ok := proofBlock(f.data); f.name != pageName || !ok || len(inside) > 0 {
			continue
		}
		proof, err := c.pageProof(trees)
		if err != nil {
			return err
		}
		f.data = filled(f.data, proof)
	}
	return nil
}
