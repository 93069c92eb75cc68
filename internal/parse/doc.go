// Package parse turns received octets into entries, and cuts byte streams into the octets of single entries. It is
// pure: no files, sockets or clocks.
//
// # The rule
//
// Received octets are never altered. A parser makes fields of them and names the renderer that makes the octets of
// the fields again; [Parser.Parse] checks this each time by rendering and comparing. Where it differs, the octets are
// kept beside the fields, as the observed field [entry.Raw], and the entry has no renderer. A line that does not fit
// its format at all is the MESSAGE of a plain text entry. So every octet string yields an entry, and
// [entry.AppendReceived] of it gives the octets back.
//
// # Formats
//
//	rfc5424  <PRI>1 STAMP HOST APP PROCID MSGID SD MSG      RFC 5424
//	rfc3164  <PRI>STAMP HOST TAG[PID]: MSG                  RFC 3164 and what daemons made of it; each part may be missing
//	jsonl    {"key":"value",…}                              one object a line (RFC 8259)
//	export   NAME=value lines, closed by a blank line       the journal export format of systemd
//	zato     STAMP - LEVEL - PID:THREAD - LOGGER:LINE - {…}  audit-pii.log as Zato writes it
//	text     anything                                       MESSAGE
//	auto     one of the first three or text, line by line
//	syslog   what senders put on the network: both RFCs and everything that is made of them; see [Syntax]
//
// Field names are those of the systemd journal: PRIORITY, SYSLOG_FACILITY, HOSTNAME, SYSLOG_IDENTIFIER, SYSLOG_PID,
// SYSLOG_MSGID, MESSAGE. The names of JSON and of the export format stay as they are, except that a sender
// ([entry.Claimed]) cannot set names that begin with '_': these lose their underscores.
//
// # Memory
//
// Values point into the octets or into memory of the [Parser], so that a message costs no allocation. They are valid
// until [Parser.Release], and as long as the octets are: parse a batch, encode it, release. The octets that a
// [Splitter] returns are valid until [Splitter.Recycle].
package parse
