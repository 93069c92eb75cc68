package cli

import (
	"context"
	"errors"
	"time"

	"constat/entry"
	"constat/journal"
)

// Long imports give way: the store is held for about maxHold at a time, then left for long enough that somebody who
// waits for it sees that.
const (
	maxHold = time.Second
	giveWay = 3 * lockPoll / 2
)

// maxBehind is how many complete heads may wait to become segments in an import. A head takes three times the room of its segment,
// and is no longer in memory when its turn comes late.
const maxBehind = 64

// sharedSink is the store while it is imported into. Others may write in between.
type sharedSink struct {
	app       *app
	w         *journal.Writer
	converter *converter
	since     time.Time // when the store was taken
	kept      uint64    // entries received

	durable bool // finish made durable what was received
}

func (a *app) newSharedSink() (*sharedSink, error) {
	s := &sharedSink{app: a}
	return s, s.take()
}

func (s *sharedSink) take() (err error) {
	if s.w, err = s.app.openWriter(); err == nil {
		s.converter = startConverter(s.w)
	}
	s.since = time.Now()
	return err
}

// Append keeps entries in order and counts them; on an error a beginning of them may be kept.
func (s *sharedSink) Append(journal string, entries []entry.Entry) (first uint64, err error) {
	if held := time.Since(s.since); held > maxHold && (s.converter.leave() || held > 2*maxHold) {
		if err := s.giveWay(); err != nil {
			return 0, err
		}
	}
	before := s.w.Size(journal)
	first, err = s.w.Append(journal, entries)
	s.kept += s.w.Size(journal) - before
	if err == nil {
		s.keepUp()
	}
	return first, err
}

// keepUp helps the converter if it is far behind. What goes wrong the converter meets too, and reports.
func (s *sharedSink) keepUp() {
	for more := true; more && s.w.Unconverted() > maxBehind && !isClosed(s.converter.done); {
		var err error
		more, err = s.w.ConvertNext(context.Background())
		more = more && err == nil
	}
}

// Sync makes durable what was appended.
func (s *sharedSink) Sync() error { return s.w.Sync() }

func (s *sharedSink) giveWay() error {
	if err := s.finish(); err != nil {
		return err
	}
	time.Sleep(giveWay)
	return s.take()
}

// finish makes durable and signs what was written, and lets go of the store. It may be called twice.
func (s *sharedSink) finish() error {
	if s.w == nil {
		return nil
	}
	w := s.w
	s.w = nil
	if err := s.converter.stop(); err != nil {
		s.app.warnUnconverted(err)
	}
	s.durable = w.Sync() == nil // if not, the checkpoint fails too and says why
	return finish(w)
}

// finishConverted is finish for the end of an import: it waits until all complete heads are segments, and lets others
// write in between.
func (s *sharedSink) finishConverted() error {
	w := s.w
	s.w = nil
	if err := s.converter.wait(); err != nil {
		s.app.warnUnconverted(err)
	}
	s.durable = w.Sync() == nil
	if err := w.Checkpoint(); err != nil {
		return errors.Join(err, w.Close())
	}
	for {
		more, err := convertFor(w, maxHold)
		if err != nil {
			s.app.warnUnconverted(err)
			return w.Close()
		}
		if err := w.Close(); err != nil || !more {
			return err
		}
		time.Sleep(giveWay)
		if w, err = s.app.openWriter(); err != nil {
			s.app.warnUnconverted(err)
			return nil
		}
	}
}

// warnUnconverted says that heads stay heads for now: nothing is lost by that.
func (a *app) warnUnconverted(err error) {
	a.say("constat: not everything was converted to segments, which the next import, rotate or serve tries again: %v", err)
}
