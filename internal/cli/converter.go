package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	"constat/journal"
)

// converter turns complete heads into segments beside an import.
type converter struct {
	w       *journal.Writer
	cancel  context.CancelFunc
	leaving chan struct{} // closed: the head at hand is the last
	done    chan struct{}
	err     error // set when done is closed
}

func startConverter(w *journal.Writer) *converter {
	ctx, cancel := context.WithCancel(context.Background())
	c := &converter{w: w, cancel: cancel, leaving: make(chan struct{}), done: make(chan struct{})}
	go c.run(ctx)
	return c
}

func (c *converter) run(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-c.leaving:
			return
		case <-c.w.Completed():
		}
		for more := true; more && !isClosed(c.leaving); {
			if more, c.err = c.w.ConvertNext(ctx); c.err != nil {
				return
			}
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// leave makes it end with the head at hand. It returns whether it has ended.
func (c *converter) leave() bool {
	if !isClosed(c.leaving) {
		close(c.leaving)
	}
	return isClosed(c.done)
}

// wait returns when it has ended, after leave.
func (c *converter) wait() error {
	c.leave()
	<-c.done
	return c.err
}

// stop cuts it short.
func (c *converter) stop() error {
	c.cancel()
	if err := c.wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// convertFor converts complete heads on all cores for some time; the heads at hand are still finished then. more says
// whether there are heads left.
func convertFor(w *journal.Writer, limit time.Duration) (more bool, err error) {
	const workers = 2
	end := time.Now().Add(limit)
	var errs [workers]error
	var wait sync.WaitGroup
	for i := range workers {
		wait.Go(func() {
			for more := true; more && time.Now().Before(end); {
				more, errs[i] = w.ConvertNext(context.Background())
			}
		})
	}
	wait.Wait()
	return w.Unconverted() > 0, errors.Join(errs[:]...)
}
