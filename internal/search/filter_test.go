package search

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"
)

func at(micros int64) query.Bound {
	return query.Bound{Text: time.UnixMicro(micros).UTC().Format(time.RFC3339Nano), Open: true}
}

func until(micros int64) query.Node { return query.Time{Axis: query.Default, High: at(micros)} }

func since(micros int64) query.Node {
	from := at(micros)
	from.Open = false
	return query.Time{Axis: query.Default, Low: from}
}

func is(field string, values ...string) query.Node {
	return query.Match{Field: field, Op: query.Equal{Values: values}}
}

func and(nodes ...query.Node) query.Node { return query.And{Nodes: nodes} }

// Each filter names the messages that it wants.
func TestFilter(t *testing.T) {
	s := newShelf(t)
	begin := s.now
	imported := event("imported")
	imported.AddString("_UID", "0", entry.Imported)
	imported.Event = entry.Time{Valid: true, Micros: begin - 1000, Digits: 6}
	lost := event("lost")
	lost.Kind = entry.Loss
	s.append("system",
		event("plain", "PRIORITY=6", "SYSLOG_IDENTIFIER=sshd", "_SYSTEMD_UNIT=ssh.service", "_BOOT_ID=b1", "_UID=0"),
		event("Refused", "PRIORITY=3", "SYSLOG_IDENTIFIER=su", "UNIT=db.service", "A=1", "A=2"))
	s.tick(100)
	s.append("web", lost, imported, event("none", "PRIORITY=x", "_COMM=cron", "A=2", "B=3"))
	s.tick(100)
	s.append("imported", imported)
	s.close()
	views := s.views()
	defer journal.CloseViews(views)

	for name, c := range map[string]struct {
		f    query.Node
		axis layout.Axis
		want []string
	}{
		"all":             {nil, "", []string{"plain", "Refused", "lost", "imported", "none", "imported"}},
		"loss":            {query.Kind{Names: []string{"loss"}}, "", []string{"lost"}},
		"since":           {since(begin + 100), layout.Received, []string{"lost", "imported", "none", "imported"}},
		"until":           {until(begin + 100), layout.Received, []string{"plain", "Refused"}},
		"both":            {and(since(begin+1), until(begin+101)), layout.Received, []string{"lost", "imported", "none"}},
		"event until":     {until(begin), "", []string{"imported"}},
		"event axis":      {until(begin), layout.Event, []string{"imported", "imported"}},
		"on an axis":      {query.Time{Axis: query.Event, High: at(begin)}, layout.Received, []string{"imported", "imported"}},
		"level":           {query.Match{Field: "level", Op: query.Levels{Set: 0b1111}}, "", []string{"Refused"}},
		"levels":          {query.Match{Field: "level", Op: query.Levels{Set: 0b11110000}}, "", []string{"plain"}},
		"tag":             {is("app", "su"), "", []string{"Refused"}},
		"tags":            {is("app", "su", "sshd"), "", []string{"plain", "Refused"}},
		"program":         {is("app", "cron"), "", []string{"none"}},
		"boot":            {query.Boot{ID: "b1"}, "", []string{"plain"}},
		"grep":            {query.Match{Op: query.Regexp{RE: regexp.MustCompile("^[pR]")}}, "", []string{"plain", "Refused"}},
		"observed":        {is("_UID", "0"), "", []string{"plain", "imported"}},
		"imported too":    {query.Match{Field: "_UID", Imported: true, Op: query.Equal{Values: []string{"0"}}}, "", []string{"plain", "imported", "imported"}},
		"repeated":        {is("A", "2"), "", []string{"Refused", "none"}},
		"same field":      {is("A", "1", "2"), "", []string{"Refused", "none"}},
		"different":       {and(is("A", "2"), is("B", "3")), "", []string{"none"}},
		"alternatives":    {query.Or{Nodes: []query.Node{is("B", "3"), is("PRIORITY", "6")}}, "", []string{"plain", "none"}},
		"everything else": {and(is("app", "su"), query.Boot{ID: "b1"}), "", nil},
		"nobody":          {query.Not{Node: query.All{}}, "", nil},
		"exists":          {query.Match{Field: "B", Op: query.Exists{}}, "", []string{"none"}},
		"journal":         {query.Journal{Names: []string{"system"}}, "", []string{"plain", "Refused"}},
		"index":           {query.Index{First: 1, Last: 1}, "", []string{"imported"}},
	} {
		var got []string
		for _, v := range views {
			hits, _ := find(t, []*journal.View{v}, Query{Query: query.Query{Filter: c.f}, Axis: c.axis})
			for _, h := range hits {
				for item, err := range v.Entries(journal.Range{From: h.index, To: h.index + 1}) {
					s.must(err)
					text, _ := item.Entry.Get("MESSAGE")
					got = append(got, string(text))
				}
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
