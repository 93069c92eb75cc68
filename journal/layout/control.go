package layout

import "constat/entry"

// Control entries stand in the journal "system", and entry 0 of a successor is one. The field CONTROL says what
// happened, MESSAGE says it to people, and the other fields give the particulars.
const (
	Control     = "CONTROL"
	Message     = "MESSAGE"
	JournalName = "JOURNAL"
	JournalIDOf = "JOURNAL_ID"
	Descriptor  = "DESCRIPTOR_SHA256" // of journal.json, hex
	CodeOf      = "CODE"              // verification code of the store
	Predecessor = "PREDECESSOR"       // journal id, hex
	Checkpoint  = "LAST_CHECKPOINT"   // signed note
	Reason      = "REASON"
	File        = "FILE"   // path below the store
	FirstIndex  = "FIRST"  // decimal
	Bytes       = "BYTES"  // decimal
	FileDigest  = "SHA256" // of that file, hex
	Before      = "BEFORE" // µs
	After       = "AFTER"  // µs
	Boottime    = "BOOTTIME"
	LastIndex   = "LAST"   // decimal
	RuleOf      = "RULE"   // of retention, as configured
	Floor       = "FLOOR"  // seconds, decimal
	NewestTime  = "NEWEST" // received time of the last entry of a range, µs
	NewestEpoch = "NEWEST_EPOCH"
	Blocks      = "BLOCKS"   // SHA-256 of blocks of private values, hex, a blank between two
	Erasure     = "ERASURE"  // id, hex
	Field       = "FIELD"    // name of a field
	Selector    = "SELECTOR" // query
	By          = "BY"       // who
	Count       = "COUNT"    // decimal

	CertificateText = "CERTIFICATE" // as [seal.Endorsed.Format] prints it
	SealField       = "SEAL"        // of an entry of kind seal: the record
)

// What a control entry can say.
const (
	StoreCreated   = "store-created"
	JournalCreated = "journal-created"
	JournalDamaged = "journal-damaged"
	Successor      = "successor"
	TailSetAside   = "tail-set-aside"
	ClockStep      = "clock-step"
	Pruned         = "pruned"      // retention has removed a range
	FloorSet       = "floor"       // below which age nothing is pruned, from now on
	FloorHolds     = "floor-holds" // retention wants more removed than the floor lets go
	PrivateBlocks  = "private"     // blocks of private values were written
	Erased         = "erased"      // private values were erased; these blocks stand for those before

	StoreFollows  = "store-follows"  // another store came before this one: its code
	StoreFollowed = "store-followed" // another store comes after this one: its code

	CertificateMade = "certificate" // a new generation of seal keys
)

// NewControl returns a control entry. Pairs are names and values; the store itself is the observer of all of them.
func NewControl(what, message string, pairs ...string) entry.Entry {
	e := entry.Entry{Kind: entry.Control}
	e.AddString(Control, what, entry.Observed)
	e.AddString(Message, message, entry.Observed)
	for i := 0; i+1 < len(pairs); i += 2 {
		e.AddString(pairs[i], pairs[i+1], entry.Observed)
	}
	return e
}

// Text returns the first value of a field as text, or "".
func Text(e *entry.Entry, name string) string {
	value, _ := e.Get(name)
	return string(value)
}
