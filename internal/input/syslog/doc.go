// Package syslog takes syslog messages off sockets: UDP (RFC 5426), TCP (RFC 6587) and the local sockets that
// syslog(3) writes to. It cuts octets into messages and says who sent them; what a message means is left to the parser.
//
// # Sources
//
// All fields are observed. A network address stands without its port, IPv4 as such also where the socket is IPv6.
//
//	input          name of the source   fields
//	UDP            udp 192.0.2.7        _TRANSPORT=syslog-udp _SOURCE_ADDR=192.0.2.7
//	TCP            tcp 192.0.2.7        _TRANSPORT=syslog-tcp _SOURCE_ADDR=192.0.2.7
//	local sockets  unix uid 1000        _TRANSPORT=syslog _PID _UID _GID _COMM _EXE _CMDLINE
//
// The transport of local messages is called as in the systemd journal. _PID, _UID and _GID are the kernel's word,
// message by message. _COMM, _EXE and _CMDLINE are what /proc said of that process up to a second before; they are
// absent if it was gone by then. They describe the process and not the moment: a process may change them itself.
// The fields of the configuration follow.
//
// # Losses
//
// What cannot be kept is counted with Sink.Lose, under the name of the source or of the input:
//
//	source  "queue full"            a datagram while the sink had no room
//	source  "empty"                 a datagram or frame without octets
//	source  "stopped"               received, but the sink was closed, or had no room when the input ended
//	input   "kernel"                datagrams that the kernel dropped (SO_MEMINFO); their senders are not known
//	input   "too many connections"  connections, not messages, that were closed at once
//
// # Framing
//
// The framing of a stream is told apart for each frame (RFC 6587 §3.4): one to nine digits that do not begin with 0,
// a blank and "<" are an octet count and the beginning of what it counts; anything else is a line that ends at LF or
// NUL. A line may thus begin with a number. The flags are [FlagTruncated], [FlagTimeout], [FlagOversize] and
// [FlagBadCount]. A datagram is one message with all its octets, also a LF or NUL at its end.
//
// # Life
//
// The constructors bind, so that privileges can be dropped afterwards. Run is called once; it gives the socket back
// when it returns. Close during Run ends it as the context does, and waits for it.
package syslog
