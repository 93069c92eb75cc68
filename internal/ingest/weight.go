package ingest

import "constat/internal/input"

// What a chunk weighs beside its octets, and what of it may be empty without being worth a copy.
const (
	chunkOverhead   = 256
	messageOverhead = 56
	mayBeEmpty      = 2 << 10
)

// weight is the memory that a chunk holds, which may be far more than its octets.
func weight(c *input.Chunk) int64 {
	return int64(cap(c.Octets)) + messageOverhead*int64(cap(c.Messages)) + int64(c.Beside) + chunkOverhead
}

// leastWeight is what a chunk weighs in just as much memory as it needs; waste says that this is worth a copy.
func leastWeight(c *input.Chunk) (least int64, waste bool) {
	now := weight(c)
	least = int64(len(c.Octets)) + messageOverhead*int64(len(c.Messages)) + int64(c.Beside) + chunkOverhead
	if now <= 2*least+mayBeEmpty {
		return now, false
	}
	return least, true
}

// fitted returns a copy of a chunk in just as much memory as it needs.
func fitted(c *input.Chunk) *input.Chunk {
	f := *c
	f.Octets = append(make([]byte, 0, len(c.Octets)), c.Octets...)
	f.Messages = append(make([]input.Message, 0, len(c.Messages)), c.Messages...)
	return &f
}
