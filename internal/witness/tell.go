package witness

import (
	"context"
	"fmt"
	"strings"
	"time"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// How often cosignatures are written into the journal "system": at most every tellEvery, because control entries are kept
// for good (about 20 MB a year for each witness of a journal that never rests), and if nothing has come since
// but what the store itself writes (seals, and these entries), every tellIdle.
const (
	tellEvery = 5 * time.Minute
	tellIdle  = time.Hour
)

// noted is what was written about the cosignatures of a journal.
type noted struct {
	size uint64    // of the checkpoint
	at   time.Time // zero: never
}

func recallNoted(list []Cosigned) *noted {
	n := &noted{}
	if len(list) > 0 {
		n.size = list[0].Size
	}
	return n
}

// tell writes cosignatures into the journal "system". An entry behind them is younger than they are.
func (c *Client) tell(ctx context.Context, o *offer, good []seal.Cosignature) {
	n := c.notes[o.journal]
	if n == nil {
		n = &noted{}
		c.notes[o.journal] = n
	}
	now := c.Now()
	if !n.wants(now) || !n.worth(o, now) {
		return
	}
	var names []string
	for _, s := range good {
		names = append(names, s.Name)
	}
	by := Cosigned{o.Checkpoint, string(o.signed), good}
	e := layout.NewControl(layout.Witnessed, fmt.Sprintf("journal %s: %d entries cosigned by %s", o.journal, o.Size, strings.Join(names, ", ")),
		layout.JournalName, o.journal, layout.CheckpointOf, string(by.Note()))
	if err := c.Write(ctx, []entry.Entry{e}); err != nil {
		c.Report(fmt.Errorf("cosignatures of journal %s could not be written down: %w", o.journal, err))
		return
	}
	n.size, n.at = o.Size, now
}

func (n *noted) wants(now time.Time) bool { return now.Sub(n.at) >= tellEvery }

// worth reports whether something has come since that the store did not write by itself. Without that rule the entry about
// one cosignature would be the reason for the next.
func (n *noted) worth(o *offer, now time.Time) bool {
	if o.Size <= n.size {
		return false
	}
	if o.journal != layout.System || now.Sub(n.at) >= tellIdle && !n.at.IsZero() {
		return true
	}
	for item, err := range o.view.Entries(journal.Range{From: n.size, To: o.Size}) {
		if err != nil || !own(item.Entry) {
			return true
		}
	}
	return false
}

// own reports whether the store writes an entry because of itself: a seal, or what this package writes.
func own(e *entry.Entry) bool {
	return e.Kind == entry.Seal || e.Kind == entry.Control && isOurs(layout.Text(e, layout.Control))
}

func isOurs(control string) bool { return control == layout.Witnessed || control == layout.Timestamped }
