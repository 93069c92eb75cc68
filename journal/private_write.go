package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// commandLine is the field that holds what a process was started with: of one that was given a private value as an
// argument, that too.
const commandLine = "_CMDLINE"

// PrivateRule says which fields are private, whatever their sender says.
type PrivateRule struct {
	Journal string   // "" is every journal
	Tag     string   // SYSLOG_IDENTIFIER; "" is every one
	Fields  []string // names
}

// SetPrivate changes which fields of entries that are appended from now on are private.
func (w *Writer) SetPrivate(rules []PrivateRule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.private = slices.Clone(rules)
}

// sidecarFile is the file of private values of the present head.
type sidecarFile struct {
	name    string
	file    vfs.File
	key     sidecar.Key
	size    int64 // behind the last block of an entry that is in the head
	written int64 // behind the last block of the frame at hand
}

// untold is a block of private values that no control entry names yet.
type untold struct {
	first uint64 // of the file
	end   uint64 // index behind its last entry
	hash  sidecar.Hash
}

// hide returns an entry as it is to be stored: digests in the place of private values, which go to the scratch. It is the
// entry itself if it has none. If one field is private, so are the octets as they were received and the command line of
// the sender: either may hold the value.
func (w *Writer) hide(l *log, e *entry.Entry, index uint64) *entry.Entry {
	private := w.privateFields(l.desc.Name, e)
	if private == nil {
		return e
	}
	hidden := *e
	hidden.Fields = slices.Clone(e.Fields)
	for i := range hidden.Fields {
		f := &hidden.Fields[i]
		if !private[i] {
			continue
		}
		v := sidecar.Value{Ref: sidecar.Ref{Index: index, Position: uint32(i)}, Value: f.Value}
		rand.Read(v.Salt[:])
		digest := entry.PrivateDigest(v.Salt, f.Name, f.Value)
		*f = entry.Field{Name: f.Name, Provenance: f.Provenance, Form: entry.Private, Value: digest[:]}
		w.scratch.private = append(w.scratch.private, v)
		w.scratch.privateBytes += len(v.Value)
	}
	return &hidden
}

// privateFields says which fields of an entry are private; nil if none is. Control entries and seals have none.
func (w *Writer) privateFields(journal string, e *entry.Entry) []bool {
	if isKept(e.Kind) || len(w.private) == 0 && !hasPrivate(e) {
		return nil
	}
	var private []bool
	mark := func(is func(*entry.Field) bool) {
		for i := range e.Fields {
			if f := &e.Fields[i]; is(f) {
				if private == nil {
					private = make([]bool, len(e.Fields))
				}
				private[i] = true
			}
		}
	}
	mark(func(f *entry.Field) bool { return f.Form == entry.Private })
	for i := range w.private {
		if r := &w.private[i]; r.concerns(journal, e) {
			mark(func(f *entry.Field) bool { return slices.Contains(r.Fields, f.Name) })
		}
	}
	if private != nil {
		mark(func(f *entry.Field) bool { return f.Name == entry.Raw || f.Name == commandLine })
	}
	return private
}

func hasPrivate(e *entry.Entry) bool {
	for i := range e.Fields {
		if e.Fields[i].Form == entry.Private {
			return true
		}
	}
	return false
}

func (r *PrivateRule) concerns(journal string, e *entry.Entry) bool {
	if r.Journal != "" && r.Journal != journal {
		return false
	}
	if r.Tag == "" {
		return true
	}
	tag, _ := e.Get("SYSLOG_IDENTIFIER")
	return string(tag) == r.Tag
}

// writePrivate makes the private values of the frame durable before the frame names them.
func (w *Writer) writePrivate(l *log) error {
	if len(w.scratch.private) == 0 {
		return nil
	}
	s, err := l.sidecarFile(w.fsys, w.dir)
	if err != nil {
		return err
	}
	w.scratch.sidecar = sidecar.AppendBlocks(w.scratch.sidecar[:0], s.key, w.scratch.private)
	if _, err := s.file.WriteAt(w.scratch.sidecar, s.size); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	if err := s.file.Sync(); err != nil {
		return w.breakLocked(fmt.Errorf("sync %s: %w", s.name, err))
	}
	s.written = s.size + int64(len(w.scratch.sidecar))
	return nil
}

// keepPrivate notes that the frame which names the newest private values is in the head.
func (w *Writer) keepPrivate(l *log) {
	if len(w.scratch.private) == 0 {
		return
	}
	l.headRaw += int64(w.scratch.privateBytes)
	l.sidecar.size = l.sidecar.written
	blocks, at := w.scratch.sidecar, bytes.NewReader(w.scratch.sidecar)
	for offset := int64(0); offset < int64(len(blocks)); {
		b, ok, err := sidecar.BlockAt(at, offset, int64(len(blocks)))
		if !ok || err != nil {
			panic("journal: a block of private values that was just made cannot be read")
		}
		hash, _ := b.Hash(at) // of memory
		l.untold = append(l.untold, untold{first: l.head.first, end: b.End(), hash: hash})
		offset += b.Length
	}
	clear(w.scratch.private) // the values are not ours to hold on to
}

// takeBack cuts off what a frame that could not be written left in the file.
func (s *sidecarFile) takeBack() error {
	if s == nil {
		return nil
	}
	size, err := s.file.Size()
	if err != nil || size > s.size {
		return errors.Join(err, s.file.Truncate(s.size), s.file.Sync())
	}
	return nil
}

// sidecarFile returns the file of private values of the present head, made if need be.
func (l *log) sidecarFile(fsys vfs.FS, store string) (*sidecarFile, error) {
	if l.sidecar != nil {
		return l.sidecar, nil
	}
	s := &sidecarFile{name: filepath.Join(l.dir, layout.PrivateName(l.head.first))}
	if err := s.open(fsys, store, l.desc.Header(frame.Private, l.head.first)); err != nil {
		return nil, err
	}
	l.sidecar = s
	return s, nil
}

// open opens the file where there is one with blocks, and makes it otherwise. If the key of those blocks cannot be had,
// those that follow get another: what comes in must not wait for it.
func (s *sidecarFile) open(fsys vfs.FS, store string, header frame.FileHeader) (err error) {
	blocks, size, err := readBlocks(fsys, s.name)
	if err != nil && !isNotExist(err) {
		return err
	}
	if len(blocks) == 0 {
		return s.create(fsys, store, header)
	}
	if s.key, err = readKey(fsys, store, blocks[len(blocks)-1].Key); err != nil {
		if s.key, err = makeKey(fsys, store); err != nil {
			return err
		}
	}
	s.file, err = fsys.OpenWrite(s.name)
	s.size = size
	return err
}

func (s *sidecarFile) create(fsys vfs.FS, store string, header frame.FileHeader) (err error) {
	if s.key, err = makeKey(fsys, store); err != nil {
		return err
	}
	if s.file, err = createFile(fsys, s.name); err != nil {
		return err
	}
	if _, err := s.file.WriteAt(frame.AppendFileHeader(nil, header), 0); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", s.name, err), s.file.Close(), fsys.Remove(s.name))
	}
	s.size = frame.HeadHeaderSize
	return nil
}

// closeSidecar ends the use of the file of private values.
func (l *log) closeSidecar() error {
	s := l.sidecar
	if l.sidecar = nil; s == nil {
		return nil
	}
	return s.file.Close()
}

// readBlocks reads tables of a file of private values, and where the last block ends.
func readBlocks(fsys vfs.FS, name string) (blocks []sidecar.Block, end int64, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close() // only read
	size, err := f.Size()
	if err != nil {
		return nil, 0, err
	}
	end = frame.HeadHeaderSize
	for b, err := range sidecar.Blocks(f, size) {
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		if !b.Gap {
			blocks, end = append(blocks, b), b.Offset+b.Length
		}
	}
	return blocks, end, nil
}

// hashesAtOnce is how many blocks one control entry names.
const hashesAtOnce = 500

// tellPrivate writes into the system journal which blocks of private values there are, before the entries that they
// belong to are signed. These are made durable first: no control entry may name a block whose entry is lost.
func (w *Writer) tellPrivate() error {
	for _, l := range w.sortedLogs() {
		if len(l.untold) == 0 {
			continue
		}
		if err := l.sync(); err != nil {
			return w.breakLocked(err)
		}
		for len(l.untold) > 0 {
			n := 1
			for n < min(len(l.untold), hashesAtOnce) && l.untold[n].first == l.untold[0].first {
				n++
			}
			if err := w.control(saysPrivate(l.desc, l.untold[:n])); err != nil {
				return err
			}
			l.untold = l.untold[n:]
		}
		l.untold = nil
	}
	return nil
}

func saysPrivate(d layout.Journal, list []untold) entry.Entry {
	hashes := make([]sidecar.Hash, len(list))
	for i := range list {
		hashes[i] = list[i].hash
	}
	return layout.NewControl(layout.PrivateBlocks, fmt.Sprintf("private values of journal %s in %d blocks", d.Name, len(list)),
		layout.JournalName, d.Name, layout.JournalIDOf, fmt.Sprintf("%x", d.ID[:]),
		layout.FirstIndex, fmt.Sprint(list[0].first), layout.Blocks, layout.FormatHashes(hashes))
}
