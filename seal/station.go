package seal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Station is a machine without a disk of its own: it makes a new store at each boot, which its key endorses. The key was
// given to the station before, so that one code, [Station.Code], stands for the stores of all its boots.
//
// The key lies on the station: who has taken the station can endorse a store for any boot, past ones included. Only
// within one boot the seals protect what was sealed before.
type Station struct {
	Name string // a key name, see [ValidStation]
	Key  PublicKey
}

// ErrStation is wrapped by errors about the endorsement of a boot by its station.
var ErrStation = errors.New("bad endorsement by a station")

const stationTitle = "constat station 0\n"

// ValidStation reports what is wrong with the name of a station: with a slash and a boot id it is an origin.
func ValidStation(name string) error {
	if err := ValidOrigin(name + "/" + BootID{}.String()); name == "" || err != nil {
		return fmt.Errorf("station %q: want 1 to %d bytes, such as station-7, without blanks and '+'", name, MaxOrigin-1-2*len(BootID{}))
	}
	return nil
}

// String is the id in 32 hex digits.
func (b BootID) String() string { return hex.EncodeToString(b[:]) }

// Text is what the code of a station is the hash of: one line a value.
func (s Station) Text() string {
	return stationTitle + "station " + s.Name + "\nkey " + base64.StdEncoding.EncodeToString(s.Key[:]) + "\n"
}

// Code is the public verification code of all boots of the station: the SHA-256 of [Station.Text].
func (s Station) Code() Code { return sha256.Sum256([]byte(s.Text())) }

// VKey is the verifier key of the station: name+hash+key.
func (s Station) VKey() string { return s.Key.VKey(s.Name) }

// Origin is that of the store which the station makes in a boot.
func (s Station) Origin(boot BootID) string { return s.Name + "/" + boot.String() }

// BootOf is the boot that the origin of a store of the station names.
func (s Station) BootOf(origin string) (boot BootID, ok bool) {
	text, ok := strings.CutPrefix(origin, s.Name+"/")
	b, err := hex.DecodeString(text)
	if !ok || err != nil || len(b) != len(boot) || s.Origin(BootID(b)) != origin {
		return boot, false
	}
	return BootID(b), true
}

// EndorseBoot signs certificate 0 of the store of a boot with the key of the station. The origin of the store must be
// that of a boot of the station.
func EndorseBoot(c Certificate, name string, key *Identity) ([]byte, error) {
	s := Station{Name: name, Key: key.Public()}
	if _, ok := s.BootOf(c.Origin); !ok {
		return nil, fmt.Errorf("%w: origin %s is that of no boot of station %s", ErrStation, c.Origin, name)
	}
	return SignNote(s.Text()+c.Text(), name, key)
}

// OpenBoot checks what [EndorseBoot] signed, and returns the station and the boot. That it is the right station its code
// tells.
func OpenBoot(data []byte, c Certificate) (s Station, boot BootID, err error) {
	lines := strings.SplitN(string(data), "\n", 4)
	if len(lines) < 4 || lines[0]+"\n" != stationTitle {
		return s, boot, fmt.Errorf("%w: it names no station", ErrStation)
	}
	name, named := strings.CutPrefix(lines[1], "station ")
	text, keyed := strings.CutPrefix(lines[2], "key ")
	key, err := base64.StdEncoding.DecodeString(text)
	if !named || !keyed || err != nil || len(key) != len(s.Key) || ValidStation(name) != nil {
		return s, boot, fmt.Errorf("%w: it names no station", ErrStation)
	}
	s = Station{Name: name, Key: PublicKey(key)}
	signed, err := OpenNote(data, s.Name, s.Key)
	if err != nil {
		return s, boot, fmt.Errorf("%w: %w", ErrStation, err)
	}
	if signed != s.Text()+c.Text() {
		return s, boot, fmt.Errorf("%w: it is for another store", ErrStation)
	}
	boot, ok := s.BootOf(c.Origin)
	if !ok {
		return s, boot, fmt.Errorf("%w: origin %s is that of no boot of station %s", ErrStation, c.Origin, s.Name)
	}
	return s, boot, nil
}
