package search

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
)

func micros(t int64) *int64 { return &t }

func level(n int) *int { return &n }

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
		f    Filter
		want []string
	}{
		"all":             {Filter{}, []string{"plain", "Refused", "lost", "imported", "none", "imported"}},
		"loss":            {Filter{Kinds: []entry.Kind{entry.Loss}}, []string{"lost"}},
		"since":           {Filter{Axis: layout.Received, Since: micros(begin + 100)}, []string{"lost", "imported", "none", "imported"}},
		"until":           {Filter{Axis: layout.Received, Until: micros(begin + 100)}, []string{"plain", "Refused"}},
		"both":            {Filter{Axis: layout.Received, Since: micros(begin + 1), Until: micros(begin + 101)}, []string{"lost", "imported", "none"}},
		"event until":     {Filter{Until: micros(begin)}, []string{"imported"}},
		"event axis":      {Filter{Axis: layout.Event, Until: micros(begin)}, []string{"imported", "imported"}},
		"level":           {Filter{MaxLevel: level(3)}, []string{"Refused"}},
		"levels":          {Filter{MinLevel: 4, MaxLevel: level(7)}, []string{"plain"}},
		"tag":             {Filter{Tags: []string{"su"}}, []string{"Refused"}},
		"tags":            {Filter{Tags: []string{"su", "sshd"}}, []string{"plain", "Refused"}},
		"program":         {Filter{Tags: []string{"cron"}}, []string{"none"}},
		"unit":            {Filter{Units: []string{"ssh"}}, []string{"plain"}},
		"units":           {Filter{Units: []string{"ssh.service", "db"}}, []string{"plain", "Refused"}},
		"boot":            {Filter{Boot: "b1"}, []string{"plain"}},
		"grep":            {Filter{Grep: regexp.MustCompile("^[pR]")}, []string{"plain", "Refused"}},
		"observed":        {Filter{Matches: [][]Match{{{"_UID", []byte("0")}}}}, []string{"plain", "imported"}},
		"repeated":        {Filter{Matches: [][]Match{{{"A", []byte("2")}}}}, []string{"Refused", "none"}},
		"same field":      {Filter{Matches: [][]Match{{{"A", []byte("1")}, {"A", []byte("2")}}}}, []string{"Refused", "none"}},
		"different":       {Filter{Matches: [][]Match{{{"A", []byte("2")}, {"B", []byte("3")}}}}, []string{"none"}},
		"alternatives":    {Filter{Matches: [][]Match{{{"B", []byte("3")}}, {{"PRIORITY", []byte("6")}}}}, []string{"plain", "none"}},
		"everything else": {Filter{Tags: []string{"su"}, Boot: "b1"}, nil},
	} {
		var got []string
		for _, v := range views {
			hits, _ := find(t, []*journal.View{v}, Query{Filter: c.f})
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
