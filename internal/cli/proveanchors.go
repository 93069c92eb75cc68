package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"constat/entry"
	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// maxLogged is how many entries about cosignatures are looked at: the first that cover what is needed, and the last that come
// before it. A store has 100,000 a year.
const maxLogged = 256

// maxWitnessed is how many cosigned checkpoints of a journal go into evidence, each the earliest of a witness.
const maxWitnessed = 16

// cosigner is a witness of a journal: the name and the id of its key as its lines have them. Who is trusted, the verifier knows.
type cosigner struct {
	journal string
	name    string
	id      uint32
}

// vouchedNote is the earliest checkpoint that covers what is needed and that a witness has cosigned.
type vouchedNote struct {
	size   uint64
	time   int64
	signed []byte
}

// anchors collects what others have said of journals, as far as it says something of what is shown.
type anchors struct {
	need        map[string]uint64 // by journal: so many entries must a checkpoint have
	earliest    map[cosigner]vouchedNote
	covering    int    // so many of the entries that were read cover it
	limit       uint64 // what stands below it in the journal of the store itself comes before everything that is shown
	recent      []loggedNote
	stamps      map[string]stamped // by journal: the earliest that covers what is needed
	stampBefore *loggedStamp
	generations []seal.Endorsed
}

// newAnchors says what is needed: of a journal that is shown all of its window, and of the journal of the store itself a seal
// over each of the windows.
func newAnchors(d *evidence.Draft, seals []loggedSeal) *anchors {
	a := &anchors{need: map[string]uint64{}, earliest: map[cosigner]vouchedNote{}, stamps: map[string]stamped{}}
	for _, name := range d.Journals() {
		a.need[name] = d.End(name)
		if name == layout.System {
			continue
		}
		for _, s := range slices.Backward(seals) { // the newest stands first
			if size, ok := sealedSize(&s.Seal, name); ok && size >= d.End(name) {
				a.need[layout.System] = max(a.need[layout.System], s.index+1)
				break
			}
		}
	}
	return a
}

// read reads the control entries of the journal of the store itself: certificates, and cosigned checkpoints.
func (a *anchors) read(system *signedLog) error {
	for item, err := range system.view.Entries(journal.Range{To: system.size, Skip: lacks(entry.Control)}) {
		var missing *journal.MissingError
		if errors.As(err, &missing) {
			continue
		}
		if err == nil && item.Entry.Kind == entry.Control {
			err = a.learn(item.Index, item.Entry)
		}
		if err != nil {
			return fmt.Errorf("journal %s: entry %d: %w", layout.System, item.Index, err)
		}
	}
	return nil
}

func (a *anchors) learn(index uint64, e *entry.Entry) error {
	switch layout.Text(e, layout.Control) {
	case layout.CertificateMade:
		g, err := seal.ParseEndorsed(layout.Text(e, layout.CertificateText))
		a.generations = append(a.generations, g)
		return err
	case layout.Witnessed:
		note := []byte(layout.Text(e, layout.CheckpointOf))
		if index < a.limit {
			a.recent = append(a.recent[max(0, len(a.recent)-maxLogged+1):], loggedNote{index, note})
		}
		if a.covering < maxLogged && a.cosigned(layout.Text(e, layout.JournalName), note) {
			a.covering++
		}
	case layout.Timestamped:
		a.loggedStamp(index, evidence.Stamped{Journal: layout.Text(e, layout.JournalName), Signed: []byte(layout.Text(e, layout.CheckpointOf)), Token: []byte(layout.Text(e, layout.TokenOf))})
	}
	return nil
}

// recall notes what evidence that is proved again has already.
func (a *anchors) recall(d *evidence.Draft) {
	for _, w := range d.Witnessed {
		a.cosigned(w.Journal, w.Signed)
	}
	for _, s := range d.Stamped {
		a.stamped(s)
	}
}

// cosigned notes a cosigned checkpoint of a journal, and reports whether it covers what is needed. One that is none says
// nothing.
func (a *anchors) cosigned(name string, signed []byte) bool {
	need, wanted := a.need[name]
	text, _, _ := strings.Cut(string(signed), "\n\n")
	head, err := seal.ParseTreeHead(text + "\n")
	if err != nil || !wanted || head.Size < need {
		return false
	}
	_, list, err := seal.Cosignatures(signed)
	for _, c := range list {
		by := cosigner{name, c.Name, c.ID}
		if was, ok := a.earliest[by]; !ok || c.Time < was.time {
			a.earliest[by] = vouchedNote{head.Size, c.Time, signed}
		}
	}
	return err == nil
}

// witnessed returns the cosigned checkpoints of the logs: those that were written down, and those in the files of the
// journals. What is beyond the checkpoint of a log is not proved by it.
func (p *proving) witnessed(a *anchors, logs []evidence.Log) (list []evidence.Witnessed, err error) {
	for _, log := range logs {
		l := log.(*signedLog)
		notes, err := p.cosignedOf(l)
		if err != nil {
			return nil, err
		}
		for _, note := range notes {
			a.cosigned(l.Name(), note)
		}
		bySize := map[uint64][]byte{}
		for _, by := range slices.SortedFunc(maps.Keys(a.earliest), cosigner.compare) {
			n := a.earliest[by]
			if by.journal != l.Name() || n.size > l.size || len(bySize) == maxWitnessed && bySize[n.size] == nil {
				continue
			}
			if bySize[n.size], err = joined(bySize[n.size], n.signed); err != nil {
				return nil, err
			}
		}
		for _, size := range slices.Sorted(maps.Keys(bySize)) {
			list = append(list, evidence.Witnessed{Journal: l.Name(), Signed: bySize[size]})
		}
	}
	return list, nil
}

func (c cosigner) compare(o cosigner) int {
	return strings.Compare(fmt.Sprintf("%s %s %08x", c.journal, c.name, c.id), fmt.Sprintf("%s %s %08x", o.journal, o.name, o.id))
}

// joined adds to a signed note the cosignatures that another one of the same checkpoint has.
func joined(signed, other []byte) ([]byte, error) {
	if signed == nil {
		return other, nil
	}
	text, list, err := seal.Cosignatures(other)
	if err != nil || !strings.HasPrefix(string(signed), text+"\n") {
		return signed, err
	}
	for _, c := range list {
		if line := c.Line(); !strings.Contains(string(signed), line) {
			signed = append(slices.Clone(signed), line...)
		}
	}
	return signed, nil
}

// cosignedOf reads the file of cosigned checkpoints of a journal.
func (p *proving) cosignedOf(l *signedLog) ([][]byte, error) {
	name := filepath.Join(p.reader.Dir(), l.Name(), layout.CosignedFile)
	data, err := durable.ReadFile(vfs.OS(), name, layout.MaxCosigned)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	notes, err := seal.SplitNotes(data)
	for i := 0; i < len(notes) && err == nil; i++ {
		_, err = seal.OpenCheckpoint(notes[i], l.Origin(), p.reader.Certificate().Identity)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return notes, nil
}
