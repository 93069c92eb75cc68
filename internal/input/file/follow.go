package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"constat/internal/input"
	"constat/internal/vfs"
)

// Config says which file to follow, and how.
type Config struct {
	Path   string // of a file, or a pattern
	Format input.Format
	// Limit is how many octets of a line are kept; 0 is [DefaultLimit].
	Limit int
	// FromEnd begins a file that was never followed at its end.
	FromEnd bool
	// FS and State are where the position is kept: the name of a file whose directory exists.
	FS    vfs.FS
	State string
	// Poll is how often a file is looked at that does not grow; 0 is 250 ms.
	Poll time.Duration
	// Report, if set, is told what keeps the file from being read, for people, once for each reason.
	Report func(error)
	// Most is how many files of a pattern are open at once; 0 is [DefaultMost].
	Most int
	// Except, if set, reports which files of a pattern are followed otherwise.
	Except func(path string) bool
}

// complete puts the defaults in.
func (c Config) complete() Config {
	c.Limit = cmp.Or(max(c.Limit, 0), DefaultLimit)
	c.Poll = cmp.Or(max(c.Poll, 0), defaultPoll)
	c.Most = cmp.Or(max(c.Most, 0), DefaultMost)
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Except == nil {
		c.Except = func(string) bool { return false }
	}
	return c
}

// Times of a follower.
const (
	defaultPoll = 250 * time.Millisecond
	saveEvery   = time.Second // the position
	restPolls   = 4           // without growth, until a renamed file is left
	retryPolls  = 4           // after an error
)

// Follower is an input that follows one file.
type Follower struct {
	config Config
	source *input.Source
	life   life
	told   string // the error that was reported last

	// Everything below belongs to Run.
	at     position // durable
	saved  position // as it is written down
	saveAt time.Time
	file   *os.File // nil while there is none
	moved  bool     // file is not the one under the path
	next   []string // files that were rotated later, and are to be read before the one under the path
	idle   int      // polls of a moved file without growth
	long   longLine
	buf    []byte
	head   []byte // the octets of which at has the sum; nil if they are not known

	// Of a pattern.
	group  *Many        // nil: the follower is alone
	over   bool         // nothing more is to be read under this path
	looked look         // how the file was when it was read to its end
	quiet  atomic.Int64 // polls without growth
	steps  atomic.Int64 // looks at the file
	asked  atomic.Bool  // others need the room
}

var _ input.Input = (*Follower)(nil)

// Follow prepares. It reads the position, and does not touch the file, which need not exist.
func Follow(c Config) (*Follower, error) {
	c = c.complete()
	f := &Follower{config: c, source: sourceOf("file", c.Path, c.Format), buf: make([]byte, readSize)}
	p, err := load(c.FS, c.State)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", c.Path, err)
	}
	if p != nil {
		f.at, f.saved = *p, *p
	}
	f.at.Path = c.Path
	return f, nil
}

// Name implements [input.Input]: "file /var/log/app.log".
func (f *Follower) Name() string { return f.source.Name }

// Close implements [input.Input].
func (f *Follower) Close() error {
	f.life.close()
	return nil
}

// Run implements [input.Input].
func (f *Follower) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := f.life.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	defer end()
	f.follow(ctx, sink)
	f.save(true)
	f.leave()
	return nil
}

// follow reads until the context ends, or, of a pattern, until nothing more is to come.
func (f *Follower) follow(ctx context.Context, sink input.Sink) {
	f.resume(sink)
	for ctx.Err() == nil && !f.over {
		more, err := f.step(ctx, sink)
		if errors.Is(err, input.ErrClosed) {
			break
		}
		f.report(err)
		f.save(false)
		if err != nil && f.rests() {
			return
		} else if err != nil {
			pause(ctx, f.config.Poll*retryPolls)
		} else if !more && f.rests() {
			return
		} else if !more {
			pause(ctx, f.poll())
		}
	}
}

// report tells people, once for each reason.
func (f *Follower) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != f.told {
		f.config.Report(fmt.Errorf("%s: %w", f.Name(), err))
	}
	f.told = text
}

// save writes the position down, if it is time to.
func (f *Follower) save(now bool) {
	if f.group != nil {
		f.group.note(f)
		return
	}
	if f.at == f.saved || !now && time.Since(f.saveAt) < saveEvery {
		return
	}
	f.saveAt = time.Now()
	if err := f.at.save(f.config.FS, f.config.State); err != nil {
		f.report(err)
		return
	}
	f.saved = f.at
}

// resume finds the file that was followed before: under its path, or beside it if it was rotated meanwhile.
func (f *Follower) resume(sink input.Sink) {
	if f.at.Sum == "" {
		return // never followed
	}
	if f.file, f.moved = f.find(); f.moved {
		f.next = f.newer()
	}
	if f.file == nil && f.at.Offset > 0 {
		sink.Lose(f.source.Name, reasonGone, 1, 0)
	}
	if f.file == nil {
		f.at.Offset, f.at.Head = 0, 0
	}
	f.settle()
}

// find opens the file that the position is of. The same inode is better than the same octets, and the path better than
// its neighbours.
func (f *Follower) find() (found *os.File, moved bool) {
	var names []string
	dir, base := filepath.Split(f.config.Path)
	if entries, err := os.ReadDir(dir); err == nil {
		for _, e := range entries {
			if e.Type().IsRegular() && e.Name() != base && (strings.HasPrefix(e.Name(), base) || f.at.isEntry(e)) {
				names = append(names, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, name := range slices.Insert(names, 0, f.candidates()...) {
		file, err := openFile(name)
		if err != nil {
			continue
		}
		info, err := file.Stat()
		if err != nil || !f.at.isOf(file) || !f.mayTake(name, info) {
			file.Close()
			continue
		}
		if same := f.at.sameInode(info); same || found == nil {
			if found != nil {
				found.Close()
			}
			if found, moved = file, name != f.config.Path; same {
				return found, moved
			}
			continue
		}
		file.Close()
	}
	return found, moved
}

// rotated is what stands behind the name of a file that was rotated and not compressed.
var rotated = regexp.MustCompile(`^[.-][0-9][0-9.-]*$`)

// rotatedEnd is the same, at the end of a whole name.
var rotatedEnd = regexp.MustCompile(`[.-][0-9][0-9.-]*$`)

// newer lists the files that were rotated after the one that is read, oldest first.
func (f *Follower) newer() (names []string) {
	info, err := f.file.Stat()
	if err != nil {
		return nil
	}
	times := map[string]time.Time{}
	dir, base := filepath.Split(f.config.Path)
	entries, _ := os.ReadDir(dir) // of which the file was found
	for _, e := range entries {
		rest, found := strings.CutPrefix(e.Name(), base)
		other, err := e.Info()
		if !found || err != nil || !rotated.MatchString(rest) || !other.Mode().IsRegular() || os.SameFile(info, other) || !other.ModTime().After(info.ModTime()) || !f.claimNew(filepath.Join(dir, e.Name()), other) {
			continue
		}
		name := filepath.Join(dir, e.Name())
		names, times[name] = append(names, name), other.ModTime()
	}
	slices.SortFunc(names, func(a, b string) int { return times[a].Compare(times[b]) })
	return names
}

// open opens the next file, from its start: one that was rotated meanwhile, or that under the path.
func (f *Follower) open() error {
	path, moved := f.config.Path, false
	if len(f.next) == 0 && f.group != nil {
		return f.group.take(f)
	}
	if len(f.next) > 0 {
		path, moved, f.next = f.next[0], true, f.next[1:]
	}
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		f.at.Sum = cmp.Or(f.at.Sum, noSum) // when it comes, it is read from its start
		return nil
	}
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file; a named pipe belongs into listen.pipes", f.config.Path)
	}
	offset := int64(0)
	if err == nil && f.config.FromEnd && f.at.Sum == "" {
		offset = info.Size()
	}
	if err == nil {
		err = f.at.identify(file, offset)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.moved, f.idle, f.long, f.head = file, moved, 0, longLine{}, nil
	return nil
}

// leave closes the file.
func (f *Follower) leave() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
