package cli

import (
	"slices"

	"constat/entry"
	"constat/evidence"
	"constat/journal"
	"constat/journal/layout"
)

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
