package ingest

import (
	"context"
	"sync"
	"time"
)

// paces hold back the sources that wait until their messages are durable. Nothing of theirs is lost to the limit of the
// rate: what they are told to be durable must be.
type paces struct {
	mu      sync.Mutex
	buckets map[string]bucket // guarded by mu
}

// wait returns when a source may send so many messages more. What it sends at once above the burst it waits for
// afterwards, so that a batch may be of any size and the rate holds in the long run.
func (p *paces) wait(ctx context.Context, l *limit, source string, messages int) error {
	if l == nil || l.rate <= 0 {
		return nil
	}
	due := p.take(l, source, messages, time.Now())
	if due <= 0 {
		return nil
	}
	timer := time.NewTimer(due)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		p.take(l, source, -messages, time.Now())
		return ctx.Err()
	}
}

// take takes tokens of a source, and says how long to wait until it has as many as it took before.
func (p *paces) take(l *limit, source string, messages int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	burst := l.atOnce()
	if p.buckets == nil || len(p.buckets) > maxBuckets {
		p.buckets = map[string]bucket{}
	}
	b, known := p.buckets[source]
	if !known {
		b = bucket{tokens: burst, at: now}
	}
	b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*l.rate, burst)
	b.at = now
	lacking := min(float64(messages), burst) - b.tokens
	b.tokens -= float64(messages)
	p.buckets[source] = b
	return time.Duration(lacking / l.rate * float64(time.Second))
}
