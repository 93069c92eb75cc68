package file

import (
	"context"
	"fmt"
	"sync"
	"time"

	"constat/internal/input"
)

// DefaultMost is how many files of a pattern are open at once, unless the configuration says otherwise.
const DefaultMost = 1024

// Times of a pattern, in polls.
const (
	scanPolls  = 4  // between two looks at the directories
	quietPolls = 4  // without growth, until a file may be closed to make room
	slowPolls  = 20 // without growth, until a file is looked at as seldom as the directories
)

// Buffers that the files of a pattern share.
const (
	buffers    = 32
	bufferSize = 64 << 10
)

// Many is an input that follows all files that a pattern fits, each by a [Follower] of its own.
type Many struct {
	config  Config // Path is the pattern
	source  *input.Source
	life    life
	sink    input.Sink
	buffers chan []byte
	wake    chan struct{} // somebody has left room
	running sync.WaitGroup

	mu       sync.Mutex
	lanes    map[string]*Follower   // guarded by mu; those that run, by path
	live     map[*Follower]position // guarded by mu; how far they are
	claims   map[fileID]*Follower   // guarded by mu; who reads a file
	rest     map[fileID]resting     // guarded by mu; files that nobody reads now
	held     map[fileID]*held       // guarded by mu; files that are perhaps copies
	seen     map[fileID]string      // guarded by mu; the name of each file at the last look
	dirty    bool                   // guarded by mu; positions are not written down
	short    bool                   // guarded by mu; files wait for room
	failures map[string]string      // guarded by mu; what was reported last of a file, by path
	told     map[string]bool        // what is too much and was said; belongs to Run
	first    bool                   // the pattern was never followed; belongs to Run
	saveAt   time.Time              // belongs to Run
	failed   string                 // the error that was reported last; belongs to Run
	start    []kept                 // positions as they were read; belongs to Run
}

var _ input.Input = (*Many)(nil)

// fileID tells files apart, whatever their names.
type fileID struct{ device, inode uint64 }

// resting is a file that was read to its end and is not open.
type resting struct {
	position
	look
	ended bool // it was left because it has another name by now, and goes without a word
}

// FollowMany prepares to follow the files that c.Path fits, a pattern of [path/filepath.Match]. It reads the positions,
// and touches no file.
func FollowMany(c Config) (*Many, error) {
	if err := CheckPattern(c.Path); err != nil {
		return nil, err
	}
	c = c.complete()
	m := &Many{config: c, source: sourceOf("file", c.Path, c.Format), buffers: make(chan []byte, buffers), wake: make(chan struct{}, 1),
		lanes: map[string]*Follower{}, live: map[*Follower]position{}, claims: map[fileID]*Follower{}, rest: map[fileID]resting{},
		held: map[fileID]*held{}, seen: map[fileID]string{}, told: map[string]bool{}, failures: map[string]string{}}
	for range buffers {
		m.buffers <- nil
	}
	list, known, err := loadMany(c.FS, c.State)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", c.Path, err)
	}
	m.start, m.first = list, !known
	return m, nil
}

// Name implements [input.Input]: "file /var/log/*.log".
func (m *Many) Name() string { return m.source.Name }

// Close implements [input.Input].
func (m *Many) Close() error {
	m.life.close()
	return nil
}

// Run implements [input.Input].
func (m *Many) Run(ctx context.Context, sink input.Sink) error {
	ctx, end, err := m.life.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name(), err)
	}
	defer end()
	m.sink = sink
	look := time.NewTicker(scanPolls * m.config.Poll)
	defer look.Stop()
	m.resume(ctx)
	for ctx.Err() == nil {
		m.report(m.scan(ctx))
		m.save(m.first)
		m.first = false
		select {
		case <-ctx.Done():
		case <-look.C:
		case <-m.wake:
		}
	}
	m.running.Wait()
	m.save(true)
	return nil
}

// report tells people, once for each reason.
func (m *Many) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != m.failed {
		m.config.Report(fmt.Errorf("%s: %w", m.Name(), err))
	}
	m.failed = text
}

// run starts a follower of one file, from a position, whose path it says.
func (m *Many) run(ctx context.Context, at position) {
	c := m.config
	c.Path = at.Path
	f := &Follower{config: c, source: sourceOf("file", at.Path, c.Format), at: at, group: m, looked: unseen}
	m.mu.Lock()
	m.lanes[at.Path], m.live[f], f.told = f, at, m.failures[at.Path]
	if at.Sum != "" {
		m.claims[at.id()] = f
		delete(m.rest, at.id())
	}
	m.mu.Unlock()
	m.running.Go(func() {
		f.follow(ctx, m.sink)
		m.end(f)
	})
}

// end forgets a follower that has ended. How far it was stays if the input ends.
func (m *Many) end(f *Follower) {
	f.leave()
	m.mu.Lock()
	at := m.live[f]
	if !f.over && at.Sum != "" {
		m.rest[at.id()] = resting{position: at, look: f.looked}
	}
	delete(m.lanes, f.config.Path)
	delete(m.live, f)
	if delete(m.failures, f.config.Path); f.told != "" {
		m.failures[f.config.Path] = f.told
	}
	for id, of := range m.claims {
		if of == f {
			delete(m.claims, id)
		}
	}
	m.dirty = true
	short := m.short
	m.mu.Unlock()
	if !short {
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// borrow takes a buffer, and waits for one.
func (m *Many) borrow(ctx context.Context) []byte {
	select {
	case b := <-m.buffers:
		if b == nil {
			b = make([]byte, bufferSize)
		}
		return b
	case <-ctx.Done():
		return nil
	}
}
