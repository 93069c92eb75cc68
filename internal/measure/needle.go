package measure

import "math/rand/v2"

// draws is how often a needle is drawn before it is given up.
const draws = 2000

// Word draws a word of one of the texts that fits: a run of ASCII letters and digits of least to 24 bytes with neither
// those nor "_" or bytes above 0x7f beside it. It returns "" if none is found in many draws.
func Word(r *rand.Rand, texts [][]byte, least int, fits func(word string) bool) string {
	for range draws {
		if len(texts) == 0 {
			return ""
		}
		words := wordsOf(texts[r.IntN(len(texts))], least)
		if len(words) == 0 {
			continue
		}
		if w := words[r.IntN(len(words))]; fits(w) {
			return w
		}
	}
	return ""
}

// Inside is the middle of a word: without its first and its last byte.
func Inside(word string) string { return word[1 : len(word)-1] }

// wordsOf lists the words of a text that may be drawn.
func wordsOf(text []byte, least int) (list []string) {
	for i := 0; i < len(text); {
		begin, plain := i, true
		for i < len(text) && inWord(text[i]) {
			plain = plain && text[i] != '_' && text[i] < 0x80
			i++
		}
		if n := i - begin; plain && n >= least && n <= 24 {
			list = append(list, string(text[begin:i]))
		}
		if i == begin {
			i++
		}
	}
	return list
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
