package column

// Limits of templates: a value with more is kept as it is.
const (
	maxSlots    = 64
	maxTemplate = 4096 // bytes
	minRows     = 3    // of a template in a column
)

// A splitter finds the templates of a column.
type splitter struct {
	numbers map[string]uint32
	counts  []int
	keys    Texts      // by number
	rows    []uint32   // number of the template of each row
	spans   [][]uint32 // of each block: begin and end of each slot in Data
	key     []byte
}

// split finds template and slots of every row. What it gave before is forgotten.
func (s *splitter) split(blocks []Texts) {
	if s.numbers == nil {
		s.numbers = map[string]uint32{}
	}
	clear(s.numbers)
	s.keys.Reset()
	s.counts, s.rows = s.counts[:0], s.rows[:0]
	s.spans = grow(s.spans, len(blocks))
	s.number([]byte{slotMark}) // template 0
	for i := range blocks {
		spans := s.spans[i][:0]
		start := uint32(0)
		for _, end := range blocks[i].Ends {
			spans = s.row(blocks[i].Data[:end], start, spans)
			start = end
		}
		s.spans[i] = spans
	}
}

// row splits the value that begins at start.
func (s *splitter) row(v []byte, start uint32, spans []uint32) []uint32 {
	before := len(spans)
	s.key = s.key[:0]
	done, marked := int(start), false
	for i := done; i < len(v); {
		if classes[v[i]] == isOther {
			marked = marked || v[i] == slotMark || v[i] == addressMark
			i++
			continue
		}
		end, digit := token(v, i)
		mark := byte(slotMark)
		if a := address(v, i); a > i {
			end, mark = a, addressMark
		}
		if digit {
			s.key = append(append(s.key, v[done:i]...), mark)
			spans = append(spans, uint32(i), uint32(end))
			done = end
		}
		i = end
	}
	s.key = append(s.key, v[done:]...)
	if len(s.key) > maxTemplate || len(spans)-before > 2*maxSlots || marked {
		s.rows = append(s.rows, 0)
		s.counts[0]++
		return append(spans[:before], start, uint32(len(v)))
	}
	n := s.number(s.key)
	s.counts[n]++
	s.rows = append(s.rows, n)
	return spans
}

func (s *splitter) number(key []byte) uint32 {
	n, ok := s.numbers[string(key)]
	if !ok {
		n = uint32(len(s.counts))
		s.numbers[string(key)] = n
		s.counts = append(s.counts, 0)
		s.keys.Append(key)
	}
	return n
}

// keep gives the templates that enough rows share, and their numbers among those kept; 0 for the others.
func (s *splitter) keep() (kept Texts, numbers []uint32, plain int) {
	numbers = make([]uint32, len(s.counts))
	kept.Append(s.keys.At(0))
	plain = s.counts[0]
	lists := 1
	for n := 1; n < len(s.counts); n++ {
		key := s.keys.At(n)
		more := countLists(key)
		if s.counts[n] < minRows || len(kept.Data)+len(key) > maxShared || lists+more > maxLists {
			plain += s.counts[n]
			continue
		}
		numbers[n] = uint32(kept.Len())
		kept.Append(key)
		lists += more
	}
	return kept, numbers, plain
}
