package search

// newPatterns returns a stage that counts the templates of messages: what is left when the tokens with a digit in them
// are taken out. It yields records of pattern and count, the most frequent first, at most n (0: all).
func newPatterns(next stage, n int) stage {
	top := newTop(next, []string{"pattern"}, n)
	top.pipe, top.what = "patterns", "patterns"
	var pattern []byte
	record := make([]Value, 1)
	return &mapStage{top, func(r *Result) error {
		message, ok := r.get("message")
		pattern = appendPattern(pattern[:0], message)
		record[0] = Value{Name: "pattern", Text: pattern, Absent: !ok}
		r.Entry, r.Record = nil, record
		return nil
	}}
}

// appendPattern appends a text with <*> in place of each token that holds a digit.
func appendPattern(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		start, digits := i, false
		for ; i < len(text) && isTokenByte(text[i]); i++ {
			digits = digits || text[i] >= '0' && text[i] <= '9'
		}
		switch {
		case i == start:
			dst = append(dst, text[i])
			i++
		case digits:
			dst = append(dst, "<*>"...)
		default:
			dst = append(dst, text[start:i]...)
		}
	}
	return dst
}

// isTokenByte reports whether a byte belongs to a token: 0-9, A-Z, a-z, _ or what is not ASCII.
func isTokenByte(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
