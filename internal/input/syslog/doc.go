// Package syslog takes syslog messages off sockets: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425), RELP, BEEP (RFC 3195), and the local
// sockets that syslog(3) writes to. It cuts octets into messages and says who sent them; what a message means is left to the parser.
//
// # Sources
//
// All fields are observed. A network address stands without its port, IPv4 as such also where the socket is IPv6.
//
//	input          name of the source   fields
//	UDP            udp 192.0.2.7        _TRANSPORT=syslog-udp _SOURCE_ADDR=192.0.2.7
//	TCP            tcp 192.0.2.7        _TRANSPORT=syslog-tcp _SOURCE_ADDR=192.0.2.7
//	RELP           relp 192.0.2.7       _TRANSPORT=syslog-relp _SOURCE_ADDR=192.0.2.7
//	TLS, RELP/TLS  tls 192.0.2.7        _TRANSPORT=syslog-tls or syslog-relp-tls, _SOURCE_ADDR, _TLS_VERSION, and with a
//	               relp-tls 192.0.2.7   certificate _TLS_PEER (its subject) and _TLS_FINGERPRINT
//	BEEP           beep 192.0.2.7       _TRANSPORT=syslog-beep or syslog-beep-tls, _BEEP_PROFILE=RAW or COOKED, and as above
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
//	source  "not allowed"           datagrams from a network that is not admitted
//	input   "refused: too many connections"                 connections, not messages, as in all that follow
//	source  "refused: too many connections of one address"
//	source  "refused: not allowed"                          from a network that is not admitted
//	source  "refused: …"                                    why TLS came to nothing (package tlsconf), "not RELP",
//	                                                        "not BEEP", "octets behind <ready> in the clear"
//	source  "refused by BEEP"       an entry of COOKED that is wrong; its sender was told
//	source  "element too long"      likewise: an entry whose element is far longer than the limit
//
// # Framing
//
// The framing of a stream is told apart for each frame (RFC 6587 §3.4): one to nine digits that do not begin with 0,
// a blank and "<" are an octet count and the beginning of what it counts; anything else is a line that ends at LF or
// NUL. A line may thus begin with a number. The flags are [FlagTruncated], [FlagTimeout], [FlagOversize] and
// [FlagBadCount]. A datagram is one message with all its octets, also a LF or NUL at its end.
//
// # RELP
//
// Messages are handed over with whoever waits for them ([input.Chunk]), as many at once as are there, and answered when
// they are durable, in order. A session has at most 4096 messages or 1 MiB unanswered; then it reads no more. What the
// sink does not take is refused, and not counted as lost: the client has it still.
//
// # BEEP
//
// COOKED is handed over and answered as RELP is. The element is the envelope of its message ([input.Envelope]), and what it
// says are claims. RAW has no answers: windows grow, and the channel is closed, when messages are durable, and what the sink
// does not take is counted as lost.
//
// With [BEEP.StartTLS] a session begins in the clear and may only negotiate TLS (RFC 3080 §3.1). Then it begins anew, with a
// reader of its own: a client that has sent anything behind <ready>, before the answer, is refused.
//
// # Life
//
// The constructors bind, so that privileges can be dropped afterwards. Run is called once; it gives the socket back
// when it returns. Close during Run ends it as the context does, and waits for it.
package syslog
