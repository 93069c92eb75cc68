package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"constat/internal/measure"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// benchmark is a measurement that runs.
type benchmark struct {
	*app
	self   string // this program
	work   string // a directory that is removed afterwards
	rounds int
	text   int64 // bytes of the files
	code   seal.Certificate
	kept   uint64
}

func (m *benchmark) store() string { return filepath.Join(m.work, "store") }

// measure does all of it and prints what it finds as it finds it.
func (m *benchmark) measure(ctx context.Context, format string, files []string) (err error) {
	if m.code, err = journal.Create(vfs.OS(), m.store(), "bench.example"); err != nil {
		return err
	}
	if err := m.load(ctx, format, files); err != nil {
		return err
	}
	if err := m.queries(ctx); err != nil {
		return err
	}
	return m.check(ctx)
}

// load imports the files and prints rate and size.
func (m *benchmark) load(ctx context.Context, format string, files []string) error {
	m.say("constat: importing a copy into %s, which is removed afterwards", m.store())
	args := append([]string{"import", "--format", format, "--"}, files...)
	imported, err := m.run(ctx, nil, m.err, args...)
	if err != nil {
		return err
	}
	rotated, err := m.run(ctx, nil, nil, "rotate")
	if err != nil {
		return err
	}
	if err := m.count(); err != nil {
		return err
	}
	bytes, err := sizeBelow(m.work)
	if err != nil {
		return err
	}
	n, took := float64(m.kept), (imported.took + rotated.took).Seconds()
	return errors.Join(
		reportLine(m.out, "entries", "%s", measure.Number(n)),
		reportLine(m.out, "text", "%s bytes, %s an entry", measure.Number(float64(m.text)), measure.Number(float64(m.text)/n)),
		reportLine(m.out, "on disk", "%s bytes, %s an entry: %s %% of the text", measure.Number(float64(bytes)), measure.Number(float64(bytes)/n), measure.Number(100*float64(bytes)/float64(m.text))),
		reportLine(m.out, "import, until all is in segments", "%s entries/s, %s µs of CPU an entry", measure.Number(n/took), measure.Number((imported.cpu+rotated.cpu).Seconds()*1e6/n)))
}

// count asks the store how many entries there are.
func (m *benchmark) count() error {
	r, err := journal.OpenReader(vfs.OS(), m.store())
	if err != nil {
		return err
	}
	views, err := r.Snapshot(layout.ImportedName)
	if err != nil {
		return err
	}
	if m.kept = views[0].Size; m.kept == 0 {
		return errors.New("the files hold no entry: there is nothing to measure")
	}
	return nil
}

// check verifies the store and prints the rate.
func (m *benchmark) check(ctx context.Context) error {
	r, err := m.run(ctx, nil, nil, "verify", "--code", m.code.Code().String())
	if err != nil {
		return err
	}
	return reportLine(m.out, "verify, every entry", "%s entries/s (%s ms)", measure.Number(float64(m.kept)/r.took.Seconds()), measure.Number(r.took.Seconds()*1e3))
}

// queries prints the times of queries whose words are drawn from the newest messages.
func (m *benchmark) queries(ctx context.Context) error {
	var newest bytes.Buffer
	_, err := m.run(ctx, &newest, nil, "show", "-o", "cat", "-n", strconv.Itoa(sampled), "--no-pager")
	if err != nil {
		return err
	}
	for _, q := range drawQueries(bytes.Split(newest.Bytes(), []byte("\n"))) {
		if err := m.query(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// sampled is how many messages words are drawn from.
const sampled = 10_000

// benchQuery is a query with what it is called.
type benchQuery struct {
	title string
	args  []string
	drawn bool // its word stands in an entry, so it must be found
}

// drawQueries makes the queries. Those whose word cannot be drawn are left out.
func drawQueries(messages [][]byte) []benchQuery {
	list := []benchQuery{{"last 10", []string{"-n", "10"}, false}}
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	letters := func(w string) bool { return !strings.ContainsAny(w, "0123456789") }
	rare := func(w string) bool { return messagesWith(messages, w) <= 1+len(messages)/1000 }
	if w := measure.Word(r, messages, 5, rare); w != "" {
		list = append(list, benchQuery{"word " + w, []string{`"` + w + `"`}, true})
	}
	if w := measure.Word(r, messages, 8, rare); w != "" {
		list = append(list, benchQuery{"substring " + measure.Inside(w), []string{"*" + measure.Inside(w) + "*"}, true})
	}
	if w := measure.Word(r, messages, 5, letters); w != "" {
		expression := measure.Inside(w) + `[a-z]*\b`
		list = append(list, benchQuery{"expression " + expression, []string{"~" + strconv.Quote(expression)}, false})
	}
	return append(list,
		benchQuery{"count by host", []string{"* | stats count() by (host)"}, false},
		benchQuery{"top 10 programs", []string{"* | top 10 app"}, false},
		benchQuery{"count by minute", []string{"* | stats count() by (event:1m)"}, false},
		benchQuery{"everything", nil, true})
}

// messagesWith is how many messages have a text in them.
func messagesWith(messages [][]byte, text string) (n int) {
	for _, m := range messages {
		if bytes.Contains(m, []byte(text)) {
			n++
		}
	}
	return n
}

// query asks once to warm up and to look at the answer, then for the time.
func (m *benchmark) query(ctx context.Context, q benchQuery) error {
	args := append([]string{"show", "-o", "json", "--no-pager"}, q.args...)
	progress := newProgress(m.err, isTerminal(m.err))
	var rows lineCount
	if _, err := m.run(ctx, &rows, nil, args...); err != nil {
		return err
	}
	if q.drawn && rows == 0 {
		return fmt.Errorf("%s: nothing was found, although it was drawn from the entries: please report this", q.title)
	}
	times := make([]float64, m.rounds)
	for i := range times {
		r, err := m.run(ctx, io.Discard, nil, args...)
		if err != nil {
			return err
		}
		times[i] = r.took.Seconds() * 1e3
		progress.show("%s: %d of %d", printable(q.title), i+1, m.rounds)
	}
	progress.clear()
	spread := measure.SpreadOf(times, func(ms float64) float64 { return ms })
	return reportLine(m.out, q.title, "%s ms, %s rows", spread, measure.Number(float64(rows)))
}

// lineCount counts the lines that are written to it.
type lineCount int

func (n *lineCount) Write(b []byte) (int, error) {
	*n += lineCount(bytes.Count(b, []byte("\n")))
	return len(b), nil
}

// ran is what one process took.
type ran struct{ took, cpu time.Duration }

// run runs this program on the temporary store, with nothing of the user's settings. What it prints goes to out, if
// anywhere; what it says goes to talk, or into the error.
func (m *benchmark) run(ctx context.Context, out, talk io.Writer, args ...string) (r ran, err error) {
	c := exec.CommandContext(ctx, m.self, append([]string{"--store", m.store()}, args...)...)
	c.Env = append(os.Environ(), "XDG_CONFIG_HOME="+m.work)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	c.Stdout = out
	if c.Stderr = talk; talk == nil {
		c.Stderr = &said
	}
	begun := time.Now()
	err = c.Run()
	r.took = time.Since(begun)
	if err != nil {
		return r, fmt.Errorf("constat %s: %w\n%s", args[0], err, bytes.TrimSpace(said.Bytes()))
	}
	r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return r, nil
}

// sizeBelow is the size of all files in a directory.
func sizeBelow(dir string) (sum int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
