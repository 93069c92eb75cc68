package cli

import (
	"time"

	"constat/internal/search"
	"constat/journal"
	"constat/journal/layout"
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
