package ingest

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// Fields of a loss entry.
const (
	LossSource   = "LOSS_SOURCE"
	LossReason   = "LOSS_REASON"
	LossMessages = "LOSS_MESSAGES" // decimal
	LossOctets   = "LOSS_OCTETS"   // decimal, 0 if it is not known
	LossSince    = "LOSS_SINCE"    // RFC 3339, when the first was lost
)

// otherSources is what losses are counted under when too many sources lose at once.
const (
	otherSources = "other sources"
	maxSources   = 1000
	maxShown     = 4 // of the peers of one source that are refused for one reason; the others are counted together
)

// losses counts what could not be kept, by source and reason, until it is written down.
type losses struct {
	mu     sync.Mutex // guards everything below
	counts map[lossKey]lossCount
	total  map[string]uint64 // messages by reason, since the start
	shown  map[lossKey]int   // different things that the peers of a source showed
}

type lossKey struct{ source, reason, shown string }

type lossCount struct {
	messages, octets uint64
	since            time.Time
	shown            []entry.Field // by a peer that was refused
}

// add counts a loss.
func (l *losses) add(source, reason string, messages, octets uint64) {
	if messages == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addLocked(lossKey{source: source, reason: reason}, lossCount{messages: messages, octets: octets})
}

// refuse counts a connection, under what its peer showed too. A stranger may show something else each time.
func (l *losses) refuse(source, reason string, shown []entry.Field) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := lossKey{source: source, reason: reason}
	key := all
	for _, f := range shown {
		key.shown += fmt.Sprintf("%s=%q ", f.Name, f.Value)
	}
	if _, known := l.counts[key]; !known && key != all {
		if l.shown[all] == maxShown {
			key, shown = all, nil
		} else {
			if l.shown == nil {
				l.shown = map[lossKey]int{}
			}
			l.shown[all]++
		}
	}
	l.addLocked(key, lossCount{messages: 1, shown: shown})
}

func (l *losses) addLocked(key lossKey, more lossCount) {
	if l.counts == nil {
		l.counts = map[lossKey]lossCount{}
	}
	c, known := l.counts[key]
	if !known && len(l.counts) >= maxSources {
		key, more.shown = lossKey{source: otherSources, reason: key.reason}, nil
		c, known = l.counts[key]
	}
	if !known {
		c.since, c.shown = time.Now(), more.shown
	}
	c.messages += more.messages
	c.octets += more.octets
	l.counts[key] = c
	l.countLocked(key.reason, more.messages)
}

// count counts messages whose loss has an entry of its own.
func (l *losses) count(reason string, messages uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.countLocked(reason, messages)
}

func (l *losses) countLocked(reason string, messages uint64) {
	if l.total == nil {
		l.total = map[string]uint64{}
	}
	l.total[reason] += messages
}

// take returns the losses and starts counting anew.
func (l *losses) take() (keys []lossKey, counts map[lossKey]lossCount) {
	l.mu.Lock()
	counts = l.counts
	if len(counts) > 0 {
		l.counts, l.shown = map[lossKey]lossCount{}, nil
	}
	l.mu.Unlock()
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		return cmp.Or(strings.Compare(a.source, b.source), strings.Compare(a.reason, b.reason), strings.Compare(a.shown, b.shown)) < 0
	})
	return keys, counts
}

// restore takes losses back whose entries could not be written.
func (l *losses) restore(keys []lossKey, counts map[lossKey]lossCount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		c := counts[key]
		more := l.counts[key] // younger
		c.messages += more.messages
		c.octets += more.octets
		l.counts[key] = c
	}
}

// any reports whether there is something to write down.
func (l *losses) any() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.counts) > 0
}

// totals returns the messages lost since the start, by reason.
func (l *losses) totals() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]uint64, len(l.total))
	for reason, n := range l.total {
		out[reason] = n
	}
	return out
}

func lossEntries(keys []lossKey, counts map[lossKey]lossCount) []entry.Entry {
	list := make([]entry.Entry, 0, len(keys))
	for _, k := range keys {
		list = append(list, lossEntry(k, counts[k]))
	}
	return list
}

func lossEntry(k lossKey, c lossCount) entry.Entry {
	e := entry.Entry{Kind: entry.Loss}
	e.AddString("MESSAGE", lossText(k, c), entry.Observed)
	e.AddString("PRIORITY", "4", entry.Observed)
	e.AddString(LossSource, k.source, entry.Observed)
	e.AddString(LossReason, k.reason, entry.Observed)
	e.AddString(LossMessages, fmt.Sprint(c.messages), entry.Observed)
	e.AddString(LossOctets, fmt.Sprint(c.octets), entry.Observed)
	e.AddString(LossSince, c.since.UTC().Format(time.RFC3339Nano), entry.Observed)
	e.Fields = append(e.Fields, c.shown...)
	return e
}

// lossText says it for people. What was refused are connections.
func lossText(k lossKey, c lossCount) string {
	if why, refused := strings.CutPrefix(k.reason, input.Refused); refused {
		return fmt.Sprintf("%d connections of %s refused: %s", c.messages, k.source, why)
	}
	return fmt.Sprintf("%d messages of %s lost: %s", c.messages, k.source, k.reason)
}

// Losses counts what could not be kept, for those who write it down by themselves. All methods may be called concurrently.
type Losses struct{ all losses }

// Lose counts as [input.Sink] says.
func (l *Losses) Lose(source, reason string, messages, octets uint64) {
	l.all.add(source, reason, messages, octets)
}

// Refuse counts as [input.Sink] says.
func (l *Losses) Refuse(source, reason string, shown []entry.Field) {
	l.all.refuse(source, input.Refused+reason, shown)
}

// Any reports whether there is something to write down.
func (l *Losses) Any() bool { return l.all.any() }

// Take returns what was counted as entries, and begins anew.
func (l *Losses) Take() []entry.Entry { return lossEntries(l.all.take()) }
