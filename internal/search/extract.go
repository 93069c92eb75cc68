package search

import (
	"constat/entry"
	"constat/query"
)

// newExtract returns a stage that adds fields taken from a value. Rows that do not match stay as they are.
func newExtract(next stage, p query.Extract) stage {
	from := orMessage(p.From)
	if p.Regexp != nil {
		names := p.Regexp.RE.SubexpNames()
		return newEdit(next, func(x *edit, r *Result) error {
			text, _ := r.get(from)
			at := p.Regexp.RE.FindSubmatchIndex(text)
			for i := 1; i < len(names) && at != nil; i++ {
				if names[i] != "" && at[2*i] >= 0 {
					x.set(r, names[i], x.keep(text[at[2*i]:at[2*i+1]]))
				}
			}
			return nil
		})
	}
	return newEdit(next, func(x *edit, r *Result) error {
		text, ok := r.get(from)
		if !ok {
			return nil
		}
		pieces, _ := p.Pattern.Match(string(text))
		for i, piece := range pieces {
			if name := p.Pattern.Names[i]; name != "_" {
				x.set(r, name, []byte(piece))
			}
		}
		return nil
	})
}

// newFormat returns a stage that writes a text made of the fields of a row into a field.
func newFormat(next stage, p query.Format) stage {
	as := p.As
	if as == "" {
		as = "MESSAGE"
	}
	var text []byte
	return newEdit(next, func(x *edit, r *Result) error {
		text = append(text[:0], p.Template.Const[0]...)
		for i, name := range p.Template.Names {
			value, _ := r.get(name)
			text = append(append(text, value...), p.Template.Const[i+1]...)
		}
		x.set(r, as, x.keep(text))
		return nil
	})
}

// recordEntry lends records the form of an entry.
type recordEntry struct{ entry entry.Entry }

func (x *recordEntry) of(record []Value) *entry.Entry {
	x.entry.Reset()
	for i := range record {
		v := &record[i]
		if v.Absent {
			continue
		}
		x.entry.Add(v.Name, v.Text, entry.Observed)
		for _, more := range v.More {
			x.entry.Add(v.Name, more, entry.Observed)
		}
	}
	return &x.entry
}
