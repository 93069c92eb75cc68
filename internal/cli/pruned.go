package cli

import (
	"context"
	"slices"
	"time"

	"constat/internal/search"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"
)

// tellPruned says on standard error which journals begin behind the time that is asked for, because retention has
// removed what was before. A query that only wants the newest asks for no time.
func (a *app) tellPruned(views []*journal.View, f showFlags, q search.Query) {
	if f.since == "" && (q.Limit > 0 || q.Cursor != nil) {
		return
	}
	var since time.Time
	if f.since != "" {
		var err error
		if since, err = q.ReadTime(f.since); err != nil {
			return // reported by the query
		}
	}
	for _, v := range views {
		until, ok := v.PrunedUntil()
		received := time.UnixMicro(until.Received)
		if !ok || v.Journal.Axis == layout.Received && since.After(received) {
			continue
		}
		for _, p := range v.Pruned() {
			a.say("constat: journal %s: entries %d to %d are pruned by retention, the newest of %s", v.Journal.Name, p.First, p.Last,
				formatPruned(received, f))
		}
	}
}

func formatPruned(t time.Time, f showFlags) string {
	return t.In(f.location()).Format("2006-01-02 15:04:05 -07:00")
}

// heldBack returns by which limits retention would remove more of each journal, as control entries of the last day say.
func heldBack(views []*journal.View) map[string][]string {
	held := map[string][]string{}
	for _, v := range views {
		if v.Journal.Name != layout.System {
			continue
		}
		q := search.Query{Reverse: true, Limit: 100}
		q.Filter = query.And{Nodes: []query.Node{query.Kind{Names: []string{"control"}},
			query.Match{Field: layout.Control, Op: query.Equal{Values: []string{layout.FloorHolds}}}}}
		for r, err := range search.Run(context.Background(), []*journal.View{v}, q) {
			if err != nil || time.Since(time.UnixMicro(r.Entry.Received)) > journal.HeldFor+time.Hour {
				break
			}
			name, why := layout.Text(r.Entry, layout.JournalName), layout.Text(r.Entry, layout.Reason)
			if !slices.Contains(held[name], why) {
				held[name] = append(held[name], why)
			}
		}
	}
	return held
}
