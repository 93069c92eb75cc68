package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Reason says why a seal was made.
type Reason uint8

// The reasons.
const (
	Boot      Reason = iota + 1 // the process that seals has started
	Interval                    // events wait to be sealed
	Heartbeat                   // nothing happened
	Urgent                      // an event that must not wait
	Stop                        // the process ends in order
	Suspend                     // the machine goes to sleep
	Resume                      // it woke up
	ClockStep                   // the clock was set
	Handover                    // the last one before or the first one after a new generation
	Request                     // somebody asked
)

var reasonNames = [...]string{"", "boot", "interval", "heartbeat", "urgent", "stop", "suspend", "resume", "clock-step", "handover", "request"}

// String is the name of the reason.
func (r Reason) String() string {
	if r == 0 || int(r) >= len(reasonNames) {
		return fmt.Sprintf("reason %d", uint8(r))
	}
	return reasonNames[r]
}

// NoPrevious stands for the index of the seal before the first one.
const NoPrevious = ^uint64(0)

// BootID tells the boots of a machine apart.
type BootID [16]byte

// Statement is what the one-time key of a seal signs. It states the journals by their number and the root over them.
type Statement struct {
	Generation   uint32
	Counter      uint64 // of the store, from 0, without a hole over generations and restarts
	Reason       Reason
	Wall         int64 // µs since 1970
	Boottime     int64 // µs since the machine started, suspension included
	Boot         BootID
	Synchronised bool   // the kernel says that an outside source sets its clock
	Previous     uint64 // index in `system` of the seal before, or NoPrevious
	Journals     uint32
	Root         Hash // of the tree over the journals, see [JournalsRoot]
}

// Journal is the state of one journal under a seal.
type Journal struct {
	Name string
	ID   [8]byte
	Size uint64
	Root Hash
}

// Seal is a statement, the journals that it is about, sorted by name, and the signature.
type Seal struct {
	Statement
	List []Journal
	Key  KeySignature
}

// MaxName is the length limit in bytes of the name of a journal.
const MaxName = 64

// MaxSeal is the length limit in bytes of a record: it fits into an entry, with about 1,000 journals.
const MaxSeal = 65_000

// ErrSeal is wrapped by every error about the bytes of a seal.
var ErrSeal = errors.New("bad seal record")

const (
	sealVersion   = 0
	sealLabel     = "constat seal v0\n"
	statementSize = 91
)

// append writes the statement.
func (s *Statement) append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, sealVersion, byte(s.Reason), 0)
	if s.Synchronised {
		b[len(b)-1] = 1
	}
	b = le.AppendUint32(b, s.Generation)
	b = le.AppendUint64(b, s.Counter)
	b = le.AppendUint64(b, uint64(s.Wall))
	b = le.AppendUint64(b, uint64(s.Boottime))
	b = append(b, s.Boot[:]...)
	b = le.AppendUint64(b, s.Previous)
	b = le.AppendUint32(b, s.Journals)
	return append(b, s.Root[:]...)
}

// Message is what the one-time key signs.
func (s *Statement) Message() []byte { return s.append([]byte(sealLabel)) }

// parse reads the statement.
func (s *Statement) parse(b []byte) error {
	if len(b) < statementSize {
		return fmt.Errorf("%w: %d bytes are too few", ErrSeal, len(b))
	}
	if b[0] != sealVersion {
		return fmt.Errorf("%w: version %d is not known", ErrSeal, b[0])
	}
	if b[1] == 0 || int(b[1]) >= len(reasonNames) || b[2] > 1 {
		return fmt.Errorf("%w: reason %d, flags %d", ErrSeal, b[1], b[2])
	}
	le := binary.LittleEndian
	*s = Statement{
		Reason: Reason(b[1]), Synchronised: b[2] == 1,
		Generation: le.Uint32(b[3:]), Counter: le.Uint64(b[7:]),
		Wall: int64(le.Uint64(b[15:])), Boottime: int64(le.Uint64(b[23:])), Boot: BootID(b[31:47]),
		Previous: le.Uint64(b[47:]), Journals: le.Uint32(b[55:]), Root: Hash(b[59:91]),
	}
	return s.checkBounds()
}

// maxValue bounds times and numbers of a statement, so that none overflows in arithmetic.
const maxValue = 1 << 60

func (s *Statement) checkBounds() error {
	if s.Counter > maxValue || s.Boottime < 0 || s.Boottime > maxValue || s.Wall < -maxValue || s.Wall > maxValue {
		return fmt.Errorf("%w: counter %d, wall %d, boottime %d: out of bounds", ErrSeal, s.Counter, s.Wall, s.Boottime)
	}
	return nil
}

// Make seals the journals, which are sorted by name, with the current key of the chain. It fills the number of
// journals and their root into the statement. The caller advances the chain once the seal is durable; until then, the
// same seal may be made again.
func Make(s Statement, list []Journal, chain *Chain) (Seal, error) {
	if err := errors.Join(checkList(list), s.checkBounds()); err != nil {
		return Seal{}, err
	}
	s.Journals, s.Root = uint32(len(list)), JournalsRoot(list)
	made := Seal{Statement: s, List: list}
	made.Key.Path = make([]Hash, levels(chain.keys.Count))
	if size := len(made.Append(nil)); size > MaxSeal {
		return Seal{}, fmt.Errorf("%w: %d bytes for %d journals, at most %d fit: fewer journals, or shorter names", ErrSeal, size, len(list), MaxSeal)
	}
	var err error
	made.Key, err = chain.Sign(s.Message())
	return made, err
}

// Verify checks that the list is what the statement says, and the signature by the key at that position of its
// generation: the counter less the first counter of the generation.
func (s *Seal) Verify(keys Keys, position uint32) error {
	if int(s.Journals) != len(s.List) || s.Root != JournalsRoot(s.List) {
		return fmt.Errorf("%w: the list is not the one that was signed", ErrSeal)
	}
	return s.Key.Verify(keys, position, s.Message())
}

// Append writes the record: the statement, for each journal the length of its name as a byte, the name, its id, size
// and root, then key, signature and path.
func (s *Seal) Append(b []byte) []byte {
	b = s.Statement.append(b)
	for i := range s.List {
		b = s.List[i].append(b)
	}
	return s.Key.append(b)
}

func (j *Journal) append(b []byte) []byte {
	b = append(b, byte(len(j.Name)))
	b = append(b, j.Name...)
	b = append(b, j.ID[:]...)
	b = binary.LittleEndian.AppendUint64(b, j.Size)
	return append(b, j.Root[:]...)
}

// ParseSeal is the inverse of [Seal.Append]. It accepts only what Append writes, and checks no signature and no root.
func ParseSeal(b []byte) (Seal, error) {
	var s Seal
	if len(b) > MaxSeal {
		return s, fmt.Errorf("%w: %d bytes are too many", ErrSeal, len(b))
	}
	if err := s.Statement.parse(b); err != nil {
		return Seal{}, err
	}
	rest, err := s.parseList(b[statementSize:])
	if err != nil {
		return Seal{}, err
	}
	if s.Key, err = parseKeySignature(rest); err != nil {
		return Seal{}, fmt.Errorf("%w: %w", ErrSeal, err)
	}
	return s, checkList(s.List)
}

func (s *Seal) parseList(b []byte) ([]byte, error) {
	const fixed = 8 + 8 + 32
	if uint64(s.Journals)*(1+1+fixed) > uint64(len(b)) {
		return nil, fmt.Errorf("%w: %d journals in %d bytes", ErrSeal, s.Journals, len(b))
	}
	s.List = make([]Journal, s.Journals)
	for i := range s.List {
		if len(b) == 0 || len(b) < 1+int(b[0])+fixed {
			return nil, fmt.Errorf("%w: journal %d of %d is cut short", ErrSeal, i, s.Journals)
		}
		j, at := &s.List[i], 1+int(b[0])
		j.Name, j.ID = string(b[1:at]), [8]byte(b[at:])
		j.Size, j.Root = binary.LittleEndian.Uint64(b[at+8:]), Hash(b[at+16:])
		b = b[at+fixed:]
	}
	return b, nil
}

// checkList says whether names are in order and as long as names are.
func checkList(list []Journal) error {
	for i := range list {
		name := list[i].Name
		if name == "" || len(name) > MaxName || i > 0 && list[i-1].Name >= name {
			return fmt.Errorf("%w: journal %d: name %q is too long or not in order", ErrSeal, i, name)
		}
		if list[i].Size > maxValue {
			return fmt.Errorf("%w: journal %q: size %d", ErrSeal, name, list[i].Size)
		}
	}
	return nil
}
