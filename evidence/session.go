package evidence

import (
	_ "embed" // the page of a session and its script
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"constat/custody"
)

// SessionQuestion says which session of custody is asked about. Its evidence has a page of its own, in both languages.
type SessionQuestion struct {
	ID   string `json:"id"`
	Lang string `json:"lang"`           // which language the page shows first, "en" or "fr"
	File []byte `json:"file,omitempty"` // the one path that is shown; empty: all
}

// errSession says that the session of a question makes no sense.
var errSession = errors.New("the session is none, or its language is not en or fr")

func (s *SessionQuestion) check() error {
	if s == nil || custody.ValidSession(s.ID) && (s.Lang == "en" || s.Lang == "fr") && (len(s.File) == 0 || custody.CheckPath(string(s.File)) == nil) {
		return nil
	}
	return errSession
}

//go:embed session.html
var sessionHTML string

//go:embed session.js
var sessionScript string

// MaxSessionRows is how many entries the page of a session holds.
const MaxSessionRows = 5000

// maxRows is how many entries the page holds.
func (q *Question) maxRows() uint64 {
	if q.Session != nil {
		return MaxSessionRows
	}
	return maxRows
}

// said is one text in both languages.
type said struct{ EN, FR string }

// sessionLine is what one entry says. Entry names it; the script makes the same of the leaf, and compares.
type sessionLine struct {
	Entry string // journal and index
	Bad   bool
	said
}

// sessionFile is one file on the page.
type sessionFile struct {
	Path, SHA256 string
	Class        string // ok, held: not delivered, bad: something is wrong
	Verdict      said
	Lines        []sessionLine
}

// sessionView is what the page of a session says.
type sessionView struct {
	ID       string
	Lang     string
	One      bool // it is about one file only
	Good     bool
	Headline said
	Border   []sessionLine // begin and end
	Media    []said
	Engines  []string
	Writers  []string
	Files    []sessionFile
	Findings []said
	Counts   sessionCounts
	Beyond   int // files that the page does not list, because it holds too few entries; they are in the zip
	Script   string
}

// sessionCounts are the numbers in the headline.
type sessionCounts struct{ Files, Clean, Infected, Delivered, Other int }

// view makes the page of a session of what is shown.
func (c *contents) view() (*sessionView, error) {
	q := c.question.Session
	if q == nil {
		return nil, nil
	}
	var h custody.History
	n, onPage := uint64(0), map[string]bool{}
	err := c.eachShown(c.question.shown(), func(s *shownEntry) error {
		h.Add(s.journal, s.index, s.entry)
		if n++; n <= c.rows() {
			onPage[entryName(s.journal, s.index)] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v := &sessionView{ID: q.ID, Lang: q.Lang, One: len(q.File) > 0, Script: sessionScript}
	session := &custody.Session{ID: q.ID}
	for _, s := range h.Sessions() {
		if s.ID == q.ID {
			session = s
		}
	}
	session.Partial = v.One
	v.fill(session, session.Check(), onPage)
	return v, nil
}

// fill says what the check has found.
func (v *sessionView) fill(s *custody.Session, r *custody.Report, onPage map[string]bool) {
	wrong := map[string]bool{}
	for _, f := range r.Findings {
		wrong[string(f.Path)] = true
		v.Findings = append(v.Findings, said{plain(f.In("en")), plain(f.In("fr"))})
	}
	places := map[string]int{}
	for i := range r.Files {
		f := &r.Files[i]
		places[string(f.Path)] = i
		v.Files = append(v.Files, sessionFile{Path: valueText([]byte(f.Path)), SHA256: f.SHA256, Class: class(f, wrong[string(f.Path)]), Verdict: verdictWords(f)})
		v.count(f)
	}
	for i := range s.Steps {
		x := &s.Steps[i]
		v.heads(x)
		if onPage[entryName(x.Journal, x.Index)] {
			v.line(x, places)
		}
	}
	v.Files = slices.DeleteFunc(v.Files, func(f sessionFile) bool { return len(f.Lines) == 0 })
	v.Beyond = v.Counts.Files - len(v.Files)
	v.Good = r.Good()
	v.Headline = v.headline(r.Good())
}

// entryName names an entry on the page.
func entryName(journal string, index uint64) string {
	return journal + " " + strconv.FormatUint(index, 10)
}

func class(f *custody.File, wrong bool) string {
	switch {
	case wrong:
		return "bad"
	case f.Copied == custody.Delivered:
		return "ok"
	}
	return "held"
}

func (v *sessionView) count(f *custody.File) {
	n := &v.Counts
	n.Files++
	switch f.Verdict {
	case string(custody.Clean):
		n.Clean++
	case string(custody.Infected):
		n.Infected++
	default:
		n.Other++
	}
	n.Delivered += b2i(f.Copied == custody.Delivered)
}

// line adds what one entry says to its file, or to the session.
func (v *sessionView) line(x *custody.Step, places map[string]int) {
	l := sessionLine{Entry: entryName(x.Journal, x.Index), said: lineOf(&x.Event)}
	l.Bad = x.Result == custody.Error || x.Result == custody.Infected || x.Result == custody.Aborted
	if i, ok := places[x.Path]; ok && x.Path != "" {
		v.Files[i].Lines = append(v.Files[i].Lines, l)
		return
	}
	v.Border = append(v.Border, l)
}

// madeText is the time at which evidence was made, for people.
func madeText(made string) string {
	t, err := time.Parse(time.RFC3339, made)
	if err != nil {
		return made
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// pageTemplate is the template of the page.
func (c *contents) pageTemplate() string {
	if c.question.Session == nil {
		return pageHTML
	}
	return strings.Replace(sessionHTML, "/*STYLE*/", pageStyle(), 1)
}

// pageStyle is the style of the certificate, which the page of a session has too.
func pageStyle() string {
	_, rest, _ := strings.Cut(pageHTML, "<style>\n")
	style, _, _ := strings.Cut(rest, "</style>")
	return style
}
