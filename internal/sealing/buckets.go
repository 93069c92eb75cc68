package sealing

import "time"

// Every user may have so many urgent seals at once, and one more each refill: somebody who cries all day long costs
// little more than what is due anyway.
const (
	burst      = 60
	refill     = 10 * time.Second
	maxBuckets = 1000 // users that are remembered
)

// bucket holds the urgent seals that a user may still have.
type bucket struct {
	tokens float64
	at     time.Duration
}

// buckets are those of all users.
type buckets map[string]bucket

// take takes one from the bucket of a user, if it has one.
func (b *buckets) take(uid string, at time.Duration) bool {
	if *b == nil || len(*b) > maxBuckets {
		*b = buckets{}
	}
	k, known := (*b)[uid]
	if !known {
		k = bucket{burst, at}
	}
	k.tokens = min(k.tokens+(at-k.at).Seconds()/refill.Seconds(), burst)
	k.at = at
	ok := k.tokens >= 1
	if ok {
		k.tokens--
	}
	(*b)[uid] = k
	return ok
}
