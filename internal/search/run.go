package search

import (
	"context"
	"errors"
	"iter"

	"constat/journal"
	"constat/journal/frame"
)

// errStopped says that whoever takes the results wants no more.
var errStopped = errors.New("stopped")

// pipeline is the pipes of one query at work.
type pipeline struct {
	ctx    context.Context
	query  *Query
	views  []*journal.View
	yield  func(Result, error) bool
	first  stage
	opened []*journal.View
	steps  uint
}

// piped passes results through pipes.
func piped(ctx context.Context, views []*journal.View, q *Query, rows iter.Seq2[Result, error], yield func(Result, error) bool) {
	x := &pipeline{ctx: ctx, query: q, views: views, yield: yield}
	err := x.build()
	defer func() { journal.CloseViews(x.opened) }() // read only
	if err == nil {
		err = x.feed(rows)
	}
	if err == nil {
		err = x.first.end()
	}
	if err != nil && !errors.Is(err, errStopped) && !errors.Is(err, errEnough) {
		yield(Result{}, err)
	}
}

// build makes the pipes, the last one first: each knows the next.
func (x *pipeline) build() (err error) {
	x.first = sink(x.out)
	for i := len(x.query.Pipes) - 1; i >= 0; i-- {
		if x.first, err = x.pipe(i, x.first); err != nil {
			return err
		}
	}
	return nil
}

// out hands a result to whoever takes them.
func (x *pipeline) out(r *Result) error {
	if x.steps++; x.steps%checkEvery == 0 && x.ctx.Err() != nil {
		return x.ctx.Err()
	}
	if !x.yield(*r, nil) {
		return errStopped
	}
	return nil
}

// feed pushes all rows through the first pipe, or as many as it needs.
func (x *pipeline) feed(rows iter.Seq2[Result, error]) error {
	for r, err := range rows {
		if err != nil {
			if err = x.missing(err); err != nil {
				return err
			}
			continue
		}
		if err := x.first.push(&r); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	return nil
}

// missing tells what cannot be read, around the pipes. Any other error ends everything.
func (x *pipeline) missing(err error) error {
	var gone *journal.MissingError
	if !errors.As(err, &gone) {
		return err
	}
	if !x.yield(Result{}, err) {
		return errStopped
	}
	return nil
}

// again opens the views a second time, for pipes that read beside the search.
func (x *pipeline) again(pipe string) (map[frame.JournalID]*journal.View, error) {
	if x.query.Store == nil {
		return nil, errors.New(pipe + ": cannot be used here: it needs the whole store")
	}
	byID := map[frame.JournalID]*journal.View{}
	for _, v := range x.views {
		list, err := x.query.Store.Snapshot(v.Journal.Name)
		if err != nil {
			return nil, err
		}
		x.opened = append(x.opened, list...)
		for _, again := range list {
			again.Size = min(again.Size, v.Size)
			byID[again.Journal.ID] = again
		}
	}
	return byID, nil
}
