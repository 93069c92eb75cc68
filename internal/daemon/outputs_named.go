package daemon

import (
	"constat/entry"
	outputs "constat/internal/output"
	files "constat/internal/output/file"
	"constat/internal/output/render"
	"constat/internal/output/target"
	"constat/internal/rule"
)

// dialerOf opens the target of an action: one address, or files that a template names.
func dialerOf(a rule.Action, to target.Address, o target.Options) (outputs.Dialer, error) {
	if a.Kind == rule.Dynamic {
		return outputs.Dialer{Name: "files of " + a.String(), Open: files.Named{Config: o.File, Directory: a.Template.Directory()}.Open}, nil
	}
	return to.Dialer(o)
}

// written renders the entries of an action: by its template, or in a format; behind the name of their file if a template
// makes that.
func written(a rule.Action, layout *rule.Template, format string) (render.Func, error) {
	line, err := render.New(format, nil)
	if err != nil {
		return nil, err
	}
	if layout != nil {
		line = func(dst []byte, x *outputs.Record) []byte { return layout.Append(dst, factsOf(x.Entry)) }
	}
	if a.Template == nil {
		return line, nil
	}
	return func(dst []byte, x *outputs.Record) []byte {
		dst = a.Template.AppendPath(dst, factsOf(x.Entry))
		return line(append(dst, 0), x)
	}, nil
}

// factsOf is what templates ask of an entry. The store's own entries are constat's.
func factsOf(e *entry.Entry) *rule.Facts {
	f := rule.FactsOf(e)
	if e.Kind != entry.Event && len(f.Program) == 0 {
		f.Program = []byte("constat")
	}
	return &f
}
