package query

import (
	"net/netip"
	"regexp"
)

// Query is a filter and what is done with the entries that pass it, in order.
type Query struct {
	Filter Node // never nil after Parse
	Pipes  []Pipe
}

// Node is one condition on an entry: [All], [And], [Or], [Not], [Match], [Time], [Index], [Boot], [Kind] or [Journal],
// as values, never as pointers. Where the filter holds no Kind outside of a Where, the executor takes the kinds event
// and loss only: see [HasKind].
type Node interface{ node() }

// All is every entry, "*". Nothing is Not{All{}}.
type All struct{}

// And holds if all nodes hold; without nodes it holds.
type And struct{ Nodes []Node }

// Or holds if one of the nodes holds; without nodes it does not.
type Or struct{ Nodes []Node }

// Not holds if Node does not: also for entries that lack the field.
type Not struct{ Node Node }

// Match holds if one value of the field satisfies Op (fields may be repeated, one suffices). A value that is private or
// in a blob that is not at hand satisfies nothing but Exists. A name that begins with "_" matches only if it was
// observed, or in the journal "imported", unless Imported is set.
type Match struct {
	Field    string // "" is the role message; a role in lower case; else the exact name
	Imported bool   // written imported:FIELD:…: the field matches whatever its provenance
	Op       Op     // of a message (role) nearly always Text
}

// Op is a condition on one value: [Text], [Equal], [Regexp], [Range], [CIDR], [Exists], [Levels] or [Facilities].
// Levels stands only with the field "level", Facilities only with "facility"; beside them only Exists does there.
type Op interface{ op() }

// Edge says where an end of a searched text must lie in the value.
type Edge uint8

// The edges. A token is a longest run of 0-9, A-Z, a-z, _ and bytes from 0x80.
const (
	Anywhere Edge = iota // no condition
	AtToken              // the text does not cut a token there: its own end byte or the byte beyond is none of a token
	AtValue              // at the very end of the value
)

// Text holds if the bytes Text stand in the value so that both ends fulfil their edges. AtToken is an empty
// condition where Text's own end byte belongs to no token. Of the two edges, one is never AtToken while the other is AtValue,
// and both are never AtValue (that is Equal). The empty text holds for every value.
//
//	err            AtToken, AtToken     host:web*      AtValue, Anywhere
//	err*           AtToken, Anywhere    host:*01       Anywhere, AtValue
//	*rr*           Anywhere, Anywhere   host:word(a)   AtToken, AtToken
type Text struct {
	Text       string
	Start, End Edge
	Fold       bool // any case: see [FoldEqual]
}

// Equal holds if the whole value is one of Values (at least one, as written, repeated ones kept). Equal with "" is a
// field that is there and empty; one that is absent is Not{Match{…, Exists{}}}.
type Equal struct {
	Values []string
	Fold   bool
}

// Regexp holds if the expression matches somewhere in the value.
type Regexp struct {
	Source string // RE2, as written between the quotes
	RE     *regexp.Regexp
}

// Range holds if the value is a number, by [CompareNumbers], and lies between the bounds.
type Range struct{ Low, High Bound }

// Bound is one end of a range. The zero value is no bound.
type Bound struct {
	Text string // a decimal number of [CompareNumbers]; in Time, what internal/timespec reads; "" is no bound
	Open bool   // the bound itself is outside
}

// CIDR holds if the value is an IP address, as [netip.ParseAddr] reads it without a zone, inside the prefix. An
// IPv4-mapped IPv6 address is the IPv4 address.
type CIDR struct{ Prefix netip.Prefix } // masked

// Exists holds for every value, whatever its form: private values and blobs count.
type Exists struct{}

// Levels holds if the level of the entry (the role) is in Set: bit n is level n, 0 emerg to 7 debug. Set is never 0.
type Levels struct{ Set uint8 }

// Facilities holds if the facility of the entry (the role) is in Set: bit n is facility n, 0 to 23. Set is never 0.
type Facilities struct{ Set uint32 }

// Axis is a time of entries: which one the caller chose (or that of each journal), received or event.
type Axis string

// The axes. An entry without event time has its received time on Event.
const (
	Default  Axis = "time"
	Received Axis = "received"
	Event    Axis = "event"
)

// Time holds if the entry's time on the axis lies between the bounds, which are kept as written and resolved by
// [Time.ResolveTimes]. At least one bound is set.
type Time struct {
	Axis      Axis
	Low, High Bound
}

// Index holds if the index of the entry in its journal is First to Last, both included. First ≤ Last.
type Index struct{ First, Last uint64 }

// Boot holds if _BOOT_ID, observed, is ID (32 hex digits in lower case); with ID "" if it is that of the boot which
// lies Back boots before the newest one in the store (0 is the newest itself).
type Boot struct {
	ID   string
	Back int
}

// Kind holds if the kind of the entry is one of Names: event, loss, seal, control.
type Kind struct{ Names []string }

// Journal holds if the entry's journal has one of Names.
type Journal struct{ Names []string }

func (All) node()     {}
func (And) node()     {}
func (Or) node()      {}
func (Not) node()     {}
func (Match) node()   {}
func (Time) node()    {}
func (Index) node()   {}
func (Boot) node()    {}
func (Kind) node()    {}
func (Journal) node() {}

func (Text) op()       {}
func (Equal) op()      {}
func (Regexp) op()     {}
func (Range) op()      {}
func (CIDR) op()       {}
func (Exists) op()     {}
func (Levels) op()     {}
func (Facilities) op() {}
