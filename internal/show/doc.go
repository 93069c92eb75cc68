// Package show prints entries in the formats of constat show.
//
//	short      Jun 15 17:30:00 HOST APP[PID]: MESSAGE, as journalctl prints it
//	short-iso  the same with the time as RFC 3339, in µs and with its offset
//	full       every field of the entry, one a line
//	json       one object a line (RFC 8259), field names as stored
//	export     the journal export format (systemd.io/JOURNAL_EXPORT_FORMATS)
//	cat        the message alone
//	raw        the octets as they were received
//	logfmt     time= level= host= app= pid= msg= and the other fields
//	csv        a table (RFC 4180 with LF line ends)
//	zato       a line of audit-pii.log: time, level, pid, thread, logger and the audit entry as a JSON object
//
// The time shown is the received time; on the event axis it is the event time of entries that have one. short,
// short-iso, full, logfmt and csv write it in [Options.Location].
//
// # Lines about the entry
//
// These names are made here. __CURSOR and __REALTIME_TIMESTAMP are those of the journal export format.
//
//	__CURSOR              32 hex digits, see [Cursor]
//	__REALTIME_TIMESTAMP  the time shown, µs since 1970-01-01 UTC in decimal
//	__JOURNAL             name of the journal
//	__INDEX               index in the journal; a number in json
//	__RECEIVED            received time, RFC 3339 UTC with µs
//	__EVENT_TIME          event time as written, only if there is one
//	__KIND                loss, seal or control; not there for events
//
// Only json prints them all unasked. A stored field of such a name (only imports have them) stands in place of ours,
// except for __CURSOR, __JOURNAL and __INDEX: what says where an entry is cannot be imported.
//
// # Values that are not there
//
// A private value is "<private>", one that was erased "<erased>"; in json they are {"private":true} and {"erased":true}.
// A value whose blob could not be read is "[blob of N bytes missing]", and null in json. All are left out of export. A
// packed list of fields that was not put back is skipped. raw gives nothing that it cannot
// give exactly: [ErrOctets].
//
// # Fields chosen
//
// With [Options.Fields], json, full and export print only the fields of these names, as stored, in the order of the
// entry; lines about the entry must then be asked for too, but export always begins with its two, without which
// systemd-journal-remote refuses the stream. csv and logfmt print the fields in the order of the list, short and
// short-iso as NAME=VALUE in place of the message, cat the values one a line. In these five the words time, journal,
// index, kind, host, app, pid, unit, level, facility, message and msg mean what they mean in queries (see
// [entry.RoleNames]). raw and zato take no list.
//
// # What each format promises
//
// json is always valid JSON: text that is UTF-8 stands as it is, but for C0 controls and DEL, which are escaped; all
// else is {"base64":"…"}; a repeated field is an array at its first position. export writes a field as NAME=VALUE if
// its value is UTF-8 without control characters other than TAB, and in the binary form otherwise. Names that journald
// would refuse (lower case, dots, more than 64 bytes) are printed as they are: systemd-journal-remote takes the stream
// but drops such fields, and an entry that has no others; our importer keeps them. Nothing is invented, no _BOOT_ID
// either; an entry without a field to print is not printed.
//
// logfmt puts names and values in double quotes where needed, with the escapes of Go and JSON for " and \ and LF, CR
// and TAB, and \xNN for other controls and for bytes that are not UTF-8: [strconv.Unquote] gives the bytes back. short,
// full and cat are for people and not reversible. In short and full, the lines of a value after the first are indented,
// so that no message can imitate an entry.
//
// # Terminals
//
// With [Options.Escape], short, short-iso, full, cat, logfmt and zato print control characters (C0, C1, DEL), the Unicode
// bidirectional controls (U+202A–202E, U+2066–2069) and bytes that are not UTF-8 as \xNN, byte by byte; only the LF
// between the lines of a message stays. json, export, csv and raw are never escaped further.
package show
