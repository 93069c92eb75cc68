package ingest

import (
	"sync/atomic"
	"time"
)

// limiter holds a token bucket for each source. The buckets belong to one goroutine.
type limiter struct {
	limit   atomic.Pointer[limit]
	buckets map[string]bucket
}

// limit is messages a second and messages at once; a rate of 0 is no limit.
type limit struct{ rate, burst float64 }

// atOnce is how many messages a source may send at once. What one read takes in counts as at once: without a burst, that are as
// many as in a second.
func (l *limit) atOnce() float64 {
	if l.burst <= 0 {
		return max(l.rate, 1)
	}
	return max(l.burst, 1)
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the sources that are remembered; when there are more, all begin anew with a full bucket.
const maxBuckets = 10000

// allow takes a token of a source, if it has one.
func (l *limiter) allow(source string, now time.Time) bool {
	limit := l.limit.Load()
	if limit == nil || limit.rate <= 0 {
		return true
	}
	burst := limit.atOnce()
	if l.buckets == nil || len(l.buckets) > maxBuckets {
		l.buckets = map[string]bucket{}
	}
	b, known := l.buckets[source]
	if !known {
		b = bucket{tokens: burst, at: now}
	}
	b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*limit.rate, burst)
	b.at = now
	ok := b.tokens >= 1
	if ok {
		b.tokens--
	}
	l.buckets[source] = b
	return ok
}
