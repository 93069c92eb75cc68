package custody

import (
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// Check follows every file of a session from its medium to the other one, and says what is missing or differs.
func (s *Session) Check() *Report {
	r := &Report{Session: s.ID, Partial: s.Partial, Engines: []Engine{}, Media: []Medium{}, Writers: []string{}, Files: []File{}, Findings: []Finding{}}
	r.Findings = append(r.Findings, s.bad...)
	c := checker{session: s, report: r, files: map[string]int{}, copies: map[string][]*Step{}}
	for i := range s.Steps {
		c.step(&s.Steps[i])
	}
	for i := range r.Files {
		c.judge(&r.Files[i])
	}
	c.frame()
	c.spellings(nil)
	return r
}

// checker is one check at work.
type checker struct {
	session *Session
	report  *Report
	files   map[string]int     // places in the report by path
	copies  map[string][]*Step // deliveries and removals, by path, in order
	counts  *Counts            // that session.closed says
	opened  int
	closed  int
}

func (c *checker) find(rule, path string, args ...string) {
	c.report.Findings = append(c.report.Findings, newFinding(rule, path, args...))
}

// step takes one event.
func (c *checker) step(s *Step) {
	r := c.report
	if s.By != "" && !slices.Contains(r.Writers, s.By) {
		r.Writers = append(r.Writers, s.By)
	}
	if t := c.session.Trusted; len(t) > 0 && !slices.Contains(t, s.By) {
		c.find("writer", s.Path, strconv.FormatUint(s.Index, 10), string(s.Op), s.By)
	}
	if s.Medium.ID != "" && !slices.Contains(r.Media, s.Medium) {
		r.Media = append(r.Media, s.Medium)
	}
	if s.Engine.Name != "" && !slices.Contains(r.Engines, s.Engine) {
		r.Engines = append(r.Engines, s.Engine)
	}
	if c.closed > 0 {
		c.find("late", s.Path, strconv.FormatUint(s.Index, 10), string(s.Op))
	}
	if !s.isFile() {
		c.border(s)
		return
	}
	r.Counts.Add(s.Op, s.Result)
	f := c.file(s.Path)
	switch s.Op {
	case Read:
		c.read(f, s)
	case Scanned:
		f.Scans = append(f.Scans, scanOf(s))
	case Copied:
		c.copies[s.Path] = append(c.copies[s.Path], s)
	case Deleted:
		if s.Result == OK && s.Medium.Role == Destination {
			c.copies[s.Path] = append(c.copies[s.Path], s)
		}
	}
}

// border takes the events at the two ends.
func (c *checker) border(s *Step) {
	r, at := c.report, s.At
	if s.Op == Opened {
		if c.opened++; c.opened == 1 {
			r.Opened, r.Station = &at, s.Station
		} else {
			c.find("twice", "", string(s.Op), strconv.FormatUint(s.Index, 10))
		}
		return
	}
	if c.closed++; c.closed == 1 {
		r.Closed, r.Result, r.Reason, c.counts = &at, s.Result, s.Reason, &s.Counts
	}
}

func (c *checker) file(path string) *File {
	i, ok := c.files[path]
	if !ok {
		i = len(c.report.Files)
		c.files[path] = i
		c.report.Files = append(c.report.Files, File{Path: Path(path), Size: -1, Scans: []Scan{}, Verdict: Unscanned, Copied: Undelivered, Medium: Unchecked})
	}
	return &c.report.Files[i]
}

// read takes what was read. The first content is the one by which everything else is judged.
func (c *checker) read(f *File, s *Step) {
	if s.Result != OK {
		f.Reason = string(s.Result) + ": " + s.Reason
		return
	}
	if f.SHA256 != "" {
		if s.Content.SHA256 != f.sha {
			c.find("source-differs", s.Path, f.SHA256, s.Content.SHA256.String())
		}
		return
	}
	at := s.At
	f.Size, f.sha, f.SHA256, f.MD5 = s.Content.Size, s.Content.SHA256, s.Content.SHA256.String(), hex.EncodeToString(s.Content.MD5[:])
	f.ReadAt, f.MIME = &at, s.MIME
}

func scanOf(s *Step) Scan {
	scan := Scan{Engine: s.Engine, Result: s.Result, Threat: s.Threat, Reason: s.Reason, At: s.At, index: s.Index}
	if s.Content != nil {
		scan.sha, scan.SHA256 = s.Content.SHA256, s.Content.SHA256.String()
	}
	return scan
}

// judge follows one file, when all of its events are known.
func (c *checker) judge(f *File) {
	path := string(f.Path)
	if f.SHA256 == "" && f.Reason == "" {
		c.find("not-read", path)
	}
	for i := range f.Scans {
		s := &f.Scans[i]
		s.Same = s.SHA256 != "" && s.sha == f.sha && f.SHA256 != ""
		if s.SHA256 != "" && f.SHA256 != "" && !s.Same {
			c.find("scanned-other", path, s.Engine.Name, string(s.Result), s.SHA256, f.SHA256)
		}
	}
	f.Verdict = verdict(f.Scans)
	if f.Verdict == Unscanned && f.SHA256 != "" {
		c.find("not-scanned", path, f.SHA256)
	}
	for _, s := range c.copies[path] {
		c.delivery(f, s)
	}
	if f.Copied == Undelivered && f.Verdict == string(Clean) {
		c.find("not-delivered", path)
	}
}

// verdict is the worst that an engine says of the content that was read.
func verdict(scans []Scan) string {
	rank := []string{Unscanned, string(Clean), string(Skipped), string(Error), string(Infected)}
	worst := 0
	for _, s := range scans {
		if s.Same || s.SHA256 == "" {
			worst = max(worst, slices.Index(rank, string(s.Result)))
		}
	}
	return rank[worst]
}

// delivery takes one try to deliver a file, or its removal.
func (c *checker) delivery(f *File, s *Step) {
	path := s.Path
	switch {
	case s.Op == Deleted:
		f.Copied, f.sent, f.CopiedAt = Removed, nil, nil
		return
	case s.Result != OK:
		f.Copied, f.Reason = Failed, string(s.Result)+": "+s.Reason
		if s.Content != nil && f.SHA256 != "" && s.Content.SHA256 != f.sha {
			c.find("source-differs", path, f.SHA256, s.Content.SHA256.String())
		}
		if s.Result == Error {
			c.find("copy-failed", path, s.Reason)
		}
		return
	}
	at, sent := s.At, s.Content.SHA256
	f.Copied, f.sent, f.CopiedAt = Delivered, s, &at
	if f.SHA256 != "" && sent != f.sha {
		f.Copied = Other
		c.find("delivered-other", path, sent.String(), f.SHA256)
	}
	c.deliverable(f, s)
}

// deliverable wants a clean verdict of every engine of the session on what was delivered, and before it was.
func (c *checker) deliverable(f *File, s *Step) {
	path, sent := s.Path, s.Content.SHA256
	passed := map[string]bool{} // true: before it was delivered
	for _, x := range f.Scans {
		if x.SHA256 == "" || x.sha != sent {
			continue
		}
		if x.Result == Infected {
			c.find("infected-delivered", path, x.Engine.Name, x.Threat)
		}
		if x.Result == Clean {
			passed[x.Engine.Name] = passed[x.Engine.Name] || x.index < s.Index
		}
	}
	if len(passed) == 0 {
		c.find("delivered-unscanned", path, sent.String())
		return
	}
	for _, name := range engineNames(c.report.Engines) {
		switch before, ok := passed[name]; {
		case !ok:
			c.find("engine-missing", path, name)
		case !before:
			c.find("delivered-early", path, name)
		}
	}
}

func engineNames(list []Engine) (names []string) {
	for _, e := range list {
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// frame checks the two ends of a session, and its counts.
func (c *checker) frame() {
	r := c.report
	if c.opened == 0 {
		c.find("not-opened", "")
	}
	if c.closed == 0 {
		c.find("not-closed", "")
		return
	}
	if r.Result == Aborted {
		c.find("aborted", "", r.Reason)
	}
	if r.Partial || c.counts == nil {
		return
	}
	said := c.counts.counters()
	for i, n := range r.Counts.counters() {
		if *n.n < *said[i].n {
			c.find("count", "", n.name, strconv.FormatUint(*said[i].n, 10), strconv.FormatUint(*n.n, 10))
		}
	}
}

// spellings wants every name in one Unicode form only, those on a medium included.
func (c *checker) spellings(others []string) {
	first := map[string]string{}
	names := slices.Clone(others)
	for i := range c.report.Files {
		names = append(names, string(c.report.Files[i].Path))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		folded := Folded(name)
		if other, ok := first[folded]; ok {
			c.find("spelling", name, strconv.QuoteToASCII(other), strconv.QuoteToASCII(name))
			continue
		}
		first[folded] = name
	}
}

// shownTime is a time for people.
func shownTime(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}
