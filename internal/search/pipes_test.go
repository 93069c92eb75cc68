package search

import (
	"context"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/query"
)

// table runs a query over a journal and returns a line for each row: values with blanks between, messages for entries.
func table(t *testing.T, s *shelf, text string) string {
	t.Helper()
	q, err := query.Parse(text)
	s.must(err)
	views := s.views("web")
	defer journal.CloseViews(views)
	r, err := journal.OpenReader(s.fsys, storeDir)
	s.must(err)
	var lines []string
	for x, err := range Run(context.Background(), views, Query{Query: q, Store: r}) {
		if err != nil {
			return "error: " + err.Error()
		}
		if x.Entry != nil {
			message, _ := x.get("message")
			lines = append(lines, string(message))
			continue
		}
		var cells []string
		for _, v := range x.Record {
			cell := string(v.Text)
			if v.Absent {
				cell = "-"
			}
			for _, more := range v.More {
				cell += "," + string(more)
			}
			cells = append(cells, cell)
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n")
}

// Each pipe does what the language says, over heads and over segments.
func TestPipes(t *testing.T) {
	s := newShelf(t)
	begin := s.now // a whole minute and 40 s
	var batch []entry.Entry
	for i, m := range []string{"GET /a 200 took=5", "GET /b 404 took=12", "PUT /a 200 took=1.5", `{"user":"eva","n":7}`, "none"} {
		e := event(m, "HOSTNAME="+[]string{"w1", "w2"}[i%2], "PRIORITY="+[]string{"6", "4", "6", "3", "7"}[i])
		if i < 3 {
			e.AddString("TOOK", []string{"5", "12", "1.5"}[i], entry.Claimed)
			e.AddString("TAG", "x", entry.Claimed)
			e.AddString("TAG", "y", entry.Claimed)
		}
		e.Event = entry.Time{Valid: true, Micros: begin + int64(i)*10_000_000, Digits: 6}
		batch = append(batch, e)
	}
	s.append("web", batch...)
	for _, converted := range []bool{false, true} {
		if converted {
			s.convert()
		}
		for text, want := range map[string]string{
			"* | fields host, TOOK, TAG | limit 2":                  "w1 5 x,y\nw2 12 x,y",
			"* | offset 3":                                          "{\"user\":\"eva\",\"n\":7}\nnone",
			"* | limit 0":                                           "",
			"GET | drop MESSAGE | fields message, host":             "- w1\n- w2",
			"* | sort by (TOOK) | fields TOOK":                      "1.5\n5\n12\n-\n-",
			"* | sort by (TOOK desc) | fields TOOK":                 "12\n5\n1.5\n-\n-",
			"* | sort by (level, index desc) | fields level, index": "err 3\nwarning 1\ninfo 2\ninfo 0\ndebug 4",
			"* | first 2 by (TOOK) | fields TOOK":                   "1.5\n5",
			"* | last 2 by (TOOK) | fields index, TOOK":             "3 -\n4 -",
			"TOOK:* | last 2 by (TOOK) | fields TOOK":               "5\n12",
			"* | last 1": "none",
			"* | stats count() as n, sum(TOOK), avg(TOOK) by (host)":        "w1 3 6.5 3.25\nw2 2 12 12",
			"* | stats min(TOOK), max(TOOK), distinct(host)":                "1.5 12 2",
			"TOOK:* | stats quantile(0.5, TOOK), quantile(1, TOOK)":         "5 12",
			"nobody | stats count(), sum(TOOK)":                             "0 -",
			"nobody | stats count() by (host)":                              "",
			"* | stats count() by (event:20s)":                              "2025-10-09T08:53:20Z 2\n2025-10-09T08:53:40Z 2\n2025-10-09T08:54:00Z 1",
			"* | stats rate() by (event:20s) | limit 1":                     "2025-10-09T08:53:20Z 0.1",
			"* | stats count() by (level)":                                  "debug 1\nerr 1\ninfo 2\nwarning 1",
			"* | stats count() by (TOOK)":                                   "1.5 1\n5 1\n12 1\n- 2",
			"* | top 1 host":                                                "w1 3",
			"* | top 5 TOOK":                                                "1.5 1\n5 1\n12 1",
			"* | uniq by (host) | fields index":                             "0\n1",
			"GET | extract \"<method> <path> <code> \" | fields path, code": "/a 200\n/b 404",
			`* | extract ~"took=(?P<took>[0-9.]+)" | fields took`:           "5\n12\n1.5\n-\n-",
			"* | unpack json | fields user, n | where user:*":               "eva 7",
			"* | unpack logfmt | stats sum(took)":                           "18.5",
			`GET | format "<host>:<TOOK>" as short | fields short`:          "w1:5\nw2:12",
			"GET | rename HOSTNAME as h, TOOK as t | fields h, t":           "w1 5\nw2 12",
			"PUT | context before 1 after 0":                                "GET /b 404 took=12\nPUT /a 200 took=1.5",
			"GET | context 1":                                               "GET /a 200 took=5\nGET /b 404 took=12\nPUT /a 200 took=1.5",
			"TOOK:* | patterns 1":                                           "GET /a <*> took=<*> 1",
			"* | sample 2 | fields index":                                   "0\n2\n4",
			"* | where TOOK:>2 | fields TOOK":                               "5\n12",
			"* | stats count() as n by (host) | where n:>2":                 "w1 3",
			"GET | verify | fields host":                                    "w1\nw2",
			"* | stats count() | verify":                                    "error: " + errNotEntries.Error(),
		} {
			if got := table(t, s, text); got != want {
				t.Errorf("%s (converted %t) gives\n%s\nwant\n%s", text, converted, got, want)
			}
		}
	}
	s.close()
}
