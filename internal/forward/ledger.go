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

// noteEvery is how often places are made durable at most, and gatherFor how long it is waited for more when it is time:
// what changes at the start comes together.
const (
	noteEvery = time.Second
	gatherFor = 50 * time.Millisecond
)

// Place is the first entry of a journal that an output has not delivered.
type Place struct {
	ID   string `json:"id"`   // of the journal, 16 hex digits; "" if the journal is not there yet
	Next uint64 `json:"next"` // index
}

// Noted is what the ledger says of an output.
type Noted struct {
	Places    map[string]Place  `json:"places"`         // by name of the journal
	Target    string            `json:"target"`         // that was used last
	State     string            `json:"state"`          // as of [Status]
	Error     string            `json:"error"`          // the last one, "" if none since it works again
	Delivered uint64            `json:"delivered"`      // messages, since the output is known
	Retried   uint64            `json:"retried"`        // messages that were sent again
	Dropped   map[string]uint64 `json:"dropped"`        // messages, by reason
	CertDays  *int              `json:"cert_days_left"` // of our own certificate; null without one
}

// Ledger keeps the places of all outputs.
type Ledger struct {
	fsys vfs.FS
	name string

	mu      sync.Mutex // guards everything below
	outputs map[string]Noted
	dirty   bool
	noted   chan struct{} // has a value when something is dirty
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
	list, err := ReadLedger(fsys, store)
	if err != nil {
		return nil, fmt.Errorf("%w; remove the file to have each output begin where its configuration says", err)
	}
	return &Ledger{fsys: fsys, name: filepath.Join(dir, LedgerFile), outputs: list, noted: make(chan struct{}, 1)}, nil
}

// ReadLedger reads what is noted of the outputs of a store; nothing if there are none.
func ReadLedger(fsys vfs.FS, store string) (map[string]Noted, error) {
	name := filepath.Join(LedgerDir(store), LedgerFile)
	data, err := durable.ReadFile(fsys, name, maxLedger)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]Noted{}, nil
	}
	if err != nil {
		return nil, err
	}
	var f ledgerFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f.Format != 0 {
		return nil, fmt.Errorf("%s: format %d is newer than this program", name, f.Format)
	}
	if f.Outputs == nil {
		f.Outputs = map[string]Noted{}
	}
	return f.Outputs, nil
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

// Run makes what is noted durable, soon if it has not for a second, until the context ends, and then once more.
func (l *Ledger) Run(ctx context.Context, report func(error)) error {
	wait := func(d time.Duration) {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
	told := ""
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-l.noted:
			wait(gatherFor)
		}
		err := l.Write()
		if err == nil {
			told = ""
		} else if err.Error() != told {
			told = err.Error()
			report(err)
		}
		wait(noteEvery - gatherFor)
	}
	return l.Write()
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
	if err == nil {
		err = durable.WriteFile(l.fsys, l.name, append(data, '\n'), 0o640)
	}
	if err != nil {
		l.mu.Lock()
		l.dirty = true
		l.mu.Unlock()
		select {
		case l.noted <- struct{}{}: // to be tried again
		default:
		}
	}
	return err
}

// idText is the id of a journal as the ledger has it.
func idText(id [8]byte) string { return hex.EncodeToString(id[:]) }
