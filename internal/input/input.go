// Package input is the contract between the inputs, one folder each, and what they hand their messages to.
//
// An input takes octets off a socket or a file, cuts them into messages, and fills a [Chunk] with them. It knows
// nothing of fields, journals or files of the store. What the machine knows of the sender travels as a [Source].
package input

import (
	"context"
	"errors"

	"constat/entry"
)

// Source is where messages come from. It is made once for a connection or a peer and never changed afterwards.
type Source struct {
	// Name is what losses are counted under, such as "udp 192.0.2.7" or "unix uid 1000".
	Name string
	// Fields are what the machine knows of the sender, all observed: _TRANSPORT, _SOURCE_ADDR, _PID and so on.
	Fields []entry.Field
	// Claims are what the sender says beside its messages, such as the topic to which it publishes.
	Claims []entry.Field
	// Format says how the messages are written.
	Format Format
	// Datagram is true if nobody waits at the other end: then a full disk costs messages, which are counted, and
	// otherwise it holds the sender back.
	Datagram bool
	// Local is true for processes of this machine.
	Local bool
}

// Format is how the messages of a source are written.
type Format uint8

// The formats. Syslog: RFC 5424, RFC 3164 and what senders make of them. Text: a line is a message and nothing else.
// Xen: what domains of a station write into their log channels. Broker: an event as its programs publish it (package
// parse/mqtt).
const (
	Syslog Format = iota
	Text
	Xen
	Broker
)

// Message is one message in the octets of a chunk: Octets[Start:End].
type Message struct {
	Start, End int
	// Lost is how many octets of the message were not kept, because it was longer than the limit.
	Lost int64
	// Flag says what was wrong with the framing; "" is nothing. It becomes the field _FRAMING.
	Flag string
	// Envelope, if set, is what the message came in, and says more than the message.
	Envelope *Envelope
	// Note, if set, stands at the place of a message: Start and End are equal.
	Note *Note
}

// Note is an entry that an input makes itself, in the order of the messages: what has happened to a source, or exactly
// which messages of it are lost.
type Note struct {
	// Fields are all of the entry but those of the source, observed.
	Fields []entry.Field
	// Reason is why messages are lost, in few and fixed words; "": the entry is no loss. Lost is how many, 0 if that is
	// not known.
	Reason string
	Lost   uint64
}

// Envelope is what a message came in: Octets[Start:End] of the chunk, which are kept as what was received.
type Envelope struct {
	Start, End int
	// Claims are what the sender says there, in memory of their own, none with a name that begins with an underscore.
	// What the message itself says goes before.
	Claims []entry.Field
}

// Chunk is a batch of messages of one source, in the order in which they came, with the memory that they point into.
type Chunk struct {
	Source   *Source
	Octets   []byte
	Messages []Message
	// Beside is how many octets of memory the envelopes of the messages hold.
	Beside int
	// Done, if set, is called once, when all messages are durable or cannot be kept. Until then the chunk belongs to
	// the sink. It must not block. Whoever waits for it is held back by the limit of the rate, and loses nothing to it.
	Done func(error)
}

// Reset empties a chunk and keeps its memory.
func (c *Chunk) Reset() {
	c.Source, c.Octets, c.Messages, c.Beside, c.Done = nil, c.Octets[:0], c.Messages[:0], 0, nil
}

// Refused is how the reason of a loss begins if it counts connections that were not let in, and not messages.
const Refused = "refused: "

// Errors of a sink.
var (
	// ErrFull says that there is no room. The input holds its sender back, or counts a loss.
	ErrFull = errors.New("queue full")
	// ErrClosed says that the sink takes nothing any more.
	ErrClosed = errors.New("closed")
)

// Sink takes messages. All methods may be called concurrently.
type Sink interface {
	// Chunk returns an empty chunk, perhaps one that was used before.
	Chunk() *Chunk
	// Put hands over a chunk and waits for room until the context ends; it takes the chunk if there is room at once,
	// even then. Nil means received: the messages are in the queue, in the order of the calls of one goroutine. The
	// chunk belongs to the sink from then on, and goes back to it by itself. After an error it belongs to the caller.
	Put(ctx context.Context, c *Chunk) error
	// Offer is Put without waiting: ErrFull if there is no room. The chunk then still belongs to the caller.
	Offer(c *Chunk) error
	// Lose counts messages of a source that could not be kept, and why, in few and fixed words. The count becomes a
	// loss entry, by timer, even if the source never speaks again. octets may be 0 if it is not known.
	Lose(source, reason string, messages, octets uint64)
	// Refuse counts a connection that was not let in, as Lose does under [Refused] and the reason. shown is what the
	// peer showed of itself, all observed, such as its certificate, which need not be its own; nil is nothing. It is
	// made once and never changed afterwards.
	Refuse(source, reason string, shown []entry.Field)
}

// Input is a source of messages that runs until its context ends.
type Input interface {
	// Name is the kind and address, such as "udp 127.0.0.1:5514", for messages and metrics.
	Name() string
	// Run hands messages to the sink until the context ends, and then returns nil after everything it received has
	// been handed over. Another error means that the input cannot go on.
	Run(ctx context.Context, sink Sink) error
	// Close releases the socket. It may be called before, during and after Run, and twice.
	Close() error
}
