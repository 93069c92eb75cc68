package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"constat/evidence"
	"constat/internal/durable"
	"constat/internal/search"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// signedLog is a journal up to its newest checkpoint, for evidence.
type signedLog struct {
	view   *journal.View
	signed []byte
	size   uint64
}

var _ evidence.Log = (*signedLog)(nil)

// Name implements [evidence.Log].
func (l *signedLog) Name() string { return l.view.Journal.Name }

// Origin implements [evidence.Log].
func (l *signedLog) Origin() string { return l.view.Journal.Origin }

// Checkpoint implements [evidence.Log].
func (l *signedLog) Checkpoint() []byte { return l.signed }

// Leaves implements [evidence.Log].
func (l *signedLog) Leaves(from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		nonces := l.view.Nonces()
		var leaf []byte
		for body, err := range l.view.Leaves(from, to) {
			leaf = leaf[:0]
			if err == nil {
				leaf = nonces.AppendLeaf(leaf, body.Index, body.Body)
			}
			if !yield(leaf, err) {
				return
			}
		}
	}
}

// ReadHashes implements [evidence.Log].
func (l *signedLog) ReadHashes(indexes []int64) ([]seal.Hash, error) {
	return l.view.Hashes(l.size).ReadHashes(indexes)
}

// openLogs are the journals that evidence is taken from, and always that of the store itself.
type openLogs struct {
	asked  []*signedLog
	system *signedLog // may be one of those asked
}

func (l *openLogs) close() {
	for _, x := range append(l.asked, l.system) {
		if x != nil {
			x.view.Close() // read only
		}
	}
}

// openLogs opens journals, by default all.
func (p *proving) openLogs(names []string) (_ *openLogs, err error) {
	if len(names) == 0 {
		if names, err = p.reader.Journals(); err != nil {
			return nil, err
		}
	}
	logs := &openLogs{}
	for _, name := range names {
		l, err := p.openLog(name)
		if err != nil {
			logs.close()
			return nil, err
		}
		if l == nil {
			continue
		}
		logs.asked = append(logs.asked, l)
		if name == layout.System {
			logs.system = l
		}
	}
	if logs.system == nil {
		logs.system, err = p.openLog(layout.System)
	}
	return logs, err
}

// openLog opens a journal as its newest checkpoint signs it; nil: nothing is signed yet.
func (p *proving) openLog(name string) (*signedLog, error) {
	if err := layout.ValidJournalName(name); err != nil {
		return nil, usage("--journal: %w", err)
	}
	file := filepath.Join(p.reader.Dir(), name, layout.CheckpointFile)
	signed, err := durable.ReadFile(vfs.OS(), file, seal.MaxCheckpoint)
	if errors.Is(err, os.ErrNotExist) && hasJournal(filepath.Dir(file)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	views, err := p.reader.Snapshot(name) // after the checkpoint was read: it has all that is signed
	if err != nil {
		return nil, err
	}
	l := &signedLog{view: views[0], signed: signed}
	point, err := seal.OpenCheckpoint(signed, l.Origin(), p.reader.Certificate().Identity)
	if err != nil {
		views[0].Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	l.size = point.Size
	return l, nil
}

func hasJournal(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, layout.JournalFile))
	return err == nil
}

// selections finds the windows, and what in them matches.
func (p *proving) selections(ctx context.Context, logs *openLogs) ([]evidence.Selection, int, error) {
	bounds, err := p.bounds(logs)
	if err != nil {
		return nil, 0, err
	}
	var list []evidence.Selection
	var views []*journal.View
	byID := map[[8]byte]int{}
	for _, l := range logs.asked {
		s := bounds.window(l)
		byID[l.view.Journal.ID] = len(list)
		list, views = append(list, s), append(views, l.view)
	}
	n := 0
	for x, err := range search.Run(ctx, p.capped(views, list), p.query) {
		if err != nil {
			return nil, 0, fmt.Errorf("%w; see 'constat verify'", err)
		}
		s := &list[byID[x.Journal.ID]]
		s.Indexes = append(s.Indexes, x.Index)
		n++
	}
	for i := range list {
		slices.Sort(list[i].Indexes)
		list[i] = bounds.widened(list[i])
	}
	return p.withSomething(list), n, nil
}

// capped cuts views at the ends of their windows: what comes later is not sealed.
func (p *proving) capped(views []*journal.View, list []evidence.Selection) []*journal.View {
	for i, v := range views {
		v.Size = min(v.Size, list[i].To)
	}
	p.query.Store = nil
	return views
}

// withSomething leaves out journals that were not asked for by name and show nothing, unless none shows anything.
func (p *proving) withSomething(list []evidence.Selection) []evidence.Selection {
	shows := func(s evidence.Selection) bool { return len(s.Indexes) > 0 }
	if len(p.flags.journals) > 0 || !slices.ContainsFunc(list, shows) {
		return list
	}
	return slices.DeleteFunc(list, func(s evidence.Selection) bool { return !shows(s) })
}

// askedBy is who runs this program.
func askedBy() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		return u.Username + " (" + name + ")"
	}
	return name
}

// parseTime reads a time of a flag in µs; nil if there is none.
func (p *proving) parseTime(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	read := p.query.ReadTime
	if read == nil {
		read = func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }
	}
	t, err := read(text)
	micros := t.UnixMicro()
	return &micros, err
}
