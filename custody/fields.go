package custody

import "constat/entry"

// The fields of an event beside cid, op and result, which it shares with the audit log. docs/custody.md documents each.
const (
	fieldForm = "custody" // the number of the form of the event

	fieldPath   = "file.path"
	fieldSize   = "file.size"
	fieldSHA256 = "file.sha256"
	fieldMD5    = "file.md5"
	fieldMIME   = "file.mime"

	fieldMediumID     = "medium.id"
	fieldMediumLabel  = "medium.label"
	fieldMediumSerial = "medium.serial"
	fieldMediumRole   = "medium.role"

	fieldEngineName    = "engine.name"
	fieldEngineVersion = "engine.version"
	fieldSignatures    = "engine.signatures"
	fieldSignedOn      = "engine.signatures_date"

	fieldThreat  = "threat"
	fieldReason  = "reason"
	fieldBegan   = "began"
	fieldStation = "station"

	countPrefix = "count."
)

// Form is the number of the form of events. Number 0 may change until it is frozen.
const Form = "0"

// Names of the fields by which the events of a session are found.
const (
	FieldForm    = fieldForm      // always [Form]
	FieldSession = entry.AuditCID // the id of the session
	FieldOp      = entry.AuditOp
	FieldPath    = fieldPath
)

// counters are the counts with the names of their fields, in their order.
func (c *Counts) counters() []struct {
	name string
	n    *uint64
} {
	return []struct {
		name string
		n    *uint64
	}{
		{"read", &c.Read}, {"clean", &c.Clean}, {"infected", &c.Infected}, {"copied", &c.Copied},
		{"deleted", &c.Deleted}, {"errors", &c.Errors}, {"skipped", &c.Skipped},
	}
}
