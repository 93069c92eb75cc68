package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// maxWitnessed is how many cosigned checkpoints of a journal go into evidence: those that cover the window first.
const maxWitnessed = 4

// witnessed returns the checkpoints of the logs that witnesses have cosigned. Those that cover the window count, the
// earliest first; what is beyond the checkpoint of the log is not proved by it.
func (p *proving) witnessed(d *evidence.Draft, logs []evidence.Log) (list []evidence.Witnessed, err error) {
	for _, log := range logs {
		l := log.(*signedLog)
		name := filepath.Join(p.reader.Dir(), l.Name(), layout.CosignedFile)
		data, err := durable.ReadFile(vfs.OS(), name, layout.MaxCosigned)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		notes, err := seal.SplitNotes(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		slices.Reverse(notes) // they stand with the largest first
		n := 0
		for _, note := range notes {
			point, err := seal.OpenCheckpoint(note, l.Origin(), p.reader.Certificate().Identity)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if point.Size > l.size || point.Size < d.End(l.Name()) || n == maxWitnessed {
				continue
			}
			list = append(list, evidence.Witnessed{Journal: l.Name(), Signed: note})
			n++
		}
	}
	return list, nil
}

// discloser returns what tells of private fields: that they were erased, and with --private the values that are kept.
func (p *proving) discloser(logs *openLogs) func(journal string, index uint64, e *entry.Entry) ([]evidence.Disclosure, error) {
	var said *layout.Sidecars
	return func(name string, index uint64, e *entry.Entry) (list []evidence.Disclosure, err error) {
		isPrivate := func(f entry.Field) bool { return f.Form == entry.Private }
		i := slices.IndexFunc(logs.asked, func(l *signedLog) bool { return l.Name() == name })
		if !slices.ContainsFunc(e.Fields, isPrivate) || i < 0 {
			return nil, nil
		}
		values, err := logs.asked[i].view.Private(index)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if v.Position >= len(e.Fields) || !isPrivate(e.Fields[v.Position]) || string(e.Fields[v.Position].Value) != string(v.Digest[:]) {
				continue // it stands in a packed field
			}
			switch {
			case v.State == journal.PrivateErased:
				if said == nil {
					all, err := p.reader.Sidecars()
					if err != nil {
						return nil, err
					}
					said = &all
				}
				if by, ok := said.Erasures[v.By]; ok {
					list = append(list, evidence.Disclosure{Field: v.Position, Erased: true, By: by.Index})
				}
			case v.State == journal.PrivateKept && p.flags.private:
				list = append(list, evidence.Disclosure{Field: v.Position, Salt: v.Salt, Value: slices.Clone(v.Value)})
			}
		}
		return list, nil
	}
}
