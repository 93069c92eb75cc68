// Package native is constat's own way in: programs on this machine hand entries to the daemon over a Unix socket, and
// are told when these are durable and signed.
//
// A connection carries one request. The client sends one line of JSON (type [Request]), then blocks, each a length of
// four bytes, little-endian, and so many bytes; a length of 0 ends the request. The server answers with one line of
// JSON (type [Answer]).
//
//   - "log": each block is the body of an entry (package entry) with claimed fields. The server sets epoch and received
//     time and adds what the kernel knows of the client: _TRANSPORT, _PID, _UID, _GID, _COMM, _EXE, _CMDLINE.
//     Fields whose names the request lists as private are kept so that their values can be erased.
//   - "record": as "log", for a program that has received the entries from clients of its own. It may send
//     what it has observed of them; from others than root and the user of the daemon that is a claim.
//   - "import": the blocks together are a stream in the format that the request names.
//   - "rotate": no blocks. The heads of all journals end and become segments.
//   - "seal": no blocks. Everything that came before is sealed.
//   - "exported": the one block becomes an entry of kind control in the journal system, which says that evidence was
//     exported: what the client claims of it, and what is known of the client. Then everything is sealed.
//   - "vacuum": no blocks. Retention removes what it should, or what the request says.
//   - "erase": the blocks together are one JSON object, an [Erase]. Private values go for good.
//
// A request that ends without a last block has failed; what its answer counts is kept all the same.
//
// Anybody who may open the socket may log to the journals system, audit and user-UID; everything else is for root and
// for the user of the daemon.
package native

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Request is the first line of a connection.
type Request struct {
	Op      string   `json:"op"` // log, record, import, rotate, seal, exported, vacuum, erase
	Journal string   `json:"journal,omitempty"`
	Format  string   `json:"format,omitempty"`  // of import
	Private []string `json:"private,omitempty"` // of log: names of the fields that are private
	Vacuum  *Vacuum  `json:"vacuum,omitempty"`
	Reason  string   `json:"reason,omitempty"` // of seal: suspend, resume, or none
}

// Reasons of a seal that hooks of the system give.
const (
	Suspend = "suspend" // the machine is about to sleep
	Resume  = "resume"  // it has woken up
)

// Erase says which private values are to go for good. The daemon adds who asks.
type Erase struct {
	Field    string              `json:"field"`
	Reason   string              `json:"reason"`
	Selector string              `json:"selector"` // how the entries were chosen
	Entries  map[string][]uint64 `json:"entries"`  // indexes by journal
}

// Vacuum says what is to be removed. Without limits it is what the daemon is configured to remove, of all journals.
type Vacuum struct {
	MaxAge   int64 `json:"max_age,omitempty"`   // seconds; 0 is no limit
	MaxBytes int64 `json:"max_bytes,omitempty"` // 0 is no limit
	DryRun   bool  `json:"dry_run,omitempty"`
}

// Answer is the last line of a connection.
type Answer struct {
	Entries uint64 `json:"entries"`          // kept, durable and signed
	Cut     uint64 `json:"cut,omitempty"`    // of these, longer than the limit and kept in part
	Bytes   int64  `json:"bytes,omitempty"`  // freed by vacuum; Entries are what it removed
	Values  uint64 `json:"values,omitempty"` // that erase removed, of so many Entries
	Before  uint64 `json:"before,omitempty"` // that were erased already
	Held    int    `json:"held,omitempty"`   // limits that the floor of retention keeps vacuum from reaching
	Busy    bool   `json:"busy,omitempty"`   // nothing was read: the same request may succeed later
	Error   string `json:"error,omitempty"`  // "" is success
}

// Limits of the protocol in bytes.
const (
	MaxLine  = 4096
	MaxBlock = 32 << 20
)

// ErrProtocol says that the other side does not speak this protocol.
var ErrProtocol = errors.New("not the protocol of constat's socket")

// writeBlock writes one block; an empty one ends the request.
func writeBlock(w io.Writer, b []byte) error {
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(b)))
	if _, err := w.Write(length[:]); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// readBlock reads one block into buf, which it grows; nil is the end of the request. The end of the stream is an error.
func readBlock(r io.Reader, buf []byte) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, truncated(err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > MaxBlock {
		return nil, fmt.Errorf("%w: block of %d bytes, the limit is %d", ErrProtocol, n, MaxBlock)
	}
	if n == 0 {
		return nil, nil
	}
	buf = buf[:0]
	for uint32(len(buf)) < n { // memory only for what has come
		have := len(buf)
		buf = slices.Grow(buf, int(min(n-uint32(have), max(uint32(have), readAtOnce))))
		buf = buf[:min(uint32(cap(buf)), n)]
		if _, err := io.ReadFull(r, buf[have:]); err != nil {
			return nil, truncated(err)
		}
	}
	return buf, nil
}

// readAtOnce is the memory for a block of which nothing has come yet.
const readAtOnce = 64 << 10

// truncated is the error of a request that ends before its last block.
func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// blockReader is the stream that the blocks of a request carry.
type blockReader struct {
	r    io.Reader
	left []byte
	buf  []byte
	err  error
}

func (b *blockReader) Read(p []byte) (int, error) {
	for len(b.left) == 0 && b.err == nil {
		b.left, b.err = readBlock(b.r, b.buf)
		switch {
		case b.err != nil:
		case b.left == nil:
			b.err = io.EOF
		default:
			b.buf = b.left
		}
	}
	if len(b.left) == 0 {
		return 0, b.err
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

func writeLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
