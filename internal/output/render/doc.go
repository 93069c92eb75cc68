// Package render makes the octets of entries as targets get them.
//
// The formats are
//
//	received     the octets that came in, if they stand for themselves elsewhere (see below); else as rfc5424
//	rfc5424      RFC 5424, with what was observed as structured data; if RFC 5424 came in, that with one element more
//	rfc3164      RFC 3164: <PRI>Mmm dd hh:mm:ss HOST TAG[PID]: MESSAGE
//	rfc3164-iso  the same with a time of RFC 3339, as rsyslog's RSYSLOG_ForwardFormat
//	traditional  rfc3164 without <PRI>: the lines of /var/log/syslog
//	iso          rfc3164-iso without <PRI>
//	json         one object a line, as "constat show -o json"
//	message      MESSAGE alone
//
// and any other text with {NAME} in it, as [Template] says. Octets stand for themselves if they begin with a priority,
// and either came over the network or name their host: the next receiver makes the same of them. What a process of this
// machine writes to /dev/log does not say from which machine it is.
//
// A private value is never rendered: it was put back before, or it is left out.
package render
