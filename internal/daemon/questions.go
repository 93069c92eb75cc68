package daemon

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/inquiry"
	"constat/internal/search"
	"constat/internal/show"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"
)

// questions answers what domains of a station ask of their own logs.
type questions struct {
	d *Daemon

	mu     sync.Mutex
	reader *journal.Reader // guarded by mu; nil until it is needed
}

func (q *questions) open() (*journal.Reader, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.reader == nil {
		r, err := journal.OpenReader(q.d.options.FS, q.d.options.Dir)
		if err != nil {
			return nil, err
		}
		q.reader = r
	}
	return q.reader, nil
}

// answer returns what a domain asks for, of its own entries only. What goes wrong is told here; the domain learns no more
// than that something did.
func (q *questions) answer(ctx context.Context, domain string, asked inquiry.Question) ([][]byte, inquiry.End) {
	a := &answer{domain: domain, limit: asked.Limit, newest: !asked.Oldest}
	if a.limit == 0 {
		a.limit = inquiry.MaxEntries
	}
	err := q.gather(ctx, a, asked)
	switch {
	case err == nil:
	case errors.Is(err, errCursor):
		return nil, inquiry.End{Error: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, inquiry.End{Error: "took too long: ask for less, with since, until or limit"}
	default:
		if ctx.Err() == nil {
			q.d.log.Warn("question of a domain", "domain", domain, "error", err)
		}
		return nil, inquiry.End{Error: "the log cannot be read"}
	}
	return a.list, a.end
}

func (q *questions) gather(ctx context.Context, a *answer, asked inquiry.Question) (err error) {
	r, err := q.open()
	if err != nil {
		return err
	}
	all, err := r.Snapshot()
	defer func() { err = errors.Join(err, journal.CloseViews(all)) }()
	if err != nil {
		return err
	}
	views := slices.DeleteFunc(slices.Clone(all), func(v *journal.View) bool { return v.Journal.Name == layout.ImportedName })
	wanted, err := a.query(asked)
	if err != nil {
		return err
	}
	return a.take(ctx, views, wanted)
}

var errCursor = errors.New("cursor: not one of an answer")

// answer is one answer as it grows.
type answer struct {
	domain string
	limit  int
	newest bool
	list   [][]byte
	bytes  int
	end    inquiry.End
}

// query makes the query. Whatever the question says, it holds for the domain only.
func (a *answer) query(asked inquiry.Question) (q search.Query, err error) {
	nodes := []query.Node{query.Match{Field: "_XEN_DOMAIN", Op: query.Equal{Values: []string{a.domain}}}}
	if asked.Module != "" {
		nodes = append(nodes, query.Match{Field: "SYSLOG_IDENTIFIER", Op: query.Equal{Values: []string{asked.Module}}})
	}
	if asked.Level != nil {
		nodes = append(nodes, query.Match{Field: "level", Op: query.Levels{Set: uint8(1<<(*asked.Level+1) - 1)}})
	}
	if asked.Text != "" {
		source := "(?i)" + regexp.QuoteMeta(asked.Text)
		re, err := regexp.Compile(source)
		if err != nil {
			return q, err
		}
		nodes = append(nodes, query.Match{Op: query.Regexp{Source: source, RE: re}})
	}
	if asked.Since != "" || asked.Until != "" {
		nodes = append(nodes, query.Time{Axis: query.Received, Low: query.Bound{Text: asked.Since}, High: query.Bound{Text: asked.Until, Open: true}})
	}
	q.Filter = query.And{Nodes: nodes}
	if a.newest {
		q.Limit = a.limit + 1
	}
	if asked.Cursor != "" {
		id, index, err := show.ParseCursor(asked.Cursor)
		if err != nil {
			return q, errCursor
		}
		q.Cursor = &search.Position{Journal: id, Index: index}
	}
	return q, nil
}

// take takes what was found, as far as it fits.
func (a *answer) take(ctx context.Context, views []*journal.View, q search.Query) error {
	printer, err := show.New("json", show.Options{Location: time.UTC})
	if err != nil {
		return err
	}
	for r, err := range search.Run(ctx, views, q) {
		var missing *journal.MissingError
		switch {
		case errors.As(err, &missing):
			a.end.Missing += missing.Last - missing.First + 1
			continue
		case errors.Is(err, search.ErrNoEntry):
			return errCursor
		case err != nil:
			return err
		case !cameFrom(r.Entry, a.domain):
			continue
		}
		own := shownToDomain(r.Entry)
		line, err := printer.Append(nil, &show.Record{Journal: r.Journal.Name, ID: r.Journal.ID, Index: r.Index, EventAxis: r.Event, Entry: &own})
		if err != nil {
			return err
		}
		if !a.add(bytes.TrimSuffix(line, []byte("\n")), show.Cursor(r.Journal.ID, r.Index)) {
			return nil
		}
	}
	return nil
}

// add adds an entry and reports whether more may come.
func (a *answer) add(line []byte, cursor string) bool {
	full := len(a.list) >= a.limit || a.bytes+len(line) > inquiry.MaxAnswer
	switch {
	case len(line) > inquiry.MaxEntry:
		a.end.TooLong++
		return true
	case full && !a.newest:
		a.end.More, a.end.Next = true, cursor
		return false
	}
	a.list = append(a.list, line)
	for a.bytes += len(line); len(a.list) > a.limit || a.bytes > inquiry.MaxAnswer; a.list = a.list[1:] {
		a.bytes -= len(a.list[0])
		a.end.More = true
	}
	return true
}

// cameFrom reports whether the log channel of a domain is where an entry came from: as we saw it, not as somebody claims.
func cameFrom(e *entry.Entry, domain string) bool {
	own, transport := false, false
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Provenance != entry.Observed || f.Form != entry.Inline {
			continue
		}
		own = own || f.Name == "_XEN_DOMAIN" && string(f.Value) == domain
		transport = transport || f.Name == "_TRANSPORT" && string(f.Value) == "xen"
	}
	return own && transport
}

// ofChannel are the fields that a domain gets beside those that it has claimed. What is known of Dom0 is not for it.
var ofChannel = []string{"_XEN_DOMAIN", "_XEN_EVENT", "_FRAMING", "_TRUNCATED_BYTES", "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER",
	"LOSS_RUN", "LOSS_FIRST", "LOSS_LAST", "LOSS_MESSAGES", "LOSS_REASON"}

// shownToDomain is an entry with the fields that its domain may see.
func shownToDomain(e *entry.Entry) entry.Entry {
	own := *e
	own.Fields = make([]entry.Field, 0, len(e.Fields))
	for _, f := range e.Fields {
		if f.Provenance == entry.Claimed || slices.Contains(ofChannel, f.Name) {
			own.Fields = append(own.Fields, f)
		}
	}
	return own
}
