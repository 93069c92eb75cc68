package layout

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"constat/entry"
	"constat/journal/frame"
	"constat/seal"
)

// Format is the number of the store format.
const Format = frame.Format

// MaxDescriptor is the size in bytes above which a descriptor is not read.
const MaxDescriptor = 64 << 10

// Store is what store.json says.
type Store struct {
	Certificate seal.Certificate
}

type storeJSON struct {
	Format      int    `json:"constat_store"`
	Certificate string `json:"certificate"`
}

// Marshal prints the one spelling of store.json.
func (s Store) Marshal() []byte {
	return marshal(storeJSON{Format: Format, Certificate: s.Certificate.Text()})
}

// ParseStore reads store.json: [frame.ErrNotOurs], [frame.ErrNewer],
// [frame.ErrOlder] and [frame.ErrDamaged] tell what is wrong.
func ParseStore(data []byte) (Store, error) {
	var j storeJSON
	j.Format = -1
	if err := parse(data, &j, &j.Format, "constat_store"); err != nil {
		return Store{}, err
	}
	certificate, err := seal.ParseCertificate(j.Certificate)
	s := Store{Certificate: certificate}
	return s, canonical(data, s.Marshal(), err)
}

// Axis is the time axis of a journal: which time selects and merges its entries.
type Axis string

// The axes. Entries without event time use received on either.
const (
	Received Axis = "received"
	Event    Axis = "event"
)

// Journal is what journal.json says. It is written once.
type Journal struct {
	Name        string
	ID          frame.JournalID
	Origin      string
	NonceKey    entry.NonceKey
	Axis        Axis
	Predecessor *frame.JournalID // of a successor after damage
}

type journalJSON struct {
	Format      int    `json:"constat_journal"`
	Name        string `json:"name"`
	ID          string `json:"id"`
	Origin      string `json:"origin"`
	NonceKey    string `json:"nonce_key"`
	Axis        Axis   `json:"time_axis"`
	Predecessor string `json:"predecessor,omitempty"`
}

// Marshal prints the one spelling of journal.json.
func (d Journal) Marshal() []byte {
	j := journalJSON{Format: Format, Name: d.Name, ID: hex.EncodeToString(d.ID[:]), Origin: d.Origin,
		NonceKey: hex.EncodeToString(d.NonceKey[:]), Axis: d.Axis}
	if d.Predecessor != nil {
		j.Predecessor = hex.EncodeToString(d.Predecessor[:])
	}
	return marshal(j)
}

// Digest is the SHA-256 of journal.json in hex, as the control entry that creates the journal names it.
func (d Journal) Digest() string {
	sum := sha256.Sum256(d.Marshal())
	return hex.EncodeToString(sum[:])
}

// Header is the header of a file of this journal.
func (d Journal) Header(kind frame.Kind, first uint64) frame.FileHeader {
	return frame.FileHeader{Kind: kind, Journal: d.ID, First: first, NonceKey: d.NonceKey}
}

// ParseJournal reads journal.json, with the same errors as [ParseStore].
func ParseJournal(data []byte) (Journal, error) {
	j := journalJSON{Format: -1}
	if err := parse(data, &j, &j.Format, "constat_journal"); err != nil {
		return Journal{}, err
	}
	d := Journal{Name: j.Name, Origin: j.Origin, Axis: j.Axis}
	err := errors.Join(parseHex(d.ID[:], j.ID), parseHex(d.NonceKey[:], j.NonceKey), ValidJournalName(d.Name))
	if j.Predecessor != "" {
		d.Predecessor = new(frame.JournalID)
		err = errors.Join(err, parseHex(d.Predecessor[:], j.Predecessor))
	}
	if d.Axis != Received && d.Axis != Event {
		err = errors.Join(err, fmt.Errorf("time axis %q", d.Axis))
	}
	return d, canonical(data, d.Marshal(), err)
}

func marshal(v any) []byte {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("layout: descriptor: " + err.Error())
	}
	return append(data, '\n')
}

// parse fills v and looks at the format number first.
func parse(data []byte, v any, format *int, key string) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", frame.ErrDamaged, err)
	}
	if *format < 0 {
		return fmt.Errorf("%w: has no %q", frame.ErrNotOurs, key)
	}
	return frame.CheckFormat(*format)
}

// canonical refuses a second spelling: every byte of a descriptor counts.
func canonical(data, printed []byte, err error) error {
	if err == nil && !bytes.Equal(data, printed) {
		err = errors.New("not in its one spelling")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", frame.ErrDamaged, err)
	}
	return nil
}

func parseHex(dst []byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(dst) {
		return fmt.Errorf("%q is not %d bytes in hex", s, len(dst))
	}
	copy(dst, b)
	return nil
}
