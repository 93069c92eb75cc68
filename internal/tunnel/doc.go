// Package tunnel brings TCP connections to a port of another machine to a Unix socket of this one, through the system's
// ssh with the user's configuration and keys: for machines behind NAT, without a port opened on their router.
//
// # What runs where
//
//	client ──▶ server:PORT ──(sshd, -R)──▶ ssh on this machine ──▶ Unix socket
//	client ──▶ server:PORT ──(ssh -g -L, the second hop)──▶ server:loopback ──(sshd, -R)──▶ ssh ──▶ Unix socket
//
// On this machine one ssh holds the connection and a control socket (ControlMaster) in a directory that only this user
// may enter; further calls of ssh go through it. On the server the session of that ssh runs a small shell script, the
// keeper. If a public port is wanted, the forwarding is asked for on all addresses, and the server's list of listeners
// says whether it was granted: with GatewayPorts no, sshd binds the loopback address and does not say so. Then a second
// hop is made: an ssh on the server, to the server itself, that listens publicly. The server must let its user log in to
// itself by key for that, without a question.
//
// # Ends
//
// Whatever ends, the server keeps nothing: the second hop lives as long as its session's input, and the keeper ends the
// session of sshd, and with it the listener, when it hears nothing from this machine for four intervals. A new
// connection ends the session of the one before it, if that still hangs: by the process id that its keeper told, and only
// if that process still carries the random name of this tunnel. Nothing else is ever ended.
//
// A line that is sent while the connection is lost and before anybody has noticed is taken by the server and gone: a
// plain TCP client gets no acknowledgement. That lasts at most four intervals; afterwards the port is closed, and
// clients are refused, until the tunnel is there again.
package tunnel
