// Package column is to come.
package column

// Texts is a list of byte strings, one behind the other. Value i ends at Ends[i].
type Texts struct {
	Data []byte
	Ends []uint32
}

// Rows is a set of value numbers of a block.
type Rows []uint64

// Column reads one column.
type Column struct{}

// Block is one block of a column.
type Block struct{}

// Matcher says which values are wanted.
type Matcher interface {
	Match(value []byte) bool
	Literal() []byte
}
