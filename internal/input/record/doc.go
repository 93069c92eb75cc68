// Package record takes lines off TCP connections and puts them into a file at once, and into the journal: a place to
// print to for whatever can open a socket, as "socat -u TCP-LISTEN:PORT,fork OPEN:FILE,append" is, without its faults.
//
// # Lines
//
// A line ends at LF or CR LF, at the end of the connection ([FlagTruncated]), or when it is longer than the limit: then
// it goes on in the next one ([FlagSplit]), so that nothing is lost and a client that never ends a line takes a bounded
// amount of memory. Lines of one connection stay in their order. In the file each ends with LF, and no two connections
// share a line. With [Config.Raw] the file gets the octets of each connection as they came, piece by piece; the pieces
// of connections that write at the same time may then alternate within a line.
//
// # Sources
//
//	input         name of the source       fields
//	TCP           record 192.0.2.7         _TRANSPORT=record _SOURCE_ADDR=192.0.2.7 _SOURCE_PORT=40112
//	TLS                                    and _TLS_PEER=subject and _TLS_FINGERPRINT of the client's certificate, if it was asked for one
//	Unix socket   record ssh user@host     _TRANSPORT=record _VIA=ssh user@host, the end of a tunnel
//
// # The file
//
// [File] is written through with every piece that is read: no line waits in memory. What cannot be written is tried
// again until it can, and holds the clients back meanwhile. A file that somebody has moved or removed is made anew with
// the next line; [File.Rotate] does so at once.
//
// # Who may connect
//
// Connections from addresses that are not allowed, too many at all or from one address, and those with which TLS comes to
// nothing where it is asked for, are closed and counted with Sink.Refuse under the name of their source: "refused: " and
// "not allowed", "too many connections", "too many connections of one address", or a reason of package tlsconf. What could
// not be handed over at the end is "stopped".
package record
