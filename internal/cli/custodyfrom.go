package cli

import (
	"context"
	"errors"

	"constat/custody"
	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/search"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/query"
)

// custodyStore verifies a store and collects the events of custody in its journal audit.
func (a *app) custodyStore(ctx context.Context, f custodyFlags, dir string) (v verification, h *custody.History, err error) {
	v = verification{Of: "store", Name: dir, Findings: []string{}}
	options, err := pinOptions(f.code, dir)
	if err != nil {
		return v, nil, usage("%w", err)
	}
	report := check.Store(vfs.OS(), dir, options)
	if report.Verdict == check.Tampered || report.Verdict == check.Unreadable { // somebody may have written meanwhile
		report = check.Store(vfs.OS(), dir, options)
	}
	v.Verdict, v.Title, v.Code, v.Pinned = report.Verdict.String(), headline(report), report.Code, report.Pinned
	for _, x := range report.Findings {
		v.Findings = append(v.Findings, x.String())
	}
	h, err = a.custodyHistory(ctx, f, dir)
	return v, h, err
}

// custodyHistory reads the events of a store.
func (a *app) custodyHistory(ctx context.Context, f custodyFlags, dir string) (*custody.History, error) {
	h := &custody.History{}
	r, err := journal.OpenReader(vfs.OS(), dir)
	if err != nil {
		return nil, hint(err)
	}
	names, err := r.Journals()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name != layout.AuditName {
			continue
		}
		views, err := r.Snapshot(name)
		if err != nil {
			return nil, err
		}
		defer journal.CloseViews(views) // read only
		var q search.Query
		q.Filter = sessionFilter(f.session, "")
		for x, err := range search.Run(ctx, views, q) {
			var missing *journal.MissingError
			if errors.As(err, &missing) {
				a.say("constat: %v", missing)
				continue
			}
			if err != nil {
				return nil, err
			}
			h.Add(name, x.Index, x.Entry)
		}
	}
	return h, nil
}

// sessionFilter selects the events of custody, of one session and about one file if these are named.
func sessionFilter(session, path string) query.Node {
	match := func(field, value string) query.Node {
		return query.Match{Field: field, Op: query.Equal{Values: []string{value}}}
	}
	c := conjunction{query.Match{Field: custody.FieldForm, Op: query.Exists{}}}
	if session != "" {
		c.add(match(custody.FieldSession, session))
	}
	if path != "" {
		c.add(query.Or{Nodes: []query.Node{match(custody.FieldPath, path), match(custody.FieldOp, string(custody.Opened)), match(custody.FieldOp, string(custody.Closed))}})
	}
	return query.And{Nodes: c}
}

// custodyEvidence verifies an evidence file and collects the events that it shows.
func (a *app) custodyEvidence(_ context.Context, f custodyFlags, name string) (v verification, h *custody.History, err error) {
	v = verification{Of: "evidence", Name: name, Findings: []string{}}
	data, err := durable.ReadFile(vfs.OS(), name, evidence.MaxFile)
	if err != nil {
		return v, nil, err
	}
	o, err := evidencePin(verifyFlags{code: f.code}, data)
	if err != nil {
		return v, nil, usage("%w", err)
	}
	r := evidence.Verify(data, o)
	v.Verdict, v.Title, v.Code, v.Pinned = r.Verdict.String(), r.Title, r.Code, r.Pinned
	for _, x := range r.Findings {
		v.Findings = append(v.Findings, x.String())
	}
	list, about, err := evidence.Entries(data)
	if err != nil {
		return v, nil, err
	}
	h = &custody.History{}
	for _, x := range list {
		h.Add(x.Journal, x.Index, x.Entry)
	}
	for _, s := range h.Sessions() {
		s.Partial = about != nil && len(about.File) > 0
	}
	return v, h, nil
}
