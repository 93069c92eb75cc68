package forward

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// LedgerDir is the directory beside a store that holds the places of its outputs, and LedgerFile the file in it.
func LedgerDir(store string) string { return filepath.Clean(store) + ".outputs" }

// LedgerFile is the file in [LedgerDir].
const LedgerFile = "outputs.json"

// maxLedger bounds the file as it is read, in bytes.
const maxLedger = 8 << 20

// noteEvery is how often places are made durable at most. They outlive the process sooner: gatherFor is how long it is
// waited for more before they are written, and how long after that.
const (
	noteEvery = time.Second
	gatherFor = 50 * time.Millisecond
)

// Place is the first entry of a journal that an output has not delivered.
type Place struct {
	ID   string `json:"id"`   // of the journal, 16 hex digits; "" if the journal is not there yet
	Next uint64 `json:"next"` // index
	// Told is the index up to which it was counted what cannot be sent; 0 if nothing was.
	Told uint64 `json:"told,omitempty"`
}

// Noted is what the ledger says of an output.
type Noted struct {
	Places    map[string]Place  `json:"places"`         // by name of the journal
	Target    string            `json:"target"`         // that was used last
	State     string            `json:"state"`          // as of [Status]
	Error     string            `json:"error"`          // the last one, "" if none since it works again
	Delivered uint64            `json:"delivered"`      // messages, since the output is known
	Retried   uint64            `json:"retried"`        // messages that may have left and are sent again
	Dropped   map[string]uint64 `json:"dropped"`        // messages, by reason
	CertDays  *int              `json:"cert_days_left"` // of our own certificate; null without one
}

// Ledger keeps the places of all outputs.
type Ledger struct {
	fsys vfs.FS
	name string

	mu      sync.Mutex // guards everything below
	outputs map[string]Noted
	dirty   bool          // not durable
	noted   chan struct{} // has a value when something was noted
	base    string        // digest of the file; "" if there is none
	number  uint64        // of the next recent file
}

// ledgerFile is the file.
type ledgerFile struct {
	Format  int              `json:"format"` // 0
	Outputs map[string]Noted `json:"outputs"`
}

// OpenLedger reads the places of the outputs of a store, and makes the directory for them.
func OpenLedger(fsys vfs.FS, store string) (*Ledger, error) {
	dir := LedgerDir(store)
	if err := durable.Mkdir(fsys, dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	newest, err := readLedger(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("%w; remove the file to have each output begin where its configuration says", err)
	}
	l := &Ledger{fsys: fsys, name: filepath.Join(dir, LedgerFile), noted: make(chan struct{}, 1)}
	l.outputs, l.base, l.number = newest.outputs, newest.base, newest.number
	return l, nil
}

// ReadLedger reads what is noted of the outputs of a store; nothing if there are none.
func ReadLedger(fsys vfs.FS, store string) (map[string]Noted, error) {
	newest, err := readLedger(fsys, LedgerDir(store))
	return newest.outputs, err
}

// readLedger reads what is noted, with the number of the next recent file.
func readLedger(fsys vfs.FS, dir string) (newest recent, err error) {
	newest.outputs = map[string]Noted{}
	name := filepath.Join(dir, LedgerFile)
	data, err := durable.ReadFile(fsys, name, maxLedger)
	if errors.Is(err, fs.ErrNotExist) {
		return newest, nil
	}
	if err != nil {
		return newest, err
	}
	var f ledgerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return newest, fmt.Errorf("%s: %w", name, err)
	}
	if f.Format != 0 {
		return newest, fmt.Errorf("%s: format %d is newer than this program", name, f.Format)
	}
	if newest.base = digest(data); f.Outputs != nil {
		newest.outputs = f.Outputs
	}
	if r, found := readRecent(fsys, dir, newest.base); found {
		newest.outputs, newest.number = r.outputs, r.number+1
	}
	return newest, nil
}

// get returns what is noted of an output.
func (l *Ledger) get(name string) (Noted, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, known := l.outputs[name]
	n.Places, n.Dropped = maps.Clone(n.Places), maps.Clone(n.Dropped)
	return n, known
}

// set notes something of an output, to be made durable within a second. n belongs to the ledger from then on.
func (l *Ledger) set(name string, n Noted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outputs[name], l.dirty = n, true
	select {
	case l.noted <- struct{}{}:
	default:
	}
}

// Run keeps what is noted, and makes it durable, soon if it has not for a second, until the context ends, and then once
// more.
func (l *Ledger) Run(ctx context.Context, report func(error)) error {
	var durableAt time.Time
	var due <-chan time.Time // to make durable what was only kept
	told := ""
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-due:
		case <-l.noted:
			wait(ctx, gatherFor)
		}
		if age := time.Since(durableAt); age < noteEvery {
			l.keep() // what is wrong with the disk is told when it is to be durable
			due = time.After(noteEvery - age)
			wait(ctx, gatherFor)
			continue
		}
		err := l.Write()
		durableAt, due = time.Now(), nil
		if err == nil {
			told = ""
			continue
		}
		due = time.After(noteEvery)
		if err.Error() != told {
			told = err.Error()
			report(err)
		}
	}
	return l.Write()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Write makes what is noted durable.
func (l *Ledger) Write() error {
	l.mu.Lock()
	if !l.dirty {
		l.mu.Unlock()
		return nil
	}
	data, err := json.MarshalIndent(ledgerFile{Outputs: l.outputs}, "", " ")
	l.dirty = false
	l.mu.Unlock()
	if data = append(data, '\n'); err == nil {
		err = durable.WriteFile(l.fsys, l.name, data, 0o640)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.dirty = true
		return err
	}
	l.base, l.number = digest(data), 0
	return nil
}

// idText is the id of a journal as the ledger has it.
func idText(id [8]byte) string { return hex.EncodeToString(id[:]) }
