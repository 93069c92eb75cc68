package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"constat/entry"
	"constat/internal/parse"
)

// Sink takes batches of entries; the journal's writer is one.
type Sink interface {
	// Append must keep the entries in order and return the index of the first. Nil means received. On an error a
	// beginning of them may be kept; a [PartialError] says how much. It may change the entries and must not hold on to them.
	Append(journal string, entries []entry.Entry) (first uint64, err error)
	// Sync must make durable everything appended before.
	Sync() error
}

// Import reads a stream of entries into a journal.
type Import struct {
	Sink     Sink
	Journal  string
	Format   parse.Format // Auto: looks at the first octets
	Location *time.Location
	Limit    int // bytes of an entry; 0: 16 MiB. Of longer ones the beginning is kept, and how much was lost
	// Progress, if set, is told the numbers of entries and octets received so far.
	Progress func(Stats)
}

// Stats counts what was received.
type Stats struct {
	Entries uint64
	Octets  int64
	Cut     uint64 // entries that were longer than the limit
}

// Sizes of a batch.
const (
	batchEntries = 4096
	batchOctets  = 1 << 20
	batches      = 3 // one is filled, one is appended, one waits
	headSize     = 64 << 10
	syncEvery    = time.Second
)

// Truncated is the field that says how many octets of an entry were lost because it was longer than the limit.
const Truncated = "_TRUNCATED_BYTES"

// batch holds entries and all memory that they point into.
type batch struct {
	parser  *parse.Parser
	octets  []byte
	entries []entry.Entry
	now     int64 // µs, when filling began
	stats   Stats
	err     error // of the stream, behind these entries
}

// Run reads r to its end. On an error the entries counted in the statistics have been received, in order. If the sink fails Run returns at once: a reader that blocks then
// holds one goroutine until it returns.
func (im *Import) Run(r io.Reader) (Stats, error) {
	format := im.Format
	if format == parse.Auto {
		format, r = detect(r)
	}
	p := &pipeline{Import: im, splitter: parse.NewSplitter(r, format, im.Limit),
		free: make(chan *batch, batches), full: make(chan *batch, batches)}
	for range batches {
		parser := parse.New(format, parse.Options{Provenance: entry.Imported, Location: im.Location})
		p.free <- &batch{parser: parser, octets: make([]byte, 0, batchOctets), entries: make([]entry.Entry, batchEntries)}
	}
	go p.fill()
	return p.drain()
}

// detect looks at the first octets of a stream. It returns a reader of the whole stream, with the error that was met.
func detect(r io.Reader) (parse.Format, io.Reader) {
	buffered := bufio.NewReaderSize(r, headSize)
	head, err := buffered.Peek(headSize)
	r = buffered
	if err != nil { // Peek has taken it out of the reader
		r = io.MultiReader(bytes.NewReader(head), failing{err})
	}
	return parse.Detect(head), r
}

// failing is the end of a stream.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// pipeline is one run of an import.
type pipeline struct {
	*Import
	splitter *parse.Splitter
	free     chan *batch // to be filled; closed when draining stops
	full     chan *batch // to be appended
	held     []byte      // octets that did not fit into the batch before
	heldLost int64
	holding  bool
}

// fill parses the stream into batches until it ends.
func (p *pipeline) fill() {
	defer close(p.full)
	for b := range p.free {
		b.parser.Release()
		b.octets, b.stats, b.err, b.now = b.octets[:0], Stats{}, nil, time.Now().UnixMicro()
		n := 0
		for n < batchEntries {
			octets, lost, err := p.next()
			if err != nil {
				b.err = err
				break
			}
			if n > 0 && len(b.octets)+len(octets) > cap(b.octets) {
				p.held, p.heldLost, p.holding = append(p.held[:0], octets...), lost, true
				break
			}
			p.parse(b, &b.entries[n], octets, lost)
			n++
		}
		b.stats.Entries = uint64(n)
		b.entries = b.entries[:n]
		p.splitter.Recycle()
		p.full <- b
		if b.err != nil {
			return
		}
	}
}

func (p *pipeline) next() (octets []byte, lost int64, err error) {
	if p.holding {
		p.holding = false
		return p.held, p.heldLost, nil
	}
	return p.splitter.Next()
}

// parse copies the octets into the batch and makes an entry of them. An entry longer than a batch has its own memory.
func (p *pipeline) parse(b *batch, e *entry.Entry, octets []byte, lost int64) {
	b.octets = append(b.octets, octets...)
	own := b.octets[len(b.octets)-len(octets):]
	b.parser.Parse(e, own, b.now)
	b.stats.Octets += int64(len(octets)) + lost
	if lost > 0 {
		b.stats.Cut++
		e.Add(Truncated, fmt.Append(nil, lost), entry.Observed)
	}
}

// drain appends full batches until the stream ends.
func (p *pipeline) drain() (total Stats, err error) {
	synced := time.Now()
	for b := range p.full {
		if err == nil && len(b.entries) > 0 {
			_, err = p.Sink.Append(p.Journal, b.entries)
			if err != nil {
				total.Entries += uint64(keptOf(len(b.entries), err))
			}
		}
		if err == nil && time.Since(synced) > syncEvery {
			err = p.Sink.Sync()
			synced = time.Now()
		}
		if err != nil {
			close(p.free) // filling ends with the batch at hand: there is room for all batches
			return total, err
		}
		total.Entries += b.stats.Entries
		total.Octets += b.stats.Octets
		total.Cut += b.stats.Cut
		if p.Progress != nil {
			p.Progress(total)
		}
		if b.err != nil {
			return total, notEOF(b.err)
		}
		b.entries = b.entries[:batchEntries]
		p.free <- b
	}
	return total, nil
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
