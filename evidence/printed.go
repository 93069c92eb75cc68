package evidence

import (
	"fmt"
	"slices"
	"strings"

	"constat/entry"
	"constat/seal"
)

// printed is what the texts for people are made of.
type printed struct {
	Question
	Vouch    []string // the seals at the ends of the windows
	Windows  []printedWindow
	Shown    uint64
	Withheld uint64
	Erased   int
	Span     string
	Rows     []row
	Total    uint64
	Code4    string // the code in groups
	CodeHex  string
	Keys     []printedKey
	Data     string
	Script   string
	Readable []string
	Identity string
	More     bool         // there are more entries than rows
	View     *sessionView // of the page of a session; nil elsewhere
	When     string       // it was made
}

type printedWindow struct {
	Name, Origin   string
	From, To       uint64
	Shown          uint64
	Withheld       uint64
	Begins, Closes string
}

type printedKey struct{ Origin, VKey string }

// script is that of the page, with what it takes from the format.
func script() string {
	return strings.NewReplacer("$FORMAT$", Format, "$LEAF$", fmt.Sprint(entry.Version), "$NAMES$", strings.Join(entry.KnownNames(), " ")).Replace(pageScript)
}

// printed collects what the texts say.
func (c *contents) printed() (*printed, error) {
	zero := c.chain.zero
	code := zero.Code()
	p := &printed{Question: c.question, Total: c.question.shown(), Shown: c.question.shown(), Code4: groups(code.String()), CodeHex: fmt.Sprintf("%x", code[:]),
		Script: script(), Readable: readable, Identity: fmt.Sprintf("%x", zero.Identity[:])}
	for _, a := range c.question.Journals {
		p.window(a, zero)
	}
	for _, d := range c.disclosed {
		p.Erased += b2i(d.Erased)
	}
	if err := p.fill(c); err != nil {
		return nil, err
	}
	p.More = p.Total > uint64(len(p.Rows))
	p.When = madeText(c.question.Made)
	data, err := c.pageData()
	p.Data = string(data)
	return p, err
}

func (p *printed) window(a Asked, zero seal.Certificate) {
	w := printedWindow{Name: a.Name, Origin: a.Origin, From: a.From, To: a.To, Shown: count(a.Shown),
		Begins: "with the journal", Closes: "with the newest signed checkpoint; no seal covers it"}
	w.Withheld = a.To - a.From - w.Shown
	p.Withheld += w.Withheld
	if a.FromSeal != nil {
		w.Begins = fmt.Sprintf("with seal %d", *a.FromSeal)
	}
	if a.ToSeal != nil {
		w.Closes = fmt.Sprintf("with seal %d, made %s by the clock of the machine", *a.ToSeal, a.Sealed)
		p.Vouch = append(p.Vouch, fmt.Sprintf("journal %s: seal %d, %s", a.Name, *a.ToSeal, a.Sealed))
	}
	p.Windows = append(p.Windows, w)
	p.Keys = append(p.Keys, printedKey{a.Origin, zero.Identity.VKey(a.Origin)})
}

// fill adds the rows and the time that they span.
func (p *printed) fill(c *contents) error {
	var first, last string
	err := c.eachShown(c.question.shown(), func(s *shownEntry) error {
		received := timeText(s.entry.Received)
		if first == "" || received < first {
			first = received
		}
		last = max(last, received)
		if uint64(len(p.Rows)) < c.rows() {
			p.Rows = append(p.Rows, rowOf(s))
		}
		return nil
	})
	p.Span = span(first, last)
	return err
}

// groups writes a code in groups of four.
func groups(code string) string {
	var parts []string
	for part := range slices.Chunk([]byte(code), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, " ")
}
