package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/parse"
)

// Lines that arrive while others are written wait, at most so many and so long; then the reader waits.
const (
	maxLines  = 4096
	maxOctets = 4 << 20
)

// logLines writes standard input line by line. Lines that arrive together are written together, and the store is held
// only while they are.
func (a *app) logLines(journal string, template entry.Entry) error {
	q := newLineQueue()
	go func() {
		q.end(readLines(a.in, func(line []byte, lost int64) {
			e := withMessage(template, append([]byte(nil), line...))
			if lost > 0 {
				e.AddString(ingest.Truncated, strconv.FormatInt(lost, 10), entry.Observed)
			}
			q.add(e, len(line))
		}))
	}()
	written := 0
	for lines := q.take(); len(lines) > 0; lines = q.take() {
		if err := a.write(journal, lines); err != nil {
			return fmt.Errorf("after %d lines that are kept: %w", written, err)
		}
		written += len(lines)
	}
	if q.err != nil {
		return fmt.Errorf("standard input, after %d lines that are kept: %w", written, q.err)
	}
	return nil
}

func readLines(r io.Reader, take func(line []byte, lost int64)) error {
	s := parse.NewSplitter(r, parse.Text, 0)
	for {
		line, lost, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		take(line, lost)
		s.Recycle()
	}
}

// lineQueue holds lines between the goroutine that reads and the one that writes.
type lineQueue struct {
	mu      sync.Mutex // guards everything below
	changed *sync.Cond
	lines   []entry.Entry
	octets  int
	ended   bool
	err     error // of the reader; to be read when take has returned nothing
}

func newLineQueue() *lineQueue {
	q := &lineQueue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// add waits for room.
func (q *lineQueue) add(e entry.Entry, octets int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.lines) >= maxLines || q.octets >= maxOctets {
		q.changed.Wait()
	}
	q.lines, q.octets = append(q.lines, e), q.octets+octets
	q.changed.Broadcast()
}

func (q *lineQueue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.err = true, err
	q.changed.Broadcast()
}

// take waits for lines and returns all there are; none at the end.
func (q *lineQueue) take() []entry.Entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.lines) == 0 && !q.ended {
		q.changed.Wait()
	}
	lines := q.lines
	q.lines, q.octets = nil, 0
	q.changed.Broadcast()
	return lines
}
