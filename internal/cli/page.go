package cli

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// wordText holds 2048 words, sorted, of which no two begin with the same four letters: 11 bits each.
//
//go:embed words.txt
var wordText string

// codeWords is how many words are read aloud.
const codeWords = 8

// wordsOf are the first 88 bits of a code as words, for reading aloud. They are no pin: whoever makes a store can make
// two of the same words with much patience.
func wordsOf(code seal.Code) string {
	list := strings.Fields(wordText)
	words := make([]string, codeWords)
	for i := range words {
		n := 0
		for bit := i * 11; bit < (i+1)*11; bit++ {
			n = n<<1 | int(code[bit/8]>>(7-bit%8)&1)
		}
		words[i] = list[n]
	}
	return strings.Join(words, " ")
}

// groupsOf is a code as base32 in groups of four.
func groupsOf(code seal.Code) string {
	text := code.String()
	var groups []string
	for ; len(text) > 4; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(append(groups, text), " ")
}

// pageOf is what a store is known by, for paper.
func pageOf(c seal.Certificate, of *thisStation) string {
	code := of.codeOf(c)
	return fmt.Sprintf(`constat: what this store is known by

Whoever holds the verification code can verify the store; nobody can forge with it.
Publish it, mail it, print it, and keep it where whoever could change the store cannot:

  constat verify --code %s

origin  %s
store   %s
code    %s
hex     %s
words   %s
        (for reading aloud; only the whole code is a pin)
vkey    %s

%s`, code, c.Origin, c.Store, groupsOf(code), hex.EncodeToString(code[:]), wordsOf(code),
		c.Identity.VKey(c.Origin), hashedOf(c, of))
}

// hashedOf says what the code on the page is the hash of.
func hashedOf(c seal.Certificate, of *thisStation) string {
	if of == nil {
		return "The code is the SHA-256 of this certificate:\n\n" + c.Text()
	}
	return fmt.Sprintf(`The code is that of the station, for the stores of all its boots: the SHA-256 of

%s
This is the store of boot %s, code %s.
The key of the station lies on the station: it is not forward-secure across boots.
Its certificate:

%s`, of.Text(), of.boot, c.Code(), c.Text())
}

// writePage writes the page of a store, or of the boot of a station, into it, signed by its identity.
func writePage(dir string, c seal.Certificate, of *thisStation) error {
	signed, err := journal.SignNote(vfs.OS(), dir, pageOf(c, of))
	if err != nil {
		return err
	}
	return durable.WriteFile(vfs.OS(), filepath.Join(dir, layout.PageFile), signed, 0o640)
}
