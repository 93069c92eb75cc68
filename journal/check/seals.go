package check

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"constat/entry"
	"constat/journal/layout"
	"constat/seal"
)

// seals is the check of the seals of a store. It is fed while the system journal is read, and knows then what every
// other journal must have been at every seal.
type seals struct {
	c       *checker
	audit   *seal.Audit
	wants   map[[8]byte]*[]want // what the seals say of each journal, by its id
	names   map[[8]byte]string  // of these journals
	seen    map[[8]byte]bool    // those that are there
	same    []seal.Journal      // list of the seal before, if the journals of the store are the same since
	jobs    chan signature
	workers sync.WaitGroup
	mu      sync.Mutex
	bad     []Finding // signatures that do not hold
	found   []Finding
	count   uint64
	stepped uint32 // newest epoch whose beginning a control entry tells
	pruned  uint64 // sizes under seals at which no root can be computed any more
	late    uint64
	latest  int64  // worst delay of a seal, µs
	good    uint64 // entries of the system journal below the newest seal that states their root
	differs bool   // a seal states another root of them
}

// signature is a seal on its way to a worker.
type signature struct {
	seal     *seal.Seal
	keys     seal.Keys
	position uint32
	finding  Finding // if it does not hold
}

// want is what a seal says of a journal whose size has changed since the seal before.
type want struct {
	size      uint64
	root      seal.Hash
	counter   uint64
	wall      int64
	epoch     uint32
	before    layout.Moment // of the seal before
	hasBefore bool
	due       int64 // µs after the first entry within which the seal was promised; 0 if it was not
}

func newSeals(c *checker) *seals {
	workers := c.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s := &seals{c: c, audit: seal.NewAudit(c.store.Certificate, layout.System), wants: map[[8]byte]*[]want{}, names: map[[8]byte]string{}, seen: map[[8]byte]bool{},
		jobs: make(chan signature, 4*workers)}
	for range workers {
		s.workers.Go(s.verify)
	}
	return s
}

// verify checks signatures until there are no more.
func (s *seals) verify() {
	for j := range s.jobs {
		if err := j.seal.Verify(j.keys, j.position); err != nil {
			j.finding.Text = fmt.Sprintf("seal %d: %v", j.seal.Counter, err)
			s.mu.Lock()
			s.bad = append(s.bad, j.finding)
			s.mu.Unlock()
		}
	}
}

// end waits for the signatures and adds what was found. Where the system journal could not be read, nobody knows which
// seals it has.
func (s *seals) end() {
	close(s.jobs)
	s.workers.Wait()
	list := append(s.found, s.bad...)
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(*a.First, *b.First) })
	if s.c.partial && len(list) > 0 {
		s.c.report.note("the system journal cannot be read, so its seals cannot be judged")
		return
	}
	for _, f := range list {
		s.c.add(f)
	}
}

// find adds a finding about an entry of the system journal.
func (s *seals) find(rule Rule, file string, index uint64, format string, args ...any) {
	s.found = append(s.found, at(Finding{Rule: rule, File: file, Journal: layout.System, Text: fmt.Sprintf(format, args...)}, index, index))
}

func (s *seals) problems(file string, list []seal.Problem) {
	for _, p := range list {
		s.find(Rule(p.Rule), file, p.Index, "%s", p.Text)
	}
}

// certificate takes a control entry that holds a later certificate.
func (s *seals) certificate(e *entry.Entry, file string, index uint64) {
	c, err := seal.ParseEndorsed(layout.Text(e, layout.CertificateText))
	if err != nil {
		s.find(RuleContinuity, file, index, "certificate: %v", err)
		return
	}
	s.problems(file, s.audit.Certificate(&c, pointOf(e, index)))
}

func pointOf(e *entry.Entry, index uint64) seal.Point {
	return seal.Point{Index: index, Epoch: e.Epoch, Received: e.Received}
}

// seal takes a seal. root is that of the entries before it, if it is known.
func (s *seals) seal(e *entry.Entry, file string, index uint64, root seal.Hash, known bool) {
	record, err := sealRecord(e)
	var x seal.Seal
	if err == nil {
		x, err = seal.ParseSeal(record)
	}
	if err != nil {
		s.find(RuleContinuity, file, index, "%v", err)
		return
	}
	if e.Epoch > s.stepped {
		s.find(RuleTime, file, index, "seal %d: of epoch %d, whose beginning no control entry tells", x.Counter, e.Epoch)
		s.stepped = e.Epoch // once is enough
	}
	if boot := s.c.boot; boot != nil && x.Boot != *boot {
		s.find(RuleStation, file, index, "seal %d: made in boot %s, and the store is that of boot %s", x.Counter, x.Boot, *boot)
	}
	before, beforeAt := s.audit.Last()
	keys, position, problems := s.audit.Seal(&x, pointOf(e, index))
	s.problems(file, problems)
	s.count++
	for i := range x.List {
		if j := &x.List[i]; j.Name == layout.System {
			s.ownRoot(j, &x, file, index, root, known)
			continue
		}
		s.want(&x.List[i], &x, pointOf(e, index), before, beforeAt, file)
	}
	s.journals(&x, file, index)
	s.jobs <- signature{&x, keys, position, at(Finding{Rule: RuleContinuity, File: file, Journal: layout.System}, index, index)}
}

// ownRoot compares the root that a seal states of the system journal. The first that is another one names the range: from the
// last seal that still holds.
func (s *seals) ownRoot(j *seal.Journal, x *seal.Seal, file string, index uint64, root seal.Hash, known bool) {
	switch {
	case !known:
	case j.Root == root && !s.differs:
		s.good = index
	case j.Root != root:
		s.find(RuleSizes, file, index, "seal %d: the entries before it do not give the root that it states", x.Counter)
		if !s.differs {
			*s.found[len(s.found)-1].First = s.good
		}
		s.differs = true
	}
}

// sealRecord is the one field of a seal.
func sealRecord(e *entry.Entry) ([]byte, error) {
	if len(e.Fields) == 1 && e.Fields[0].Name == layout.SealField && e.Fields[0].Form == entry.Inline {
		return e.Fields[0].Value, nil
	}
	return nil, errors.New("an entry of kind seal has the one inline field " + layout.SealField)
}

// want notes what a seal says of a journal, unless it says the same as the one before.
func (s *seals) want(j *seal.Journal, x *seal.Seal, at seal.Point, before *seal.Seal, beforeAt seal.Point, file string) {
	list := s.wants[j.ID]
	if list == nil {
		list = new([]want)
		s.wants[j.ID], s.names[j.ID] = list, j.Name
	}
	if n := len(*list); n > 0 && (*list)[n-1].size >= j.Size {
		if last := &(*list)[n-1]; last.size == j.Size && last.root != j.Root {
			s.find(RuleSizes, file, at.Index, "seal %d: %s has another root than under seal %d, at the same size", x.Counter, j.Name, last.counter)
		}
		return // a size that falls is the audit's
	}
	w := want{size: j.Size, root: j.Root, counter: x.Counter, wall: x.Wall, epoch: at.Epoch}
	if before != nil {
		w.before, w.hasBefore = layout.Moment{Epoch: beforeAt.Epoch, Received: before.Wall}, true
	}
	if x.Reason != seal.Boot && x.Reason != seal.Resume {
		w.due = int64(s.audit.Terms().SealAfter)*1e6 + seal.DutyTolerance
	}
	*list = append(*list, w)
}

// journals is the part of R5 that concerns the list of a seal: it has all journals that were announced, and no other
// that has entries.
func (s *seals) journals(x *seal.Seal, file string, index uint64) {
	if slices.EqualFunc(s.same, x.List, func(a, b seal.Journal) bool { return a.ID == b.ID && a.Name == b.Name }) {
		return
	}
	in := map[string]bool{}
	for i := range x.List {
		j := &x.List[i]
		in[j.Name] = true
		l, known := s.c.listed[j.Name]
		switch {
		case j.Name == layout.System: // its id stands in every header
		case !known && j.Size > 0:
			s.find(RuleJournals, file, index, "seal %d: lists %s, whose creation no entry before it tells", x.Counter, j.Name)
		case known && l.id != fmt.Sprintf("%x", j.ID[:]):
			s.find(RuleJournals, file, index, "seal %d: lists %s with id %x; entry %d announced %s", x.Counter, j.Name, j.ID[:], l.index, l.id)
		}
	}
	for name, l := range s.c.listed {
		if !in[name] {
			s.find(RuleJournals, file, index, "seal %d: does not list %s, which entry %d announced", x.Counter, name, l.index)
		}
	}
	s.same = x.List
}

// changed says that the journals of the store may be others from now on.
func (s *seals) changed() { s.same = nil }

// newest is the last seal, or nil.
func (s *seals) newest() *seal.Seal {
	last, _ := s.audit.Last()
	return last
}

// of returns what the newest seal says of the journal of a name.
func (s *seals) of(name string) (seal.Journal, bool) {
	last := s.newest()
	if last == nil {
		return seal.Journal{}, false
	}
	i, ok := slices.BinarySearchFunc(last.List, name, func(j seal.Journal, name string) int { return cmp.Compare(j.Name, name) })
	if !ok {
		return seal.Journal{}, false
	}
	return last.List[i], true
}

// absent is the part of R5 that concerns what seals list and is nowhere, whatever stands in its place.
func (s *seals) absent() {
	if s.c.report.isUnreadable() {
		return // nobody knows what is there
	}
	ids := slices.SortedFunc(maps.Keys(s.wants), func(a, b [8]byte) int { return cmp.Or(cmp.Compare(s.names[a], s.names[b]), bytes.Compare(a[:], b[:])) })
	for _, id := range ids {
		list, name := s.wants[id], s.names[id]
		last := (*list)[len(*list)-1]
		if s.seen[id] || last.size == 0 {
			continue
		}
		s.c.add(at(Finding{Rule: RuleJournals, File: name, Journal: name, Text: fmt.Sprintf(
			"journal %x is not there; seal %d lists it with %d entries", id, last.counter, last.size)}, 0, last.size-1))
	}
}

// conclude puts what was found into the report.
func (s *seals) conclude() {
	r := s.c.report
	for _, x := range s.audit.Silences {
		r.Unclean = append(r.Unclean, Unclean{After: x.After, Before: x.Before, From: x.From, To: x.To, Slept: x.Slept})
		what := "ended"
		if x.Slept {
			what = "paused"
		}
		r.note("unclean stop: the store was not sealed from %s (seal %d) to %s (seal %d), and no seal says that it %s in order",
			micros(x.From), x.After, micros(x.To), x.Before, what)
	}
	for _, x := range s.audit.Reseeds {
		r.Reseeded = append(r.Reseeded, Reseeded{Generation: x.Generation, Counter: x.Counter, Index: x.Index})
		r.note("the seal keys were lost before seal %d: certificate %d is endorsed by the identity key only, whose holder may have replaced everything that seals before it do not cover",
			x.Counter, x.Generation)
	}
	if s.late > 0 {
		r.note("%d seals came later than promised, the worst %d s after an event", s.late, s.latest/1e6)
	}
	if s.pruned > 0 {
		r.note("%d sealed sizes lie in what was pruned: of these seals signature, counter and time were checked", s.pruned)
	}
	last, point := s.audit.Last()
	if last == nil {
		return
	}
	sizes := map[string]uint64{}
	for i := range last.List {
		sizes[last.List[i].Name] = last.List[i].Size
	}
	sizes[layout.System] = point.Index + 1
	generation, _ := s.audit.Generation()
	r.Sealed = &Sealed{Counter: last.Counter, Generation: generation, Time: last.Wall, Reason: last.Reason.String(), Index: point.Index,
		Seals: s.count, Sizes: sizes}
}
