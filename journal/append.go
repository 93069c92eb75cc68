package journal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
	"constat/seal"
)

// Limits at which a frame ends.
const (
	maxFrameEntries = 1024
	maxFrameBytes   = 256 << 10
)

// scratch is memory that appending uses again and again.
type scratch struct {
	encoder entry.Encoder
	body    []byte
	payload []byte
	frame   []byte
	blobs   []byte
	leaves  []seal.Hash

	private      []sidecar.Value // of the frame
	privateBytes int
	sidecar      []byte // blocks of them
}

// Append gives the entries their epoch, received time and index in the journal, which is created if need be, and
// writes them. It sets Epoch and Received in entries; Fields stay as they are, also of an entry whose long values go
// to blobs. A field of form private holds its value, not a digest: that and a salt go to the sidecar. It returns the index
// of the first. Nil means received, not durable: see [Writer.Sync].
//
// On an error none of the entries from the returned index on is kept. A full disk leaves the writer usable; after
// [ErrBroken] it must be opened again.
func (w *Writer) Append(journal string, entries []entry.Entry) (first uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return 0, w.broken
	}
	l, err := w.journalLocked(journal)
	if err != nil {
		return 0, err
	}
	received, err := w.receivedLocked()
	first = l.frontier.Size()
	if err != nil {
		return first, err
	}
	for len(entries) > 0 {
		n, err := w.appendFrame(l, entries, received)
		if err != nil {
			return l.frontier.Size(), fmt.Errorf("journal %s: %w", journal, err)
		}
		entries = entries[n:]
	}
	return first, nil
}

// journalLocked returns the journal, created if there is none, and listed in the system journal.
func (w *Writer) journalLocked(name string) (*log, error) {
	l := w.logs[name]
	if l == nil {
		if err := layout.ValidJournalName(name); err != nil {
			return nil, err
		}
		var err error
		if l, err = w.createLog(newJournal(name, w.store.Certificate.Origin+"/"+name)); err != nil {
			return nil, err
		}
	}
	if l.listed {
		return l, nil
	}
	return l, w.announce(l)
}

// announce writes into the system journal who a journal is, and makes it durable before the journal has an entry.
func (w *Writer) announce(l *log) error {
	d := l.desc
	c := layout.NewControl(layout.JournalCreated, "journal "+d.Name+" created")
	c.AddString(layout.JournalName, d.Name, entry.Observed)
	c.AddString(layout.JournalIDOf, fmt.Sprintf("%x", d.ID[:]), entry.Observed)
	c.AddString(layout.Descriptor, d.Digest(), entry.Observed)
	if err := w.control(c); err != nil {
		return err
	}
	if _, err := w.recordFloor(d.Name); err != nil {
		return err
	}
	l.listed = true // if the sync fails the writer is broken, and opening it again looks
	return w.syncSystem()
}

// syncSystem makes the system journal durable before something else refers to its newest entry.
func (w *Writer) syncSystem() error {
	if err := w.logs[layout.System].sync(); err != nil {
		return w.breakLocked(err)
	}
	return nil
}

// control appends one control entry to the system journal.
func (w *Writer) control(c entry.Entry) error {
	received, err := w.receivedLocked()
	if err != nil {
		return err
	}
	_, err = w.appendFrame(w.logs[layout.System], []entry.Entry{c}, received)
	return err
}

// receivedLocked reads the ingest clock. If that opens an epoch, a control entry that holds both clocks is durable
// before any other entry of the epoch; without it the epoch is not opened. lead goes before that into the system
// journal, whether there is a step or not.
func (w *Writer) receivedLocked(lead ...entry.Entry) (int64, error) {
	before := w.clock
	received, s := w.clock.now()
	if s != nil {
		text := fmt.Sprintf("clock stepped by %+.1f s; time epoch %d begins", float64(s.after-s.before)/1e6, w.clock.epoch)
		lead = append(lead, layout.NewControl(layout.ClockStep, text, layout.Before, fmt.Sprint(s.before),
			layout.After, fmt.Sprint(s.after), layout.Boottime, fmt.Sprint(s.boot)))
	}
	if len(lead) == 0 {
		return received, nil
	}
	if _, err := w.appendFrame(w.logs[layout.System], lead, received); err != nil {
		w.clock = before
		return 0, err
	}
	return received, w.syncSystem()
}

// appendFrame writes the first entries of the list as one frame and returns how many. The state of the log changes
// only when the frame is in the file.
func (w *Writer) appendFrame(l *log, entries []entry.Entry, received int64) (int, error) {
	if l.headFull() {
		if err := w.nextHead(l); err != nil {
			return 0, err
		}
	}
	blobSize := l.blobSize
	h, err := w.encode(l, entries, received)
	if err != nil {
		return 0, w.failed(l, blobSize, err)
	}
	if err := w.writeBlobs(l); err != nil {
		return 0, w.failed(l, blobSize, err)
	}
	if err := w.writePrivate(l); err != nil {
		return 0, w.failed(l, blobSize, err)
	}
	w.scratch.frame = w.encoder.Append(w.scratch.frame[:0], w.scratch.payload, h, l.desc.NonceKey)
	if _, err := l.head.file.WriteAt(w.scratch.frame, l.head.size); err != nil {
		return 0, w.failed(l, blobSize, fmt.Errorf("write %s: %w", l.head.name, err))
	}
	l.lastEpoch, l.lastReceived = h.Epoch, h.MaxReceived
	l.head.size += int64(len(w.scratch.frame))
	l.headRaw += int64(len(w.scratch.payload))
	w.keepPrivate(l)
	for _, leaf := range w.scratch.leaves {
		if block, full := l.frontier.Append(leaf); full {
			l.blocks = append(l.blocks, block)
		}
	}
	if h.Kinds&^(1<<entry.Seal) != 0 && w.unsealed == 0 {
		w.unsealed = max(w.clock.seen.Boot, 1)
	}
	if l.desc.Name == layout.System {
		for i := range entries[:h.Count] {
			w.learn(&entries[i])
		}
	}
	return int(h.Count), nil
}

// learn takes from a control entry of the system journal what retention has to know.
func (w *Writer) learn(e *entry.Entry) {
	if e.Kind == entry.Control {
		w.timeline.Learn(e)
	}
}

// nextHead ends the head of a log and begins the next.
func (w *Writer) nextHead(l *log) error {
	if err := l.sync(); err != nil {
		return w.breakLocked(err)
	}
	defer w.tellCompleted()
	return l.newHead(w.fsys)
}

// encode fills the scratch with payload, leaf hashes and blobs of the entries that make the next frame.
func (w *Writer) encode(l *log, entries []entry.Entry, received int64) (frame.Header, error) {
	s := &w.scratch
	s.payload, s.leaves, s.blobs = s.payload[:0], s.leaves[:0], s.blobs[:0]
	s.private, s.privateBytes = s.private[:0], 0
	h := frame.Header{First: l.frontier.Size(), Epoch: w.clock.epoch, MinReceived: received, MaxReceived: received}
	room := MaxHeadEntries - int(h.First-l.head.first)
	for i := range entries[:min(len(entries), maxFrameEntries, room)] {
		e := &entries[i]
		e.Epoch, e.Received = h.Epoch, received
		if err := w.encodeEntry(l, e, h.End()); err != nil {
			return h, fmt.Errorf("entry %d of the batch: %w", i, err)
		}
		h.Count++
		h.Kinds |= 1 << e.Kind
		if len(s.payload) >= maxFrameBytes || len(s.blobs) >= maxFrameBytes || s.privateBytes >= maxFrameBytes {
			break
		}
	}
	return h, nil
}

func (w *Writer) encodeEntry(l *log, e *entry.Entry, index uint64) (err error) {
	s := &w.scratch
	for i := range e.Fields {
		if form := e.Fields[i].Form; form == entry.Blob || form == entry.Packed {
			return fmt.Errorf("field %q refers to a blob instead of holding its value", e.Fields[i].Name)
		}
	}
	e = w.hide(l, e, index)
	s.body, err = s.encoder.AppendBody(s.body[:0], e)
	if errors.Is(err, entry.ErrTooLong) {
		spilled := *e // the caller keeps the values, to try again if the frame cannot be written
		if err = entry.Spill(&spilled, w.spillTo(index)); err != nil {
			return err
		}
		s.body, err = s.encoder.AppendBody(s.body[:0], &spilled)
	}
	if err != nil {
		return err
	}
	s.payload = frame.AppendBody(s.payload, s.body)
	s.leaves = append(s.leaves, l.nonces.LeafHash(index, s.body))
	return nil
}

// spillTo returns what keeps a spilled value of the entry at index: a blob record with a salt of its own.
func (w *Writer) spillTo(index uint64) func(int, []byte) ([entry.DigestSize]byte, error) {
	return func(ordinal int, value []byte) ([entry.DigestSize]byte, error) {
		var salt [entry.SaltSize]byte
		rand.Read(salt[:])
		if len(value) > layout.MaxBlob {
			return [entry.DigestSize]byte{}, fmt.Errorf("value of %d bytes: the limit is %d", len(value), layout.MaxBlob)
		}
		w.scratch.blobs = layout.AppendBlob(w.scratch.blobs, w.blobZstd, index, uint32(ordinal), salt, value)
		return entry.BlobDigest(salt, value), nil
	}
}

// writeBlobs makes the blobs of the frame durable before the frame names them.
func (w *Writer) writeBlobs(l *log) error {
	if len(w.scratch.blobs) == 0 {
		return nil
	}
	f, err := l.blobFile(w.fsys)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(w.scratch.blobs, l.blobSize); err != nil {
		return fmt.Errorf("write blobs of %s: %w", l.head.name, err)
	}
	if err := f.Sync(); err != nil {
		return w.breakLocked(fmt.Errorf("sync blobs of %s: %w", l.head.name, err))
	}
	l.blobSize += int64(len(w.scratch.blobs))
	return nil
}

// failed takes back what a frame that could not be written left in the files. If that fails too, the writer is broken.
func (w *Writer) failed(l *log, blobSize int64, cause error) error {
	if w.broken != nil {
		return cause
	}
	var errs []error
	if size, err := l.head.file.Size(); err != nil || size > l.head.size {
		errs = append(errs, err, l.head.truncate())
	}
	if l.blobs != nil {
		l.blobSize = max(blobSize, frame.HeadHeaderSize)
		if size, err := l.blobs.Size(); err != nil || size > l.blobSize {
			errs = append(errs, err, l.blobs.Truncate(l.blobSize), l.blobs.Sync()) // else a crash brings it back
		}
	}
	errs = append(errs, l.sidecar.takeBack())
	if err := errors.Join(errs...); err != nil {
		return w.breakLocked(errors.Join(cause, err))
	}
	return cause
}
