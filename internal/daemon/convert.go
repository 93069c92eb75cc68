package daemon

import (
	"context"
	"sync"
	"time"
)

// convertAgain is how long the daemon waits after a conversion went wrong, as long as no other head is complete. A
// writer that was opened again in the meantime is found then, too.
const convertAgain = 30 * time.Second

// heads is what becomes of complete heads.
type heads struct {
	wanted chan struct{} // has a value when they are to become segments from now on

	mu       sync.Mutex // guards everything below
	converts bool
	end      context.CancelFunc // of the conversion that runs; nil: none does
}

func newHeads(converts bool) *heads {
	return &heads{wanted: make(chan struct{}, 1), converts: converts}
}

// set takes what the configuration says. A conversion that runs and is not wanted any more is cut short.
func (h *heads) set(converts bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.converts = converts
	if !converts && h.end != nil {
		h.end()
	}
	if !converts {
		return
	}
	select {
	case h.wanted <- struct{}{}:
	default: // a value is waiting already
	}
}

// begin returns the context of a conversion; ok is false if there is to be none.
func (h *heads) begin(ctx context.Context) (_ context.Context, end func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.converts {
		return ctx, nil, false
	}
	ctx, h.end = context.WithCancel(ctx)
	return ctx, h.ended, true
}

func (h *heads) ended() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end()
	h.end = nil
}

// convert turns complete heads into segments until the context ends, unless the configuration leaves them as they are.
// What goes wrong is tried again: the heads stay until then.
func (d *Daemon) convert(ctx context.Context) error {
	again := time.NewTimer(0)
	defer again.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.store.get().Completed():
		case <-d.heads.wanted:
		case <-again.C:
		}
		err := d.convertHeads(ctx)
		again.Reset(convertAgain)
		if err == nil {
			last = ""
			continue
		}
		if text := err.Error(); text != last { // said once
			d.log.Warn("heads stay heads for now", "error", err)
			last = text
		}
	}
}

// convertHeads makes segments of the complete heads that there are. An error is not that it was cut short.
func (d *Daemon) convertHeads(ctx context.Context) error {
	ctx, end, ok := d.heads.begin(ctx)
	if !ok {
		return nil
	}
	defer end()
	if err := d.store.Convert(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}
