package custody

import (
	"encoding/hex"
	"time"
)

// Op is what happened.
type Op string

// The events.
const (
	Opened  Op = "session.opened" // a treatment begins
	Read    Op = "file.read"      // a file was read from its medium, to its end
	Scanned Op = "file.scanned"   // an engine has judged a content
	Copied  Op = "file.copied"    // a file was written to a medium, synced, read back and compared
	Deleted Op = "file.deleted"   // a file was removed from a medium
	Closed  Op = "session.closed" // a treatment has ended
)

// Result is how it went.
type Result string

// The results. Negative ones are kept like the others: nothing that was passed over looks like a success.
const (
	OK       Result = "ok"       // of read, copied, deleted
	Clean    Result = "clean"    // of scanned
	Infected Result = "infected" // of scanned
	Error    Result = "error"    // of everything about a file
	Skipped  Result = "skipped"  // of read, scanned, copied
	Complete Result = "complete" // of closed
	Aborted  Result = "aborted"  // of closed
)

// results are those that an event may have; the first is good.
var results = map[Op][]Result{
	Opened:  {""},
	Read:    {OK, Error, Skipped},
	Scanned: {Clean, Infected, Error, Skipped},
	Copied:  {OK, Error, Skipped},
	Deleted: {OK, Error},
	Closed:  {Complete, Aborted},
}

// The roles of media.
const (
	Source      = "source"
	Destination = "destination"
)

// Medium is what files are on. ID is what the station calls it, such as sdb1; label and serial are what it says of itself.
type Medium struct {
	ID     string `json:"id"`
	Label  string `json:"label,omitempty"`
	Serial string `json:"serial,omitempty"`
	Role   string `json:"role,omitempty"` // Source or Destination
}

// Engine is what scans.
type Engine struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	Signatures     string `json:"signatures,omitempty"`      // version of the signature base
	SignaturesDate string `json:"signatures_date,omitempty"` // of the signature base, YYYY-MM-DD
}

// SHA256 is the digest by which contents are compared.
type SHA256 [32]byte

// String is the digest in hex.
func (s SHA256) String() string { return hex.EncodeToString(s[:]) }

// MarshalText is the digest in hex.
func (s SHA256) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Content is what a file held. MD5 is for old tools: nothing is concluded from it. All zero: it is not known.
type Content struct {
	Size   int64
	SHA256 SHA256
	MD5    [16]byte
}

// Counts are the events of a session by what they say. The file events of a session that has ended are at least so many.
type Counts struct {
	Read     uint64 `json:"read"`
	Clean    uint64 `json:"clean"`
	Infected uint64 `json:"infected"`
	Copied   uint64 `json:"copied"`
	Deleted  uint64 `json:"deleted"`
	Errors   uint64 `json:"errors"`
	Skipped  uint64 `json:"skipped"`
}

// Add counts an event about a file.
func (c *Counts) Add(op Op, r Result) {
	switch {
	case r == Error:
		c.Errors++
	case r == Skipped:
		c.Skipped++
	case op == Read:
		c.Read++
	case op == Scanned && r == Clean:
		c.Clean++
	case op == Scanned:
		c.Infected++
	case op == Copied:
		c.Copied++
	case op == Deleted:
		c.Deleted++
	}
}

// Event is one step of a session.
type Event struct {
	Op      Op
	Session string    // 1 to 128 letters, digits, '.', '_', ':', '-'
	At      time.Time // when it was done, by the sender's clock; if that is not said, when it was received
	Began   time.Time // when it began; zero: not said
	Station string    // of opened: which machine or place; may be empty
	Path    string    // of a file, relative to the medium, any bytes; see [CheckPath]
	Content *Content  // of a file; nil: not known, which only error and skipped may say
	MIME    string    // of a file; may be empty
	Medium  Medium    // of everything about a file but scanned, where it may be empty, and of opened, where it may be too
	Engine  Engine    // of scanned
	Result  Result
	Threat  string // of infected: what the engine calls it
	Reason  string // of error, skipped and aborted
	Counts  Counts // of closed
}
