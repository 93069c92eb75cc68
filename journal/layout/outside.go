package layout

// Files of a journal that hold what others said of it. They are no part of what is signed: who removes one takes a proof
// away, and changes nothing.
const (
	CosignedFile    = "cosigned"      // checkpoints with the cosignatures of witnesses
	OfferedFile     = "offered"       // the newest checkpoint that a witness may have seen
	TimestampedFile = "timestamped"   // the checkpoint over which the token is
	TokenFile       = "timestamp.tsr" // the answer of a time-stamping authority (RFC 3161)
)

// MaxCosigned is the size in bytes above which the file of cosigned checkpoints is not read, and MaxToken that of a
// token.
const (
	MaxCosigned = 256 << 10
	MaxToken    = 64 << 10
)

// IsOutside reports whether a file of a journal holds what others said of it.
func IsOutside(name string) bool {
	switch name {
	case CosignedFile, OfferedFile, TimestampedFile, TokenFile:
		return true
	}
	return false
}

// What control entries say of witnesses, and their fields.
const (
	Witnessed      = "witnessed"       // witnesses cosigned a checkpoint
	WitnessRefused = "witness-refused" // a witness says that a journal does not continue what it saw
	Timestamped    = "timestamped"     // an authority stamped a checkpoint

	CheckpointOf = "CHECKPOINT" // signed note
	WitnessOf    = "WITNESS"    // name of its key
	TokenOf      = "TOKEN"      // DER
)
