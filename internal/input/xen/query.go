package xen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"constat/internal/input"
	"constat/internal/inquiry"
)

// QuerySuffix ends the names of the sockets of query channels; what stands before it is the name of the domain.
const QuerySuffix = "-query.sock"

// Answer answers a question of a domain, and must give it nothing but entries of that domain: each one line of JSON without
// its end and of at most [inquiry.MaxEntry] bytes, in all at most [inquiry.MaxAnswer]. It is called for one question at a time, and
// must return soon after the context ends.
type Answer func(ctx context.Context, domain string, q inquiry.Question) ([][]byte, inquiry.End)

// What questions may take.
const (
	answerTime = 3 * time.Second        // to find an answer
	turnTime   = 20 * time.Second       // for the questions of others to end
	writeTime  = 10 * time.Second       // for the domain to take it
	minRest    = 100 * time.Millisecond // between two questions of a domain; if that is more, restFor times what it took to find the answer
	restFor    = 5
	maxEcho    = 120 // bytes of what was wrong, in an answer
)

// asker is the query channel of one domain. Only reading is used by more than one goroutine.
type asker struct {
	*domain
	answer Answer
	turn   chan struct{} // of all domains

	answered, failed, ignored uint64 // questions, and lines that are none, over this connection
}

// foundQuery is told the name of a socket of a query channel.
func (w *watcher) foundQuery(ctx context.Context, name, file string) {
	a := w.askers[name]
	switch {
	case a != nil:
	case !validName(name):
		w.refuse(file, reasonName)
		return
	case len(w.askers) >= maxDomains:
		w.refuse(file, reasonDomains)
		return
	default:
		a = &asker{domain: w.newDomain(name, filepath.Join(w.dir, file)), answer: w.config.Answer, turn: w.turn}
		a.what = "query channel"
		w.askers[name] = a
	}
	if a.reading.CompareAndSwap(false, true) {
		w.running.Go(func() {
			defer a.reading.Store(false)
			a.serve(ctx, a.converse)
		})
	}
}

// converse answers the questions of a connection, one after the other, until it ends.
func (a *asker) converse(ctx context.Context, conn net.Conn) (came bool) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	a.answered, a.failed, a.ignored = 0, 0, 0
	a.tell("query connected", "6", fmt.Sprintf("query channel of domain %s connected", a.name))
	questions := lines{limit: inquiry.MaxQuestion}
	buf := make([]byte, inquiry.MaxQuestion)
	var err error
	for err == nil {
		var n int
		n, err = conn.Read(buf)
		came = came || n > 0
		questions.feed(buf[:n], func(line []byte, lost int64) {
			if err == nil && ctx.Err() == nil {
				err = a.line(ctx, conn, line, lost)
			}
		})
	}
	if !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		a.tell("query disconnected", "6", fmt.Sprintf("query channel of domain %s disconnected: %d questions answered, %d not, %d other lines",
			a.name, a.answered, a.failed, a.ignored))
	}
	return came
}

// line takes a line. What is no question as it was sent is counted and not answered: it may be an echo of an answer.
func (a *asker) line(ctx context.Context, conn net.Conn, line []byte, lost int64) error {
	l, ok := inquiry.Parse(line)
	if !ok || lost > 0 || l.Kind != inquiry.KindQuestion {
		if len(line) > 0 {
			a.ignored++
		}
		return nil
	}
	list, end, spent := a.find(ctx, l.Body)
	if end.Error == "" {
		a.answered++
	} else {
		a.failed++
	}
	conn.SetWriteDeadline(time.Now().Add(writeTime))
	if ctx.Err() != nil { // its end set a deadline, perhaps before us
		return ctx.Err()
	}
	if _, err := conn.Write(written(l.ID, list, end)); err != nil {
		return err
	}
	wait(ctx, max(minRest, restFor*spent))
	return ctx.Err()
}

// find finds the answer when it is this domain's turn, and says how long that took, the waiting excluded.
func (a *asker) find(ctx context.Context, body []byte) (list [][]byte, end inquiry.End, spent time.Duration) {
	q, err := inquiry.ParseQuestion(body)
	if err != nil {
		return nil, inquiry.End{Error: err.Error()}, 0
	}
	waiting, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-waiting.Done():
		return nil, inquiry.End{Error: "busy with questions of other domains: ask again"}, 0
	}
	working, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	began := time.Now()
	list, end = a.answer(working, a.name, q)
	return list, end, time.Since(began)
}

// written is an answer as it goes over the channel.
func written(id []byte, list [][]byte, end inquiry.End) []byte {
	out := []byte{'\n'} // not glued to what is left of an answer that was cut
	for i, body := range list {
		out = (&inquiry.Line{Kind: inquiry.KindEntry, ID: id, Number: uint64(i) + 1, Body: body}).Append(out)
	}
	end.Error = end.Error[:min(len(end.Error), maxEcho)]
	end.Entries = len(list)
	body, err := json.Marshal(end)
	if err != nil { // of numbers and texts: never
		body = []byte(`{"error":` + strconv.Quote(err.Error()) + `}`)
	}
	return (&inquiry.Line{Kind: inquiry.KindEnd, ID: id, Number: uint64(len(list)) + 1, Body: body}).Append(out)
}

// tell makes an entry of what happens to the channel.
func (a *asker) tell(event, level, text string) {
	c := a.to.Sink.Chunk()
	c.Source = a.source
	c.Messages = append(c.Messages, input.Message{Note: note(level, text, observed(Happened, event))})
	a.to.put(c)
}
