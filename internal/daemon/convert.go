package daemon

import (
	"context"
	"time"
)

// convertAgain is how long the daemon waits after a conversion went wrong, as long as no other head is complete. A
// writer that was opened again in the meantime is found then, too.
const convertAgain = 30 * time.Second

// convert turns complete heads into segments until the context ends. What goes wrong is tried again: the heads stay
// until then.
func (d *Daemon) convert(ctx context.Context) error {
	again := time.NewTimer(0)
	defer again.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.store.get().Completed():
		case <-again.C:
		}
		err := d.store.Convert(ctx)
		again.Reset(convertAgain)
		if err == nil || ctx.Err() != nil {
			last = ""
			continue
		}
		if text := err.Error(); text != last { // said once
			d.log.Warn("heads stay heads for now", "error", err)
			last = text
		}
	}
}
