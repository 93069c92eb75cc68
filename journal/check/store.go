package check

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Options of a check.
type Options struct {
	// Pin is the verification code that the store must have; nil if the caller knows none.
	Pin *seal.Code
	// PinnedBy says in words where the pin comes from.
	PinnedBy string
	// Progress, if set, is called now and then with the number of entries checked, by one goroutine at a time. It begins again
	// with a check that does.
	Progress func(entries uint64)
	// Workers is the number of frames and segments decoded and hashed at the same time; 0 means one for each core.
	Workers int
	// Deep also reports what is derived and lies: bounds of times, kinds and filters of segments. Verification never
	// trusts them, so that they change no verdict; a search that believes them gives wrong answers.
	Deep bool

	Vouching
}

// checker is the state of one check.
type checker struct {
	fsys    vfs.FS
	dir     string
	options Options
	store   layout.Store
	report  *Report
	listed  map[string]listing // by journal name, the newest
	kept    []keptFile         // set aside by recovery
	system  *journalCheck      // nil until it was checked
	said    []saidPruned       // what control entries say was pruned
	gone    []pruned           // what was found pruned
	clock   layout.Timeline    // of the store, and its floors
	seen    []journalSeen      // what others have seen
	used    map[int]bool       // of Options.Outside
	partial bool               // the system journal could not be read, so listed and kept lack something
	seals   *seals
	boot    *seal.BootID      // of which alone the store is; nil: any
	begun   map[string][]part // what each journal consisted of when its check began
	late    bool              // behind what was checked a control entry says that something is pruned

	privacy  layout.Sidecars // what control entries say of private values
	sidecars []sidecarFound
	unlogged []unlogged
}

// listing is what the system journal says of a journal.
type listing struct {
	id     string // hex
	digest string // SHA-256 of journal.json, hex
	index  uint64 // of the control entry
}

// keptFile is a file or directory that recovery set aside, as a control entry names it.
type keptFile struct {
	name    string
	journal string
	digest  string // "" for a directory
	index   uint64
}

// Store checks the store in dir. It always returns a report. Where something is wrong and retention has removed something
// meanwhile, it checks again: what was gone by then proves nothing.
func Store(fsys vfs.FS, dir string, o Options) *Report {
	const tries = 3
	for n := 1; ; n++ {
		c := &checker{fsys: fsys, dir: dir, options: o, report: newReport(), listed: map[string]listing{}, used: map[int]bool{},
			begun: map[string][]part{}}
		if r := c.check(); len(r.Findings) == 0 || n == tries || !c.overtaken() {
			return r
		}
	}
}

func (c *checker) check() *Report {
	o := c.options
	if !c.readStore() {
		return c.report.conclude(o, nil)
	}
	c.station()
	c.pin()
	c.seals = newSeals(c)
	_, err := c.fsys.Stat(filepath.Join(c.dir, layout.System))
	c.journal(layout.System, err == nil)
	names, err := c.directories() // now, so that whatever is listed has had its directory
	c.partial = c.report.isUnreadable()
	c.seals.end()
	if err != nil {
		c.report.cannot(RuleRead, ".", err)
		return c.report.conclude(o, nil)
	}
	delete(names, layout.System)
	for _, name := range sortedNames(names, c.listed) {
		c.journal(name, names[name])
	}
	c.pages()
	c.setAside()
	c.judgePruned()
	c.judgeOutside()
	c.judgePrivate()
	c.seals.absent()
	c.seals.conclude()
	return c.report.conclude(o, &c.store.Certificate)
}

func (c *checker) readStore() bool {
	data, err := durable.ReadFile(c.fsys, filepath.Join(c.dir, layout.StoreFile), layout.MaxDescriptor)
	if err == nil {
		c.store, err = layout.ParseStore(data)
	}
	if err != nil {
		rule := RuleStore
		if frame.IsOther(err) {
			rule = RuleFormat
		}
		c.report.cannot(rule, layout.StoreFile, err)
		return false
	}
	cert := c.store.Certificate
	c.report.Store, c.report.Origin, c.report.Code = cert.Store.String(), cert.Origin, cert.Code().String()
	return true
}

func (c *checker) pin() {
	if c.options.Pin == nil {
		c.report.note("no verification code was given or is known: the store vouches for itself")
		return
	}
	c.report.Pinned = c.options.PinnedBy
	if c.store.Certificate.Code() != *c.options.Pin && !c.isStation(*c.options.Pin) {
		c.add(Finding{Rule: RuleCode, File: layout.StoreFile,
			Text: fmt.Sprintf("the store has code %s, but %s says %s", c.codes(), c.options.PinnedBy, c.options.Pin)})
	}
}

func (c *checker) add(f Finding) { c.report.Findings = append(c.report.Findings, f) }

// directories returns the journals on disk, true for each. Other files are noted.
func (c *checker) directories() (map[string]bool, error) {
	entries, err := c.fsys.ReadDir(c.dir)
	names := map[string]bool{}
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() && (layout.ValidJournalName(name) == nil || layout.IsDamaged(name)):
			names[name] = true
		case name != layout.StoreFile && name != layout.LockFile && name != layout.PageFile && name != layout.OperatorFile && name != layout.StationFile:
			c.report.note("%s does not belong to the store", name)
		}
	}
	return names, err
}

// learn takes from a control entry of the system journal which journals there are and what was set aside.
func (c *checker) learn(e *entry.Entry, index uint64) {
	name := layout.Text(e, layout.JournalName)
	c.clock.Learn(e)
	c.learnPrivate(e, index)
	c.seals.changed()
	switch layout.Text(e, layout.Control) {
	case layout.Pruned:
		c.learnPruned(e, index)
	case layout.StoreCreated:
		if code := layout.Text(e, layout.CodeOf); code != c.store.Certificate.Code().String() {
			c.add(at(Finding{Rule: RuleCode, File: layout.StoreFile, Journal: layout.System,
				Text: "the store was created with code " + code}, index, index))
		}
	case layout.JournalCreated:
		c.listed[name] = listing{id: layout.Text(e, layout.JournalIDOf), digest: layout.Text(e, layout.Descriptor), index: index}
	case layout.ClockStep:
		c.seals.stepped = max(c.seals.stepped, e.Epoch)
	case layout.TailSetAside:
		c.kept = append(c.kept, keptFile{layout.Text(e, layout.File), name, layout.Text(e, layout.FileDigest), index})
	case layout.JournalDamaged:
		if dir := layout.Text(e, layout.File); dir != "" {
			c.kept = append(c.kept, keptFile{dir, name, "", index})
		}
		c.add(Finding{Rule: RuleDamaged, File: layout.Text(e, layout.File), Journal: name, Text: fmt.Sprintf(
			"was found damaged when the store was opened, says entry %d of the system journal: %s", index, layout.Text(e, layout.Reason))})
	}
}

// setAside checks that what recovery kept is still there, unchanged.
func (c *checker) setAside() {
	for _, k := range c.kept {
		name := path.Clean("/" + filepath.ToSlash(k.name))[1:] // stays below the store whatever the entry says
		f := Finding{Rule: RuleSetAside, File: name, Journal: k.journal}
		digest, err := c.digest(name, k.digest != "")
		switch {
		case errors.Is(err, fs.ErrNotExist) && c.movedWithJournal(name):
		case err != nil && !isContent(err):
			c.report.cannot(RuleRead, name, err)
		case err != nil:
			f.Text = fmt.Sprintf("kept by recovery, says entry %d of the system journal; now: %v", k.index, err)
			c.add(f)
		case digest != k.digest:
			f.Text = fmt.Sprintf("kept by recovery with SHA-256 %s, says entry %d of the system journal; now %s", k.digest, k.index, digest)
			c.add(f)
		default:
			c.report.note("%s was set aside by recovery", name)
		}
	}
}

// movedWithJournal reports whether the journal of a file was set aside as a whole afterwards.
func (c *checker) movedWithJournal(name string) bool {
	dir, _, found := strings.Cut(name, "/")
	for _, k := range c.kept {
		if found && k.digest == "" && strings.HasPrefix(k.name, dir+".") {
			return true
		}
	}
	return false
}

func (c *checker) digest(name string, file bool) (string, error) {
	full := filepath.Join(c.dir, filepath.FromSlash(name))
	if !file {
		_, err := c.fsys.Stat(full)
		return "", err
	}
	f, err := c.fsys.Open(full)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, err := sha256Of(f)
	return hex.EncodeToString(sum), err
}

// at sets the range of a finding, both ends included.
func at(f Finding, first, last uint64) Finding {
	f.First, f.Last = &first, &last
	return f
}
