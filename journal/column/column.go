package column

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// ErrDamaged says that bytes are not what an encoder writes. Errors of [Open] and of what reads blocks wrap it or
// [ErrNewer].
var ErrDamaged = errors.New("damaged column")

// ErrNewer says that an encoding has a number that this program does not know.
var ErrNewer = errors.New("column written by a newer program: use that one to read it")

// Use says what a column is for.
type Use uint8

// Values are looked for as a whole: the keys of the filter are values. A Message is text in which words are looked
// for: templates are tried, and the keys of the filter are tokens.
const (
	Values Use = iota
	Message
)

// Encoded is one column of a segment.
type Encoded struct {
	Shared []byte   // what all blocks need: dictionary of values or of templates; empty if there is none
	Blocks [][]byte // one payload for each block
	Filter []byte   // lines of [LineSize] bytes; empty if Shared answers for everything
}

// Numbers of the kinds of shared parts.
const (
	sharedDictionary = 1
	sharedTemplates  = 2
)

// Column reads one column. It is safe for concurrent use.
type Column struct {
	values    *Texts     // of a dictionary, else nil
	templates []template // else nil
	asked     atomic.Pointer[question]
}

// Open reads the shared part of a column, which it keeps. Errors wrap [ErrDamaged] or [ErrNewer].
func Open(shared []byte) (*Column, error) {
	c := &Column{}
	if len(shared) == 0 {
		return c, nil
	}
	r := reader{b: shared[1:]}
	var err error
	switch shared[0] {
	case sharedDictionary:
		err = c.readDictionary(&r)
	case sharedTemplates:
		err = c.readTemplates(&r)
	default:
		err = unknownKind("shared part", shared[0], len(shared))
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// maxShared is the most bytes that the values of a dictionary or the templates of a column take together, maxLists the
// most lists that all templates together have.
const (
	maxShared = 4 << 20
	maxLists  = 1 << 15
)

// readDictionary reads the values of a dictionary: their number, and one list.
func (c *Column) readDictionary(r *reader) error {
	b, l, err := c.takeDictionary(r)
	if err != nil {
		return err
	}
	defer b.Release()
	c.values = &Texts{Data: make([]byte, 0, b.n*(len(l.front)+6)+l.width), Ends: make([]uint32, 0, b.n)}
	return b.list(c.values, l)
}

// takeDictionary reads the header of a dictionary. The block holds its list, and is to be released.
func (c *Column) takeDictionary(r *reader) (*Block, listAt, error) {
	var l listAt
	b := c.newBlock(r.size(maxDictionary))
	meta, err := b.takeStreams(r)
	if err != nil {
		b.Release()
		return nil, l, err
	}
	m := reader{b: meta}
	var o offsets
	m.takeList(&l, b.n, &o)
	if m.bad || len(m.b) > 0 || !b.fits(o) || b.n*len(l.front)+l.width > maxShared {
		b.Release()
		return nil, l, fmt.Errorf("%w: dictionary", ErrDamaged)
	}
	return b, l, nil
}

// Lacks tells whether a shared part is a dictionary of integers with none of the values, without writing the others
// down. Where it is something else or is damaged, false: [Open] knows more.
func Lacks(shared []byte, values [][]byte) bool {
	if len(shared) == 0 || shared[0] != sharedDictionary {
		return false
	}
	b, l, err := new(Column).takeDictionary(&reader{b: shared[1:]})
	if err != nil {
		return false
	}
	defer b.Release()
	if l.kind != kindDecimal || len(l.front) > 0 {
		return false
	}
	var wanted []int64
	for _, v := range values {
		if x, ok := parseDecimal(v); ok {
			wanted = append(wanted, x)
		}
	}
	there, err := b.ints(b.ints64, l.ints)
	if err != nil {
		return false
	}
	b.ints64 = there
	return !slices.ContainsFunc(there, func(x int64) bool { return slices.Contains(wanted, x) })
}

// readTemplates reads the templates: a stream.
func (c *Column) readTemplates(r *reader) error {
	p := r.find()
	if r.bad || len(r.b) > 0 || p.raw > 2*maxShared {
		return fmt.Errorf("%w: templates", ErrDamaged)
	}
	raw, err := p.open(c, nil)
	if err != nil {
		return err
	}
	c.templates, err = parseTemplates(raw)
	return err
}

// appendTexts appends number, lengths and bytes of a list of values.
func appendTexts(dst []byte, t *Texts) []byte {
	dst = appendUvarint(dst, t.Len())
	for i := range t.Ends {
		dst = appendUvarint(dst, len(t.At(i)))
	}
	return append(dst, t.Data...)
}

// MayHold tells whether a value of the column can contain literal, as far as the shared part knows. It is never false
// where a value does; where it is true, read the blocks.
func (c *Column) MayHold(literal []byte) bool {
	if c.values != nil {
		return holds(c.values, literal)
	}
	for _, f := range c.findings(literal) {
		if f.may() {
			return true
		}
	}
	return c.templates == nil
}

// holds tells whether a value contains literal.
func holds(t *Texts, literal []byte) bool {
	for i := range t.Ends {
		if bytes.Contains(t.At(i), literal) {
			return true
		}
	}
	return false
}
