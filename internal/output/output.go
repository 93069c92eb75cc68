// Package output is the contract between what forwards entries and the targets they go to, one folder each.
//
// A target is one connection, one open file or one running program. Whoever uses it keeps the place in the journal: a
// target that fails is closed, and what it had not confirmed is read from the journal again and sent to the next one.
package output

import (
	"context"

	"constat/entry"
)

// Record is an entry and where it stands.
type Record struct {
	Journal string  // name of the journal
	ID      [8]byte // id of the journal
	Index   uint64  // of the entry in it
	Entry   *entry.Entry
}

// Messages are messages behind each other in one buffer, without what a transport puts around them.
type Messages struct {
	Octets []byte
	Ends   []int // of message i; it begins where the one before ends
}

// Reset empties the list and keeps its memory.
func (m *Messages) Reset() { m.Octets, m.Ends = m.Octets[:0], m.Ends[:0] }

// Len is how many there are.
func (m *Messages) Len() int { return len(m.Ends) }

// At returns message i. It points into the buffer.
func (m *Messages) At(i int) []byte {
	begin := 0
	if i > 0 {
		begin = m.Ends[i-1]
	}
	return m.Octets[begin:m.Ends[i]:m.Ends[i]]
}

// End ends the message that was appended to Octets.
func (m *Messages) End() { m.Ends = append(m.Ends, len(m.Octets)) }

// Add appends a message.
func (m *Messages) Add(octets []byte) {
	m.Octets = append(m.Octets, octets...)
	m.End()
}

// Target takes messages. It is used by one goroutine, but for Close, which may come at any time and ends a Send.
type Target interface {
	// Send takes all messages, in order. An error means that the target is of no use any more; how much it had is what
	// Confirmed said. It holds on to nothing of m.
	Send(ctx context.Context, m *Messages) error
	// Confirmed is how many messages, counted from the first Send, the target will not lose by what is known here. If
	// settle is true it does what it can to know soon, such as syncing a file. An error is as that of Send.
	Confirmed(settle bool) (uint64, error)
	// Close releases the target. It may be called twice.
	Close() error
}

// Partial is a [Target] that knows more than what it was given of what may come twice.
type Partial interface {
	// Begun is how many messages, counted as those confirmed, may have left by now. It is asked after a Send has failed.
	Begun() uint64
}

// Dialer opens a target.
type Dialer struct {
	// Name says what and where, such as "tcp 192.0.2.7:514".
	Name string
	// Open opens it. The context ends the attempt, not the target. lost is for as long as that is open.
	Open func(ctx context.Context, lost Lost) (Target, error)
}

// Lost is told of messages that a target can never take, and why, in few and fixed words.
type Lost func(reason string, messages, octets uint64)
