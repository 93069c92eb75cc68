// Package forward sends entries of the journals to outputs.
//
// The journal is the queue. An [Output] is a reader with a place in each journal: it reads, selects, renders and sends,
// and moves its place when the target has confirmed what was sent. A target that fails is closed; what it had not
// confirmed is read again and sent to the next one. So everything that is selected arrives at least once and in order,
// and a target that is away costs nothing but disk: no memory, and nobody else's time.
//
// Only what is signed is sent: what leaves the machine stands in its journal, whatever happens afterwards, and an index
// never means another entry after a crash. What came is signed soon.
//
//	Feed      reads the journals in batches, which outputs at the same place share
//	Ledger    the places of all outputs, in one file, made durable at most once a second
//	Output    one reader, its targets, and what became of it
//
// Within a journal the order is the index. Several journals are merged by received time, as far as they are signed.
package forward
