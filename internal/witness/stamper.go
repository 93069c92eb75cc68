package witness

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// DefaultStampEvery is the time between two stamps of a journal.
const DefaultStampEvery = 24 * time.Hour

// Content types of RFC 3161, section 3.4, and limits.
const (
	queryType   = "application/timestamp-query"
	replyType   = "application/timestamp-reply"
	stampLook   = 10 * time.Second // at what is due
	stampRetry  = time.Minute      // first, doubled up to
	maxStampTry = time.Hour
)

// StamperConfig is what the stamper needs. FS, Reader, URL and Write must be set.
type StamperConfig struct {
	FS       vfs.FS
	Reader   *journal.Reader
	URL      string // of the authority
	Journals []string
	Every    time.Duration // 0: DefaultStampEvery
	// Write appends entries to the journal "system" and returns when they are durable and signed.
	Write  func(context.Context, []entry.Entry) error
	HTTP   *http.Client
	Report func(error)
	Now    func() time.Time
}

// Stamper has checkpoints stamped by an authority (RFC 3161). The token and the checkpoint stand in files of the journal,
// and in an entry of "system".
type Stamper struct {
	StamperConfig
	due     map[string]time.Time // by journal; these belong to the goroutine of Run
	backoff time.Duration

	mu     sync.Mutex
	states map[string]State // guarded by mu
}

// NewStamper returns a stamper.
func NewStamper(c StamperConfig) *Stamper {
	if c.HTTP == nil {
		c.HTTP = newHTTP()
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Every == 0 {
		c.Every = DefaultStampEvery
	}
	return &Stamper{StamperConfig: c, due: map[string]time.Time{}, states: map[string]State{}}
}

// Run stamps until the context ends.
func (s *Stamper) Run(ctx context.Context) error {
	for {
		s.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(stampLook):
		}
	}
}

// States returns how it stands with each journal; the witness is the address of the authority.
func (s *Stamper) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []State
	for _, name := range s.Journals {
		if x, ok := s.states[name]; ok {
			list = append(list, x)
		}
	}
	return list
}

func (s *Stamper) round(ctx context.Context) {
	for _, name := range s.Journals {
		if s.Now().Before(s.due[name]) || ctx.Err() != nil {
			continue
		}
		point, at, err := s.journal(ctx, name)
		if ctx.Err() != nil {
			return
		}
		s.settle(name, point, at, err)
	}
}

// settle notes how it went, and when to try again.
func (s *Stamper) settle(name string, point seal.Checkpoint, at time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.states[name]
	x.Witness, x.Journal = s.URL, name
	if err != nil {
		s.backoff = min(max(2*s.backoff, stampRetry), maxStampTry)
		s.due[name] = s.Now().Add(s.backoff)
		if x.Problem != err.Error() {
			s.Report(fmt.Errorf("time stamp of journal %s by %s: %w", name, s.URL, err))
		}
		x.Failures, x.Problem = x.Failures+1, err.Error()
	} else if at.IsZero() { // nothing to stamp yet
		s.due[name] = s.Now().Add(stampLook)
	} else {
		s.backoff, s.due[name] = 0, at.Add(s.Every)
		x.Size, x.Time, x.Problem = point.Size, at, ""
	}
	s.states[name] = x
}

// journal returns the checkpoint that was stamped last and when, by our clock, after stamping it if that is due.
func (s *Stamper) journal(ctx context.Context, name string) (point seal.Checkpoint, at time.Time, err error) {
	dir := filepath.Join(s.Reader.Dir(), name)
	if note, stamp, err := ReadStamp(s.FS, dir); err == nil && s.Now().Sub(stamp.Time) < s.Every {
		head, err := headOf(note)
		return head.Checkpoint, stamp.Time, err
	}
	point, err = s.Reader.Checkpoint(name)
	if err != nil || point.Size == 0 {
		return point, time.Time{}, err
	}
	note, err := durable.ReadFile(s.FS, filepath.Join(dir, layout.CheckpointFile), seal.MaxCheckpoint)
	if err != nil {
		return point, time.Time{}, err
	}
	head, err := headOf(note)
	if err != nil {
		return point, time.Time{}, err
	}
	stamp, der, err := s.ask(ctx, note)
	if err != nil {
		return point, time.Time{}, err
	}
	if err := s.keep(ctx, dir, name, head, note, der, stamp); err != nil {
		return point, time.Time{}, err
	}
	return head.Checkpoint, s.Now(), nil
}

func headOf(note []byte) (seal.TreeHead, error) {
	text, _, err := seal.Cosignatures(note)
	if err != nil {
		return seal.TreeHead{}, err
	}
	return seal.ParseTreeHead(text)
}

// ask has the authority stamp a note.
func (s *Stamper) ask(ctx context.Context, note []byte) (*seal.Timestamp, []byte, error) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails (crypto/rand)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(seal.TimestampRequest(note, nonce)))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", queryType)
	r.Header.Set("Accept", replyType)
	w, err := s.HTTP.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer w.Body.Close()
	der, err := io.ReadAll(io.LimitReader(w.Body, layout.MaxToken+1))
	switch {
	case err != nil:
		return nil, nil, err
	case w.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("the authority answered %d %s", w.StatusCode, printable(string(der)))
	case len(der) > layout.MaxToken:
		return nil, nil, fmt.Errorf("the answer has more than %d bytes", layout.MaxToken)
	}
	stamp, err := seal.ParseTimestamp(der)
	if err == nil && !stamp.Answers(note, nonce) {
		err = errors.New("the answer is not about what was asked")
	}
	return stamp, der, err
}

// keep writes the token beside the checkpoint that it is about, and into "system". Between the two files a crash may
// leave a token of another checkpoint: then the next round asks again.
func (s *Stamper) keep(ctx context.Context, dir, name string, head seal.TreeHead, note, der []byte, stamp *seal.Timestamp) error {
	err := durable.WriteFile(s.FS, filepath.Join(dir, layout.TimestampedFile), note, outsideMode)
	if err == nil {
		err = durable.WriteFile(s.FS, filepath.Join(dir, layout.TokenFile), der, outsideMode)
	}
	if err != nil {
		return err
	}
	e := layout.NewControl(layout.Timestamped, fmt.Sprintf("journal %s: %d entries stamped at %s by %s", name, head.Size, stamp.Time.Format(time.RFC3339), s.URL),
		layout.JournalName, name, layout.CheckpointOf, string(note), layout.TokenOf, string(der))
	return s.Write(ctx, []entry.Entry{e})
}

// ReadStamp reads the checkpoint of a journal in the directory dir that was stamped last, and the token, which is about
// it. Nothing else of the token is checked.
func ReadStamp(fsys vfs.FS, dir string) (note []byte, stamp *seal.Timestamp, err error) {
	if note, err = durable.ReadFile(fsys, filepath.Join(dir, layout.TimestampedFile), seal.MaxCheckpoint); err != nil {
		return nil, nil, err
	}
	name := filepath.Join(dir, layout.TokenFile)
	der, err := durable.ReadFile(fsys, name, layout.MaxToken)
	if err != nil {
		return nil, nil, err
	}
	if stamp, err = seal.ParseTimestamp(der); err == nil && !stamp.Stamps(note) {
		err = fmt.Errorf("%w: is about another checkpoint than %s", seal.ErrTimestamp, layout.TimestampedFile)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return note, stamp, nil
}

// ReadStampHead is [ReadStamp] with the checkpoint read. Its signature is not checked.
func ReadStampHead(fsys vfs.FS, dir string) (seal.TreeHead, *seal.Timestamp, error) {
	note, stamp, err := ReadStamp(fsys, dir)
	if err != nil {
		return seal.TreeHead{}, nil, err
	}
	head, err := headOf(note)
	return head, stamp, err
}
