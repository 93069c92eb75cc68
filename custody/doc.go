// Package custody is the chain of custody of files that go from one medium to another through scanners: the events by
// which programs tell of it, and the check of a whole session.
//
// An [Event] is an entry of the journal audit: cid is the id of the session and op the event, as audit entries name
// them, so that "constat audit --cid ID" follows one treatment. docs/custody.md lists every field. The package knows
// entries and nothing else: it serves programs that have a store, and those that have an evidence file only.
//
// A path is relative to its medium and any bytes: Unicode forms are never assumed to be equal, and never made equal.
package custody
