package column

import "bytes"

// IsToken tells whether a byte belongs to tokens: 0–9, A–Z, a–z, _ and bytes from 0x80.
func IsToken(c byte) bool { return classes[c] != 0 }

// Containing is a [Matcher] that wants exactly the values that contain its literal: anywhere or, if Whole, at least
// once so that no token goes on beyond its ends.
type Containing interface {
	Matcher
	Whole() bool
}

// ContainsWhole tells whether value contains literal with no token going on beyond its ends.
func ContainsWhole(value, literal []byte) bool {
	if len(literal) == 0 {
		return true
	}
	first, last := IsToken(literal[0]), IsToken(literal[len(literal)-1])
	for at := 0; ; {
		i := bytes.Index(value[at:], literal)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(literal)
		if !(first && start > 0 && IsToken(value[start-1])) && !(last && end < len(value) && IsToken(value[end])) {
			return true
		}
		at = start + 1
	}
}

// Dictionary returns the values of the column, if they are few: every row has one of them. They must not be changed.
func (c *Column) Dictionary() (values *Texts, ok bool) { return c.values, c.values != nil }

// Constant returns the value that all rows of the column have; ok is false if they may differ.
func (b *Block) Constant() (value []byte, ok bool) {
	if b.kind != blockCodes || b.column.values.Len() != 1 {
		return nil, false
	}
	return b.column.values.At(0), true
}

// AppendValue appends the value of row i.
func (b *Block) AppendValue(dst []byte, i int) ([]byte, error) {
	rows := make(Rows, (b.n+63)>>6)
	rows.Set(i)
	b.answer.Reset()
	if err := b.Some(&b.answer, rows); err != nil {
		return dst, err
	}
	return append(dst, b.answer.At(i)...), nil
}

// Keys returns what must be in the filter of a column of messages for one of its rows to contain a literal (whole: with
// no token going on beyond its ends): the tokens that are whole in it. Where the column has a dictionary, it has no
// filter.
func Keys(literal []byte, whole bool) (keys [][]byte) {
	at := 0
	eachToken(literal, func(token []byte) {
		start := at + bytes.Index(literal[at:], token)
		at = start + len(token)
		if whole || start > 0 && at < len(literal) {
			keys = append(keys, token)
		}
	})
	return keys
}

// encodingNames are the names of the kinds of lists.
var encodingNames = map[byte]string{kindText: "text", kindDecimal: "decimal", kindUnsigned: "decimal", kindDigits: "digits",
	kindHex: "hex", kindHexUpper: "hex", kindBytes: "hex", kindIPv4: "ipv4", kindIPv6: "ipv6", kindTime: "time", kindUUID: "uuid"}

// Encoding names how the block is kept, for people: constant, dictionary, templates, or the kind of its values.
func (b *Block) Encoding() string {
	switch {
	case b.kind == blockTemplates:
		return "templates"
	case b.kind == blockList && b.single.kind == kindRepeats:
		return encodingNames[b.single.fresh.kind]
	case b.kind == blockList:
		return encodingNames[b.single.kind]
	case b.column.values.Len() == 1:
		return "constant"
	}
	return "dictionary"
}
