package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"constat/journal"
	"constat/journal/layout"

	"github.com/spf13/cobra"
)

// sizeStats is what "stats -o json" prints of a journal; the names are a contract.
type sizeStats struct {
	Journal string           `json:"journal"`
	Entries uint64           `json:"entries"`
	Bytes   int64            `json:"bytes"`
	Files   map[string]int64 `json:"files"`  // bytes by kind of file: segments, heads, blobs, tree, other
	Fields  []fieldStats     `json:"fields"` // of the segments, the largest first
}

// fieldStats is what a field costs in the segments of a journal.
type fieldStats struct {
	Field     string           `json:"field"`
	Bytes     int64            `json:"bytes"`
	Shared    int64            `json:"shared"` // of them dictionaries and templates, which stand twice
	Filter    int64            `json:"filter"`
	Encodings map[string]int64 `json:"encodings"` // bytes of blocks
}

// Names of what is no field.
const (
	arrivalField = "(order and times)"
	paramsField  = "(parameters)"
	restField    = "(rare shapes)"
)

func (a *app) statsCommand() *cobra.Command {
	var format string
	var journals []string
	c := &cobra.Command{
		Use:   "stats",
		Short: "Show what takes the space: bytes by journal, kind of file, field and encoding",
		Long: `Show what takes the space of a store: bytes by journal and kind of file and, of the segments, by field and encoding.
Heads, which hold the newest entries, are not divided further: 'constat rotate' makes segments of them.`,
		Example: `  constat stats
  constat stats --journal imported -o json | jq '.fields[0]'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.stats(format, journals) },
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json (one object a journal)")
	c.Flags().StringArrayVar(&journals, "journal", nil, "only this journal; may be repeated (default all)")
	complete(c, "output", "text", "json")
	return c
}

func (a *app) stats(format string, journals []string) error {
	if format != "text" && format != "json" {
		return usage("-o %q: want text or json", format)
	}
	r, err := a.openReader()
	if err != nil {
		return err
	}
	views, whole, err := a.snapshot(r, journals)
	if err != nil {
		return err
	}
	defer journal.CloseViews(views)
	for _, v := range views {
		s, err := statsOf(filepath.Join(r.Dir(), v.Journal.Name), v)
		if err != nil {
			a.say("constat: journal %s: %v", v.Journal.Name, err)
			whole = false
		}
		if err := a.printStats(s, format); err != nil {
			return err
		}
	}
	if !whole {
		return &exitError{exitFailed, nil}
	}
	return nil
}

// statsOf measures a journal. With an error it is what could be read.
func statsOf(dir string, v *journal.View) (sizeStats, error) {
	s := sizeStats{Journal: v.Journal.Name, Entries: v.Size, Files: map[string]int64{}, Fields: []fieldStats{}}
	errs := []error{s.measureFiles(dir)}
	fields := map[string]*fieldStats{}
	for _, p := range v.Parts() {
		errs = append(errs, addPart(fields, p))
	}
	for _, f := range fields {
		s.Fields = append(s.Fields, *f)
	}
	sort.Slice(s.Fields, func(i, j int) bool {
		a, b := &s.Fields[i], &s.Fields[j]
		return a.Bytes > b.Bytes || a.Bytes == b.Bytes && a.Field < b.Field
	})
	return s, errors.Join(errs...)
}

// measureFiles adds up the files of a journal. One that goes meanwhile does not count.
func (s *sizeStats) measureFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		info, statErr := e.Info()
		if errors.Is(statErr, fs.ErrNotExist) {
			continue
		}
		if statErr != nil {
			return statErr
		}
		s.Files[kindOfFile(e.Name())] += info.Size()
		s.Bytes += info.Size()
	}
	return err
}

func kindOfFile(name string) string {
	if _, ok := layout.ParseSegmentName(name); ok {
		return "segments"
	}
	if _, ok := layout.ParseHeadName(name); ok {
		return "heads"
	}
	if _, ok := layout.ParseBlobName(name); ok {
		return "blobs"
	}
	if name == layout.TreeFile {
		return "tree"
	}
	return "other"
}

// addPart adds the columns of a part, if it is a segment.
func addPart(fields map[string]*fieldStats, p journal.Part) error {
	s, err := p.Segment()
	if s == nil || err != nil {
		return err
	}
	defer p.Release()
	field := func(name string) *fieldStats {
		if fields[name] == nil {
			fields[name] = &fieldStats{Field: name, Encodings: map[string]int64{}}
		}
		return fields[name]
	}
	for _, n := range s.ArrivalSizes() {
		f := field(arrivalField)
		f.Bytes += n
		f.Encodings["integers"] += n
	}
	r := s.NewReader()
	for n, c := range s.Columns() {
		name := c.Name
		switch {
		case c.Params:
			name = paramsField
		case c.Rest:
			name = restField
		}
		f := field(name)
		f.Bytes += c.Size
		f.Shared += 2 * s.SharedSize(n)
		f.Filter += c.FilterSize
		for b := range s.Blocks() {
			block, _, err := r.Column(n, b)
			if err != nil {
				return err
			}
			if block != nil {
				f.Encodings[block.Encoding()] += s.BlockSize(n, b)
			}
		}
	}
	return nil
}

func (a *app) printStats(s sizeStats, format string) error {
	if format == "json" {
		e := json.NewEncoder(a.out)
		e.SetEscapeHTML(false)
		return e.Encode(s)
	}
	each := func(n int64) string { return fmt.Sprintf("%.3f", float64(n)/float64(max(s.Entries, 1))) }
	row := func(name string, n int64, text string) {
		line := fmt.Sprintf("  %-24s %14d %9s  %s", printable(name), n, each(n), text)
		fmt.Fprintln(a.out, strings.TrimRight(line, " "))
	}
	fmt.Fprintf(a.out, "journal %s: %d entries\n  %-24s %14s %9s\n", s.Journal, s.Entries, "", "bytes", "an entry")
	row("all", s.Bytes, "")
	for _, kind := range []string{"segments", "heads", "blobs", "tree", "other"} {
		if n := s.Files[kind]; n > 0 {
			row(kind, n, "")
		}
	}
	for _, f := range s.Fields {
		row(f.Field, f.Bytes, f.kept())
	}
	return a.out.err
}

// kept says in words how a field is kept, what takes most of it first.
func (f *fieldStats) kept() string {
	type part struct {
		name  string
		bytes int64
	}
	parts := []part{{"shared", f.Shared}, {"filter", f.Filter}}
	for name, n := range f.Encodings {
		parts = append(parts, part{name, n})
	}
	sort.Slice(parts, func(i, j int) bool {
		return parts[i].bytes > parts[j].bytes || parts[i].bytes == parts[j].bytes && parts[i].name < parts[j].name
	})
	var words []string
	for _, p := range parts {
		if p.bytes > 0 {
			words = append(words, fmt.Sprintf("%s %d %%", p.name, (200*p.bytes/max(f.Bytes, 1)+1)/2))
		}
	}
	return strings.Join(words, ", ")
}
