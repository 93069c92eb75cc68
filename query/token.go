package query

// isTokenByte reports whether c belongs to a token.
func isTokenByte(c byte) bool {
	return c >= 0x80 || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// Tokens returns tokens that every value for which op holds has as whole tokens, in the order of the text; none if
// nothing is sure. Of a text these are all but those that an edge Anywhere may cut; in any case there are none.
func Tokens(op Op) []string {
	switch op := op.(type) {
	case Text:
		if !op.Fold {
			return wholeTokens(op.Text, op.Start == Anywhere, op.End == Anywhere)
		}
	case Equal:
		if !op.Fold && len(op.Values) == 1 {
			return wholeTokens(op.Values[0], false, false)
		}
	case Regexp:
		return wholeTokens(Literal(op), true, true)
	}
	return nil
}

func wholeTokens(s string, openStart, openEnd bool) (tokens []string) {
	for start, end := 0, 0; start < len(s); start = end + 1 {
		for end = start; end < len(s) && isTokenByte(s[end]); {
			end++
		}
		cut := start == 0 && openStart || end == len(s) && openEnd
		if end > start && !cut {
			tokens = append(tokens, s[start:end])
		}
	}
	return tokens
}
