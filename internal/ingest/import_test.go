package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"constat/entry"
	"constat/internal/parse"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a sink that keeps copies of messages.
type memory struct {
	messages []string
	batches  []int
	cut      []string
	syncs    int
	failAt   int // Append number that fails; 0: none
}

var errSink = errors.New("sink is broken")

func (m *memory) Append(journal string, entries []entry.Entry) (uint64, error) {
	first := uint64(len(m.messages))
	if len(m.batches)+1 == m.failAt {
		return first, errSink
	}
	m.batches = append(m.batches, len(entries))
	for i := range entries {
		e := &entries[i]
		text, _ := e.Get("MESSAGE")
		m.messages = append(m.messages, string(text))
		if lost, ok := e.Get(Truncated); ok {
			m.cut = append(m.cut, string(lost))
		}
		e.Fields = e.Fields[:0] // a sink may change the entries
	}
	return first, nil
}

func (m *memory) Sync() error { m.syncs++; return nil }

// numbered is n lines that say their number.
func numbered(n int) (lines []string, text string) {
	var b strings.Builder
	for i := range n {
		lines = append(lines, fmt.Sprint("line ", i))
		b.WriteString(lines[i] + "\n")
	}
	return lines, b.String()
}

func TestImportBatches(t *testing.T) {
	for _, n := range []int{0, 1, 2, batchEntries - 1, batchEntries, batchEntries + 1, 5*batchEntries + 7} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "eof with data": iotest.DataErrReader,
		} {
			lines, text := numbered(n)
			var sink memory
			var told Stats
			im := Import{Sink: &sink, Journal: "web", Progress: func(s Stats) { told = s }}
			stats, err := im.Run(wrap(strings.NewReader(text)))
			if err != nil || !slices.Equal(sink.messages, lines) {
				t.Fatalf("%d lines, %s: %d kept, %v", n, name, len(sink.messages), err)
			}
			want := Stats{Entries: uint64(n), Octets: int64(len(text) - n)}
			if stats != want || told != want {
				t.Errorf("%d lines, %s: stats %+v, told %+v, want %+v", n, name, stats, told, want)
			}
		}
	}
}

// Lines that do not fit into a batch together, and those that fit into none, come whole and in order.
func TestImportLongLines(t *testing.T) {
	var want []string
	for i, size := range []int{10, batchOctets, 5, batchOctets - 1, 1, batchOctets + 1, 0, 3 * batchOctets, 7, batchOctets / 2, batchOctets/2 + 1} {
		want = append(want, strings.Repeat(string(rune('a'+i)), size))
	}
	for _, end := range []string{"", "\n"} {
		var sink memory
		im := Import{Sink: &sink, Format: parse.Text}
		_, err := im.Run(strings.NewReader(strings.Join(want, "\n") + end))
		if err != nil || !slices.Equal(sink.messages, want) {
			t.Errorf("end %q: %d of %d kept or changed, %v", end, len(sink.messages), len(want), err)
		}
	}
}

func TestImportCutsOverlong(t *testing.T) {
	var sink memory
	im := Import{Sink: &sink, Limit: 100}
	stats, err := im.Run(strings.NewReader("short\n" + strings.Repeat("x", 250) + "\n" + strings.Repeat("y", 100) + "\nlast"))
	want := []string{"short", strings.Repeat("x", 100), strings.Repeat("y", 100), "last"}
	if err != nil || !slices.Equal(sink.messages, want) || !slices.Equal(sink.cut, []string{"150"}) {
		t.Errorf("kept %q, cut %q, %v", sink.messages, sink.cut, err)
	}
	if stats.Cut != 1 || stats.Octets != 5+250+100+4 {
		t.Errorf("stats %+v", stats)
	}
}

func TestImportSinkFails(t *testing.T) {
	lines, text := numbered(10 * batchEntries)
	for failAt := 1; failAt <= 5; failAt++ {
		sink := memory{failAt: failAt}
		im := Import{Sink: &sink}
		stats, err := im.Run(strings.NewReader(text))
		if !errors.Is(err, errSink) {
			t.Errorf("append %d fails: %v", failAt, err)
		}
		if n := uint64(len(sink.messages)); stats.Entries != n || !slices.Equal(sink.messages, lines[:n]) {
			t.Errorf("append %d fails: counted %d, kept %d", failAt, stats.Entries, n)
		}
	}
}

// A sink that fails is told at once, even if the stream goes on without end and brings nothing.
func TestImportSinkFailsWhileReaderBlocks(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		_, text := numbered(batchEntries + 1)
		io.WriteString(w, text) // then nothing more, and no end
	}()
	im := Import{Sink: &memory{failAt: 1}, Format: parse.Text}
	if _, err := im.Run(r); !errors.Is(err, errSink) {
		t.Error(err)
	}
	w.Close() // lets the reading goroutine end
}

// What was read before an error is kept, and the error is told: also one that the reader tells only once.
func TestImportReaderFails(t *testing.T) {
	broken := errors.New("disk is broken")
	for _, n := range []int{0, 1, 100, 3 * batchEntries} {
		for _, format := range []parse.Format{parse.Auto, parse.Text} {
			lines, text := numbered(n)
			var sink memory
			im := Import{Sink: &sink, Format: format}
			stats, err := im.Run(&once{r: strings.NewReader(text), err: broken})
			if !errors.Is(err, broken) || !slices.Equal(sink.messages, lines) || stats.Entries != uint64(n) {
				t.Errorf("%d lines: kept %d, counted %d, error %v", n, len(sink.messages), stats.Entries, err)
			}
		}
	}
	var sink memory
	im := Import{Sink: &sink}
	if _, err := im.Run(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a stream that is cut: %v", err)
	}
}

// once gives its error in place of the first end of the stream.
type once struct {
	r   io.Reader
	err error
}

func (o *once) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	if err == io.EOF && o.err != nil {
		err, o.err = o.err, nil
	}
	return n, err
}

func TestLocal(t *testing.T) {
	var e entry.Entry
	e.AddString("MESSAGE", "m", entry.Claimed)
	Local("direct").AddTo(&e)
	for _, name := range []string{"_TRANSPORT", "_HOSTNAME", "_BOOT_ID", "_PID", "_UID", "_GID", "_COMM", "_EXE", "_CMDLINE"} {
		if value, ok := e.Get(name); !ok || len(value) == 0 {
			t.Errorf("no %s", name)
		}
	}
	for _, f := range e.Fields[1:] {
		if f.Provenance != entry.Observed {
			t.Errorf("%s is %v", f.Name, f.Provenance)
		}
	}
	if id := BootID(); len(id) != 32 || strings.Contains(id, "-") {
		t.Errorf("boot id %q", id)
	}
}

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Append(string, []entry.Entry) (uint64, error) { return 0, nil }
func (discard) Sync() error                                  { return nil }

// The stream is cut, parsed and handed over; no journal is written.
func BenchmarkImport(b *testing.B) {
	line := "<34>1 2025-06-15T15:30:00.123456Z host app 4711 - - connection from 192.0.2.1 refused: no route\n"
	text := bytes.Repeat([]byte(line), 100_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		im := Import{Sink: discard{}, Journal: "imported"}
		if stats, err := im.Run(bytes.NewReader(text)); err != nil || stats.Entries != 100_000 {
			b.Fatal(stats, err)
		}
	}
	b.ReportMetric(float64(b.N)*100_000/b.Elapsed().Seconds(), "entries/s")
}
