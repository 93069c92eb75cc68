package query

// isTokenByte reports whether c belongs to a token.
func isTokenByte(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// Tokens returns the tokens that every value for which t holds has as whole tokens, in the order of the text. With
// Fold there are none, because a filter keeps the case.
func (t Text) Tokens() []string {
	if t.Fold {
		return nil
	}
	var tokens []string
	for start, end := 0, 0; start < len(t.Text); start = end + 1 {
		for end = start; end < len(t.Text) && isTokenByte(t.Text[end]); {
			end++
		}
		cut := start == 0 && t.Start == Anywhere || end == len(t.Text) && t.End == Anywhere
		if end > start && !cut {
			tokens = append(tokens, t.Text[start:end])
		}
	}
	return tokens
}
