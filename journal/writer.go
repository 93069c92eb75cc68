package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"sync"
	"syscall"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"

	"github.com/klauspost/compress/zstd"
)

// Options of a writer. The zero value is the production setting.
type Options struct {
	Clock  Clock   // nil: SystemClock
	Memory *Memory // of conversions; nil: the writer has its own

	Private []PrivateRule // see [Writer.SetPrivate]
	Floors  *Policy       // whose floors hold until [Writer.Prune] is given others; of a new store, from its first entry on
	// Machine says what a seal says of the machine; nil: ThisMachine.
	Machine func() Machine
}

// ErrBroken is wrapped by every call on a writer after a write or a sync went wrong in a way that leaves the files
// unsure. Close it and open it again: opening recovers.
var ErrBroken = errors.New("writer must be reopened")

// Writer is the one writer of a store. Its methods may be called concurrently.
type Writer struct {
	fsys     vfs.FS
	dir      string
	store    layout.Store
	identity *seal.Identity
	lock     io.Closer
	notices  []string // what recovery did, for people
	found    map[string]uint64

	completed  chan struct{}   // has a value when there may be heads to convert
	open       context.Context // ends when the writer is closed
	end        context.CancelFunc
	pruning    sync.Mutex      // held by the one retention run; taken before mu
	timeline   layout.Timeline // what the control entries say; guarded by mu, as is held
	held       map[Held]int64  // limits that the floor keeps retention from, and when it was told last, µs
	converting sync.WaitGroup  // conversions that run; added to while mu is held
	memory     *Memory         // that they take

	cataloguing sync.Mutex // held while a catalogue is written

	private []PrivateRule // guarded by mu

	machine func() Machine
	sealer  sealer

	signing  sync.Mutex // taken before mu, by whoever signs or closes
	mu       sync.Mutex // guards everything below
	clock    ingestClock
	logs     map[string]*log
	broken   error   // the first error after which the files are unsure
	floors   *Policy // whose floors hold; nil is not known yet
	unsealed int64   // since when entries wait for a seal, µs since boot; 0: none do
	encoder  *frame.Encoder
	blobZstd *zstd.Encoder
	scratch  scratch
}

// OpenWriter locks the store in dir and recovers it. It returns an error that wraps [vfs.ErrLocked] if there is
// another writer, and [ErrNoStore] if there is no store.
func OpenWriter(fsys vfs.FS, dir string, o Options) (*Writer, error) {
	store, err := readStore(fsys, dir)
	if err != nil {
		return nil, err
	}
	identity, err := readIdentity(fsys, dir, store.Certificate.Origin)
	if err != nil {
		return nil, err
	}
	if identity.Public() != store.Certificate.Identity {
		return nil, fmt.Errorf("%s: identity key is not the one that %s names", layout.KeysDir(dir), layout.StoreFile)
	}
	lock, err := fsys.Lock(filepath.Join(dir, layout.LockFile))
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	w := &Writer{fsys: fsys, dir: dir, store: store, identity: identity, lock: lock, logs: map[string]*log{},
		completed: make(chan struct{}, 1), memory: cmp.Or(o.Memory, new(Memory))}
	w.open, w.end = context.WithCancel(context.Background())
	w.private, w.clock.read, w.floors = o.Private, o.Clock, o.Floors
	if o.Clock == nil {
		w.clock.read = SystemClock
	}
	if w.machine = o.Machine; o.Machine == nil {
		w.machine = ThisMachine
	}
	if err := w.begin(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Writer) begin() (err error) {
	w.encoder = frame.NewEncoder()
	if w.blobZstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false)); err != nil {
		return err
	}
	if err := w.recover(); err != nil {
		return err
	}
	for _, l := range w.logs {
		if err := completeCatalogue(w.fsys, l.dir, l.desc); err != nil {
			w.notices = append(w.notices, fmt.Sprintf("journal %s: its catalogue could not be written, searches open every segment: %v", l.desc.Name, err))
		}
	}
	if w.Unconverted() > 0 {
		w.tellCompleted()
	}
	return nil
}

func readStore(fsys vfs.FS, dir string) (layout.Store, error) {
	name := filepath.Join(dir, layout.StoreFile)
	data, err := durable.ReadFile(fsys, name, layout.MaxDescriptor)
	if isNotExist(err) {
		return layout.Store{}, fmt.Errorf("%s: %w", dir, ErrNoStore)
	}
	if err != nil {
		return layout.Store{}, err
	}
	store, err := layout.ParseStore(data)
	if err != nil {
		return layout.Store{}, fmt.Errorf("%s: %w", name, err)
	}
	return store, nil
}

// Notices says what recovery had to do when the writer was opened, one sentence each.
func (w *Writer) Notices() []string { return w.notices }

// Certificate is certificate 0 of the store.
func (w *Writer) Certificate() seal.Certificate { return w.store.Certificate }

// Found is the number of entries of each journal as opening found it, before anything was appended.
func (w *Writer) Found() map[string]uint64 { return w.found }

// Sizes is the number of entries of each journal, received ones included.
func (w *Writer) Sizes() map[string]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	sizes := make(map[string]uint64, len(w.logs))
	for name, l := range w.logs {
		sizes[name] = l.frontier.Size()
	}
	return sizes
}

// Size is the number of entries of a journal, received ones included; 0 if there is no such journal.
func (w *Writer) Size(journal string) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.logs[journal]; l != nil {
		return l.frontier.Size()
	}
	return 0
}

// Rotate ends the heads of all journals: the next entry begins a new one. Everything appended before is durable.
func (w *Writer) Rotate() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.syncLocked(); err != nil {
		return err
	}
	for _, l := range w.sortedLogs() {
		if l.frontier.Size() == l.head.first {
			continue
		}
		if err := l.newHead(w.fsys); err != nil {
			return w.unlessFull(err)
		}
	}
	w.tellCompleted()
	return w.syncLocked()
}

// Close releases the store. It syncs nothing: what is not durable by then was not promised. A conversion is cut short.
// It may be called twice.
func (w *Writer) Close() error {
	w.end()
	w.stop()
	w.converting.Wait()
	err := w.sealer.close()
	w.signing.Lock()
	defer w.signing.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return err
	}
	errs := []error{err}
	for _, l := range w.logs {
		errs = append(errs, l.close())
	}
	w.logs = map[string]*log{}
	errs = append(errs, w.lock.Close())
	w.lock = nil
	return errors.Join(errs...)
}

// stop ends the use of the writer.
func (w *Writer) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = fmt.Errorf("store %s is closed: %w", w.dir, ErrBroken)
}

// isFull reports whether an error says that there is no room left.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// unlessFull breaks the writer, unless the disk is full: then nothing that was durable has changed.
func (w *Writer) unlessFull(err error) error {
	if isFull(err) {
		return err
	}
	return w.breakLocked(err)
}

func (w *Writer) breakLocked(err error) error {
	if w.broken != nil {
		return w.broken
	}
	w.broken = fmt.Errorf("%w after: %w", ErrBroken, err)
	return w.broken
}

// sortedLogs keeps the order of operations the same in every run, the system journal last: it may speak of the others.
func (w *Writer) sortedLogs() []*log {
	logs := make([]*log, 0, len(w.logs))
	for _, l := range w.logs {
		logs = append(logs, l)
	}
	sort.Slice(logs, func(i, j int) bool {
		a, b := logs[i].desc.Name, logs[j].desc.Name
		if (a == layout.System) != (b == layout.System) {
			return b == layout.System
		}
		return a < b
	})
	return logs
}
