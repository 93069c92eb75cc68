// Package syslog sends messages to syslog receivers: over UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425) and Unix
// sockets.
//
// None of these acknowledges. What can be known is asked of the kernel: over TCP and TLS a message counts as confirmed
// when the other machine's kernel has acknowledged its octets, so that what is on its way when a connection breaks is sent
// again. What the other kernel has and its program never reads is lost, and nobody can know. A datagram counts as
// confirmed once it is sent.
package syslog
