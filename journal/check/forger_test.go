package check_test

import (
	"bytes"
	"path"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"

	"github.com/klauspost/compress/zstd"
)

// forger has the files of a store and everything that stands in them, but not the identity key. It writes frames,
// blobs and trees that are right in themselves.
type forger struct {
	t    *testing.T
	fsys *crashfs.FS
}

func (f forger) read(file string) []byte {
	f.t.Helper()
	data, err := f.fsys.ReadFile(path.Join(dir, file))
	must(f.t, err)
	return data
}

func (f forger) write(file string, data []byte) {
	f.t.Helper()
	must(f.t, f.fsys.WriteFile(path.Join(dir, file), data))
}

func (f forger) remove(files ...string) {
	f.t.Helper()
	for _, file := range files {
		must(f.t, f.fsys.Remove(path.Join(dir, file)))
	}
}

// files returns the names of the files of a journal.
func (f forger) files(name string) []string {
	var files []string
	for _, file := range f.fsys.Walk() {
		if base, ok := strings.CutPrefix(file, path.Join(dir, name)+"/"); ok {
			files = append(files, base)
		}
	}
	return files
}

func (f forger) descriptor(name string) layout.Journal {
	f.t.Helper()
	d, err := layout.ParseJournal(f.read(name + "/" + layout.JournalFile))
	must(f.t, err)
	return d
}

// piece is one frame: the index that it claims to begin with, and its entries.
type piece struct {
	first   uint64
	entries []entry.Entry
}

// pieces reads the frames of a head.
func (f forger) pieces(name string, head uint64) []piece {
	f.t.Helper()
	data := f.read(path.Join(name, layout.HeadName(head)))
	decoder := frame.NewDecoder()
	var list []piece
	for x := range frame.Scan(bytes.NewReader(data), f.descriptor(name).NonceKey, frame.HeadHeaderSize, int64(len(data))) {
		payload, err := decoder.Payload(nil, bytes.NewReader(data), x.Offset, x.Header)
		must(f.t, err)
		bodies, err := frame.Bodies(nil, payload, x.Header.Count)
		must(f.t, err)
		p := piece{first: x.Header.First, entries: make([]entry.Entry, len(bodies))}
		for i := range bodies {
			var d entry.Decoder
			must(f.t, d.Decode(bodies[i], &p.entries[i]))
		}
		list = append(list, p)
	}
	return list
}

// entries reads all entries of a head.
func (f forger) entries(name string, head uint64) []entry.Entry {
	var list []entry.Entry
	for _, p := range f.pieces(name, head) {
		list = append(list, p.entries...)
	}
	return list
}

// writeHead writes a head anew, with every checksum right.
func (f forger) writeHead(name string, head uint64, pieces ...piece) {
	f.t.Helper()
	encoder := frame.NewEncoder()
	data := frame.AppendFileHeader(nil, f.descriptor(name).Header(frame.Head, head))
	for _, p := range pieces {
		var payload []byte
		first, last := p.entries[0], p.entries[len(p.entries)-1]
		h := frame.Header{First: p.first, Count: uint32(len(p.entries)), Epoch: first.Epoch,
			MinReceived: min(first.Received, last.Received), MaxReceived: max(first.Received, last.Received)}
		for i := range p.entries {
			body, err := entry.AppendBody(nil, &p.entries[i])
			must(f.t, err)
			payload = frame.AppendBody(payload, body)
			h.Kinds |= 1 << p.entries[i].Kind
		}
		data = encoder.Append(data, payload, h, f.descriptor(name).NonceKey)
	}
	f.write(path.Join(name, layout.HeadName(head)), data)
}

// fixTree makes the tree file agree with the entries.
func (f forger) fixTree(name string, heads ...uint64) {
	f.t.Helper()
	d := f.descriptor(name)
	nonces, frontier := entry.NewNonces(d.NonceKey), seal.Frontier{}
	data := frame.AppendFileHeader(nil, d.Header(frame.Tree, 0))
	for _, head := range heads {
		for _, e := range f.entries(name, head) {
			body, err := entry.AppendBody(nil, &e)
			must(f.t, err)
			if block, full := frontier.Append(nonces.LeafHash(frontier.Size(), body)); full {
				data = append(data, block[:]...)
			}
		}
	}
	f.write(path.Join(name, layout.TreeFile), data)
}

// writeBlob replaces a blob file by one that holds one value, for the entry at index.
func (f forger) writeBlob(name string, head, index uint64, value string) {
	f.t.Helper()
	file := path.Join(name, layout.BlobName(head))
	data := f.read(file)
	rec, ok, err := layout.BlobAt(bytes.NewReader(data), frame.HeadHeaderSize, int64(len(data)))
	if !ok || err != nil {
		f.t.Fatalf("%s: %v", file, err)
	}
	z, err := zstd.NewWriter(nil)
	must(f.t, err)
	f.write(file, layout.AppendBlob(data[:frame.HeadHeaderSize:frame.HeadHeaderSize], z, index, 0, rec.Salt, []byte(value)))
}

// copyJournal copies the directory of a journal.
func (f forger) copyJournal(from, to string) {
	f.t.Helper()
	for _, file := range f.files(from) {
		f.write(path.Join(to, file), f.read(path.Join(from, file)))
	}
}

// removeJournal removes the directory of a journal.
func (f forger) removeJournal(name string) {
	f.t.Helper()
	for _, file := range f.files(name) {
		f.remove(path.Join(name, file))
	}
	f.remove(name)
}
