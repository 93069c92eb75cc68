package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"

	"constat/entry"
	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// journalCheck is the check of one journal.
type journalCheck struct {
	*checker
	dir    string // name of its directory
	desc   layout.Journal
	point  seal.Checkpoint
	signed bool // point is sound

	next     uint64 // index that the next frame must begin with
	epoch    uint32 // of the newest entry
	received int64
	blocks   []block     // full blocks, in order
	leaves   []seal.Hash // of the block that is not full yet; of what was pruned, roots of subtrees
	levels   []uint8     // of the subtrees, 0 for leaves
	whole    bool        // no index of that block is missing

	skipped    []span      // indexes that could not be had
	signedTail []seal.Hash // leaves of the partial block at the size of the checkpoint, if none is missing
	someTail   bool        // at least one of them is not
	summaries  catalogue

	vouched      []*vouched    // ascending by size
	ahead        []*vouched    // those of them that are not reached
	signedLevels []uint8       // of signedTail
	proved       layout.Moment // of the newest entry that was decoded, if there is one
	hasProved    bool
	sealed       sealedRoots
}

// block is the hash of a full block, if all its entries could be read.
type block struct {
	hash  seal.Hash
	known bool
	some  bool // at least one of them
}

// journal checks one journal. present says whether its directory is there.
func (c *checker) journal(name string, present bool) {
	j := &journalCheck{checker: c, dir: name, whole: true}
	listed, known := c.listed[name]
	switch {
	case !present && known:
		c.add(Finding{Rule: RuleListing, File: name, Journal: name,
			Text: fmt.Sprintf("listed by entry %d of the system journal, but its directory is missing", listed.index)})
		return
	case !present:
		c.add(Finding{Rule: RuleListing, File: name, Journal: name, Text: "directory of the system journal is missing"})
		return
	}
	if !known && name != layout.System && c.isUnmade(name) {
		c.report.note("journal %s was being made and has no entries", name)
		return
	}
	if !j.describe(listed, known) {
		return
	}
	if name == layout.System {
		c.system = j
	}
	j.recall()
	j.checkpoint()
	j.expect()
	j.entries()
	j.sealsEnd()
	j.files()
	j.roots()
	j.judgeVouched()
	j.announced(known)
	j.conclude()
}

// isUnmade reports whether there is no more of a journal than a crash can leave of one that is being made.
func (c *checker) isUnmade(name string) bool {
	entries, err := c.fsys.ReadDir(filepath.Join(c.dir, name))
	for _, e := range entries {
		if _, isPart := parsePart(e.Name()); isPart || e.Name() == layout.CheckpointFile {
			return false
		}
	}
	return err == nil && !layout.IsDamaged(name)
}

// describe reads journal.json. It returns false if the journal cannot be checked without it.
func (j *journalCheck) describe(l listing, known bool) bool {
	file := filepath.Join(j.dir, layout.JournalFile)
	data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, file), layout.MaxDescriptor)
	if err == nil {
		j.desc, err = layout.ParseJournal(data)
	}
	switch {
	case frame.IsOther(err):
		j.report.cannot(RuleFormat, file, err)
		return false
	case err != nil && !isContent(err):
		j.report.cannot(RuleRead, file, err)
		return false
	case err != nil:
		j.find(RuleDescriptor, file, err.Error())
		return false
	}
	if base, _ := layout.DamagedOf(j.dir); j.desc.Name != base {
		j.find(RuleDescriptor, file, fmt.Sprintf("describes journal %s", j.desc.Name))
	}
	if known {
		j.compare(l)
	}
	return true
}

// compare compares journal.json with what the system journal says of it.
func (j *journalCheck) compare(l listing) {
	if l.digest != j.desc.Digest() || l.id != fmt.Sprintf("%x", j.desc.ID[:]) {
		j.find(RuleDescriptor, filepath.Join(j.dir, layout.JournalFile),
			fmt.Sprintf("is not the one that entry %d of the system journal announced", l.index))
	}
}

// announced checks that the system journal speaks of this one.
func (j *journalCheck) announced(known bool) {
	_, damaged := layout.DamagedOf(j.dir)
	switch {
	case j.partial: // it may do so where it cannot be read
	case j.dir == layout.System:
		if l, ok := j.listed[layout.System]; ok { // known only now
			j.compare(l)
		}
	case damaged && !slices.ContainsFunc(j.kept, func(k keptFile) bool { return k.name == j.dir }):
		j.find(RuleListing, j.dir, "the system journal does not say that this journal was found damaged")
	case !damaged && !known:
		j.catchUp()
		if l, ok := j.listed[j.dir]; ok {
			j.compare(l)
		} else {
			j.unlisted()
		}
	}
}

// checkpoint opens the newest checkpoint. Without one nothing of the journal is proved.
func (j *journalCheck) checkpoint() {
	file := filepath.Join(j.dir, layout.CheckpointFile)
	data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, file), seal.MaxCheckpoint)
	if err == nil {
		j.point, err = seal.OpenCheckpoint(data, j.desc.Origin, j.store.Certificate.Identity)
	}
	j.signed = err == nil
	if err != nil && !isContent(err) {
		j.report.cannot(RuleRead, file, err)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("missing: every journal has one from its creation on")
	}
	if err != nil {
		j.find(RuleCheckpoint, file, err.Error())
	}
}

// files notes what does not belong into the directory of a journal.
func (j *journalCheck) files() {
	entries, err := j.fsys.ReadDir(filepath.Join(j.checker.dir, j.dir))
	if err != nil {
		j.report.cannot(RuleRead, j.dir, err)
	}
	for _, e := range entries {
		name := e.Name()
		_, isPart := parsePart(name)
		_, isBlob := layout.ParseBlobName(name)
		known := name == layout.JournalFile || name == layout.TreeFile || name == layout.CheckpointFile || name == layout.CatalogueFile ||
			layout.IsOutside(name) || isPart || isBlob || isSidecar(name)
		file := filepath.Join(j.dir, name)
		if !known && !slices.ContainsFunc(j.kept, func(k keptFile) bool { return k.name == file }) {
			j.report.note("%s does not belong to the journal", file)
		}
	}
}

// unlisted judges a journal that the system journal does not list: one without entries was being created when the
// machine stopped.
func (j *journalCheck) unlisted() {
	if j.next == 0 && j.point.Size == 0 {
		j.report.note("journal %s has no entries and is not listed yet", j.dir)
		return
	}
	j.add(at(Finding{Rule: RuleListing, File: j.dir, Journal: j.dir, Text: "the system journal does not list this journal"},
		0, max(j.next, j.point.Size, 1)-1))
}

func (j *journalCheck) conclude() {
	size := max(j.next, j.point.Size)
	j.report.Journals = append(j.report.Journals, Journal{Name: j.dir, Origin: j.desc.Origin, Size: size,
		Checkpoint: j.point.Size, Root: j.point.Root.String(), Unsigned: size - j.point.Size})
	j.report.Entries += size
	j.report.Unsealed += size - min(size, j.sealedSize())
	j.report.Unsigned += size - j.point.Size
}

func (j *journalCheck) find(rule Rule, file, text string) {
	j.add(Finding{Rule: rule, File: file, Journal: j.dir, Text: text})
}

// findAt adds a finding about the indexes from first to end-1, or a note if they are above the checkpoint.
func (j *journalCheck) findAt(rule Rule, file string, first, end uint64, text string) {
	if j.signed && first >= j.limit() {
		j.report.note("%s: behind entry index %d, above the checkpoint: %s", file, first, text)
		return
	}
	if j.signed {
		end = min(end, j.limit())
	}
	j.add(at(Finding{Rule: rule, File: file, Journal: j.dir, Text: text}, first, max(first+1, end)-1))
}

// sealedSize is the number of entries at or below the newest seal; the seal itself is one.
func (j *journalCheck) sealedSize() uint64 {
	last, point := j.seals.audit.Last()
	if last != nil && j.dir == layout.System {
		return point.Index + 1
	}
	if s, ok := j.seals.of(j.desc.Name); ok && s.ID == [8]byte(j.desc.ID) {
		return s.Size
	}
	return 0
}

// observe looks at one decoded entry of a file, in order.
func (j *journalCheck) observe(e *entry.Entry, file string, index uint64) {
	switch {
	case j.dir != layout.System:
	case e.Kind == entry.Seal:
		root, known := j.sealed.at[index]
		delete(j.sealed.at, index)
		j.seals.seal(e, file, index, root, known)
	case e.Kind == entry.Control:
		j.learn(e, index)
		if layout.Text(e, layout.Control) == layout.CertificateMade {
			j.seals.certificate(e, file, index)
		}
	}
}

func sortedNames(present map[string]bool, listed map[string]listing) []string {
	set := map[string]bool{}
	for name := range present {
		set[name] = true
	}
	for name := range listed {
		set[name] = set[name] || name != layout.System
	}
	names := make([]string, 0, len(set))
	for name := range set {
		if name != layout.System {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}
