package evidence

import (
	"bytes"
	_ "embed" // the page and its script
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"constat/entry"
	"constat/seal"
)

// pageForm is the number of the form of page, README.txt and identity.txt. A change of what they say takes a new one.
const pageForm = 1

//go:embed page.html
var pageHTML string

//go:embed page.js
var pageScript string

//go:embed readme.txt
var readmeText string

//go:embed identity.txt
var identityText string

// The page begins with these bytes; its proof block and its data block stand between a begin and an end.
const (
	pageBegin  = "<!DOCTYPE html>\n<!-- constat-evidence page -->\n"
	blockEnd   = "</script>"
	proofBegin = `<script type="application/json" id="proof">`
	dataBegin  = `<script type="application/json" id="data">`
)

// errPage says that a page is not one of an evidence file.
var errPage = errors.New("not a page of an evidence file")

func isPage(data []byte) bool { return bytes.HasPrefix(data, []byte(pageBegin)) }

// block returns what stands between the one begin of that kind and its end.
func block(page []byte, begin string) (before, inside, after []byte, ok bool) {
	before, rest, ok := bytes.Cut(page, []byte(begin))
	if !ok || bytes.Contains(rest, []byte(begin)) {
		return nil, nil, nil, false
	}
	inside, after, ok = bytes.Cut(rest, []byte(blockEnd))
	return page[:len(before)+len(begin)], inside, after, ok
}

// proofBlock returns the proof block of a page.
func proofBlock(page []byte) ([]byte, bool) {
	_, inside, _, ok := block(page, proofBegin)
	return inside, ok
}

// emptied returns a page without what its proof block holds; a file that has none is itself.
func emptied(page []byte) []byte { return filled(page, nil) }

// filled returns a page with another content of its proof block.
func filled(page, proof []byte) []byte {
	before, inside, _, ok := block(page, proofBegin)
	if !ok {
		return page
	}
	return bytes.Join([][]byte{before, proof, page[len(before)+len(inside):]}, nil)
}

// carried is the content of a block: files with their names.
type carried struct {
	Rows  uint64        `json:"rows"` // shown entries that the page holds: the first ones
	Files []carriedFile `json:"files"`
}

type carriedFile struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// formatBlock prints a block; '<' does not stand in it.
func formatBlock(c carried) ([]byte, error) { return json.Marshal(c) }

// parseBlock is the inverse of formatBlock.
func parseBlock(data []byte) (c carried, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err = d.Decode(&c); err != nil {
		return c, fmt.Errorf("%w: %w", errPage, err)
	}
	if again, err := formatBlock(c); err != nil || !bytes.Equal(again, data) {
		return c, fmt.Errorf("%w: a block is not in its one spelling", errPage)
	}
	return c, nil
}

// afterwards reports whether a file is one that the proof block carries.
func afterwards(name string) bool {
	for _, n := range readable {
		if n == name {
			return false
		}
	}
	return name != sumsName && name != certificates+"0" && !strings.HasPrefix(name, entryPrefix)
}

// rows is the number of entries that the page holds.
func (c *contents) rows() uint64 { return min(c.question.shown(), c.question.maxRows()) }

// firstRuns cuts runs behind their first n indexes.
func firstRuns(list []run, n uint64) (first []run, left uint64) {
	for _, r := range list {
		if n == 0 {
			break
		}
		r.Count = min(r.Count, n)
		first, n = append(first, r), n-r.Count
	}
	return first, n
}

// pageCover calls yield for the nodes that the page needs of each tree, where it holds the first rows only.
func (c *contents) pageCover(trees []*tree, yield func(t *tree, x node)) error {
	left := c.rows()
	for _, t := range trees {
		var rows []run
		rows, left = firstRuns(t.asked, left)
		all, err := merged(rows, t.support)
		if err != nil {
			return err
		}
		err = cover(t.size, t.cuts, all, func(x node, leaf bool) error {
			if !leaf {
				yield(t, x)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wantPage notes which nodes the proof block needs, before the trees are folded.
func (c *contents) wantPage(trees []*tree) error {
	if c.rows() == c.question.shown() {
		return nil
	}
	return c.pageCover(trees, func(t *tree, x node) {
		if t.nodes == nil {
			t.nodes = map[node]seal.Hash{}
		}
		t.nodes[x] = seal.Hash{}
	})
}

// pageProof makes the proof block: all files that come after the exported entry, as far as the page needs them.
func (c *contents) pageProof(trees []*tree) ([]byte, error) {
	p, withheld := c.proof, c.data(withheldName)
	if c.rows() < c.question.shown() {
		var hashes []seal.Hash
		counts := map[string]uint64{}
		err := c.pageCover(trees, func(t *tree, x node) {
			hashes = append(hashes, t.nodes[x])
			counts[t.name]++
		})
		if err != nil {
			return nil, err
		}
		p.Journals = append([]journalProof(nil), p.Journals...)
		for i := range p.Journals {
			p.Journals[i].Hashes = counts[p.Journals[i].Name]
		}
		withheld = formatHashes(hashes)
	}
	out := carried{Rows: c.rows(), Files: []carriedFile{}}
	for _, f := range c.files {
		switch {
		case f.name == proofName:
			f.data = formatJSON(p)
		case f.name == withheldName:
			f.data = withheld
		case !afterwards(f.name):
			continue
		}
		out.Files = append(out.Files, carriedFile{f.name, f.data})
	}
	return formatBlock(out)
}

// pageData makes the data block: what the page shows, as it was kept.
func (c *contents) pageData() ([]byte, error) {
	out := carried{Rows: c.rows()}
	for _, name := range []string{certificates + "0", disclosedName, leavesName, questionName} {
		data := c.data(name)
		switch name {
		case leavesName:
			data = formatLeaves(c.leaves[:c.rows()])
		case disclosedName:
			var err error
			if data, err = c.rowsDisclosed(); err != nil {
				return nil, err
			}
		}
		out.Files = append(out.Files, carriedFile{name, data})
	}
	return formatBlock(out)
}

// rowsDisclosed is what is disclosed of the entries that the page holds.
func (c *contents) rowsDisclosed() ([]byte, error) {
	list := []Disclosure{}
	err := c.eachShown(c.rows(), func(s *shownEntry) error {
		list = append(list, s.disclosed...)
		return nil
	})
	return append([]byte{}, formatDisclosed(&c.question, list)...), err // not nil: JSON tells the two apart
}

// eachShown calls yield for the first n shown entries.
func (c *contents) eachShown(n uint64, yield func(s *shownEntry) error) error {
	var d entry.Decoder
	at, disclosed := uint64(0), c.disclosed
	for _, a := range c.question.Journals {
		for _, r := range a.Shown {
			for i := r.First; i < r.end(); i++ {
				if at == n {
					return nil
				}
				if at == uint64(len(c.leaves)) {
					return errShort
				}
				var e entry.Entry
				if err := d.Decode(c.leaves[at][entry.NonceSize:], &e); err != nil {
					return fmt.Errorf("journal %s: entry %d: %w", a.Name, i, err)
				}
				s := shownEntry{journal: a.Name, index: i, entry: &e}
				s.disclosed, disclosed = ofEntry(disclosed, a.Name, i)
				if err := s.unpack(); err != nil {
					return fmt.Errorf("journal %s: entry %d: %w", a.Name, i, err)
				}
				if err := yield(&s); err != nil {
					return err
				}
				at++
			}
		}
	}
	return nil
}

// render makes page, README.txt or identity.txt of the other files. The page has an empty proof block.
func (c *contents) render(name string) ([]byte, error) {
	text := map[string]string{pageName: c.pageTemplate(), readmeName: readmeText, identityName: identityText}[name]
	t, err := template.New(name).Parse(text)
	if err != nil {
		return nil, err
	}
	p, err := c.printed()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if name == pageName {
		b.WriteString(pageBegin)
		if p.View, err = c.view(); err != nil {
			return nil, err
		}
	}
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// parsePage takes a page apart that holds everything there is to show, and makes the files of the zip of it.
func parsePage(page []byte) ([]file, error) {
	_, data, _, ok1 := block(page, dataBegin)
	_, proof, _, ok2 := block(page, proofBegin)
	if !ok1 || !ok2 {
		return nil, errPage
	}
	a, err := parseBlock(data)
	if err != nil {
		return nil, err
	}
	b, err := parseBlock(proof)
	if err != nil {
		return nil, err
	}
	files := []file{{pageName, page}}
	for _, f := range append(a.Files, b.Files...) {
		files = append(files, file{f.Name, f.Data})
	}
	return complete(sorted(files))
}

// complete adds the files that follow from the others: entries.jsonl, README.txt, identity.txt, single entries, sums.
func complete(files []file) ([]file, error) {
	for i := range files {
		if i > 0 && files[i-1].name == files[i].name {
			return nil, fmt.Errorf("%w: %s stands twice", errPage, files[i].name)
		}
	}
	c := &contents{files: files, signed: map[string][]byte{}}
	for _, step := range []func() error{c.loadQuestion, c.loadLeaves, c.loadNotes} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if c.rows() != c.question.shown() {
		return nil, fmt.Errorf("%w that stands alone: it holds %d of %d entries; check the zip that it came in", errPage, c.rows(), c.question.shown())
	}
	if err := c.addReadable(); err != nil {
		return nil, err
	}
	trees, err := c.trees()
	if err != nil {
		return nil, err
	}
	return c.finish(trees)
}

// Page returns the page of a zip. Alone it can be verified like the zip, if it holds every entry that is shown.
func Page(zip []byte) ([]byte, error) {
	files, err := parseZip(zip)
	if err != nil {
		return nil, err
	}
	page, ok := find(files, pageName)
	if !ok {
		return nil, fmt.Errorf("%w: %s is missing", errContents, pageName)
	}
	return page, nil
}
