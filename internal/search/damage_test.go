package search

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"
)

// A page of a segment that is lost never makes an answer wrong in silence: what is not found is said to be missing, and
// what is counted, too.
func TestLostPages(t *testing.T) {
	s := newShelf(t)
	var batch []entry.Entry
	for i := range 3000 {
		batch = append(batch, event(fmt.Sprintf("user%d took token %d of %d", i%7, i*7919, 1000+i), "HOSTNAME=web"+strconv.Itoa(i%5),
			"PRIORITY="+strconv.Itoa(i%8), "N="+strconv.Itoa(i), "SYSLOG_IDENTIFIER="+[]string{"sshd", "cron", "su"}[i%3]))
	}
	s.append("web", batch...)
	s.convert()
	s.close()
	name := path.Join(storeDir, "web", layout.SegmentName(0))
	size, image := readAll(t, s, name)
	var queries []query.Query
	for _, text := range []string{"*", "web:x OR host:web3", "N:1234", `"token 7919 "`, "*ook*", `~"of 12.4"`, "level:<=err", "NOT user3"} {
		q, err := query.Parse(text)
		s.must(err)
		queries = append(queries, q)
	}
	var want [][]hit
	for _, q := range queries {
		want = append(want, answer(t, s, q).hits)
	}
	step := max(4096, size/64/4096*4096)
	for at := int64(0); at < size; at += step {
		damaged := append([]byte(nil), image...)
		clear(damaged[at:min(at+4096, size)])
		write(t, s, name, damaged)
		for i, q := range queries {
			checkPartial(t, fmt.Sprintf("%s without page %d", q, at/4096), answer(t, s, q), want[i])
			counted := q
			counted.Pipes = []query.Pipe{query.Stats{Funcs: []query.Func{{Name: "count"}}, By: []query.Group{{Field: "host"}}}}
			checkCount(t, counted.String(), at/4096, answer(t, s, counted), len(want[i]))
		}
	}
}

func readAll(t *testing.T, s *shelf, name string) (size int64, image []byte) {
	f, err := s.fsys.Open(name)
	s.must(err)
	defer f.Close()
	size, err = f.Size()
	s.must(err)
	image = make([]byte, size)
	if n, err := f.ReadAt(image, 0); n < len(image) {
		t.Fatal(err)
	}
	return size, image
}

func write(_ *testing.T, s *shelf, name string, image []byte) {
	f, err := s.fsys.OpenWrite(name)
	s.must(err)
	_, err = f.WriteAt(image, 0)
	s.must(errors.Join(err, f.Close()))
}

// partial is an answer with what is missing of it.
type partial struct {
	hits    []hit
	missing map[uint64]bool
	count   int
}

func answer(t *testing.T, s *shelf, q query.Query) (p partial) {
	p.missing = map[uint64]bool{}
	views := s.views("web")
	defer journal.CloseViews(views)
	for r, err := range Run(context.Background(), views, Query{Query: q}) {
		var gone *journal.MissingError
		switch {
		case errors.As(err, &gone):
			for i := gone.First; i <= gone.Last; i++ {
				p.missing[i] = true
			}
		case err != nil:
			t.Fatal(q, err)
		case r.Entry != nil:
			p.hits = append(p.hits, hit{r.Journal.Name, r.Index})
		default:
			n, _ := strconv.Atoi(string(r.Record[len(r.Record)-1].Text))
			p.count += n
		}
	}
	return p
}

// checkPartial checks that an answer is right but for what it says is missing.
func checkPartial(t *testing.T, what string, got partial, want []hit) {
	t.Helper()
	rest := got.hits
	for _, h := range want {
		if len(rest) > 0 && rest[0] == h {
			rest = rest[1:]
		} else if !got.missing[h.index] {
			t.Fatalf("%s: index %d is neither found nor missing", what, h.index)
		}
	}
	if len(rest) > 0 {
		t.Fatalf("%s: %v does not match, or comes twice", what, rest[0])
	}
}

func checkCount(t *testing.T, what string, page int64, got partial, want int) {
	t.Helper()
	if got.count > want || got.count+len(got.missing) < want {
		t.Fatalf("%s without page %d: %d counted, %d missing of %d", what, page, got.count, len(got.missing), want)
	}
}
