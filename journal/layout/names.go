package layout

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names of files and directories of a store.
const (
	StoreFile      = "store.json"
	LockFile       = "lock"
	JournalFile    = "journal.json"
	TreeFile       = "tree"
	CheckpointFile = "checkpoint"
	CatalogueFile  = "catalogue"
	IdentityFile   = "identity"
	PageFile       = "identity.txt"   // what the store is known by, for people; a signed note
	OperatorFile   = "operator.txt"   // the endorsement of certificate 0 by an operator; a signed note
	StationFile    = "station.txt"    // the endorsement of certificate 0 by the station whose boot the store is of; a signed note
	MachineFile    = "machine"        // tells on which machine the seed is used
	SeedFile       = "seal-seed"      // secret: the seed of the next seal
	NextSeedFile   = "seal-seed-next" // secret: the first seed of the next generation
	KeysSuffix     = ".keys"
	System         = "system" // the journal that holds seals and control entries
	ImportedName   = "imported"
	AuditName      = "audit"
	PrivateKeys    = "private" // in the directory of keys: one file for each key of private values
)

const (
	headPrefix  = "head-"
	headSuffix  = ".log"
	blobSuffix  = ".blob"
	segSuffix   = ".seg"
	keptSuffix  = ".kept"
	privSuffix  = ".priv"
	newSuffix   = ".new"
	tmpSuffix   = ".tmp"
	tornMark    = ".torn-"
	damagedMark = ".damaged-"
	stamp       = "20060102T150405Z"
)

// KeysDir is the directory of secrets beside a store.
func KeysDir(store string) string { return filepath.Clean(store) + KeysSuffix }

// HeadName is the file name of the head that begins at that index.
func HeadName(first uint64) string { return fmt.Sprintf("%s%016d%s", headPrefix, first, headSuffix) }

// ParseHeadName is the inverse of [HeadName]; ok is false for any other name.
func ParseHeadName(name string) (first uint64, ok bool) {
	return parseIndexed(name, headPrefix, headSuffix)
}

// BlobName is the file name of the blobs of the entries that begin at that index.
func BlobName(first uint64) string { return fmt.Sprintf("%016d%s", first, blobSuffix) }

// ParseBlobName is the inverse of [BlobName].
func ParseBlobName(name string) (first uint64, ok bool) {
	return parseIndexed(name, "", blobSuffix)
}

// SegmentName is the file name of the segment that begins at that index.
func SegmentName(first uint64) string { return fmt.Sprintf("%016d%s", first, segSuffix) }

// ParseSegmentName is the inverse of [SegmentName].
func ParseSegmentName(name string) (first uint64, ok bool) {
	return parseIndexed(name, "", segSuffix)
}

// KeptName is the file name of what stays of the pruned segment or head that began at that index.
func KeptName(first uint64) string { return fmt.Sprintf("%016d%s", first, keptSuffix) }

// ParseKeptName is the inverse of [KeptName].
func ParseKeptName(name string) (first uint64, ok bool) {
	return parseIndexed(name, "", keptSuffix)
}

// PrivateName is the file name of the private values of the entries that begin at that index.
func PrivateName(first uint64) string { return fmt.Sprintf("%016d%s", first, privSuffix) }

// ParsePrivateName is the inverse of [PrivateName].
func ParsePrivateName(name string) (first uint64, ok bool) {
	return parseIndexed(name, "", privSuffix)
}

// NewPrivateName is the name of a file of private values that an erasure is about to put in the place of the one of that
// index.
func NewPrivateName(first uint64) string { return PrivateName(first) + newSuffix }

// ParseNewPrivateName is the inverse of [NewPrivateName].
func ParseNewPrivateName(name string) (first uint64, ok bool) {
	return parseIndexed(name, "", privSuffix+newSuffix)
}

// KeyPath is the path of the key of private values of that name, of the store in a directory.
func KeyPath(store, key string) string { return filepath.Join(KeysDir(store), PrivateKeys, key) }

// IsUnfinishedSegment reports whether a file is a segment, or what stays of one, that was still being written: it holds
// nothing that does not stand in a head or in the segment.
func IsUnfinishedSegment(name string) bool {
	name, found := strings.CutSuffix(name, tmpSuffix)
	_, segment := ParseSegmentName(name)
	_, kept := ParseKeptName(name)
	_, blob := ParseBlobName(name)
	_, private := ParseNewPrivateName(name)
	return found && (segment || kept || blob || private)
}

// indexDigits is how many digits the index in a name has at least.
const indexDigits = 16

// parseIndexed returns the index in a name, if the name is what format makes of it: no zeros more than needed.
func parseIndexed(name, prefix, suffix string) (uint64, bool) {
	digits, found := strings.CutPrefix(name, prefix)
	if !found {
		return 0, false
	}
	digits, found = strings.CutSuffix(digits, suffix)
	if !found || len(digits) < indexDigits || len(digits) > indexDigits && digits[0] == '0' || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 63)
	return first, err == nil
}

// TornName is the name under which the torn tail of a file is set aside.
func TornName(file string, at time.Time) string { return file + tornMark + at.UTC().Format(stamp) }

// IsTorn reports whether a file was set aside by recovery.
func IsTorn(name string) bool { return strings.Contains(name, tornMark) }

// DamagedName is the directory name that a damaged journal gets.
func DamagedName(journal string, at time.Time) string {
	return journal + damagedMark + at.UTC().Format(stamp)
}

// IsDamaged reports whether a directory is a journal that was found damaged.
func IsDamaged(name string) bool { return strings.Contains(name, damagedMark) }

// DamagedOf returns the name that a journal had before it was found damaged; ok is false for any other directory.
func DamagedOf(dir string) (journal string, ok bool) {
	journal, _, ok = strings.Cut(dir, damagedMark)
	return journal, ok
}

// MaxJournalName is the length limit of the name of a journal in bytes.
const MaxJournalName = 64

// ValidJournalName says what is wrong with the name of a journal: it is 1 to [MaxJournalName] of a-z, 0-9, '-' and
// '_', and begins with a letter or digit.
func ValidJournalName(name string) error {
	ok := len(name) > 0 && len(name) <= MaxJournalName && name[0] != '-' && name[0] != '_'
	for _, c := range []byte(name) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if !ok {
		return fmt.Errorf("journal name %q: want 1 to %d of a-z, 0-9, '-', '_', beginning with a letter or digit, such as \"system\"", name, MaxJournalName)
	}
	return nil
}
