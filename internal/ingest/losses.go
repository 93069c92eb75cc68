package ingest

import (
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
)

// losses counts what could not be kept, by source and reason, until it is written down.
type losses struct {
	mu     sync.Mutex // guards everything below
	counts map[lossKey]lossCount
	total  map[string]uint64 // messages by reason, since the start
}

type lossKey struct{ source, reason string }

type lossCount struct {
	messages, octets uint64
	since            time.Time
}

// add counts a loss.
func (l *losses) add(source, reason string, messages, octets uint64) {
	if messages == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[lossKey]lossCount{}
	}
	key := lossKey{source, reason}
	c, known := l.counts[key]
	if !known {
		c.since = time.Now()
		if len(l.counts) >= maxSources {
			key.source = otherSources
			if other, ok := l.counts[key]; ok {
				c = other
			}
		}
	}
	c.messages += messages
	c.octets += octets
	l.counts[key] = c
	l.countLocked(reason, messages)
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
		l.counts = map[lossKey]lossCount{}
	}
	l.mu.Unlock()
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].source < keys[j].source || keys[i].source == keys[j].source && keys[i].reason < keys[j].reason
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
	return e
}

// lossText says it for people. What was refused are connections.
func lossText(k lossKey, c lossCount) string {
	if why, refused := strings.CutPrefix(k.reason, input.Refused); refused {
		return fmt.Sprintf("%d connections of %s refused: %s", c.messages, k.source, why)
	}
	return fmt.Sprintf("%d messages of %s lost: %s", c.messages, k.source, k.reason)
}

// LossEntry is the entry about messages of a source that could not be kept since a time, and why.
func LossEntry(source, reason string, messages, octets uint64, since time.Time) entry.Entry {
	return lossEntry(lossKey{source, reason}, lossCount{messages, octets, since})
}
